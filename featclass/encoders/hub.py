"""The Hugging Face Hub: where it is, whether it answers, and which of its files are here.

What is kept lies in the layout of the user's Hugging Face cache. huggingface_hub is imported late,
since the catalogue is listed without it, and reads the environment only once.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from featclass.base import Config, EncoderUnavailable

log = logging.getLogger(__name__)

DEFAULT_ENDPOINT = "https://huggingface.co"
# What a proxy says that has no way to the Hub itself.
_NO_WAY = (407, 502, 503, 504)

_T = TypeVar("_T")

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
    for root in filter(None, (config.models, user_cache())):
        try:
            for snapshot in _snapshots(root / checkpoint.folder_name, checkpoint.revision):
                if weights := complete(snapshot, checkpoint):
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


def endpoint() -> str:
    """Return the address of the Hub, or of the mirror named by `HF_ENDPOINT`.

    Raises `EncoderUnavailable` where that is no address.
    """
    address = (os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")
    if not (address.startswith(("http://", "https://")) and host(address)):
        raise EncoderUnavailable(
            f"HF_ENDPOINT is {address!r}, and should be an address such as {DEFAULT_ENDPOINT};"
            " correct it, or unset it."
        )
    return address


def host(address: str) -> str:
    """Return what a person calls the server at an address, or nothing where it is none."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


def is_offline(config: Config) -> bool:
    """Say whether downloads are forbidden, by featclass's variable or the Hub library's own."""
    named = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return config.offline or named.upper() in ("1", "ON", "YES", "TRUE")


def can_reach_hub(timeout: float = 3.0) -> bool:
    """Say within about `timeout` seconds whether anything at the Hub's address speaks HTTP."""
    import httpx2
    from huggingface_hub import get_session

    try:
        address, session = endpoint(), get_session()
    except (EncoderUnavailable, ImportError, ValueError) as error:
        # The last two where the environment names a proxy that cannot be used.
        log.info("The Hub cannot be reached: %s", error)
        return False

    def answers() -> bool:
        try:
            response = session.head(address, timeout=timeout, follow_redirects=False)
        except (httpx2.RequestError, httpx2.InvalidURL, OSError) as error:
            log.info("%s cannot be reached: %s", address, error)
            return False
        return response.status_code not in _NO_WAY

    answer = in_background(answers)
    # Looking up a name may take longer than any timeout given to a socket.
    wait([answer], timeout=timeout)
    return answer.done() and answer.result()


def in_background(work: Callable[[], _T]) -> Future[_T]:
    """Run `work` in a thread that neither blocks its caller nor the end of the process.

    The threads of `concurrent.futures` are joined at exit, however long a connection hangs.
    """
    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # whoever waits for the future raises it again
            future.set_exception(error)

    threading.Thread(target=run, name="hub", daemon=True).start()
    return future
