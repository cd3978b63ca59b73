"""Values of a JSON document that is not trusted: each is of its kind, or else `Malformed`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from featclass.base import DISORDERLY, FeatclassError

LONGEST_TEXT: Final = 2**16
"""Characters: no name in a zip is longer, nor any sentence."""
MOST_TEXTS: Final = 100_000


class Malformed(FeatclassError):
    """What is wrong with the content of a file, as a clause for whoever tells of the file."""


def wrong(field: str, expected: str) -> Malformed:
    """Return the error that a field is not what it should be."""
    return Malformed(f"The report's {field!r} should be {expected}")


def an_object(value: object, field: str) -> dict[str, Any]:
    """Return an object."""
    if not isinstance(value, dict):
        raise wrong(field, "an object")
    return value


def a_list(value: object, field: str) -> list[Any]:
    """Return a list."""
    if not isinstance(value, list):
        raise wrong(field, "a list")
    return value


def texts(value: object, field: str) -> tuple[str, ...]:
    """Return a list of texts, not too many."""
    listed = a_list(value, field)
    if len(listed) > MOST_TEXTS:
        raise wrong(field, f"a list of {MOST_TEXTS:,} or fewer")
    return tuple(text(name, field) for name in listed)


def text(value: object, field: str) -> str:
    """Return a text that can be shown."""
    shown = file_name(value, field)
    if DISORDERLY.search(shown):
        raise wrong(field, "text that can be shown")
    return shown


def file_name(value: object, field: str) -> str:
    """Return a text about a file, whose name may be in no known writing: half characters."""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise wrong(field, f"text of {LONGEST_TEXT:,} or fewer characters")
    return value


def count(value: object, field: str) -> int:
    """Return a whole number of 0 or more that every JSON reader can hold."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise wrong(field, "a count")
    return value


def number(value: object, field: str, most: float) -> float:
    """Return a number from 0 to `most`."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most:
        return float(value)
    raise wrong(field, "a number between 0 and 1" if most == 1 else "a number of 0 or more")


def share(value: object, field: str) -> float | None:
    """Return a number from 0 to 1, or None."""
    return None if value is None else number(value, field, 1)


def interval(value: object, field: str) -> tuple[float, float] | None:
    """Return the low and the high end of shares, or None."""
    if value is None:
        return None
    ends = [number(end, field, 1) for end in a_list(value, field)]
    if len(ends) != 2 or ends[0] > ends[1]:
        raise wrong(field, "low and high")
    return ends[0], ends[1]


def flag(value: object, field: str) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise wrong(field, "true or false")
    return value


def names(value: object, field: str, classes: Collection[str]) -> tuple[str, ...]:
    """Return names that are all among the classes."""
    listed = texts(value, field)
    if not set(listed) <= set(classes):
        raise wrong(field, "about its classes")
    return listed
