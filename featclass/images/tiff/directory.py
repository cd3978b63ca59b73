"""The directories of a TIFF: what its tags say, and which of its pictures is meant.

Everything is read with bounds of its own: an entry that points out of the file is as if absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Literal

import numpy as np
from numpy.typing import NDArray

from featclass.images.kinds import RAW_PHOTO
from featclass.images.unreadable import Unreadable

Numbers = NDArray[np.integer[Any] | np.floating[Any]]
ByteOrder = Literal["little", "big"]

SUBFILE, WIDTH, HEIGHT, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 259, 262
SUBDIRECTORIES, ORIENTATION = 330, 274

_REDUCED, _MASK = 1, 4

_TYPES: Final = {
    1: "u1", 2: "S1", 3: "u2", 4: "u4", 6: "i1", 7: "u1", 8: "i2", 9: "i4",
    11: "f4", 12: "f8", 13: "u4", 16: "u8", 17: "i8", 18: "u8",
}  # fmt: skip
_MOST_ENTRIES: Final = 512
_MOST_PAGES: Final = 8
_MOST_SUBDIRECTORIES: Final = 16
_PAGE_OF_SEVERAL: Final = 2
_LONGEST_THUMBNAIL: Final = 400
"""Cameras put copies of 160 x 120 to 384 x 256 first."""
_RAW_TAGS: Final = {SUBDIRECTORIES, 50706}
"""Further pictures below this one, and the version of DNG."""
_SENSOR_VALUES: Final = (32803, 34892)
"""Photometric interpretations of what a sensor saw: one colour a pixel, or not yet developed."""
_CAMERA_COMPRESSIONS: Final = (262, 32767, 32769, 32770, 34713, 65000, 65535)
"""Of Kodak, Sony, Epson, Samsung, Nikon, Kodak and Pentax; nothing but raw photos has them."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes of a TIFF say."""

    file: BinaryIO
    file_bytes: int
    order: ByteOrder
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

    def numbers(self, tag: int, most: int) -> Numbers | None:
        """Return the values of a tag, at most so many of them; None where there are none."""
        kind, count, field = self.entries.get(tag, (0, 0, b""))
        count = min(count, most)
        if kind not in _TYPES or not count:
            return None
        header = self.header
        dtype = np.dtype(_TYPES[kind]).newbyteorder(header.order)
        if self.entries[tag][1] * dtype.itemsize > len(field):
            start = int.from_bytes(field, header.order)
            if start + count * dtype.itemsize > header.file_bytes:
                return None
            header.file.seek(start)
            field = header.file.read(count * dtype.itemsize)
        return np.frombuffer(field, dtype, count)

    def number(self, tag: int, default: int) -> int:
        """Return the first value of a tag as a whole number."""
        values = self.numbers(tag, 1)
        return default if values is None or values.dtype.kind not in "ui" else int(values[0])

    def data(self, tag: int, most: int) -> bytes:
        """Return the bytes of a tag, such as a text or a profile; empty where it is absent."""
        values = self.numbers(tag, most)
        return b"" if values is None else values.tobytes()

    @property
    def is_reduced(self) -> bool:
        """It is a smaller copy of another picture of the file."""
        return self.number(SUBFILE, 0) & _REDUCED != 0

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.number(WIDTH, 0) * self.number(HEIGHT, 0)

    @property
    def is_of_a_sensor(self) -> bool:
        """It holds what a camera's sensor saw, and not a picture yet."""
        return (
            self.number(PHOTOMETRIC, 0) in _SENSOR_VALUES
            or self.number(COMPRESSION, 1) in _CAMERA_COMPRESSIONS
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
    if first.number(SUBFILE, 0) & _PAGE_OF_SEVERAL:
        return False
    longest = max(largest.number(WIDTH, 0), largest.number(HEIGHT, 0))
    return longest <= _LONGEST_THUMBNAIL or bool(_RAW_TAGS & first.entries.keys())


def later_pages(directory: Directory, most: int) -> Iterator[Directory]:
    """Yield the next few pages, without reduced copies and masks; a loop ends where it closes."""
    seen, page = {0, directory.header.first, directory.position}, directory
    for _ in range(most):
        following = None if page.next in seen else _directory(page.header, page.next)
        if following is None:
            return
        page = following
        seen.add(page.position)
        if not page.number(SUBFILE, 0) & (_REDUCED | _MASK):
            yield page


def _directories(file: BinaryIO) -> Iterator[Directory]:
    """Yield the first pages, each before its subdirectories; a loop ends where it closes."""
    header = _header(file)
    position = header.first
    seen = {0}
    for _ in range(_MOST_PAGES):
        page = None if position in seen else _directory(header, position)
        if page is None:
            return
        seen.add(position)
        yield page
        below = page.numbers(SUBDIRECTORIES, _MOST_SUBDIRECTORIES)
        for place in [] if below is None or below.dtype.kind != "u" else below.tolist():
            if place not in seen:
                seen.add(place)
                directory = _directory(header, place)
                if directory is not None:
                    yield directory
        position = page.next


def _header(file: BinaryIO) -> Header:
    file_bytes = file.seek(0, 2)
    file.seek(0)
    start = file.read(16)
    order: ByteOrder = "little" if start[:2] == b"II" else "big"
    big = b"+" in start[2:4]
    first = int.from_bytes(start[8:16] if big else start[4:8], order)
    if first == 16 and start[8:11] == b"CR\2":  # Canon's CR2; elsewhere they may be pixels
        raise Unreadable(f"it is {RAW_PHOTO}")
    return Header(file, file_bytes, order, big, first)


def _directory(header: Header, position: int) -> Directory | None:
    count_bytes, word = (8, "u8") if header.big else (2, "u4")
    value = f"V{8 if header.big else 4}"
    fields = [("tag", "u2"), ("type", "u2"), ("count", word), ("value", value)]
    entry = np.dtype(fields).newbyteorder(header.order)
    if position + count_bytes > header.file_bytes:
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
