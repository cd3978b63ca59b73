"""Names that people gave: of files, sets and workspaces.

Hostile text made fit to be shown and stored, safe as a file, and distinct where names meet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable
from itertools import count
from typing import Final

LONGEST_NAME: Final = 255
"""Characters of a class, a set, a picture: systems allow a folder no more."""
LONGEST: Final = 200
"""Bytes of UTF-8; systems allow 255, and a number may follow."""

DISORDERLY: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Signs that would reorder the text around them or steer a terminal, and those no text has: control
characters, and halves of a pair, which stand in the names of files that are not UTF-8."""

_UNSAFE: Final = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
# Embeddings, overrides and isolates left open would turn round the ending that follows.
_BIDI: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Soft hyphens, spaces of no width, marks of byte order: nothing to see, and nothing they are for
# in a name. Joiners stay: emoji and several scripts are written with them.
_UNSEEN: Final = re.compile("[\u00ad\u180e\u200b\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb]")
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def clean(text: str, length: int = LONGEST_NAME) -> str:
    """Return `text` in NFC without what cannot be seen, white space collapsed, cut at `length`.

    Cleaned once more it stays as it is; it may be empty.
    """
    text = _UNSEEN.sub("", _BIDI.sub("", " ".join(text.split())))
    kept = (c for c in text if unicodedata.category(c) not in ("Cc", "Cs"))
    text = " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
    return text[:length].strip()


def safe(name: str) -> str:
    """Return a name that is one part of a path on every system, and leads nowhere."""
    text = name.encode("utf-8", "replace").decode()
    text = _UNSAFE.sub("-", _BIDI.sub("", text)).strip(" .") or "unnamed"
    if _DEVICES.match(text):
        text = f"_{text}"
    stem, ending = _divided(text)
    room = LONGEST - len(ending.encode())
    if room < LONGEST // 2:  # no ending, but a name with a dot in it
        stem, ending, room = text, "", LONGEST
    cut = stem.encode()[:room].decode(errors="ignore")
    return cut + ending if ending else cut.rstrip(" .")


class Distinct:
    """Gives each name out once: "a.jpg", then "a 2.jpg"; names that differ by case meet too.

    Some systems keep no two such names in one folder. `taken` are not given out.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {name.casefold() for name in taken}
        self._next: dict[str, int] = {}

    def __call__(self, name: str) -> str:
        """Return `name`, or where it was given out the first of "name 2", "name 3", ... free."""
        given, key = name, name.casefold()
        stem, ending = _divided(name)
        while given.casefold() in self._taken:
            number = self._next.get(key, 2)
            self._next[key] = number + 1
            given = f"{stem} {number}{ending}"
        self._taken.add(given.casefold())
        return given


def _divided(name: str) -> tuple[str, str]:
    """Return the stem, and the ending with its dot where there is one."""
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem else (name, "")


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
