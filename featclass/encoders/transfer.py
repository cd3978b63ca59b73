"""Downloads from the Hugging Face Hub that can be watched, cancelled, cut off and resumed.

huggingface_hub 2.4 deletes what has arrived when a download is cut off, and cannot be cancelled.
This writes the same cache layout, so that each finds what the other downloaded.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from featclass.base import DownloadCancelled, EncoderUnavailable
from featclass.encoders.base import DownloadProgress
from featclass.encoders.hub import Checkpoint
from featclass.encoders.remote import Dropped, Hub, RemoteFile, in_background

log = logging.getLogger(__name__)

POLL_SECONDS = 0.1
RETRIES = 5
"""How often in a row a connection may drop without a new byte."""
CHUNK_BYTES = 1 << 20
_MEGA = 10**6

_T = TypeVar("_T")


def fetch(
    checkpoint: Checkpoint,
    folder: Path,
    hub: Hub,
    *,
    progress: DownloadProgress,
    cancelled: Callable[[], bool],
    retry_seconds: float = 1.0,
) -> Path:
    """Download into `folder`, a Hugging Face cache, going on where an earlier one was cut off.

    Returns the weights file.

    The network is left to a thread, so that `cancelled` is heeded at once even where nothing
    arrives. Raises `DownloadCancelled`, and `EncoderUnavailable` in one sentence.
    """
    transfer = _Transfer(checkpoint, folder, hub, retry_seconds)
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


class _Transfer:
    """One checkpoint on its way to the disk; `done` and `total` are read by another thread."""

    def __init__(
        self, checkpoint: Checkpoint, folder: Path, hub: Hub, retry_seconds: float
    ) -> None:
        self.done = 0
        self.total = 0
        self.stop = threading.Event()
        self._checkpoint = checkpoint
        self._root = folder / checkpoint.folder_name
        self._locks = folder / ".locks" / checkpoint.folder_name
        self._hub = hub
        self._retry_seconds = retry_seconds

    def run(self) -> Path:
        try:
            files = self._files()
            self.total = sum(file.size for file in files)
            self._make_room(files)
            weights, *_ = [self._place(file) for file in files]
            return weights
        except Dropped as drop:
            raise EncoderUnavailable(self._broke_off(drop)) from drop
        except OSError as error:
            raise EncoderUnavailable(self._cannot_write(error)) from error

    def _files(self) -> list[RemoteFile]:
        """Ask the Hub for the files to fetch: of the weights, the first it has."""
        return [self._describe(*self._checkpoint.weights)] + [
            self._describe(name) for name in self._checkpoint.config
        ]

    def _describe(self, *names: str) -> RemoteFile:
        repository, revision = self._checkpoint.repository, self._checkpoint.revision
        for name in names:
            file = self._patiently(partial(self._hub.describe, repository, revision, name))
            if file is not None:
                return file
        raise EncoderUnavailable(
            f"{repository} on {self._hub.host} has no {' or '.join(names)}, so featclass cannot"
            " load it; choose a repository made for this kind of encoder."
        )

    def _make_room(self, files: list[RemoteFile]) -> None:
        blobs = self._root / "blobs"
        blobs.mkdir(parents=True, exist_ok=True)
        self._locks.mkdir(parents=True, exist_ok=True)
        here = sum(
            max(_size(blobs / file.etag), _size(blobs / f"{file.etag}.incomplete"))
            for file in files
        )
        if shutil.disk_usage(blobs).free < self.total - here:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _place(self, file: RemoteFile) -> Path:
        """Have the file in the cache, whole and checked; return its name in the snapshot."""
        before = self.done
        blob = self._root / "blobs" / file.etag
        incomplete = blob.with_name(f"{file.etag}.incomplete")
        pointer = self._root / "snapshots" / file.commit / file.name
        with self._alone(file, watching=incomplete, before=before):
            if not (blob.is_file() or pointer.is_file()):
                self._stream(file, incomplete, before)
                _check(file, incomplete)
                os.replace(incomplete, blob)
            _link(pointer, blob)
        self.done = before + file.size
        reference = self._root / "refs" / self._checkpoint.revision
        reference.parent.mkdir(parents=True, exist_ok=True)
        reference.write_text(file.commit)
        return pointer

    def _stream(self, file: RemoteFile, incomplete: Path, before: int) -> None:
        drops = 0
        while (have := _size(incomplete)) < file.size:
            try:
                self._append(file, incomplete, have, before)
            except Dropped as drop:
                drops = 1 if _size(incomplete) > have else drops + 1
                self._rest(drops, drop)

    def _append(self, file: RemoteFile, incomplete: Path, have: int, before: int) -> None:
        response, start = self._hub.open(file, have)
        with response, incomplete.open("ab" if start else "wb") as out:
            self.done = before + start
            while chunk := _read(response.read1):
                self._go_on()
                out.write(chunk)
                self.done += len(chunk)
            out.flush()
            os.fsync(out.fileno())
        if self.done - before < file.size:
            raise Dropped("the connection was closed")

    def _patiently(self, ask: Callable[[], _T]) -> _T:
        drops = 0
        while True:
            try:
                return ask()
            except Dropped as drop:
                drops += 1
                self._rest(drops, drop)

    def _rest(self, drops: int, drop: Dropped) -> None:
        """Wait a little longer after every drop in a row; raise the last of too many."""
        if drops > RETRIES:
            raise drop
        log.info("The download of %s was interrupted: %s", self._checkpoint.repository, drop)
        self.stop.wait(self._retry_seconds * drops)
        self._go_on()

    def _go_on(self) -> None:
        if self.stop.is_set():
            raise _Stopped

    @contextmanager
    def _alone(self, file: RemoteFile, *, watching: Path, before: int) -> Iterator[None]:
        """Keep other processes off this file; where one is at it already, show its progress."""
        lock = FileLock(self._locks / f"{file.etag}.lock")
        while True:
            try:
                lock.acquire(timeout=POLL_SECONDS)
                break
            except Timeout:
                self._go_on()
                self.done = before + _size(watching)
        try:
            yield
        finally:
            lock.release()

    def _broke_off(self, drop: Dropped) -> str:
        reason = f"{self._checkpoint.repository} from {self._hub.host}"
        if not self.total:
            return f"Could not download {reason} ({drop}); check the connection and try again."
        return (
            f"The download of {reason} broke off after {self.done // _MEGA} of"
            f" {self.total // _MEGA} MB ({drop}); what has arrived is kept, so try again when the"
            " connection is back."
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


def _read(read1: Callable[[int], bytes]) -> bytes:
    try:
        return read1(CHUNK_BYTES)
    except (OSError, HTTPException) as error:
        raise Dropped(str(error) or type(error).__name__) from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _check(file: RemoteFile, incomplete: Path) -> None:
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
