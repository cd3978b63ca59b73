"""Weights in the layout of a Hugging Face cache: which files are needed, and which are here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from featclass.base import Config

DEFAULT_ENDPOINT = "https://huggingface.co"

OPEN_CLIP_CONFIG = "open_clip_config.json"
OPEN_CLIP_WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
# What else OpenCLIP looks for in a folder, in its order.
OPEN_CLIP_FOLDER_WEIGHTS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
    "open_clip_pytorch_model.pth",
    "model.safetensors",
    "pytorch_model.bin",
    "pytorch_model.pth",
    "model.pth",
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The files of one repository on the Hub that make an encoder."""

    repository: str
    weights: tuple[str, ...]
    """File names, best first: the first that the repository has is used."""
    config: tuple[str, ...] = ()
    """Further files, all needed, beside the weights."""
    revision: str = "main"

    @property
    def folder_name(self) -> str:
        """The name of the repository's folder in a cache."""
        return f"models--{self.repository.replace('/', '--')}"


def find(checkpoint: Checkpoint, config: Config) -> Path | None:
    """Return the weights file where every file of `checkpoint` is on this machine.

    The folder `FEATCLASS_MODELS` comes first, then the user's Hugging Face cache. The files of
    `checkpoint.config` lie in the same folder as the weights.
    """
    for root in (config.models, user_cache()):
        try:
            if root is not None and (weights := _find_below(root, checkpoint)):
                return weights
        except PermissionError:  # what nobody lets us read is not ours to use
            continue
    return None


def complete(snapshot: Path, checkpoint: Checkpoint) -> Path | None:
    """Return the weights file in the folder `snapshot`, or None where a file is missing there."""
    if not all((snapshot / name).is_file() for name in checkpoint.config):
        return None
    present = (snapshot / name for name in checkpoint.weights if (snapshot / name).is_file())
    return next(present, None)


def destination(config: Config) -> Path:
    """Return the folder that downloads go to: `FEATCLASS_MODELS` where it can be written."""
    if config.models is not None:
        try:
            config.models.mkdir(parents=True, exist_ok=True)
        except OSError:
            return user_cache()
        if os.access(config.models, os.W_OK):
            return config.models
    return user_cache()


def user_cache() -> Path:
    """Return the user's Hugging Face cache, from the environment as it is now."""
    if folder := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(folder).expanduser()
    if home := os.environ.get("HF_HOME"):
        return Path(home).expanduser() / "hub"
    general = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(general).expanduser() / "huggingface" / "hub"


def endpoint() -> str:
    """Return the address of the Hub, or of the mirror named by `HF_ENDPOINT`."""
    return (os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")


def is_offline(config: Config) -> bool:
    """Say whether downloads are forbidden, by featclass's variable or the Hub library's own."""
    forbidden = os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")
    return config.offline or forbidden


def _find_below(root: Path, checkpoint: Checkpoint) -> Path | None:
    found = (
        complete(snapshot, checkpoint)
        for snapshot in _snapshots(root / checkpoint.folder_name, checkpoint.revision)
    )
    return next((weights for weights in found if weights), None)


def _snapshots(folder: Path, revision: str) -> list[Path]:
    """Return the snapshots of a repository's folder that may stand for `revision`, best first."""
    snapshots = folder / "snapshots"
    reference = folder / "refs" / revision
    if reference.is_file():
        return [snapshots / reference.read_text().strip()]
    if (snapshots / revision).is_dir():
        return [snapshots / revision]
    if revision == "main" and snapshots.is_dir():
        # A folder filled by hand may lack the reference: its newest snapshot is what was meant.
        return sorted(snapshots.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    return []
