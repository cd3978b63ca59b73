"""Hostile text made fit to be a name: of a workspace, a set, a picture."""

from __future__ import annotations

import re
from collections.abc import Container
from itertools import count

from featclass.file_names import clean

__all__ = [
    "clean",
    "counted",
    "default",
    "distinct",
    "distinct_file",
    "file_stem",
    "is_default",
    "is_id",
]

_DEFAULT = re.compile(r"Set [1-9]\d*")


def is_default(name: str) -> bool:
    """Whether this is a name that a set has until somebody names it."""
    return _DEFAULT.fullmatch(name) is not None


def default(place: int, taken: Container[str]) -> str:
    """Return the first of "Set {place}", "Set {place + 1}", ... that is not taken."""
    return next(name for n in count(place) if (name := f"Set {n}") not in taken)


def distinct(name: str, taken: Container[str]) -> str:
    """Return `name`, or where it is taken the first of "name 2", "name 3", ... that is not."""
    if name not in taken:
        return name
    return next(new for n in count(2) if (new := f"{name} {n}") not in taken)


def distinct_file(name: str, taken: Container[str]) -> str:
    """Return `name`, or where it is taken the first of "name 2.jpg", "name 3.jpg", ... free."""
    if name not in taken:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not stem:
        stem, dot, suffix = name, "", ""
    return next(new for n in count(2) if (new := f"{stem} {n}{dot}{suffix}") not in taken)


def counted(number: int, noun: str) -> str:
    """Return "1 picture", "13 pictures"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def is_id(value: object) -> bool:
    """Whether this can be the number of a row; True, which counts as 1, is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def file_stem(name: str) -> str:
    """Return a plain file name, without ending, for what is downloaded of a workspace."""
    return re.sub(r"[^\w]+", "-", name).strip("-").lower()[:80] or "pictures"
