"""Downloads from the Hugging Face Hub that can be watched, cancelled, cut off and resumed.

huggingface_hub knows the Hub: its addresses, tokens, certificates, proxies, redirects, refusals.
But its `hf_hub_download` (2.4) deletes what has arrived when a download is cut off, and `http_get`
writes 10 MB at a time, loses the last of them at every cut and cannot be stopped while it waits.
So the bytes are written here, in the same cache layout: each finds what the other downloaded.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import wait
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import httpx2
from filelock import FileLock, Timeout
from huggingface_hub import constants, get_hf_file_metadata, get_session, get_token
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RevisionNotFoundError,
)

from featclass.base import DownloadCancelled, EncoderUnavailable
from featclass.encoders.base import DownloadProgress
from featclass.encoders.hub import Checkpoint, endpoint, host, in_background

log = logging.getLogger(__name__)

# Or a request tells the Hub which torch and which program asks, and asks it for a list of these.
constants.HF_HUB_DISABLE_TELEMETRY = True

POLL_SECONDS = 0.1
TIMEOUT_SECONDS = 10.0
"""Without an answer, or a byte, for so long, a connection counts as broken."""
RETRIES = 5
"""How often in a row a connection may break without a new byte."""
RETRY_SECONDS = 1.0
_BUSY = (408, 425, 429, 500, 502, 503, 504)
_SAFE_NAME = re.compile(r"[\w\-][\w.\-]*")
_MEGA = 10**6

_T = TypeVar("_T")


def fetch(
    checkpoint: Checkpoint,
    folder: Path,
    *,
    progress: DownloadProgress,
    cancelled: Callable[[], bool],
) -> Path:
    """Download into `folder`, a Hugging Face cache, going on where an earlier one was cut off.

    Returns the weights file.

    The network is left to a thread, so that `cancelled` is heeded at once even where nothing
    arrives. Raises `DownloadCancelled`, and `EncoderUnavailable` in one sentence.
    """
    transfer = _Transfer(checkpoint, folder)
    finished = in_background(transfer.run)
    try:
        while not wait([finished], timeout=POLL_SECONDS).done:
            if cancelled():
                raise DownloadCancelled(
                    f"The download of {checkpoint.repository} was cancelled; what has arrived is"
                    " kept, and the next download goes on from there."
                )
            if transfer.total:
                progress(transfer.done, transfer.total)
        weights = finished.result()
        progress(transfer.total, transfer.total)
        return weights
    finally:
        transfer.stop.set()
        # Normally it ends within a chunk; one that waits for a silent connection is left behind.
        wait([finished], timeout=POLL_SECONDS)


class _Stopped(Exception):
    """Nobody waits for this transfer any more."""


@dataclass(frozen=True, slots=True)
class _RemoteFile:
    """A file on the Hub, at one commit."""

    name: str
    url: str
    commit: str
    etag: str
    """Of a large file, the SHA-256 of its content."""
    size: int


class _Transfer:
    """One checkpoint on its way to the disk; `done` and `total` are read by another thread."""

    def __init__(self, checkpoint: Checkpoint, folder: Path) -> None:
        self.done = 0
        self.total = 0
        self.stop = threading.Event()
        self._checkpoint = checkpoint
        self._root = folder / checkpoint.folder_name
        self._locks = folder / ".locks" / checkpoint.folder_name
        self._address = endpoint()
        self._host = host(self._address)
        self._headers = {"user-agent": "featclass", "Accept-Encoding": "identity"}
        if token := get_token():
            self._headers["Authorization"] = f"Bearer {token}"

    def run(self) -> Path:
        try:
            # Of the weights, the first that the repository has.
            files = [self._describe(*self._checkpoint.weights)]
            files += [self._describe(name) for name in self._checkpoint.config]
            self.total = sum(file.size for file in files)
            weights, *_ = [self._place(file) for file in files]
            return weights
        except httpx2.HTTPError as error:
            message = self._broke_off if _may_pass(error) else self._refused
            raise EncoderUnavailable(message(error)) from error
        except OSError as error:
            raise EncoderUnavailable(self._cannot_write(error)) from error

    def _describe(self, *names: str) -> _RemoteFile:
        """Ask the Hub for the first of these files that it has."""
        repository = self._checkpoint.repository
        for name in names:
            url = self._url(self._checkpoint.revision, name)
            ask = partial(get_hf_file_metadata, url, token=False, headers=self._headers)
            try:
                metadata = self._patiently(partial(ask, timeout=TIMEOUT_SECONDS))
            except HfHubHTTPError as error:
                if not _lacks_file(error):
                    raise
                continue
            commit, etag, size = metadata.commit_hash or "", metadata.etag or "", metadata.size
            # Commit and etag become names in the cache, so nothing else than a name may pass.
            if size is None or not (_SAFE_NAME.fullmatch(commit) and _SAFE_NAME.fullmatch(etag)):
                raise EncoderUnavailable(
                    f"{self._host} does not answer like a Hugging Face hub when asked for"
                    f" {repository}/{name}; check HF_ENDPOINT and the proxy settings."
                )
            return _RemoteFile(name, self._url(commit, name), commit, etag, size)
        raise EncoderUnavailable(
            f"{repository} on {self._host} has no {' or '.join(names)}, so featclass cannot load"
            " it; choose a repository made for this kind of encoder."
        )

    def _url(self, revision: str, name: str) -> str:
        path = f"{self._checkpoint.repository}/resolve/{quote(revision, safe='')}/{quote(name)}"
        return f"{self._address}/{path}"

    def _place(self, file: _RemoteFile) -> Path:
        """Have the file in the cache, whole and checked; return its name in the snapshot."""
        before = self.done
        blob = self._root / "blobs" / file.etag
        incomplete = blob.with_name(f"{file.etag}.incomplete")
        pointer = self._root / "snapshots" / file.commit / file.name
        for folder in (blob.parent, self._locks):
            folder.mkdir(parents=True, exist_ok=True)
        with self._alone(file, incomplete, before):
            if not (blob.is_file() or pointer.is_file()):
                if shutil.disk_usage(blob.parent).free < file.size - _size(incomplete):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                self._patiently(partial(self._append, file, incomplete, before))
                _check(file, incomplete)
                os.replace(incomplete, blob)
            _link(pointer, blob)
        self.done = before + file.size
        reference = self._root / "refs" / self._checkpoint.revision
        reference.parent.mkdir(parents=True, exist_ok=True)
        reference.write_text(file.commit)
        return pointer

    def _append(self, file: _RemoteFile, incomplete: Path, before: int) -> None:
        """Fetch what is still lacking; raises `httpx2.HTTPError` where it breaks off."""
        here = _size(incomplete)
        if here >= file.size:
            return
        headers = self._headers | ({"Range": f"bytes={here}-"} if here else {})
        with get_session().stream(
            "GET", file.url, headers=headers, timeout=TIMEOUT_SECONDS
        ) as response:
            response.raise_for_status()
            goes_on = response.status_code == 206
            self.done = before + (here if goes_on else 0)
            with incomplete.open("ab" if goes_on else "wb") as out:
                for chunk in response.iter_raw():
                    self._go_on()
                    out.write(chunk)
                    self.done += len(chunk)
                out.flush()
                os.fsync(out.fileno())
        if self.done - before < file.size:
            raise httpx2.RemoteProtocolError("the connection was closed")

    def _patiently(self, work: Callable[[], _T]) -> _T:
        """Do `work` again where the connection breaks, unless nothing came so often in a row."""
        breaks, done = 0, self.done
        while True:
            try:
                return work()
            except httpx2.HTTPError as error:
                breaks = 1 if self.done > done else breaks + 1
                done = self.done
                if breaks > RETRIES or not _may_pass(error):
                    raise
                log.info("The download from %s was interrupted: %s", self._host, _reason(error))
            self.stop.wait(RETRY_SECONDS * breaks)
            self._go_on()

    def _go_on(self) -> None:
        if self.stop.is_set():
            raise _Stopped

    def _alone(
        self, file: _RemoteFile, incomplete: Path, before: int
    ) -> AbstractContextManager[object]:
        """Keep other processes off this file; where one is at it already, show its progress."""
        lock = FileLock(self._locks / f"{file.etag}.lock")
        while True:
            try:
                return lock.acquire(timeout=POLL_SECONDS)
            except Timeout:
                self._go_on()
                self.done = before + _size(incomplete)

    def _refused(self, error: httpx2.HTTPError) -> str:
        repository, revision = self._checkpoint.repository, self._checkpoint.revision
        if isinstance(error, GatedRepoError):
            return (
                f"The owners of {repository} want their terms accepted first: do so at"
                f" {self._address}/{repository}, then set HF_TOKEN to a token of that account."
            )
        if isinstance(error, RevisionNotFoundError):
            return f"{repository} on {self._host} has no revision {revision}; check its spelling."
        if _status(error) in (401, 403, 404):
            return (
                f"There is no {repository} on {self._host}, or it is private; check its spelling,"
                " or set HF_TOKEN to a token that may read it."
            )
        return f"{self._host} refuses {repository} ({_reason(error)}); try again later."

    def _broke_off(self, error: httpx2.HTTPError) -> str:
        what = f"{self._checkpoint.repository} from {self._host}"
        if not self.total:
            return (
                f"Could not download {what} ({_reason(error)}); check the connection and try again."
            )
        return (
            f"The download of {what} broke off after {self.done // _MEGA} of"
            f" {self.total // _MEGA} MB ({_reason(error)}); what has arrived is kept, so try again"
            " when the connection is back."
        )

    def _cannot_write(self, error: OSError) -> str:
        what = f"The weights of {self._checkpoint.repository}"
        if error.errno == errno.ENOSPC:
            return (
                f"{what} need {self.total // _MEGA} MB, and the disk of {self._root.parent} is"
                " full; make room, or set FEATCLASS_MODELS to a folder on another disk."
            )
        return (
            f"{what} cannot be written to {self._root.parent} ({error.strerror or error}); set"
            " FEATCLASS_MODELS to a folder that can be written."
        )


def _status(error: httpx2.HTTPError) -> int:
    """Return the HTTP error that was answered, or 0 where the connection broke."""
    if isinstance(error, HfHubHTTPError | httpx2.HTTPStatusError):
        return error.response.status_code
    return 0


def _may_pass(error: httpx2.HTTPError) -> bool:
    """Say whether trying again may help."""
    return _status(error) in (0, *_BUSY)


def _lacks_file(error: HfHubHTTPError) -> bool:
    is_plain = "X-Error-Code" not in error.response.headers  # a mirror that only serves files
    return isinstance(error, EntryNotFoundError) or (is_plain and _status(error) == 404)


def _reason(error: httpx2.HTTPError) -> str:
    if status := _status(error):
        return f"it answers with HTTP error {status}"
    return str(error) or type(error).__name__


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _check(file: _RemoteFile, incomplete: Path) -> None:
    """Raise `EncoderUnavailable`, and throw the bytes away, where they are not the file's."""
    is_whole = _size(incomplete) == file.size
    if is_whole and len(file.etag) == 64:  # a large file's etag is the SHA-256 of its content
        with incomplete.open("rb") as content:
            is_whole = hashlib.file_digest(content, "sha256").hexdigest() == file.etag
    if not is_whole:
        incomplete.unlink()
        raise EncoderUnavailable(
            f"{file.name} arrived damaged from {file.url}, and was thrown away; try again."
        )


def _link(pointer: Path, blob: Path) -> None:
    """Let the name in the snapshot lead to the blob; where links are not allowed, be the file."""
    if pointer.is_file():
        return
    pointer.parent.mkdir(parents=True, exist_ok=True)
    pointer.unlink(missing_ok=True)
    try:
        pointer.symlink_to(os.path.relpath(blob, pointer.parent))
    except OSError:
        os.replace(blob, pointer)
