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

from featclass.images.formats import LONGEST_SIDE, opened_for_decoding
from featclass.images.shapes import FULL_SIZE, sampled
from featclass.images.tiff.picture import open_later_pages
from featclass.images.unreadable import HOSTILE, Unreadable

LOST: Final = "lost"
"""In a decoded picture's `info`: the `Lost` that holds of it; lacking for almost all."""

_SAMPLE: Final = 512
_EVEN: Final = 8
"""Levels within which a picture shows nothing."""
_LIGHT, _DARK = 225, 160
_DARKER_SHARE, _DARK_SHARE = 0.02, 0.0005
"""Of a drawing that may be darker than `_LIGHT` and than `_DARK` on white, and still nothing is
left: a dark line as thin as a pixel is of a greater share, unless nobody would see it."""
_CLEAR: Final = 16
"""Opacity of what is ground, at most; the rest is the drawing."""
_CLEAR_SHARE: Final = 0.02
"""Of a picture that is ground, at least: a few clear corners make no drawing of a photo."""
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
        is_blank = _is_even(sampled(shown, _SAMPLE)) and _is_even(shown)  # one is quickly told
        if is_blank and _has_something_later(data, max_pixels):
            return Lost.ON_LATER_PAGE if source.format == "TIFF" else Lost.IN_LATER_FRAME
    except (*HOSTILE, Unreadable):  # there is no such frame, or it is damaged
        return Lost.NOT
    return Lost.NOT


def _is_lost_on_white(source: Image.Image) -> bool:
    """Tell whether a part is clear, and hardly any of the rest, laid on white, is not white."""
    sample = np.asarray(sampled(source, _SAMPLE).convert("RGBA")).reshape(-1, 4)
    drawing = sample[sample[:, 3] > _CLEAR].astype(np.uint16)
    if not 0 < len(drawing) <= (1 - _CLEAR_SHARE) * len(sample):
        return False
    shown = 255 - (255 - drawing[:, :3].min(axis=1)) * drawing[:, 3] // 255
    return bool(
        np.count_nonzero(shown <= _LIGHT) <= _DARKER_SHARE * len(shown)
        and np.count_nonzero(shown <= _DARK) <= _DARK_SHARE * len(shown)
    )


def _has_something_later(data: bytes, max_pixels: int) -> bool:
    for frame, picture in enumerate(_later_frames(data, max_pixels), 1):
        width, height = picture.size
        if max(width, height) > LONGEST_SIDE or width * height * frame > FULL_SIZE:
            return False
        if not _is_even(sampled(picture, _SAMPLE)):
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


def _is_even(picture: Image.Image) -> bool:
    if picture.has_transparency_data:
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture.convert("RGBA"))
    low, high = picture.convert("L").getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    return high - low <= _EVEN
