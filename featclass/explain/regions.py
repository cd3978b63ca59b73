"""The parts of a map that have a name, and which of them holds most of something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from featclass.encoders import Box
from featclass.probe.points import Floats

Mask = NDArray[np.bool_]

MOSTLY: Final = 0.5
"""So much of what speaks lies in a region of a quarter of the map that is said to hold most."""
MOSTLY_HALF: Final = 0.7
WORTH_SAYING: Final = 0.2
"""Of all that speaks, for and against, so much must speak against for it to be told."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the map with a name."""

    name: str
    box: Box

    @property
    def where(self) -> str:
        """Say where something in it lies."""
        return f"{'along' if self.name.endswith('edge') else 'in'} the {self.name}"

    def mass(self, values: Floats) -> float:
        """Add up the values, shape (rows, columns), as far as they lie in the region."""
        left, top, right, bottom = self.box
        rows = _overlap(values.shape[0], top, bottom)
        columns = _overlap(values.shape[1], left, right)
        return float(rows @ values @ columns)

    def mask(self, height: int, width: int) -> Mask:
        """Return which pixels lie in it, shape (height, width)."""
        left, top, right, bottom = self.box
        mask = np.zeros((height, width), np.bool_)
        rows = slice(round(top * height), round(bottom * height))
        mask[rows, round(left * width) : round(right * width)] = True
        return mask


MIDDLE = Region("middle", (0.25, 0.25, 0.75, 0.75))
EDGES = (
    Region("left edge", (0, 0, 0.25, 1)),
    Region("right edge", (0.75, 0, 1, 1)),
    Region("upper edge", (0, 0, 1, 0.25)),
    Region("lower edge", (0, 0.75, 1, 1)),
)
QUARTERS = (
    Region("upper left", (0, 0, 0.5, 0.5)),
    Region("upper right", (0.5, 0, 1, 0.5)),
    Region("lower left", (0, 0.5, 0.5, 1)),
    Region("lower right", (0.5, 0.5, 1, 1)),
)
HALVES = (
    Region("upper half", (0, 0, 1, 0.5)),
    Region("lower half", (0, 0.5, 1, 1)),
    Region("left half", (0, 0, 0.5, 1)),
    Region("right half", (0.5, 0, 1, 1)),
)


def speaking_for(values: Floats) -> Region | None:
    """Return the region that holds most of what is positive, the smallest there is."""
    return _holding(np.maximum(values, 0))


def speaking_against(values: Floats) -> Region | None:
    """Return the region that holds most of what is negative, where that is worth saying."""
    negative = np.maximum(-values, 0)
    if negative.sum() < WORTH_SAYING * np.abs(values).sum():
        return None
    return _holding(negative)


def _holding(mass: Floats) -> Region | None:
    total = float(mass.sum())
    if total <= 0:
        return None
    for regions, least in (((*QUARTERS, MIDDLE, *EDGES), MOSTLY), (HALVES, MOSTLY_HALF)):
        best = max(regions, key=lambda region: region.mass(mass))
        if best.mass(mass) >= least * total:
            return best
    return None


def _overlap(count: int, start: float, stop: float) -> Floats:
    """Return the share of each of `count` equal stretches of 0 to 1 within start and stop."""
    begins = np.arange(count) / count
    common = np.minimum(begins + 1 / count, stop) - np.maximum(begins, start)
    return np.asarray(np.clip(common * count, 0, 1))
