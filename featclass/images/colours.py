"""Pictures of any mode with 8 bits a sample as RGB, transparency on white."""

from __future__ import annotations

import math
from typing import Final

from PIL import Image

_STRIP: Final = 4 * 10**6


def rgb(picture: Image.Image, factor: int) -> Image.Image:
    """Convert and shrink by a whole factor.

    It goes in strips, so that only one full-size copy, the decoded one, is ever held.
    """
    if picture.mode == "RGB" and factor == 1 and not picture.has_transparency_data:
        return picture
    width, height = picture.size
    rows = max(1, _STRIP // (width * factor)) * factor
    shrunk = Image.new("RGB", (math.ceil(width / factor), math.ceil(height / factor)))
    for top in range(0, height, rows):
        strip = picture.crop((0, top, width, min(top + rows, height)))
        shrunk.paste(_strip_to_rgb(strip).reduce(factor), (0, top // factor))
    return shrunk


def _strip_to_rgb(strip: Image.Image) -> Image.Image:
    if strip.mode == "La":  # Pillow knows no other way from there
        strip = strip.convert("LA")
    if strip.has_transparency_data:
        strip = strip.convert("RGBA")
        white = Image.new("RGB", strip.size, "white")
        white.paste(strip, mask=strip)
        return white
    return strip.convert("RGB")
