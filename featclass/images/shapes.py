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


def whole_factor(size: Size) -> int:
    """Return the factor by which a picture of this size is shrunk to at most `FULL_SIZE`."""
    return max(1, math.ceil(math.sqrt(size[0] * size[1] / FULL_SIZE)))


def middle(size: Size, elongation: int) -> tuple[int, int, int, int]:
    """Return (left, top, right, bottom) of the middle, at most so many times as long as wide."""
    width, height = (min(side, min(size) * elongation) for side in size)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return left, top, left + width, top + height
