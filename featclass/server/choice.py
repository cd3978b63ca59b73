"""Which encoder serves a workspace; which ones people, and saved classifiers, may choose here."""

from __future__ import annotations

import time

from featclass import classifiers, encoders
from featclass.base import Config, EncoderUnavailable, TrainedClassifier
from featclass.embedding import Engines
from featclass.encoders import AUTO, BUILTIN
from featclass.workspaces import Workspace

RETRY_SECONDS = 600
"""How long `auto` does without an encoder that could not be loaded."""


class EncoderChoice:
    """The encoder that each workspace is served by: the one chosen there, or the best there is."""

    def __init__(self, config: Config, engines: Engines) -> None:
        self._config = config
        self._engines = engines
        self._unusable: dict[str, tuple[str, float]] = {}

    def in_use(self, workspace: Workspace) -> str:
        """Return the spec that serves a workspace; for `auto`, the best one on this machine.

        That is `auto` itself until the first job has loaded torch, and so knows the device.
        """
        if workspace.encoder != AUTO:
            return workspace.encoder
        preferred = self._preferred()
        if not preferred:
            return AUTO
        is_usable = not self.why_unusable(preferred) and self.is_here(preferred)
        return preferred if is_usable else BUILTIN

    def missing(self, workspace: Workspace) -> str:
        """Return the spec that would serve a workspace if it were here; empty where it is.

        Raises `EncoderUnavailable` for an encoder that nobody knows.
        """
        spec = workspace.encoder
        if spec == AUTO:
            spec = self._preferred()
            if not spec or self.why_unusable(spec):
                return ""
        return "" if self.is_here(spec) else spec

    def is_here(self, spec: str) -> bool:
        """Say whether an encoder is loaded, or on this machine."""
        return self._engines.is_open(spec) or encoders.is_local(spec, self._config)

    def do_without(self, spec: str, why: str) -> None:
        """Let `auto` be another encoder for a while, as this one could not be loaded."""
        self._unusable[spec] = why, time.monotonic()

    def why_unusable(self, spec: str) -> str:
        """Return, in a sentence, why `auto` does without an encoder that is on this machine.

        Empty after a while: then it is tried again.
        """
        why, since = self._unusable.get(spec, ("", 0.0))
        return why if time.monotonic() - since < RETRY_SECONDS else ""

    def try_again(self) -> None:
        """Forget why `auto` does without its encoder."""
        self._unusable.pop(self._preferred(), None)

    def _preferred(self) -> str:
        """Return the best encoder for the device; empty while that is not known."""
        device = self._engines.device
        return encoders.preferred(device) if device is not None else ""


def check(spec: str, config: Config) -> None:
    """Raise `EncoderUnavailable`, in a sentence, for a spec that may not be chosen here.

    Also where it cannot be had: it is not on this machine, and downloads are forbidden.
    """
    if config.is_shared and spec != AUTO and not encoders.is_offered(spec):
        raise EncoderUnavailable(
            f"This server offers the encoders of its menu only, and {spec} is not among them."
            " Its administrator can use it from the command line."
        )
    if not can_be_had(spec, config):
        raise EncoderUnavailable(
            f"{spec} is not on this machine, and downloads are forbidden here: choose another, or"
            " have its files put into the folder FEATCLASS_MODELS."
        )


def can_be_had(spec: str, config: Config) -> bool:
    """Say whether an encoder is on this machine or may be downloaded.

    Raises `EncoderUnavailable` for a spec that nobody knows.
    """
    return encoders.is_local(spec, config) or not encoders.is_offline(config)


def encoder_of_saved(saved: TrainedClassifier, chosen: str, config: Config) -> str:
    """Return the encoder to open for a saved classifier; who has not chosen it here, gets none.

    `chosen` is the spec of the workspace that the file is given to: who has chosen it there has
    chosen it. What is not offered is not even looked for. Raises `EncoderUnavailable`.
    """
    if config.is_shared:
        check(saved.encoder, config)
    named = chosen if chosen == saved.encoder != AUTO else None
    how = "if you trust where it comes from, choose that encoder in the menu, then load it again"
    spec = classifiers.encoder_of(saved, named, how=how)
    check(spec, config)
    return spec
