"""Where the bytes of an image come from, and each as an image, or rejected with the reason.

Memory or a file, read in pieces of bounded size. Of an image only the first bytes are looked at.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final, Protocol

from featclass import images
from featclass.base import Image, Rejected, Source

LARGEST_FILE: Final = 400 * 10**6
"""Bytes; 100 megapixels of RGB, not compressed, are 300 MB."""
TOO_LARGE: Final = f"the file is larger than {LARGEST_FILE // 10**6} MB"

_PIECE: Final = 2**20
_LEADS_OUT: Final = "a link that leads out of the folder"


class StreamSource(Source, Protocol):
    """A source that is read through to its digest without being held."""

    def digest(self) -> str:
        """Return the SHA-256 of the bytes; raises `images.Unreadable` with why they are no image's.

        They are not decoded.
        """


def image_of(source: StreamSource, name: str) -> Image | Rejected:
    """Read a source once through; returns it as an image without a label, or rejected."""
    try:
        return Image(name, source.digest(), source)
    except images.Unreadable as unreadable:
        return Rejected(name, str(unreadable))


def image_of_file(path: Path) -> Image | Rejected:
    """Read one file as an image without a label, named by its path as given."""
    return image_of(FileSource(path), str(path))


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
    root: Path | None = None
    """The folder, by its real path, that no link of strangers may lead out of; None for any."""

    def open(self) -> BinaryIO:
        """Open the file; raises `OSError` when it cannot be had."""
        if self.root is None:
            return self.path.open("rb")
        real = Path(os.path.realpath(self.path))  # anew each time: links may have changed
        if not real.is_relative_to(self.root):
            raise OSError(_LEADS_OUT)
        return real.open("rb")

    def read(self) -> bytes:
        """Return the bytes; raises `OSError` when the file has gone or has grown too large."""
        with self.open() as file:
            return b"".join(pieces(file))

    def digest(self) -> str:
        """Return the SHA-256 of the bytes; raises `images.Unreadable` where they are no image's."""
        try:
            is_link = self.path.is_symlink()
            if self.root and is_link and not self._is_inside(self.root):
                raise images.Unreadable(_LEADS_OUT)
            # Opening a named pipe or a terminal would wait for ever.
            if not stat.S_ISREG(self.path.stat().st_mode):
                raise images.Unreadable("not a file that holds anything")
        except FileNotFoundError as error:
            gone = "a link that leads nowhere: what it led to has gone"
            raise images.Unreadable(gone if self.path.is_symlink() else why(error)) from error
        except OSError as error:
            raise images.Unreadable(why(error)) from error
        return stream_digest(self.open)

    def _is_inside(self, root: Path) -> bool:
        return Path(os.path.realpath(self.path)).is_relative_to(os.path.realpath(root))


def stream_digest(opened: Callable[[], AbstractContextManager[IO[bytes]]]) -> str:
    """Return the SHA-256 of what is opened, read in pieces.

    Raises:
        images.Unreadable: It cannot be read, or does not begin as a picture does.
    """
    hasher = hashlib.sha256()
    try:
        with opened() as file:
            for number, piece in enumerate(pieces(file)):
                if number == 0:
                    images.recognise(piece)
                hasher.update(piece)
    except OSError as error:
        raise images.Unreadable(why(error)) from error
    return hasher.hexdigest()


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


def why(error: OSError) -> str:
    """Say in words what the system refused."""
    if isinstance(error, PermissionError):
        return "may not be opened (permission denied)"
    return f"cannot be read ({(error.strerror or str(error)).lower()})"
