"""The names of folders, or of cells in a table, as names of classes: none melts into another."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from featclass.base import LONGEST_NAME, clean

LONGEST_CLASS_NAME: Final = LONGEST_NAME
"""Characters."""

_ALIKE: Final = re.compile(r"[\s_\-]+")
_LEADING_ZEROS: Final = re.compile(r"(?<![\d.,])0+(?=\d)")
"""Of a number, and not of what follows its decimal point."""
_FEW: Final = 5


class ClassNames:
    """Gives each of many names the class it stands for.

    Names that differ only by what cannot be seen (white space, the Unicode form, a character
    without width) are one class; where cleaning or cutting would make one of two others, the
    second gets a number.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._members: defaultdict[str, list[str]] = defaultdict(list)
        for name in sorted(set(names)):
            self._members[_identity(name)].append(name)
        self._of: dict[str, str] = {}
        taken: set[str] = set()
        for members in self._members.values():
            class_name = _distinct(shown(members[0]), taken)
            taken.add(class_name)
            self._of |= dict.fromkeys(members, class_name)

    @property
    def of(self) -> Mapping[str, str]:
        """The class of each name."""
        return self._of

    def notes(self) -> tuple[str, ...]:
        """Say which names were taken for one, and which classes may be meant to be one."""
        one = [
            f"{len(members)} folders or labels are written {self._of[members[0]]} but for what"
            " cannot be seen (white space, or the form of a letter): they are one class."
            for members in self._members.values()
            if len({_as_text(member) for member in members}) > 1
        ]
        alike: defaultdict[str, list[str]] = defaultdict(list)
        for class_name in dict.fromkeys(self._of.values()):
            alike[_likeness(class_name)].append(class_name)
        hints = [
            f"{listed(sorted(names))} are different classes, and hardly differ in writing: give"
            " them one name if they are meant to be one."
            for names in alike.values()
            if len(names) > 1
        ]
        return (*_bounded(one), *_bounded(hints))


def shown(name: str) -> str:
    """Return a name of a folder, a file or a column as it is written in a sentence."""
    return clean(_as_text(name)) or "unnamed"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Return "a", "a and b", "a, b and c", or "a, b, c and 12 more"."""
    few = [shown(name) for name in (names[:most] if len(names) > most + 1 else names)]
    if len(few) < len(names):
        return f"{', '.join(few)} and {len(names) - most:,} more"
    return " and ".join([", ".join(few[:-1]), few[-1]] if len(few) > 1 else few)


def _bounded(sentences: Sequence[str]) -> list[str]:
    if len(sentences) <= _FEW + 1:
        return list(sentences)
    return [*sentences[:_FEW], f"So it is with {len(sentences) - _FEW:,} more."]


def _as_text(name: str) -> str:
    # Bytes that are no text in the system's writing.
    return name.encode("utf-8", "replace").decode()


def _identity(name: str) -> str:
    """Return the same text for names that a person cannot tell apart."""
    text = " ".join(name.split())
    seen = (c for c in text if c == "\u200d" or not _is_unseen(c))
    return " ".join(unicodedata.normalize("NFC", "".join(seen)).split())


def _is_unseen(character: str) -> bool:
    # The joiner of emoji is of this kind, and changes what is seen.
    if unicodedata.category(character) in ("Cc", "Cf"):
        return True
    return "\ufe00" <= character <= "\ufe0f" or character in "\u034f\u115f\u1160\u3164\uffa0"


def _likeness(name: str) -> str:
    """Return the same text for names of which one may be a slip of the other."""
    text = _LEADING_ZEROS.sub("", unicodedata.normalize("NFKC", name).casefold())
    return _ALIKE.sub(" ", text).strip()


def _distinct(name: str, taken: set[str]) -> str:
    number, given = 2, name
    while given in taken:
        ending = f" {number}"
        given, number = name[: LONGEST_CLASS_NAME - len(ending)].rstrip() + ending, number + 1
    return given
