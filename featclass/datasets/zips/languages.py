"""How likely the text of a name is in a language: models of its letters, one for each code page.

The same bytes are a different text in every code page, and usually nonsense in all but one. Each
model gives a word's probability, letter by letter with regard to the letters beside it, as if it
were drawn from names in that language; the probabilities of one word in two code pages may be
compared, since they are of the same bytes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import log
from typing import Final, Protocol

from featclass.datasets.zips.frequent_characters import HANGUL, KANJI, SIMPLIFIED, TRADITIONAL

_ASCII: Final = log(1 / 40)
"""Of any ASCII character: alike in all, so that it decides nothing."""
_NONSENSE: Final = log(1e-6)
_OTHER: Final = log(1e-7)
"""Of a character that a code page has, but names have not."""


class Writing(Protocol):
    """The letters of a language."""

    def log_likelihood(self, word: str) -> float:
        """Return the logarithm of a word's probability; its digits are all "0"."""


class EastAsian:
    """Thousands of characters of two bytes, the frequent ones by their rank."""

    def __init__(
        self,
        codec: str,
        frequent: str,
        share: float,
        level: Callable[[bytes], int],
        others: Mapping[str, float],
    ) -> None:
        self._codec = codec
        self._level = level
        weights = [1 / (rank + 60) for rank in range(len(frequent))]
        scale = share / sum(weights)
        self._frequent = {
            character: log(scale * weight)
            for character, weight in zip(frequent, weights, strict=True)
        }
        self._others = {kind: log(probability) for kind, probability in others.items()}
        self._of = lru_cache(maxsize=10_000)(self._of_character)

    def log_likelihood(self, word: str) -> float:
        """Return the logarithm of a word's probability."""
        total, before = 0.0, ""
        for character in word:
            kind = _kind(character)
            total += self._of(character) + _beside(before, kind)
            before = kind
        return total

    def _of_character(self, character: str) -> float:
        if character.isascii():
            return _ASCII
        if character in self._frequent:
            return self._frequent[character]
        kind = _kind(character)
        if kind in ("han", "hangul"):
            kind += str(self._level(character.encode(self._codec, "replace")))
        if kind == "symbol" and character not in _EAST_SYMBOLS:
            return _OTHER if unicodedata.category(character) != "Co" else 3 * _OTHER
        return self._others.get(kind, _OTHER)


_EAST_SYMBOLS: Final = frozenset("　、。・「」『』【】（）〈〉《》～＿－！？：，．―…×○●△□☆★→℃①②③")
_SCRIPTS: Final = (
    ("kana", re.compile("[\u3040-\u30ff\u31f0-\u31ff]")),
    ("han", re.compile("[\u4e00-\u9fff\uf900-\ufaff々〆]")),
    ("hangul", re.compile("[\uac00-\ud7a3]")),
    ("half", re.compile("[\uff66-\uff9f]")),
    ("wide", re.compile("[０-９Ａ-Ｚａ-ｚ]")),
)
# How often writing changes from one kind of character to another within a word, and back.
_CHANGES: Final = {frozenset(("kana", "han")): log(0.4), frozenset(("small", "capital")): 0.0}
_CHANGE: Final = log(0.1)


def _kind(character: str) -> str:
    if character.isascii():
        return "" if not character.isalpha() else "small" if character.islower() else "capital"
    return next((kind for kind, pattern in _SCRIPTS if pattern.match(character)), "symbol")


def _beside(before: str, kind: str) -> float:
    if kind == "half" and not before:
        return log(0.01)
    if not before or not kind or before == kind:
        return 0.0
    return _CHANGES.get(frozenset((before, kind)), _CHANGE)


class Cyrillic:
    """Russian: nearly all letters are Cyrillic, small except in front."""

    def log_likelihood(self, word: str) -> float:
        """Return the logarithm of a word's probability."""
        total = 0.0 if _RUSSIAN_VOWELS & {*word.lower()} else log(0.1)
        before = before_that = ""
        for character in word:
            small = character.lower()
            if character.isascii():
                mixed = character.isalpha() and before.lower() in _RUSSIAN
                total += _ASCII + (log(0.02) if mixed else 0.0)
            elif small not in _RUSSIAN:
                total += log(1e-4) if character in "№°·" else _NONSENSE
            else:
                mixed = before.isascii() and before.isalpha()
                total += _RUSSIAN[small] + _case(before_that, before, character, 0.25)
                total += log(0.02) if mixed else log(0.05) if before == "0" else 0.0
            before_that, before = before, character
        return total


def _frequencies(letters: str, percent: str) -> dict[str, float]:
    numbers = [float(number) for number in percent.split()]
    total = sum(numbers)
    return {letter: log(number / total) for letter, number in zip(letters, numbers, strict=True)}


_RUSSIAN: Final = _frequencies(
    "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "11 8.5 8 7.4 6.7 6.3 5.5 4.7 4.5 4.4 3.5 3.2 3 2.8 2.6 2 1.9 1.7 1.7 1.7 1.6 1.4 1.2 1 0.9"
    " 0.7 0.6 0.5 0.4 0.3 0.3 0.04 0.04",
)
_RUSSIAN_VOWELS: Final = frozenset("аеёиоуыэюя")


class Western:
    """Letters of ASCII, and among them now and then one with an accent."""

    def log_likelihood(self, word: str) -> float:
        """Return the logarithm of a word's probability."""
        total = 0.0
        padded = f"  {word} "
        for place, character in enumerate(word, 2):
            before_that, before, after = padded[place - 2], padded[place - 1], padded[place + 1]
            if character.isascii():
                total += _ASCII
            elif character.lower() in _ACCENTED:
                total += _ACCENT + _ACCENTED[character.lower()]
                total += _case(before_that, before, character, 0.06, after)
                if character == "õ" and after != "e":
                    total += log(0.03)
                if character == "ß" and before.lower() not in _VOWELS:
                    total += log(0.01)
            elif character in _SYMBOLS:
                total += _symbol(before, character, after)
            else:
                total += _NONSENSE
        return total


_ACCENT: Final = log(0.15)
_ACCENTED: Final = _frequencies(
    "éäüöáóíçãøåèñàæúêßõâëôîûïìùòœÿýðþ",
    "16 11 10 9 7 7 5 5 5 5 5 4 4 3 3 2 2 2 1.5 1.5 1 1 1 1 0.7 0.3 0.3 0.3 0.1 0.02 0.1 0.05 0.05",
)
_SYMBOLS: Final = frozenset("°²µ½¼³±×£§©®™–—’“”„•…·€«»¿¡ªº‘‚")
_VOWELS: Final = frozenset("aeiouyäöüáéíóúàèìòùâêîôûåæøãõ")


def _symbol(before: str, character: str, after: str) -> float:
    is_at_a_number = before == "0" or (character in "½¼¾£" and before == " ")
    likely = _ACCENT + log((0.3 if is_at_a_number else 0.02) / 30)
    if before.isalpha() and after.isalpha():
        likely += log(0.2 if character == "’" else 0.005)
    return likely


def _case(before_that: str, before: str, character: str, in_front: float, after: str = "") -> float:
    """Return how well the case of a letter follows that of the letters before it."""
    if character == character.lower():
        shouted = before.isupper() and before_that.isupper()
        return log(0.05) if shouted else 0.0
    if not before.isalpha():
        return log(in_front)
    is_shouting = before.isupper() and (not after.isalpha() or after.isupper())
    return log(2 * in_front) if is_shouting else log(0.0005)


def _jis_level(character: bytes) -> int:
    return 1 if b"\x88\x9f" <= character <= b"\x98\x72" else 2


def _gb_level(character: bytes) -> int:
    if len(character) != 2 or character[1] < 0xA1:
        return 3  # only GBK has it
    return 1 if 0xB0 <= character[0] <= 0xD7 else 2 if 0xD8 <= character[0] <= 0xF7 else 3


def _big5_level(character: bytes) -> int:
    return 1 if 0xA4 <= character[0] <= 0xC6 else 2


_RARE: Final = {"symbol": 2e-4, "wide": 2e-4, "kana": 1e-6, "han2": 4e-7}
JAPANESE: Final = EastAsian(
    "cp932", KANJI, 0.33, _jis_level,
    _RARE | {"han1": 0.1 / 2400, "han2": 0.004 / 3400, "kana": 0.55 / 172, "half": 0.05 / 63},
)  # fmt: skip
SIMPLIFIED_CHINESE: Final = EastAsian(
    "gbk", SIMPLIFIED, 0.7, _gb_level,
    _RARE | {"han1": 0.28 / 3050, "han2": 0.015 / 3008, "han3": 0.001 / 14000},
)  # fmt: skip
TRADITIONAL_CHINESE: Final = EastAsian(
    "cp950", TRADITIONAL, 0.7, _big5_level,
    _RARE | {"han1": 0.28 / 4700, "han2": 0.008 / 7652},
)  # fmt: skip
KOREAN: Final = EastAsian(
    "cp949", HANGUL, 0.93, lambda character: 1,
    _RARE | {"hangul1": 0.05 / 1900, "han1": 4e-7},
)  # fmt: skip
RUSSIAN: Final = Cyrillic()
WESTERN_EUROPEAN: Final = Western()
