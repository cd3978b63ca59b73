"""Tables as people and programs write them: .csv and .tsv as a header and rows of text."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from featclass.base import DatasetError

LARGEST_TABLE: Final = 16 * 10**6
"""Bytes."""
MOST_ROWS: Final = 1_000_000
"""Of all tables together."""
MOST_COLUMNS: Final = 2000

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OF_OTHER_PROGRAMS: Final = re.compile(
    r"\.(xlsx?|xlsm|ods|numbers)$|"
    r"(^|[/_\W])(labels?|class(es)?|annotations?|ground_?truth|metadata|targets?|train|test|val)"
    r"([_\W][^/]*)?\.(txt|json|jsonl|parquet|xml)$",
    re.IGNORECASE,
)
_DIVIDERS: Final = ",;\t|"
_CHARACTERS_TRIED: Final = 2**16
"""Characters that tell what divides the cells."""


@dataclass(frozen=True, slots=True)
class Table:
    """The lines of a table, all of one length; whether the first is a header is not known here."""

    name: str
    lines: Sequence[Sequence[str]]

    @property
    def columns(self) -> int:
        """How many cells a line has."""
        return len(self.lines[0])


def read_table(name: str, data: bytes) -> Table | None:
    """Read the bytes of a table; None where they hold less than two columns.

    Raises:
        DatasetError: It has more rows than a table of labels ever has.
    """
    text = _text(data)
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:  # as Excel writes it
        lines = _lines(name, rest, first.strip()[-1])
    else:
        tried = {
            divider: _regular(_lines(name, text[:_CHARACTERS_TRIED], divider))
            for divider in _DIVIDERS
        }
        lines = _lines(name, text, max(tried, key=lambda divider: tried[divider]))
    return Table(name, lines) if lines and len(lines[0]) > 1 else None


def is_of_another_program(path: str) -> bool:
    """Whether a file may be a table of labels in a form that is not read here."""
    return _OF_OTHER_PROGRAMS.search(path) is not None


def size_fault(name: str, data: bytes) -> str | None:
    """Return why a table is not read at all where it is larger than labels ever are."""
    if len(data) <= LARGEST_TABLE:
        return None
    return (
        f"{name} is larger than {LARGEST_TABLE / 10**6:,.0f} MB, the most that a table of"
        " labels may have. Leave only the file names and the classes in it."
    )


def _text(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:  # as Excel writes it in western Europe
        return data.decode("cp1252", "replace")


def _lines(name: str, text: str, divider: str) -> list[tuple[str, ...]]:
    """Return the lines with cells, made as long as most of them are."""
    lines: list[tuple[str, ...]] = []  # which are cheaper to hold than lists
    try:
        for line in csv.reader(io.StringIO(text.replace("\0", "")), delimiter=divider):
            cells = tuple(map(str.strip, line))
            if any(cells):
                lines.append(cells[:MOST_COLUMNS])
            if len(lines) > MOST_ROWS:
                raise DatasetError(
                    f"{name} has more than {MOST_ROWS:,} rows. Leave only those of the pictures."
                )
    except csv.Error:  # a cell of more than 131,072 characters: no table of labels
        return []
    if not lines:
        return []
    width = Counter(map(len, lines)).most_common(1)[0][0]
    return [line if len(line) == width else (*line, *[""] * width)[:width] for line in lines]


def _regular(lines: Sequence[Sequence[str]]) -> tuple[bool, int]:
    """Say how well a divider divides: several columns, few of them empty."""
    if not lines or len(lines[0]) < 2:
        return (False, 0)
    return (True, sum(1 for line in lines[:1000] if line[0] and line[1]))
