"""The formats featclass reads, and what a picture says of itself before any pixel is decoded.

Each format is known by the first bytes of its files; a header says how large the picture is, and
so whether it may be decoded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Final

from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile, DibImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.WebPImagePlugin import WebPImageFile

from featclass.base import config
from featclass.images import jpeg
from featclass.images.jpeg import open_jpeg
from featclass.images.kinds import SNIFFED_BYTES, kind_of
from featclass.images.tiff.picture import open_tiff
from featclass.images.unreadable import Unreadable, silence_pillow, unreadable_if_hostile

HEIF: Final = "HEIF"
_Opener = Callable[[BinaryIO], ImageFile]


@dataclass(frozen=True, slots=True)
class Format:
    """A format, and the one decoder that is let at its files."""

    name: str
    signature: bytes
    """A regular expression, in which a dot is any byte."""
    open: _Opener
    weight: int = 1
    """How many times over a pixel counts: some libraries hold several copies of the picture."""


def recognise(start: bytes) -> str:
    """Name the format of a file by its first bytes, of which 512 are enough.

    Raises:
        Unreadable: The file is empty, or of no format featclass reads.
    """
    return format_of(start).name


def format_of(start: bytes) -> Format:
    """Return the format of a file by its first bytes; raises as `recognise`."""
    for kind in _FORMATS:
        if re.match(kind.signature, start, re.DOTALL):
            if kind.name == HEIF and not config.reads_heic():
                raise Unreadable(
                    "a HEIC picture, and these are not read here (FEATCLASS_HEIC=0); save it as a"
                    " JPEG"
                )
            return kind
    if not start:
        raise Unreadable("the file is empty")
    if name := kind_of(start):
        raise Unreadable(f"not a picture that featclass can read (it looks like {name})")
    raise Unreadable("not a picture that featclass can read")


def _open_heif(file: BinaryIO) -> ImageFile:
    from pillow_heif import HeifImageFile  # 10 MB of libraries few need

    opener: _Opener = HeifImageFile
    return opener(file)


_FORMATS: Final = (
    # The first picture of an MPO, as phones write it, is a whole JPEG.
    Format("JPEG", rb"\xff\xd8\xff", open_jpeg),
    Format("PNG", rb"\x89PNG\r\n\x1a\n", PngImageFile),
    Format("WebP", rb"RIFF.{4}WEBP", WebPImageFile, weight=2),
    Format("GIF", rb"GIF8[79]a", GifImageFile),
    Format("AVIF", rb".{4}ftyp(avi[fs]|.{8}(.{4})*?avif)", AvifImageFile, weight=2),
    Format(HEIF, rb".{4}ftyp(hei[cxms]|hev[cxms]|mif1|msf1)", _open_heif, weight=2),
    Format("TIFF", rb"II[*+]\0|MM\0[*+]", open_tiff),
    Format("BMP", rb"BM", BmpImageFile),
    Format("BMP", rb"[\x0c\x28\x40\x6c\x7c]\0\0\0", DibImageFile),
    Format("PPM", rb"P[1-6]\s", PpmImageFile),
)


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
    coefficients: int
    """For how many more pixels that counts which the decoder keeps, at whatever scale."""

    @property
    def cost(self) -> int:
        """Pixels that decoding holds at the scale that is now set."""
        return self.picture.width * self.picture.height * self.weight + self.coefficients

    @property
    def least_cost(self) -> int:
        """The same at the scale at which as few pixels come as are ever kept."""
        width, height = self.picture.size
        if not isinstance(self.picture, JpegImageFile):
            return width * height * self.weight
        scale = jpeg.scale(self.picture.size)
        decoded = math.ceil(width / scale) * math.ceil(height / scale) + self.coefficients
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
    weight, name, coefficients = kind.weight, kind.name, 0
    if picture.tile and picture.tile[0][0] in Image.DECODERS:
        weight, name = _PYTHON_DECODER_WEIGHT, f"this kind of {kind.name}"
    if isinstance(picture, JpegImageFile) and (coefficients := jpeg.kept_whole(picture)):
        name = "this kind of JPEG, which is kept whole in memory,"
    opened = Opened(picture, name, weight, coefficients)
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
