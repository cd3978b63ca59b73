"""The formats featclass reads, each known by the first bytes of its files."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final

from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile, DibImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.WebPImagePlugin import WebPImageFile

from featclass import config
from featclass.images.jpeg import open_jpeg
from featclass.images.kinds import kind_of
from featclass.images.tiff import open_tiff
from featclass.images.unreadable import Unreadable

HEIF: Final = "HEIF"
_Opener = Callable[[BinaryIO], ImageFile]


@dataclass(frozen=True, slots=True)
class Format:
    """A format, and the one decoder that is let at its files."""

    name: str
    signature: re.Pattern[bytes]
    open: _Opener
    weight: int
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
        if kind.signature.match(start):
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


def _format(name: str, signature: bytes, opener: _Opener, weight: int = 1) -> Format:
    return Format(name, re.compile(signature, re.DOTALL), opener, weight)


_FORMATS: Final = (
    # The first picture of an MPO, as phones write it, is a whole JPEG.
    _format("JPEG", rb"\xff\xd8\xff", open_jpeg),
    _format("PNG", rb"\x89PNG\r\n\x1a\n", PngImageFile),
    _format("WebP", rb"RIFF.{4}WEBP", WebPImageFile, weight=2),
    _format("GIF", rb"GIF8[79]a", GifImageFile),
    _format("AVIF", rb".{4}ftyp(avi[fs]|.{8}(.{4})*?avif)", AvifImageFile, weight=2),
    _format(HEIF, rb".{4}ftyp(hei[cxms]|hev[cxms]|mif1|msf1)", _open_heif, weight=2),
    _format("TIFF", rb"II[*+]\0|MM\0[*+]", open_tiff),
    _format("BMP", rb"BM", BmpImageFile),
    _format("BMP", rb"[\x0c\x28\x40\x6c\x7c]\0\0\0", DibImageFile),
    _format("PPM", rb"P[1-6]\s", PpmImageFile),
)
