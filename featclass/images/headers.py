"""A picture before any of its pixels is decoded: how large it says it is, and whether it may be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Final

from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from featclass.images import jpeg
from featclass.images.console import silence_pillow
from featclass.images.formats import format_of
from featclass.images.kinds import SNIFFED_BYTES
from featclass.images.unreadable import Unreadable, unreadable_if_hostile

LONGEST_SIDE: Final = 65_535
"""What JPEG can hold; Pillow keeps a pointer a row, so a 1 x 90000000 picture would cost 2 GB."""

_MEGA: Final = 10**6
_PYTHON_DECODER_WEIGHT: Final = 50
_PASSED_BY: Final = 16
"""So many pixels of a JPEG that are left out at the scale it is decoded at count as one: libjpeg
passes by each of them."""
_MOST_SCANNED: Final = 4000 * _MEGA
_MOST_COMMENTS: Final = 100


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture that is not yet decoded, and what decoding it takes."""

    picture: ImageFile
    name: str
    """Of its format, as a sentence names it."""
    weight: int
    """How many times over each pixel counts."""
    kept: int
    """For how many more pixels that counts which the decoder keeps, at whatever scale."""

    @property
    def cost(self) -> int:
        """Pixels that decoding holds at the scale that is now set."""
        return self.picture.width * self.picture.height * self.weight + self.kept

    @property
    def least_cost(self) -> int:
        """The same at the scale at which as few pixels come as are ever kept."""
        width, height = self.picture.size
        if not isinstance(self.picture, JpegImageFile):
            return width * height * self.weight
        scale = jpeg.scale(self.picture.size)
        decoded = math.ceil(width / scale) * math.ceil(height / scale) + self.kept
        return max(decoded, width * height // _PASSED_BY)


def check(data: bytes | BinaryIO, *, max_pixels: int) -> tuple[int, int]:
    """Return (width, height) as the header tells them, before any pixel is decoded.

    The size is that of the stored picture, before its EXIF orientation is applied.

    Raises:
        Unreadable: Not a picture of a format featclass reads, or larger than allowed.
    """
    file = BytesIO(data) if isinstance(data, bytes) else data
    with unreadable_if_hostile():
        return _opened(file, max_pixels).picture.size


def opened_for_decoding(data: bytes, max_pixels: int) -> Opened:
    """Return the picture, not yet decoded.

    Raises:
        Unreadable: As `check`, or decoding it would take out of all proportion long.
    """
    opened = _opened(BytesIO(data), max_pixels)
    picture = opened.picture
    # Two ways to make seconds of work out of few bytes: every scan of a progressive JPEG visits
    # all pixels anew, and Pillow copies a megabyte for each comment between the numbers of a PPM.
    scans = data.count(b"\xff\xda") if isinstance(picture, JpegImageFile) else 0
    if isinstance(picture, JpegImageFile) and not jpeg.is_ended(picture):
        scans *= jpeg.TRIALS
    comments = data.count(b"#") if data.startswith((b"P1", b"P2", b"P3")) else 0
    if scans * picture.width * picture.height > _MOST_SCANNED or comments > _MOST_COMMENTS:
        raise Unreadable("the file is built to keep a computer busy; save the picture anew")
    return opened


def _opened(file: BinaryIO, max_pixels: int) -> Opened:
    silence_pillow()
    kind = format_of(file.read(SNIFFED_BYTES))
    file.seek(0)
    picture = kind.open(file)
    weight, name, kept = kind.weight, kind.name, 0
    if picture.tile and picture.tile[0][0] in Image.DECODERS:
        weight, name = _PYTHON_DECODER_WEIGHT, f"this kind of {kind.name}"
    if isinstance(picture, JpegImageFile) and (kept := jpeg.kept_whole(picture)):
        name = "this kind of JPEG, which is kept whole in memory,"
    opened = Opened(picture, name, weight, kept)
    _guard_size(opened, max_pixels)
    return opened


def _guard_size(opened: Opened, max_pixels: int) -> None:
    width, height = size = opened.picture.size
    if max(size) > LONGEST_SIDE:
        raise Unreadable(
            f"the picture is too long: {width} x {height}, and the limit is {LONGEST_SIDE} a side"
        )
    pixels, cost = width * height, opened.least_cost
    # What is kept whole is let in up to the limit itself.
    if cost > max_pixels and pixels * opened.weight > max_pixels:
        raise Unreadable(
            f"the picture is too large: {width} x {height} is {pixels / _MEGA:.4g} megapixels,"
            f" and the limit{f' for {opened.name}' if cost != pixels else ''}"
            f" is {max(max_pixels // opened.weight, max_pixels * pixels // cost) / _MEGA:.4g};"
            " FEATCLASS_MAX_MEGAPIXELS raises it"
        )
