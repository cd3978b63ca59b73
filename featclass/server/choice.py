"""Which encoders whoever is at this server may choose, and a saved classifier may ask for."""

from __future__ import annotations

from featclass import classifiers, encoders
from featclass.base import Config, EncoderUnavailable, TrainedClassifier
from featclass.encoders import AUTO


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


def check_saved(saved: TrainedClassifier, chosen: str, config: Config) -> None:
    """Raise `EncoderUnavailable` for a classifier whose encoder nobody here has chosen.

    `chosen` is the spec of the workspace that the file is given to: who has chosen it there has
    chosen it. What is not offered is not even looked for.
    """
    if config.is_shared:
        check(saved.encoder, config)
    named = chosen if chosen == saved.encoder != AUTO else None
    how = "if you trust where it comes from, choose that encoder in the menu, then load it again"
    classifiers.encoder_of(saved, named, how=how)
    check(saved.encoder, config)
