"""The map of one picture for one class, where on the picture it lies, and drawn onto it.

Amber for the class, indigo against, dimmed where nobody looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from featclass.encoders import Box


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """What spoke for a class (positive) and what against it (negative), place by place."""

    label: str
    values: NDArray[np.float32]
    """Shape (rows, columns), in log-odds: of the class against the mean of the others."""
    box: Box
    """The part of the upright picture that the map covers; the encoder looks at no more."""
    size: tuple[int, int]
    """Width and height of the upright picture, as it was decoded."""
    probability: float
    logit: float
    """Log-odds of the class against the mean of the others."""
    is_exact: bool
    """Whether the values sum to `logit`; else each says how far covering its place lowers it."""
    says: str = ""
    """One or two sentences for a person; class names are as their owner wrote them."""
    seconds: float = 0.0
    """What it took, embedding included."""

    @property
    def relative(self) -> NDArray[np.float32]:
        """The values, the largest of them 1 or -1."""
        return np.asarray(self.values / (np.abs(self.values).max() or 1.0), np.float32)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of this map, its values from -1 to 1 row by row."""
        rows, columns = self.values.shape
        return {
            "label": self.label,
            "probability": self.probability,
            "box": [round(share, 5) for share in self.box],
            "aspect": self.size[0] / self.size[1],
            "rows": rows,
            "columns": columns,
            "values": [round(float(value), 3) for value in self.relative.ravel()],
            "exact": self.is_exact,
            "says": self.says,
        }


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
