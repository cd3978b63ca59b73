"""What a map says, in a sentence or two: only what covering, or greying, bears out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from featclass.explain.regions import Region
from featclass.sentences import percent

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
        told = "; ".join(places)
        sentences.append(f"{told[0].upper()}{told[1:]}.")
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
