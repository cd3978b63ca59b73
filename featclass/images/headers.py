"""A picture before any of its pixels is decoded: how large it says it is, and whether it may be."""

from __future__ import annotations

from io import BytesIO
from typing import BinaryIO, Final

from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from featclass.images.console import silence_pillow
from featclass.images.formats import format_of
from featclass.images.kinds import SNIFFED_BYTES
from featclass.images.unreadable import Unreadable, unreadable_if_hostile

LONGEST_SIDE: Final = 65_535
"""What JPEG can hold; Pillow keeps a pointer a row, so a 1 x 90000000 picture would cost 2 GB."""

_MEGA: Final = 10**6
_PYTHON_DECODER_WEIGHT: Final = 50
_MOST_SCANNED: Final = 4000 * _MEGA
_MOST_COMMENTS: Final = 100


def check(data: bytes | BinaryIO, *, max_pixels: int) -> tuple[int, int]:
    """Return (width, height) as the header tells them, before any pixel is decoded.

    The size is that of the stored picture, before its EXIF orientation is applied.

    Raises:
        Unreadable: Not a picture of a format featclass reads, or larger than allowed.
    """
    file = BytesIO(data) if isinstance(data, bytes) else data
    with unreadable_if_hostile():
        return _opened(file, max_pixels)[0].size


def opened_for_decoding(data: bytes, max_pixels: int) -> tuple[ImageFile, int]:
    """Return the picture, not yet decoded, and how many times over each of its pixels counts.

    Raises:
        Unreadable: As `check`, or decoding it would take out of all proportion long.
    """
    picture, weight = _opened(BytesIO(data), max_pixels)
    # Two ways to make seconds of work out of few bytes: every scan of a progressive JPEG visits
    # all pixels anew, and Pillow copies a megabyte for each comment between the numbers of a PPM.
    scans = data.count(b"\xff\xda") if isinstance(picture, JpegImageFile) else 0
    comments = data.count(b"#") if data.startswith((b"P1", b"P2", b"P3")) else 0
    if scans * picture.width * picture.height > _MOST_SCANNED or comments > _MOST_COMMENTS:
        raise Unreadable("the file is built to keep a computer busy; save the picture anew")
    return picture, weight


def _opened(file: BinaryIO, max_pixels: int) -> tuple[ImageFile, int]:
    silence_pillow()
    kind = format_of(file.read(SNIFFED_BYTES))
    file.seek(0)
    picture = kind.open(file)
    weight, name = kind.weight, kind.name
    if picture.tile and picture.tile[0][0] in Image.DECODERS:
        weight, name = _PYTHON_DECODER_WEIGHT, f"this kind of {kind.name}"
    _guard_size(picture.size, max_pixels, weight, name)
    return picture, weight


def _guard_size(size: tuple[int, int], max_pixels: int, weight: int, name: str) -> None:
    width, height = size
    if max(size) > LONGEST_SIDE:
        raise Unreadable(
            f"the picture is too long: {width} x {height}, and the limit is {LONGEST_SIDE} a side"
        )
    if width * height * weight > max_pixels:
        raise Unreadable(
            f"the picture is too large: {width} x {height} is {width * height / _MEGA:.4g}"
            f" megapixels, and the limit{f' for {name}' if weight > 1 else ''}"
            f" is {max_pixels / weight / _MEGA:.4g}"
        )
