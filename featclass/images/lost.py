"""Pictures of which nothing is left as featclass sees them, though their files show something."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from featclass.images.headers import LONGEST_SIDE, opened_for_decoding
from featclass.images.shapes import FULL_SIZE
from featclass.images.tiff import open_later_pages
from featclass.images.unreadable import HOSTILE, Unreadable

LOST: Final = "lost"
"""In a decoded picture's `info`: the `Lost` that holds of it; lacking for almost all."""

_SAMPLE: Final = 512
_EVEN: Final = 8
"""Levels within which a picture shows nothing."""
_LIGHT: Final = 225
_LIGHT_SHARE: Final = 2
"""Per cent of a drawing that may be darker than `_LIGHT` on white, and still nothing is left."""
_CLEAR, _THERE = 64, 128
"""Opacity of what is ground, at most, and of what belongs to the drawing, at least."""
_MOST_FRAMES: Final = 12


class Lost(IntEnum):
    """Where in the file the picture is that is not seen."""

    NOT = 0
    ON_WHITE = 1
    """A light drawing on a transparent ground, which is laid on white."""
    IN_LATER_FRAME = 2
    """An animation whose first frame is blank."""
    ON_LATER_PAGE = 3
    """A file of several pictures, the first of them blank."""


def lost(source: ImageFile, shown: Image.Image, data: bytes, max_pixels: int) -> Lost:
    """Tell whether something that a file shows is lost in the picture that was made of it.

    Args:
        source: What was decoded, before it was laid on white.
        shown: What has become of it.
        data: The bytes of the file, of which no more than a few further frames are decoded.
        max_pixels: As `decoded` was told.
    """
    if isinstance(source, JpegImageFile):  # of which a file holds one, and opaque
        return Lost.NOT
    try:
        if source.has_transparency_data and _is_lost_on_white(source):
            return Lost.ON_WHITE
        is_blank = _is_even(_sampled(shown)) and _is_even(shown)  # the first is quickly told
        if is_blank and _has_something_later(data, max_pixels):
            return Lost.ON_LATER_PAGE if source.format == "TIFF" else Lost.IN_LATER_FRAME
    except (*HOSTILE, Unreadable):  # there is no such frame, or it is damaged
        return Lost.NOT
    return Lost.NOT


def _is_lost_on_white(source: Image.Image) -> bool:
    """Tell whether hardly any of what is opaque stands out from white, and some is not opaque."""
    sample = np.asarray(_sampled(source).convert("RGBA"))
    opacity = sample[..., 3]
    drawing = sample[opacity >= _THERE][:, :3]
    if not len(drawing) or opacity.min() > _CLEAR:
        return False
    return bool(np.percentile(drawing.min(axis=1), _LIGHT_SHARE) > _LIGHT)


def _has_something_later(data: bytes, max_pixels: int) -> bool:
    for frame, picture in enumerate(_later_frames(data, max_pixels), 1):
        width, height = picture.size
        if max(width, height) > LONGEST_SIDE or width * height * frame > FULL_SIZE:
            return False
        if not _is_even(_sampled(picture)):
            return True
    return False


def _later_frames(data: bytes, max_pixels: int) -> Iterator[ImageFile]:
    """Yield the next few frames, not yet decoded; raises `EOFError` after the last."""
    picture = opened_for_decoding(data, max_pixels).picture
    if picture.format == "TIFF":
        yield from open_later_pages(BytesIO(data), _MOST_FRAMES - 1)
        return
    for frame in range(1, _MOST_FRAMES):
        picture.seek(frame)
        yield picture


def _sampled(picture: Image.Image) -> Image.Image:
    """Return pixels of the picture, not their means: what is thin keeps its colour."""
    size = (min(picture.width, _SAMPLE), min(picture.height, _SAMPLE))
    return picture.resize(size, Image.Resampling.NEAREST)


def _is_even(picture: Image.Image) -> bool:
    if picture.has_transparency_data:
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture.convert("RGBA"))
    low, high = picture.convert("L").getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    return high - low <= _EVEN
