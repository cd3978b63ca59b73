"""A part of a long list, as a request asks for it."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import QueryParams

from featclass.errors import UploadRefused

LONGEST: Final = 18
"""Digits of a number in an address; the database has none for more."""


def number_of(asked: QueryParams, name: str, default: int | None) -> int | None:
    """Return a whole number of a query, not below zero; raises `UploadRefused` for what is none."""
    text = asked.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST):
        raise UploadRefused(f"“{name}” takes a whole number")
    return int(text)


def slice_of(asked: QueryParams, *, count: int, most: int) -> slice:
    """Return the part between `from` and `from` + `count`, by default the first `count`."""
    start = number_of(asked, "from", 0) or 0
    wanted = number_of(asked, "count", count) or 0
    return slice(start, start + min(most, wanted))
