"""Predictions as a table: a row a picture, a column a class; safe to open as a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from featclass.records import Prediction

COLUMNS: Final = ("path", "label", "probability", "known", "rejected")

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
    """Return the first line."""
    return line([*COLUMNS, *classes])


def row(said: Prediction, classes: Sequence[str]) -> str:
    """Return the line of one picture."""
    shares = [said.probabilities.get(name, "") for name in classes]
    known = "" if said.rejected is not None else said.known
    return line([said.path, said.label, said.probability, known, said.rejected, *shares])


def line(cells: Sequence[Any]) -> str:
    """Return one line; text that a spreadsheet would take for a formula gets an apostrophe."""
    return ",".join(map(_written, cells)) + "\r\n"


def _written(cell: Any) -> str:
    if not isinstance(cell, str):
        return "" if cell is None else str(cell)
    text = f"'{cell}" if _may_be_formula(cell) else cell
    return '"{}"'.format(text.replace('"', '""')) if _DIVIDING.search(text) else text


def _may_be_formula(text: str) -> bool:
    # Behind apostrophes too, so that the one added can be told from a file's own.
    return text.lstrip("'").startswith(_FORMULA)


def path_of(cell: str) -> str:
    """Return the path that a cell of the first column stands for."""
    return cell[1:] if cell[:1] == "'" and _may_be_formula(cell) else cell
