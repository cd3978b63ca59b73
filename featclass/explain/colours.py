"""The colours of a picture that have a name, and the same picture without one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Levels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

LEAST_SHARE: Final = 0.01
MOST_SHARE: Final = 0.6
VIVID: Final = 90
"""Saturation from which a colour has a name, and value below which it is too dark for one."""
DARK: Final = 70
# Hues as Pillow counts them, 0 to 255, each up to the next.
HUES: Final = (
    ("red", 0), ("orange", 11), ("yellow", 32), ("green", 48), ("blue", 120), ("purple", 182),
    ("pink", 212), ("red", 242),
)  # fmt: skip


def coloured(levels: Levels) -> Mapping[str, Mask]:
    """Return where each vivid colour is, shape (height, width): neither specks nor nearly all."""
    hue, saturation, value = np.moveaxis(np.asarray(Image.fromarray(levels).convert("HSV")), 2, 0)
    named = (saturation >= VIVID) & (value >= DARK)
    starts = [start for _, start in HUES]
    place = np.searchsorted(starts, hue, side="right") - 1
    found: dict[str, Mask] = {}
    for number, (name, _) in enumerate(HUES):
        mask = named & (place == number)
        found[name] = found[name] | mask if name in found else mask
    return {name: mask for name, mask in found.items() if LEAST_SHARE <= mask.mean() <= MOST_SHARE}


def greyed(levels: Levels, mask: Mask) -> Levels:
    """Return a copy without colour where the mask says so; it stays as light as it was."""
    copy = levels.copy()
    grey = np.asarray(Image.fromarray(levels).convert("L"))
    copy[mask] = grey[mask][:, None]
    return copy


def mass(mask: Mask, values: NDArray[np.float64]) -> float:
    """Add up a map, shape (rows, columns), over the pixels of a mask."""
    height, width = mask.shape
    rows = np.arange(height) * values.shape[0] // height
    columns = np.arange(width) * values.shape[1] // width
    return float(values[np.ix_(rows, columns)][mask].sum())
