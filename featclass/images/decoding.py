"""The first frame of a picture, decoded within the pixel budget, turned upright, or made small."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Final

from PIL import ExifTags, Image, ImageOps
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from featclass.images import jpeg
from featclass.images.colour import srgb
from featclass.images.formats import opened_for_decoding
from featclass.images.lost_content import LOST, Lost, lost
from featclass.images.memory import PIXEL_BUDGET
from featclass.images.shapes import MAX_ELONGATION, middle, reduction, whole_factor
from featclass.images.sixteen_bits import loaded
from featclass.images.unreadable import HOSTILE, unreadable_if_hostile

DECODING_VERSION: Final = 5
"""Changes whenever the same bytes would give other pixels: part of every fingerprint.

1: upright, 8 bits of RGB on white, shrunk to at most `FULL_SIZE` pixels, and cut to the middle
where longer than `MAX_ELONGATION` times its width.
2: JPEG at reduced scale as `reduction` says; resized by torch instead of Pillow.
3: at reduced scale earlier, and resized so that the blur of it goes.
4: colours of embedded profiles as sRGB; JPEG without its end marker, and beyond 100 megapixels at
1/4 or 1/8; TIFF of every depth, order and sign as its tags say.
5: what was decoded at reduced scale is resized as all else.
"""


@contextmanager
def decoded(data: bytes, *, max_pixels: int, side: int | None = None) -> Iterator[Image.Image]:
    """Decode the first frame to an upright RGB picture, transparency on white.

    A picture of more than `FULL_SIZE` pixels comes shrunk by a whole factor (for JPEG as far as
    possible while decoding); one more than `MAX_ELONGATION` times as long as wide comes cut to
    its middle of that shape. Where its shorter side will be resized to `side` anyway, a JPEG may
    come at reduced scale: see `reduction`. Where nothing is left of what the
    file shows, `LOST` tells of it. While the context is open its pixels, as they were before the
    cut, count against `PIXEL_BUDGET`.

    Raises:
        Unreadable: These bytes are no such picture, are damaged, cut off, or too large.
    """
    with unreadable_if_hostile():
        opened = opened_for_decoding(data, max_pixels)
        picture = opened.picture
        scale = max(jpeg.scale(picture.size), reduction(picture.size, side))
        # JPEG alone knows how.
        picture.draft(None, (picture.width // scale, picture.height // scale))
    with PIXEL_BUDGET.taking(opened.cost):
        with unreadable_if_hostile():
            usable = _cut(upright(picture, whole_factor(picture.size)))
        if (where := lost(picture, usable, data, max_pixels)) is not Lost.NOT:
            usable.info[LOST] = where
        # The source is up to four times the result, and the caller may keep that for long.
        del opened, picture
        yield usable


def upright(picture: ImageFile, factor: int) -> Image.Image:
    """Decode; return RGB, shrunk by a whole factor, turned as its EXIF orientation says."""
    source: Image.Image = picture
    if isinstance(picture, JpegImageFile):
        jpeg.load(picture)
    else:
        source = loaded(picture)
    turned = srgb(source, factor)
    orientation = _orientation(picture)
    turned.info = {}
    if orientation > 1:
        turned.getexif()[ExifTags.Base.Orientation] = orientation
        ImageOps.exif_transpose(turned, in_place=True)  # none is left to be applied a second time
    return turned


def _orientation(picture: Image.Image) -> int:
    try:
        value = picture.getexif().get(ExifTags.Base.Orientation)
    except HOSTILE:  # a picture with damaged EXIF is still a picture
        return 1
    return value if isinstance(value, int) else 1


def _cut(picture: Image.Image) -> Image.Image:
    box = middle(picture.size, MAX_ELONGATION)
    return picture if box == (0, 0, *picture.size) else picture.crop(box)


_QUALITY: Final = 82
_ELONGATION: Final = 4


def thumbnail(data: bytes, *, size: int, max_pixels: int) -> bytes:
    """Return a small upright JPEG without metadata, for showing in a square of `size` pixels.

    Its shorter side is `size`, or the picture's own where that is less; a longer side of more
    than four times the shorter one is cut, equally at both ends.

    Raises:
        Unreadable: As `decoded`.
    """
    with unreadable_if_hostile():
        opened = opened_for_decoding(data, max_pixels)
        picture = opened.picture
        picture.draft(None, (size, size))
        with PIXEL_BUDGET.taking(opened.cost):
            coarse = max(whole_factor(picture.size), min(picture.size) // (2 * size))
            small = _fitted(upright(picture, coarse), size)
        file = BytesIO()
        small.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def _fitted(picture: Image.Image, size: int) -> Image.Image:
    """Cut what is far longer than wide, then shrink the shorter side to `size`."""
    left, top, right, bottom = middle(picture.size, _ELONGATION)
    scale = min(1.0, size / min(picture.size))
    return picture.resize(
        (round((right - left) * scale), round((bottom - top) * scale)),
        Image.Resampling.LANCZOS,
        box=(left, top, right, bottom),
    )
