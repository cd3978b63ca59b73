"""What a map says, in a sentence or two: only what covering, or greying, bears out.

The parts of a map and the colours of a picture that have a name, and which of them holds most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from featclass.base import percent
from featclass.encoders import Box
from featclass.probe import Floats

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
    masks: dict[str, Mask] = {}
    for number, (name, _) in enumerate(HUES):
        mask = named & (place == number)
        masks[name] = masks[name] | mask if name in masks else mask
    return {name: mask for name, mask in masks.items() if LEAST_SHARE <= mask.mean() <= MOST_SHARE}


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


LEAST_DROP: Final = 0.1
"""By so much at least greying a colour lowers the probability for it to be said to count."""
CLEARLY: Final = 1.5
"""So many times as far as greying the next colour does."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried on the picture to see whether the map is right."""

    speaks_for: Region | None = None
    """Where most of what speaks for the class lies, if covering it lowered the logit."""
    speaks_against: Region | None = None
    """Where most of what speaks against it lies, if covering it raised the logit."""
    without: Mapping[str, float] | None = None
    """Probability of the class with each colour greyed out."""


def said(label: str, probability: float, tried: Tried) -> str:
    """Return a sentence or two for a person."""
    share = chance(probability)
    sentences = [f"{share} {label}."]
    places = []
    if tried.speaks_for:
        places.append(f"what spoke for it lies mostly {tried.speaks_for.where}")
    if tried.speaks_against:
        places.append(f"the {tried.speaks_against.name} spoke against it")
    if places:
        clause = "; ".join(places)
        sentences.append(f"{clause[0].upper()}{clause[1:]}.")
    if colour := _counting(probability, tried.without or {}):
        left = chance((tried.without or {})[colour])
        sentences.append(f"The {colour} parts count most: in grey, it would be {left}.")
    return " ".join(sentences)


def chance(probability: float) -> str:
    """Return a probability in whole percent that no line breaks."""
    return percent(probability).replace(" ", "\u00a0")


def _counting(probability: float, without: Mapping[str, float]) -> str | None:
    drops = sorted(((probability - left, name) for name, left in without.items()), reverse=True)
    if not drops or drops[0][0] < LEAST_DROP:
        return None
    if len(drops) > 1 and drops[0][0] < CLEARLY * drops[1][0]:
        return None
    return drops[0][1]
