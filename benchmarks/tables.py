"""Titled tables of figures, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Cell = str | int | float | Sequence[float] | None
"""Text, a figure, or the figures of several rounds, of which the median is shown."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under `columns`; `name` tells it from others.

    `formats` gives a column its format specification, where three significant digits will not do.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    formats: Mapping[str, str] = field(default_factory=dict)


def markdown(tables: Sequence[Table]) -> str:
    return "\n\n".join(_markdown(table) for table in tables) + "\n"


def means(rows: Sequence[Sequence[float]]) -> list[Cell]:
    """Return the mean of each column."""
    return [statistics.fmean(column) for column in zip(*rows, strict=True)]


def figure(value: float) -> str:
    """Return a figure with three significant digits, or all before the point."""
    if value != value:  # not a number
        return ""
    digits = 0
    while digits < 6 and 0 < abs(value) * 10**digits < 99.95:
        digits += 1
    return f"{value:,.{digits}f}"


def _markdown(table: Table) -> str:
    is_text = [
        all(isinstance(row[place], str | None) for row in table.rows)
        for place in range(len(table.columns))
    ]
    lines = [f"## {table.title}", ""]
    lines.append(f"| {' | '.join(table.columns)} |")
    lines.append(f"|{'|'.join('---' if text else '--:' for text in is_text)}|")
    for row in table.rows:
        shown = (
            _shown(cell, table.formats.get(column))
            for cell, column in zip(row, table.columns, strict=True)
        )
        lines.append(f"| {' | '.join(shown)} |")
    if table.note:
        lines += ["", table.note]
    return "\n".join(lines)


def _shown(cell: Cell, specification: str | None) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int):
        return f"{cell:,}"
    value = cell if isinstance(cell, float) else statistics.median(cell)
    return format(value, specification) if specification else figure(value)
