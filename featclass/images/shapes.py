"""The sizes that pictures are shrunk to and cut to."""

from __future__ import annotations

import math
from typing import Final

FULL_SIZE: Final = 25 * 10**6
"""Pictures of more pixels are shrunk by the smallest whole factor that brings them below."""
MAX_ELONGATION: Final = 32
"""Pictures longer than so many times their width are cut.

Resizing the shorter side of 10 x 65535 pixels to an encoder's 224 would make 1.5 million rows.
"""

Size = tuple[int, int]
"""Width and height."""

REDUCED_SIDE: Final = 4.0
"""A JPEG decoded at reduced scale keeps so many times the pixels a side that will be left of it.

libjpeg shrinks about as a box filter would; resizing from there blurs the less, the more is left.
With EfficientNet-Lite0, the cosine to the embedding of the full decode, at 4 and more: 0.9994 or
more and 0.9998 on average for 17 photographs of 4 to 24 megapixels as their authors published
them; 0.9991 or more and 0.9996 on average for the pictures with camera noise of `benchmarks/`,
which at 3 had 0.9989 and 0.9994. Computer-drawn pictures of perfectly smooth shades are more
sensitive (down to 0.998): there the network sees whether a value was rounded up or down.
"""


def whole_factor(size: Size) -> int:
    """Return the factor by which a picture of this size is shrunk to at most `FULL_SIZE`."""
    return max(1, math.ceil(math.sqrt(size[0] * size[1] / FULL_SIZE)))


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
        for factor in (4, 2)
        if size[0] % factor == size[1] % factor == 0 and min(size) / factor >= REDUCED_SIDE * side
    )
    return next(fitting, 1)
