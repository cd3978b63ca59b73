"""Where the bytes of an image come from, and whether they begin as a picture does.

Memory or a file, read in pieces of bounded size; with their digest, or why they can be no image.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final

from featclass import images

LARGEST_FILE: Final = 400 * 10**6
"""Bytes; 100 megapixels of RGB, not compressed, are 300 MB."""
TOO_LARGE: Final = f"the file is larger than {LARGEST_FILE // 10**6} MB"

_PIECE: Final = 2**20


@dataclass(frozen=True, slots=True)
class BytesSource:
    """Bytes in memory."""

    data: bytes

    def read(self) -> bytes:
        """Return the bytes."""
        return self.data


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file."""

    path: Path

    def open(self) -> BinaryIO:
        """Open the file; raises `OSError` when it cannot be had."""
        return self.path.open("rb")

    def read(self) -> bytes:
        """Return the bytes; raises `OSError` when the file has gone or has grown too large."""
        with self.open() as file:
            return b"".join(pieces(file))


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield at least one piece, if only an empty one; raises `OSError` beyond `LARGEST_FILE`."""
    piece = file.read(_PIECE)
    done = len(piece)
    yield piece
    while piece and (piece := file.read(_PIECE)):
        done += len(piece)
        if done > LARGEST_FILE:
            raise OSError(TOO_LARGE)
        yield piece


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why a file cannot be an image."""

    reason: str


Identified = str | Unusable
"""The digest of a file, or why it has none."""


def identified(opened: Callable[[], AbstractContextManager[IO[bytes]]]) -> Identified:
    """Read a file once through, in pieces, without decoding it."""
    hasher = hashlib.sha256()
    try:
        with opened() as file:
            for number, piece in enumerate(pieces(file)):
                if number == 0:
                    images.recognise(piece)
                hasher.update(piece)
    except images.Unreadable as unreadable:
        return Unusable(str(unreadable))
    except OSError as error:
        return Unusable(why(error))
    return hasher.hexdigest()


def why(error: OSError) -> str:
    """Say in words what the system refused."""
    if isinstance(error, PermissionError):
        return "may not be opened (permission denied)"
    return f"cannot be read ({(error.strerror or str(error)).lower()})"
