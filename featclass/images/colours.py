"""Pictures of any mode and depth as 8 bits of RGB, transparency on white."""

from __future__ import annotations

import math
from typing import Final

from PIL import Image

from featclass.images.unreadable import Unreadable

_STRIP: Final = 4 * 10**6


def rgb(picture: Image.Image, factor: int) -> Image.Image:
    """Convert and shrink by a whole factor.

    It goes in strips, so that only one full-size copy, the decoded one, is ever held.

    Raises:
        Unreadable: Its values are infinite.
    """
    if picture.mode == "RGB" and factor == 1 and not picture.has_transparency_data:
        return picture
    scale = _scale_to_8_bits(picture)
    width, height = picture.size
    rows = max(1, _STRIP // (width * factor)) * factor
    shrunk = Image.new("RGB", (math.ceil(width / factor), math.ceil(height / factor)))
    for top in range(0, height, rows):
        strip = picture.crop((0, top, width, min(top + rows, height)))
        shrunk.paste(_strip_to_rgb(strip, scale).reduce(factor), (0, top // factor))
    return shrunk


def _strip_to_rgb(strip: Image.Image, scale: tuple[float, float]) -> Image.Image:
    if strip.mode.startswith(("I", "F")):
        factor, offset = scale
        wide = strip.convert("I") if strip.mode.startswith("I;") else strip
        return wide.point(lambda value: value * factor + offset).convert("L").convert("RGB")
    if strip.has_transparency_data:
        strip = strip.convert("RGBA")
        white = Image.new("RGB", strip.size, "white")
        white.paste(strip, mask=strip)
        return white
    return strip.convert("RGB")


def _scale_to_8_bits(picture: Image.Image) -> tuple[float, float]:
    """Return (factor, offset) that bring the values of a grey picture of more bits to 0 to 255.

    16 bits are scaled as they are, so that the pictures of one camera stay comparable; a TIFF
    whose values all fit 12 bits is taken to hold 12, as scientific cameras write them. Wider
    integers and floats have no agreed range: 0 to 1, 0 to 255 and 0 to 65535 are recognised by
    their extremes, anything else is stretched from its least to its greatest value.
    """
    if picture.mode.startswith("I;16") and picture.format != "TIFF":
        return 1 / 257, 0.5
    if not picture.mode.startswith(("I", "F")):
        return 1.0, 0.0
    low, high = picture.getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise Unreadable("its brightness values are infinite or not numbers")
    if low < 0 or high > 65_535:
        factor = 255 / (high - low)
        return factor, 0.5 - low * factor
    if picture.mode.startswith("I") and picture.format == "TIFF" and high < 4096:
        return 255 / 4095, 0.5
    if picture.mode.startswith("I") or high > 255:
        return 1 / 257, 0.5
    return (255.0 if high <= 1 else 1.0), 0.5
