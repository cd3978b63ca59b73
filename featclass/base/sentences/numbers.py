"""Shares, bounds and names inside a sentence: one rule for each, wherever they are shown."""

from __future__ import annotations

import math
from collections.abc import Sequence

NAMED = 3
"""Names in a list before the others are only counted."""


def whole(share: float) -> int:
    """Return a share as whole percent: 100 of exactly all alone, 0 of exactly none alone."""
    percent = round(100 * share)
    if share < 1:
        percent = min(percent, 99)
    return max(percent, 1) if share > 0 else percent


def percent(share: float) -> str:
    """Return a share in whole percent: "100 %" of all alone, "0 %" of none alone."""
    return f"{whole(share)} %"


def decimal(share: float, digits: int) -> str:
    """Return a share with so many digits behind the point: 1 of all alone, 0 of none alone."""
    least = 10.0**-digits
    if 0 < share < 1:
        share = min(max(share, least), 1 - least)
    return f"{share:.{digits}f}"


def bounds(low: float, high: float) -> tuple[int, int]:
    """Return the ends of an interval in whole percent, rounded outwards.

    Words then never promise more than the numbers do. A bound is no share of anything that was
    counted: it may be 0 or 100 though the end is only near.
    """
    # 1e-9 undoes what floating point adds to a whole percent.
    return math.floor(100 * low + 1e-9), math.ceil(100 * high - 1e-9)


def between(low: float, high: float) -> str:
    """Return an interval of shares in words, its ends as `bounds` rounds them."""
    ends = bounds(low, high)
    return f"between {ends[0]} % and {ends[1]} %"


def span(low: float, high: float) -> str:
    """Return an interval of shares for a table, its ends as `bounds` rounds them."""
    ends = bounds(low, high)
    return f"{ends[0]} to {ends[1]} %"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return "1 picture" or "2,000 pictures"; `many` is what `one` is with an s if not given."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def listed(names: Sequence[str]) -> str:
    """Return names in quotes: all of a few, else the first three and how many more."""
    if len(names) == 1:
        return repr(names[0])
    shown = [repr(name) for name in names[:NAMED]]
    if len(names) > NAMED:
        shown.append(f"{len(names) - NAMED} more")
    return ", ".join(shown[:-1]) + " and " + shown[-1]


def bounded(sentences: Sequence[str], most: int, noun: str = "") -> list[str]:
    """Return all of a few sentences, else the first `most` and how many more `noun` there are."""
    if len(sentences) <= most + 1:
        return list(sentences)
    return [
        *sentences[:most],
        f"So it is with {len(sentences) - most:,} more{noun and f' {noun}'}.",
    ]
