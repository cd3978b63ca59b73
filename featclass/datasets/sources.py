"""Where the bytes of an image come from: memory or a file, read in pieces of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final

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
