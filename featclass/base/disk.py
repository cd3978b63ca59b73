"""The room on the disk: knowing that it has run out, and keeping a little for making more.

A database cannot even let go of something without writing that down. So a server keeps a file of
zeros in its data folder, and gives it up for a moment where nothing else is left.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

RESERVE_FILE: Final = "reserve"
"""Its name in the data folder."""
RESERVE_BYTES: Final = 4 * 2**20
"""What removing ten thousand pictures at once writes, twice."""
LEAST_BYTES: Final = 2**16
"""Of a reserve that is worth having: SQLite needs half of that to open a database."""
FULL: Final = (
    "The disk of this server is full: what is there can be looked at and removed, and nothing can"
    " be added. Make room on the disk that holds its data folder, then try again."
)

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_ROOM_FOR_SQLITE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)


def is_full(error: BaseException) -> bool:
    """Say whether this was raised because there is no room for what was to be written."""
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) in _NO_ROOM_FOR_SQLITE
    return False


class Reserve:
    """Room in a folder that is kept for making room; several may share one file."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / RESERVE_FILE
        self._folder = folder
        self._lock = threading.Lock()
        self._borrowers = 0

    def keep(self) -> None:
        """Take as much of the room for it as there is, up to `RESERVE_BYTES`."""
        size = min(RESERVE_BYTES, self._room() // LEAST_BYTES * LEAST_BYTES)
        while size >= LEAST_BYTES and not self._is_kept(size):
            size -= LEAST_BYTES

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Give its room up where the disk has nearly none, and take it back at the end.

        Nothing happens where there is room, or where none was ever kept.
        """
        if not self._is_needed():
            yield
            return
        with self._lock:
            self._borrowers += 1
            self._file.unlink(missing_ok=True)
        try:
            yield
        finally:
            with self._lock:
                self._borrowers -= 1
                if not self._borrowers:
                    self.keep()

    def _room(self) -> int:
        """Return how many bytes it could have."""
        try:
            kept = self._file.stat().st_size if self._file.exists() else 0
            return kept + shutil.disk_usage(self._folder).free
        except OSError:
            return 0

    @property
    def is_all_there_is(self) -> bool:
        """Whether the disk has no room beside it that is worth speaking of."""
        try:
            return shutil.disk_usage(self._folder).free < RESERVE_BYTES
        except OSError:
            return False

    def _is_needed(self) -> bool:
        return self._file.exists() and self.is_all_there_is

    def _is_kept(self, size: int) -> bool:
        """Make the file as large as this, unless it is already; False where there is no room."""
        try:
            with self._file.open("ab") as file:
                if file.tell() < size:
                    _fill(file.fileno(), size)
        except OSError as error:
            if is_full(error):
                self._file.unlink(missing_ok=True)
            return not is_full(error)  # a folder that cannot be written has no use for it
        return True


def _fill(handle: int, size: int) -> None:
    """Have a file take up room on the disk, which a mere length need not."""
    try:
        os.posix_fallocate(handle, 0, size)
    except (AttributeError, OSError) as error:
        if isinstance(error, OSError) and is_full(error):
            raise
        os.write(handle, bytes(size))
