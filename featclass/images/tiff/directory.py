"""The directories of a TIFF: what its tags say, and which of its pictures is meant.

Everything is read with bounds of its own: an entry that points out of the file is as if absent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL.ExifTags import Base as Tag

from featclass.images.kinds import RAW_PHOTO
from featclass.images.unreadable import Unreadable

_REDUCED, _PAGE_OF_SEVERAL, _MASK = 1, 2, 4
"""Bits of the type of a subfile."""
_TYPES: Final = {
    1: "u1", 2: "S1", 3: "u2", 4: "u4", 6: "i1", 7: "u1", 8: "i2", 9: "i4",
    13: "u4", 16: "u8", 17: "i8", 18: "u8",
}  # fmt: skip
_MOST_ENTRIES: Final = 512
_MOST_PAGES: Final = 8
_MOST_SUBDIRECTORIES: Final = 16
_LONGEST_THUMBNAIL: Final = 400
"""Cameras put copies of 160 x 120 to 384 x 256 first."""
_SENSOR_VALUES: Final = (32803, 34892)
"""Photometric interpretations of what a sensor saw: one colour a pixel, or not yet developed."""
_CAMERA_COMPRESSIONS: Final = (262, 32767, 32769, 32770, 34713, 65000, 65535)
"""Of Kodak, Sony, Epson, Samsung, Nikon, Kodak and Pentax; nothing but raw photos has them."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes of a TIFF say."""

    file: BinaryIO
    file_bytes: int
    order: Literal["little", "big"]
    big: bool
    """Offsets have eight bytes."""
    first: int
    """The position of the first directory."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The tags of one picture in a TIFF."""

    header: Header
    position: int
    entries: dict[int, tuple[int, int, bytes]]
    """Tag -> (type, count, the value or its offset)."""
    next: int

    def numbers(self, tag: int, most: int) -> NDArray[np.int64]:
        """Return the whole numbers of a tag, at most so many of them and none below 0."""
        values = self._values(tag, most)
        if values.dtype.kind not in "ui":
            return np.zeros(0, np.int64)
        return values.astype(f"{values.dtype.kind}8").clip(0, 2**62).astype(np.int64)

    def number(self, tag: int, default: int) -> int:
        """Return the first value of a tag as a whole number."""
        return int(next(iter(self.numbers(tag, 1)), default))

    def data(self, tag: int, most: int) -> bytes:
        """Return the values of a tag, at most so many of them, as they lie in the file."""
        return self._values(tag, most).tobytes()

    def _values(self, tag: int, most: int) -> NDArray[Any]:
        kind, count, field = self.entries.get(tag, (0, 0, b""))
        header, dtype = self.header, np.dtype(_TYPES.get(kind, "u1"))
        size = min(count, most) * dtype.itemsize if kind in _TYPES else 0
        if count * dtype.itemsize > len(field):
            header.file.seek(min(int.from_bytes(field, header.order), header.file_bytes))
            field = header.file.read(size)
        return np.frombuffer(
            field[:size] if len(field) >= size else b"", dtype.newbyteorder(header.order)
        )

    @property
    def is_reduced(self) -> bool:
        """It is a smaller copy of another picture of the file."""
        return self.number(Tag.NewSubfileType, 0) & _REDUCED != 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.number(Tag.ImageWidth, 0), self.number(Tag.ImageLength, 0)

    @property
    def pixels(self) -> int:
        """Width times height."""
        return math.prod(self.size)

    @property
    def is_of_a_sensor(self) -> bool:
        """It holds what a camera's sensor saw, and not a picture yet."""
        return (
            self.number(Tag.PhotometricInterpretation, 0) in _SENSOR_VALUES
            or self.number(Tag.Compression, 1) in _CAMERA_COMPRESSIONS
        )


def picture_directory(file: BinaryIO) -> Directory | None:
    """Return the directory of the first picture that is no reduced copy of another.

    Cameras and some pyramids put a small copy first. None where the first directory cannot be
    read.

    Raises:
        Unreadable: It is a raw photo, of which the first picture is but a thumbnail.
    """
    directories = list(_directories(file))
    if any(directory.is_of_a_sensor for directory in directories):
        raise Unreadable(f"it is {RAW_PHOTO}")
    if not directories or not directories[0].is_reduced:
        return directories[0] if directories else None
    first = directories[0]
    whole = [it for it in directories if not it.is_reduced and it.pixels > first.pixels]
    largest = max(whole or directories, key=lambda directory: directory.pixels)
    if not whole and _is_a_thumbnail(first, largest):
        raise Unreadable(f"it is {RAW_PHOTO}")
    return largest


def _is_a_thumbnail(first: Directory, largest: Directory) -> bool:
    """Tell a camera's small copy from a level that was taken out of a pyramid, or a reduced scan.

    Args:
        first: A reduced copy, with no larger whole picture in the file.
        largest: The largest of all the copies.
    """
    if first.number(Tag.NewSubfileType, 0) & _PAGE_OF_SEVERAL:
        return False
    is_of_a_camera = Tag.SubIFDs in first.entries or Tag.DNGVersion in first.entries
    return is_of_a_camera or max(largest.size) <= _LONGEST_THUMBNAIL


def later_pages(directory: Directory, most: int) -> Iterator[Directory]:
    """Yield the next few pages, without reduced copies and masks; a loop ends where it closes."""
    seen = {directory.header.first, directory.position}
    for page in _chain(directory.header, directory.next, most, seen):
        if not page.number(Tag.NewSubfileType, 0) & (_REDUCED | _MASK):
            yield page


def _directories(file: BinaryIO) -> Iterator[Directory]:
    """Yield the first pages, each before its subdirectories."""
    header = _header(file)
    seen: set[int] = set()
    for page in _chain(header, header.first, _MOST_PAGES, seen):
        yield page
        for position in page.numbers(Tag.SubIFDs, _MOST_SUBDIRECTORIES).tolist():
            yield from _chain(header, position, 1, seen)


def _chain(header: Header, position: int, most: int, seen: set[int]) -> Iterator[Directory]:
    """Yield the directory at a position and those after it, but none that was seen."""
    for _ in range(most):
        directory = None if position in seen else _directory(header, position)
        if directory is None:
            return
        seen.add(position)
        yield directory
        position = directory.next


def _header(file: BinaryIO) -> Header:
    file_bytes = file.seek(0, 2)
    file.seek(0)
    start = file.read(16)
    order: Literal["little", "big"] = "little" if start[:2] == b"II" else "big"
    big = b"+" in start[2:4]
    first = int.from_bytes(start[8:16] if big else start[4:8], order)
    if first == 16 and start[8:11] == b"CR\2":  # Canon's CR2; elsewhere they may be pixels
        raise Unreadable(f"it is {RAW_PHOTO}")
    return Header(file, file_bytes, order, big, first)


def _directory(header: Header, position: int) -> Directory | None:
    count_bytes, word = (8, "u8") if header.big else (2, "u4")
    fields = [
        ("tag", "u2"),
        ("type", "u2"),
        ("count", word),
        ("value", f"V{8 if header.big else 4}"),
    ]
    entry = np.dtype(fields).newbyteorder(header.order)
    if not 0 < position <= header.file_bytes - count_bytes:
        return None
    header.file.seek(position)
    count = int.from_bytes(header.file.read(count_bytes), header.order)
    end = position + count_bytes + count * entry.itemsize
    if end > header.file_bytes:
        return None
    table = header.file.read(min(count, _MOST_ENTRIES) * entry.itemsize)
    header.file.seek(end)
    following = int.from_bytes(header.file.read(8 if header.big else 4), header.order)
    entries: dict[int, tuple[int, int, bytes]] = {}
    for tag, kind, number, field in np.frombuffer(table, entry):
        entries.setdefault(int(tag), (int(kind), int(number), field.tobytes()))
    return Directory(header, position, entries, following)
