"""The code page that names are written in, told from their bytes.

Explorer and many others write names in the code page of the Windows they run on, and say nowhere
which that is. Names that are all UTF-8 are that: no other text looks like it. Else the code page
is chosen in which all the names together are the likeliest text.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Final

from featclass.base import DatasetError
from featclass.datasets.zips.languages import (
    JAPANESE,
    KOREAN,
    RUSSIAN,
    SIMPLIFIED_CHINESE,
    TRADITIONAL_CHINESE,
    WESTERN_EUROPEAN,
    Writing,
)

UTF8: Final = "utf-8"

# With how likely each is before any name is seen: Explorer writes CP850 where French is spoken.
_PAGES: Final[Mapping[str, tuple[str, Writing, float]]] = {
    "cp932": ("Japanese (CP932)", JAPANESE, 0.0),
    "gbk": ("Simplified Chinese (GBK)", SIMPLIFIED_CHINESE, 0.0),
    "cp950": ("Traditional Chinese (Big5)", TRADITIONAL_CHINESE, 0.0),
    "cp949": ("Korean (CP949)", KOREAN, 0.0),
    "cp866": ("Russian (CP866)", RUSSIAN, -0.3),
    "cp850": ("Western European (CP850)", WESTERN_EUROPEAN, 0.0),
    "cp1252": ("Western European (Windows, CP1252)", WESTERN_EUROPEAN, -2.5),
    "cp437": ("American DOS (CP437)", WESTERN_EUROPEAN, -2.0),
}
CODE_PAGES: Final[Mapping[str, str]] = {code: title for code, (title, _, _) in _PAGES.items()}
"""Those that are chosen among, by their names in Python: what a person calls them."""

_CLEARLY: Final = 3.0
"""Twenty times as likely as the next."""
_NO_LANGUAGE: Final = log(1 / 400)
"""Of a byte that is not ASCII, in names of whatever language."""
_TOLD_BY: Final = 20_000
"""Bytes of words that are weighed, whatever else there is, and of each word at most 200."""
_LONGEST_WORD: Final = 200

# What Windows means by the narrower names: its own code page holds all of theirs and more.
_WIDER: Final = {"gb2312": "gbk", "shift_jis": "cp932", "big5": "cp950", "euc_kr": "cp949"}
_BY_CHANCE: Final = 4
_UNUSUAL: Final = re.compile(
    "[\u0180-\u019f\u01a2-\u01ae\u01b1-\u01cc\u01dd-\u0217\u021c-\u02ff\u0370-\u0385\u03cf-\u03ff"
    "\u0460-\u048f\u0500-\u0560\u0700-\u08ff]"
)
# No byte from 0 to 0x3F is part of a character of two bytes, in any of the code pages.
_WORD: Final = re.compile(rb"[^\x00-\x2f\x3a-\x3f]+")
_DIGITS: Final = re.compile(rb"[0-9]+")


def title_of(code: str) -> str:
    """Return what a person calls a code page."""
    return CODE_PAGES.get(code, code.upper())


def code_page(asked: str) -> str:
    """Return Python's name of a code page: "932", "Shift-JIS" and "cp932" are all "cp932".

    Raises:
        DatasetError: There is none of this name.
    """
    name = asked.strip()
    ascii_text = bytes(range(0x20, 0x7F)).replace(b"\\", b"").replace(b"~", b"")
    try:
        code = codecs.lookup(f"cp{name}" if name.isdecimal() else name).name
        is_text = ascii_text.decode(code) == ascii_text.decode("ascii")
    except (LookupError, ValueError, TypeError):
        is_text = False
    if not is_text:
        raise DatasetError(
            f"There is no code page {asked!r} for the names in a zip: say one of"
            f" {', '.join((UTF8, *CODE_PAGES))}, or another that Python knows."
        )
    return _WIDER.get(code, code)


@dataclass(frozen=True, slots=True)
class Choice:
    """The code page that names were read in."""

    code: str
    is_clear: bool = True
    others: tuple[str, ...] = ()
    """The code pages that read another text, the likeliest first."""


def chosen(names: Iterable[bytes]) -> Choice:
    """Choose the code page of names that do not say theirs."""
    # "IMG_1" and "IMG_2" tell no more than one of them.
    named = {_DIGITS.sub(b"0", name) for name in names if not name.isascii()}
    is_utf8 = all(text_in(name, UTF8) is not None for name in named)
    if is_utf8 and not _is_odd("".join(name.decode() for name in named)):
        return Choice(UTF8)
    words = sorted({word for name in named for word in _WORD.findall(name) if not word.isascii()})
    telling = _telling(words)
    ranked = sorted(
        (reading for code in CODE_PAGES if (reading := _reading(code, words, telling))),
        key=lambda reading: -reading.likelihood,
    )
    distinct = {reading.text: reading for reading in reversed(ranked)}
    best, *others = sorted(distinct.values(), key=ranked.index)
    rivals = [reading.likelihood + _CLEARLY for reading in others[:1]]
    is_clear = best.likelihood > max(_of_no_language(telling), *rivals)
    if is_utf8 and not is_clear:
        return Choice(UTF8)
    return Choice(best.code, is_clear, tuple(reading.code for reading in others))


def _is_odd(text: str) -> bool:
    """Whether names are UTF-8 perhaps by chance: few letters, and of those that nobody uses.

    The Chinese "pictures" in GBK is such a case.
    """
    letters = [character for character in text if not character.isascii()]
    return len(letters) <= _BY_CHANCE and any(map(_UNUSUAL.match, letters))


@dataclass(frozen=True, slots=True)
class _Reading:
    """Names in one code page."""

    code: str
    text: int
    """A hash: equal where two code pages read the same."""
    likelihood: float
    """Natural logarithm of the probability."""


def _reading(code: str, words: Sequence[bytes], telling: Sequence[bytes]) -> _Reading | None:
    """Read the words of names in a code page; None where it has not all of them."""
    texts = [text_in(word, code) for word in words]
    if None in texts:
        return None
    _, writing, before = _PAGES[code]
    weighed = (writing.log_likelihood(word.decode(code, "ignore")) for word in telling)
    return _Reading(code, hash(tuple(texts)), before + sum(weighed))


def _telling(words: Sequence[bytes]) -> list[bytes]:
    """Return the words that are weighed: from all over, but not too many."""
    cut = [word[:_LONGEST_WORD] for word in words]
    return cut[:: 1 + sum(map(len, cut)) // _TOLD_BY]


def _of_no_language(words: Iterable[bytes]) -> float:
    return sum(log(1 / 40) if byte < 0x80 else _NO_LANGUAGE for word in words for byte in word)


def text_in(name: bytes, code: str) -> str | None:
    """Return a name in a code page; None where that has not all of it."""
    try:
        return name.decode(code)
    except UnicodeError:
        return None
