"""Pictures made small, for the page."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from PIL import Image

from featclass.images.budget import PIXEL_BUDGET
from featclass.images.decoding import draft, upright
from featclass.images.headers import opened_for_decoding
from featclass.images.shapes import middle, whole_factor
from featclass.images.unreadable import unreadable_if_hostile

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
        draft(picture, (size, size))
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
