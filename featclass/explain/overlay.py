"""A map drawn onto its picture: amber for the class, indigo against, dimmed where nobody looked."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image

from featclass.explain.heat import Heat

FOR: Final = (255, 176, 0)
AGAINST: Final = (91, 61, 245)
"""Told apart by everybody: one is light, one dark, and they differ along yellow and blue."""
STRONGEST: Final = 0.78
DIMMED: Final = 0.55
GREY: Final = 0.65


def overlay(heat: Heat, picture: Image.Image) -> Image.Image:
    """Return the picture, upright and RGB, with the map on it."""
    width, height = picture.size
    left, top, right, bottom = (
        share * side for share, side in zip(heat.box, (width, height) * 2, strict=True)
    )
    grey = picture.convert("L").convert("RGB")
    base = np.asarray(Image.blend(picture, grey, GREY), np.float32)
    size = max(1, round(right - left)), max(1, round(bottom - top))
    smooth = Image.fromarray(heat.relative).resize(size, Image.Resampling.BILINEAR)
    strength = np.full((height, width), np.nan, np.float32)
    x, y = max(0, round(left)), max(0, round(top))
    seen = np.asarray(smooth)[max(0, -round(top)) :, max(0, -round(left)) :]
    seen = seen[: height - y, : width - x]
    strength[y : y + seen.shape[0], x : x + seen.shape[1]] = seen
    alpha = np.abs(strength)[..., None] * STRONGEST
    hue = np.where(
        strength[..., None] > 0, np.array(FOR, np.float32), np.array(AGAINST, np.float32)
    )
    drawn = np.where(np.isnan(alpha), base * (1 - DIMMED), base * (1 - alpha) + hue * alpha)
    return Image.fromarray(drawn.clip(0, 255).astype(np.uint8))
