"""Predictions as a table: a row a picture, a column a class; safe to open as a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from featclass.records import Prediction

COLUMNS: Final = ("path", "label", "probability", "known", "rejected")

# A cell that begins so is a formula to a spreadsheet, quoted or not (OWASP, "CSV injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


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
    out = io.StringIO()
    csv.writer(out).writerow([_harmless(cell) if isinstance(cell, str) else cell for cell in cells])
    return out.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def path_of(cell: str) -> str:
    """Return the path that a cell of the first column stands for."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA) else cell
