"""JSON that is not trusted, as the values it should hold: each within bounds, or `Malformed`."""

from __future__ import annotations

import re
from typing import Final, TypeVar

import msgspec

from featclass.base import FeatclassError

_Value = TypeVar("_Value")

DIGEST: Final = r"\A[0-9a-f]{64}\Z"
_KINDS: Final = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}
_SIGNS: Final = {
    "of length <=": "no longer than",
    "of length >=": "no shorter than",
    "<=": "of at most",
    ">=": "of at least",
    ", got": ", not",
}
_NAMED: Final = re.compile(r"`([\w |]+)`")
_PLACE: Final = re.compile(r"(.*) - at `(?:key` in `)?\$\.?(.*)`", re.DOTALL)


class Malformed(FeatclassError):
    """What is wrong with the content of a file, as a clause for whoever tells of the file."""


def wrong(whole: str, field: str, expected: str) -> Malformed:
    """Return the error that a field is not what it should be; without one, the `whole`."""
    of = f"in its {whole}, {field!r}" if field else f"its {whole}"
    return Malformed(f"{of} should be {expected}")


def decoded(value: object, kind: type[_Value], whole: str) -> _Value:
    """Return parsed JSON as a value whose type holds its bounds; `whole` is what the file calls it.

    Raises:
        Malformed: A part is missing, or of another kind, length or range.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        text, field = str(error), ""
        if place := _PLACE.fullmatch(text):
            text, field = place.groups()
        raise wrong(whole, field, _expected(text)) from error


def _expected(text: str) -> str:
    """Return in words what msgspec expected, and what it found where that is short."""
    if text.startswith("Object missing"):
        return _NAMED.sub(r"'\1'", text.replace("Object missing required", "an object with its"))
    if text.startswith("Invalid"):
        return "of a kind that this featclass knows"
    if "matching regex" in text:
        return "a SHA-256" if "0-9a-f" in text else "text that can be shown"
    if not text.startswith("Expected"):
        return "a smaller number"
    words = text.removeprefix("Expected ")
    for sign, word in _SIGNS.items():
        words = words.replace(sign, word)
    return _NAMED.sub(
        lambda named: " or ".join(_KINDS.get(k, k) for k in named[1].split(" | ")), words
    )
