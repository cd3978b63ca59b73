"""From a spec to an encoder: find its weights, download them where that is allowed, load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from featclass.base import Config, EncoderUnavailable, no_progress
from featclass.encoders import hub, specs
from featclass.encoders.base import DownloadProgress, Encoder
from featclass.encoders.hub import Checkpoint
from featclass.encoders.precision import precision_class
from featclass.encoders.processors import choose_device
from featclass.encoders.specs import AUTO, CATALOGUE, preferred

_REPOSITORIES = {entry.spec: entry.repository for entry in CATALOGUE if entry.repository}
_FOLDER = Checkpoint("", hub.OPEN_CLIP_FOLDER_WEIGHTS, (hub.OPEN_CLIP_CONFIG,))


def load(
    spec: str,
    *,
    device: str = "auto",
    precision: str = "auto",
    config: Config,
    progress: DownloadProgress | None = None,
) -> Encoder:
    """Load an encoder, downloading its weights first where they are not on this machine.

    `auto` is the preferred encoder of the device; none is ever replaced by another. `precision` is
    `auto`, `float32` or `bfloat16`. Raises `EncoderUnavailable` in one sentence.
    """
    precision_class("cpu", precision)  # a word that is none is told before anything is downloaded
    wanted = _concrete(spec, device)
    if isinstance(wanted, str):
        from featclass.encoders import builtin

        device = choose_device(device)
        return builtin.load(device, precision_class(device, precision), wanted)
    if device != "auto":  # nothing is downloaded for a device that is not there
        device = choose_device(device)
    # Before torch is needed, so that a machine without network says so at once.
    path = _obtain(wanted, config, progress)
    device = choose_device(device)
    how = precision_class(device, precision)
    if isinstance(wanted, specs.TimmModel):
        from featclass.encoders import timm_models

        return timm_models.load(timm_models.canonical(wanted), path, device, how)
    from featclass.encoders import openclip

    return openclip.load(wanted, path, device, how)


def is_local(spec: str, config: Config) -> bool:
    """Say whether `load` can do without a download: no network, and no torch for most specs.

    Only a spec outside the catalogue needs its library (OpenCLIP, timm) to know its files. For
    `auto` the answer is yes, since the built-in encoder stands in. Raises `EncoderUnavailable`
    where there is no such encoder.
    """
    wanted = specs.parse(spec)
    if isinstance(wanted, str):
        return True
    if isinstance(wanted, specs.LocalFolder):
        return hub.complete(wanted.path, _FOLDER) is not None
    return hub.find(_checkpoint(wanted), config) is not None


def download(
    spec: str,
    *,
    config: Config,
    progress: DownloadProgress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Have the weights of `spec` on this machine, going on where an earlier download was cut off.

    They go to the folder `FEATCLASS_MODELS` where it is set and can be written, else to the
    user's Hugging Face cache. `auto` means the preferred encoder of this machine. Raises
    `DownloadCancelled`, and `EncoderUnavailable` in one sentence.
    """
    wanted = _concrete(spec)
    if not isinstance(wanted, str):
        _obtain(wanted, config, progress, cancelled)


def _concrete(spec: str, device: str = "auto") -> specs.Spec:
    """Read a spec; `auto` is the preferred encoder of the device; what is built in is a word."""
    wanted = specs.parse(spec)
    return specs.parse(preferred(choose_device(device))) if wanted == AUTO else wanted


def _obtain(
    wanted: specs.LocalFolder | specs.OnHub,
    config: Config,
    progress: DownloadProgress | None,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Return the weights file on this machine, downloaded if need be."""
    if isinstance(wanted, specs.LocalFolder):
        if path := hub.complete(wanted.path, _FOLDER):
            return path
        raise EncoderUnavailable(
            f"The folder {wanted.path} holds no OpenCLIP model: it takes {hub.OPEN_CLIP_CONFIG}"
            f" and weights such as {hub.OPEN_CLIP_WEIGHTS[0]}."
        )
    checkpoint = _checkpoint(wanted)
    if path := hub.find(checkpoint, config):
        return path
    if hub.is_offline(config):
        raise EncoderUnavailable(
            f"{wanted} is not on this machine, and FEATCLASS_OFFLINE forbids to download it; put"
            " its files into the folder FEATCLASS_MODELS, or use the encoder builtin."
        )
    address = hub.endpoint()
    if not hub.can_reach_hub():
        raise EncoderUnavailable(
            f"{wanted} is not on this machine, and {hub.host(address)} cannot be reached; connect"
            " to the internet, put its files into the folder FEATCLASS_MODELS, or use the encoder"
            " builtin."
        )
    from featclass.encoders.transfer import fetch

    return fetch(
        checkpoint,
        hub.destination(config),
        progress=progress or no_progress,
        cancelled=cancelled or (lambda: False),
    )


def _checkpoint(wanted: specs.OnHub) -> Checkpoint:
    if isinstance(wanted, specs.HubRepository):
        return Checkpoint(
            wanted.repository, hub.OPEN_CLIP_WEIGHTS, (hub.OPEN_CLIP_CONFIG,), wanted.revision
        )
    if isinstance(wanted, specs.TimmModel):
        from featclass.encoders import timm_models

        return timm_models.checkpoint(timm_models.canonical(wanted))
    if repository := _REPOSITORIES.get(str(wanted)):
        return Checkpoint(repository, hub.OPEN_CLIP_WEIGHTS)
    from featclass.encoders import openclip

    return openclip.checkpoint(wanted)
