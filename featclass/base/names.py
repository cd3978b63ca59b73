"""Names that people gave to files, sets, classes and zip entries: hostile text made fit.

clean, display_name   to be shown and stored
orderly               to be printed: nothing in it steers what shows it
clean_path            where a file lies in a folder or a zip, leading nowhere
safe, safe_file_name  to be a file on every system
distinct, Distinct    each given out once
ClassNames            of folders and labels: none melts into another
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from itertools import count
from pathlib import PurePath
from typing import Final

from featclass.base.sentences import bounded

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
_DEFAULT: Final = re.compile(r"Set [1-9]\d*")

_ALIKE: Final = re.compile(r"[\s_\-]+")
_LEADING_ZEROS: Final = re.compile(r"(?<![\d.,])0+(?=\d)")
"""Of a number, and not of what follows its decimal point."""
_MOST_SENTENCES: Final = 5


def as_text(name: str) -> str:
    """Return a name that can be sent: one on a disk may hold bytes that are no text."""
    return name.encode("utf-8", "replace").decode()


def clean(text: str, length: int = LONGEST_NAME) -> str:
    """Return `text` in NFC without what cannot be seen, white space collapsed, cut at `length`.

    Cleaned once more it stays as it is; it may be empty.
    """
    text = _UNSEEN.sub("", _BIDI.sub("", " ".join(text.split())))
    characters = (c for c in text if unicodedata.category(c) not in ("Cc", "Cs"))
    text = " ".join(unicodedata.normalize("NFC", "".join(characters)).split())
    return text[:length].strip()


def display_name(name: str) -> str:
    """Return a name of a folder, a file or a column as it is written in a sentence."""
    return clean(as_text(name)) or "unnamed"


def enumerated(names: Sequence[str], most: int = 3, *, quoted: bool = False) -> str:
    """Return "a", "a and b", "a, b and c", or "a, b, c and 12 more"."""
    few = names[:most] if len(names) > most + 1 else names
    shown = [repr(name) if quoted else display_name(name) for name in few]
    if len(few) < len(names):
        return f"{', '.join(shown)} and {len(names) - most:,} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if shown[1:] else shown)


def orderly(text: str) -> str:
    """Return `text` with each of `DISORDERLY` replaced by one sign that says so."""
    return DISORDERLY.sub("\ufffd", text)


def clean_path(path: str) -> str:
    """Return the path as text fit for showing and storing; it leads nowhere.

    Only "/" separates folders: a backslash is part of a name, except on Windows, where no name
    has one.
    """
    parts = unicodedata.normalize("NFC", as_text(path)).split("/")
    return "/".join(part for part in parts if part not in ("", ".", ".."))


def safe(name: str) -> str:
    """Return a name that is one part of a path on every system, and leads nowhere."""
    text = _UNSAFE.sub("-", _BIDI.sub("", as_text(name))).strip(" .") or "unnamed"
    if _DEVICES.match(text):
        text = f"_{text}"
    stem, ending = _divided(text)
    room = LONGEST - len(ending.encode())
    if room < LONGEST // 2:  # no ending, but a name with a dot in it
        stem, ending, room = text, "", LONGEST
    cut = stem.encode()[:room].decode(errors="ignore")
    return cut + ending if ending else cut.rstrip(" .")


def safe_file_name(path: str) -> str:
    """Return the last part of a path, safe on every system."""
    # As this system divides paths: elsewhere than on Windows a backslash is part of a name.
    return safe(PurePath(path).name)


def file_stem(name: str) -> str:
    """Return a plain file name, without ending, for what is downloaded of a workspace."""
    return re.sub(r"[^\w]+", "-", name).strip("-").lower()[:80] or "pictures"


def is_default(name: str) -> bool:
    """Whether this is a name that a set has until somebody names it."""
    return _DEFAULT.fullmatch(name) is not None


def default(place: int, taken: Container[str]) -> str:
    """Return the first of "Set {place}", "Set {place + 1}", ... that is not taken."""
    return next(name for n in count(place) if (name := f"Set {n}") not in taken)


def distinct(
    name: str,
    is_taken: Callable[[str], bool],
    *,
    is_file: bool = False,
    longest: int | None = None,
) -> str:
    """Return `name`, or where it is taken the first of "name 2", "name 3", ... that is not.

    Args:
        name: Any.
        is_taken: Whether a name is not given out.
        is_file: Whether the number stands before an ending: "name 2.jpg".
        longest: Characters to which a name is cut so that its number fits; None for any length.
    """
    if not is_taken(name):
        return name
    stem, ending = _divided(name) if is_file else (name, "")
    numbered = (_numbered(stem, n, ending, longest) for n in count(2))
    return next(new for new in numbered if not is_taken(new))


class Distinct:
    """Gives each name of a file out once: "a.jpg", then "a 2.jpg"; names that differ by case meet.

    Some systems keep no two such names in one folder. `taken` are not given out.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {name.casefold() for name in taken}
        self._next: dict[str, int] = {}

    def __call__(self, name: str) -> str:
        """Return `name`, or where it was given out the first of "name 2", "name 3", ... free."""
        new, key = name, name.casefold()
        stem, ending = _divided(name)
        while new.casefold() in self._taken:
            number = self._next.get(key, 2)
            self._next[key] = number + 1
            new = _numbered(stem, number, ending)
        self._taken.add(new.casefold())
        return new


def _divided(name: str) -> tuple[str, str]:
    """Return the stem, and the ending with its dot where there is one."""
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem else (name, "")


def _numbered(stem: str, number: int, ending: str = "", longest: int | None = None) -> str:
    tail = f" {number}{ending}"
    return (stem if longest is None else stem[: longest - len(tail)].rstrip()) + tail


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
            class_name = distinct(
                display_name(members[0]), taken.__contains__, longest=LONGEST_NAME
            )
            taken.add(class_name)
            self._of |= dict.fromkeys(members, class_name)

    @property
    def of(self) -> Mapping[str, str]:
        """The class of each name."""
        return self._of

    def notes(self) -> tuple[str, ...]:
        """Say which names were taken for one, and which classes may be meant to be one."""
        merged = [
            f"{len(members)} folders or labels are written {self._of[members[0]]} but for what"
            " cannot be seen (white space, or the form of a letter): they are one class."
            for members in self._members.values()
            if len({as_text(member) for member in members}) > 1
        ]
        alike: defaultdict[str, list[str]] = defaultdict(list)
        for class_name in dict.fromkeys(self._of.values()):
            alike[_likeness(class_name)].append(class_name)
        hints = [
            f"{enumerated(sorted(names))} are different classes, and hardly differ in writing:"
            " give them one name if they are meant to be one."
            for names in alike.values()
            if len(names) > 1
        ]
        return (*bounded(merged, _MOST_SENTENCES), *bounded(hints, _MOST_SENTENCES))


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
