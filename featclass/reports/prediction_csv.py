"""Predictions as a table: a row a picture, a column a class; safe to open as a spreadsheet.

The fixed columns, then one called `probability:CLASS` for each class. UTF-8 with a byte-order
mark, without which Excel takes umlauts for two other letters each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from featclass.base import Prediction

COLUMNS: Final = ("path", "label", "probability", "known", "rejected")
OF_CLASS: Final = "probability:"
"""How the columns of classes begin, and no other: a class may be called `path`."""

MARK: Final = "\ufeff"

# A cell that begins so is a formula to a spreadsheet, quoted or not (OWASP, "CSV injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where the comma is in numbers, a spreadsheet divides the line at semicolons instead: `csv` would
# not quote them, and what stands behind one becomes a cell of its own.
_DIVIDING: Final = re.compile('[",;\\t\\r\\n]')


def lines(predictions: Iterable[Prediction], classes: Sequence[str]) -> Iterator[str]:
    """Yield the table as text, header first, a line at a time."""
    yield header(classes)
    for prediction in predictions:
        yield row(prediction, classes)


def header(classes: Sequence[str]) -> str:
    """Return the first line, behind the byte-order mark."""
    return MARK + line([*COLUMNS, *columns(classes)])


def columns(classes: Sequence[str]) -> list[str]:
    """Return the name of each class's column; no two are the same, nor one of the fixed ones."""
    written = {name: as_written(name) for name in classes}
    # Whoever is written as it is called keeps that.
    order = sorted(classes, key=lambda name: written[name] != name)
    taken: dict[str, str] = {}
    for name in order:
        column, number = written[name], 2
        while column in taken:
            column, number = f"{written[name]} ({number})", number + 1
        taken[column] = name
    of_class = {name: column for column, name in taken.items()}
    return [f"{OF_CLASS}{of_class[name]}" for name in classes]


def row(prediction: Prediction, classes: Sequence[str]) -> str:
    """Return the line of one picture."""
    shares = [prediction.probabilities.get(name, "") for name in classes]
    known = "" if prediction.rejected is not None else prediction.known
    return line(
        [
            prediction.path,
            prediction.label,
            prediction.probability,
            known,
            prediction.rejected,
            *shares,
        ]
    )


def line(cells: Sequence[Any]) -> str:
    """Return one line; text that a spreadsheet would take for a formula gets an apostrophe."""
    return as_written(",".join(map(_cell, cells)) + "\r\n")


def as_written(text: str) -> str:
    r"""Return text that UTF-8 can hold; what the name of a file has beside text reads `\udcff`."""
    return text.encode("utf-8", "backslashreplace").decode()


def _cell(cell: Any) -> str:
    if not isinstance(cell, str):
        return "" if cell is None else str(cell)
    text = f"'{cell}" if _may_be_formula(cell) else cell
    return '"{}"'.format(text.replace('"', '""')) if _DIVIDING.search(text) else text


def _may_be_formula(text: str) -> bool:
    # Behind apostrophes too, so that the one added can be told from a file's own.
    return text.lstrip("'").startswith(_FORMULA)


def path_of(cell: str) -> str:
    """Return the path that a cell of the first column stands for, as `as_written` has it."""
    return cell[1:] if cell[:1] == "'" and _may_be_formula(cell) else cell
