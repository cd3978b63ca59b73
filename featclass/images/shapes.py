"""The sizes that pictures are shrunk to and cut to."""

from __future__ import annotations

import math
from typing import Final

from PIL import Image

FULL_SIZE: Final = 25 * 10**6
"""Pictures of more pixels are shrunk by the smallest whole factor that brings them below."""
MAX_ELONGATION: Final = 32
"""Pictures longer than so many times their width are cut.

Resizing the shorter side of 10 x 65535 pixels to an encoder's 224 would make 1.5 million rows.
"""

Size = tuple[int, int]
"""Width and height."""

REDUCED_SIDES: Final = {4: 2.9, 2: 3.5}
"""A JPEG decoded at 1/4, at 1/2, keeps so many times the pixels a side that will be left of it.

libjpeg shrinks as a box filter does. Resizing undoes the blur of that, but not what the box let
through of finer detail, noise above all; the more is left, the more of it is averaged away. With
EfficientNet-Lite0 the cosine to the embedding of the full decode, for pictures with camera noise
(12 of each of eight sizes), was 0.9994 or more and 0.9996 on average. Half the size
at 3.0 had 0.9989 and 0.9994. Computer-drawn pictures of perfectly smooth shades are more
sensitive: there the network sees whether a value was rounded up or down.
"""


def whole_factor(size: Size) -> int:
    """Return the factor by which a picture of this size is shrunk to at most `FULL_SIZE`."""
    return max(1, math.ceil(math.sqrt(size[0] * size[1] / FULL_SIZE)))


def sampled(picture: Image.Image, side: int) -> Image.Image:
    """Return at most so many pixels a side, not their means: what is thin keeps its colour."""
    size = min(picture.width, side), min(picture.height, side)
    return picture.resize(size, Image.Resampling.NEAREST)


def middle(size: Size, elongation: int) -> tuple[int, int, int, int]:
    """Return (left, top, right, bottom) of the middle, at most so many times as long as wide."""
    width, height = (min(side, min(size) * elongation) for side in size)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return left, top, left + width, top + height


def reduction(size: Size, side: int | None) -> int:
    """Return the scale, one 1/1, 1/2 or 1/4 by its denominator, at which to decode a JPEG.

    It depends on the format and the size alone, never on what the picture shows. Only a scale
    that divides both sides is taken, since a part of a pixel more would move all of them.

    Args:
        size: Of the picture as stored.
        side: What its shorter side will be resized to; None for a picture that is needed whole.
    """
    if side is None:
        return 1
    fitting = (
        factor
        for factor, left in REDUCED_SIDES.items()
        if size[0] % factor == size[1] % factor == 0 and min(size) / factor >= left * side
    )
    return next(fitting, 1)
