"""What one table says of the pictures, before it is known whether to believe it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from featclass.base import display_name, enumerated
from featclass.datasets.folders import splits
from featclass.datasets.tables.columns import (
    Certainty,
    ClassColumns,
    class_columns,
    is_called_class,
    is_marked,
    label_in,
    names_files,
    numbers_rows,
    split_column,
)
from featclass.datasets.tables.pictures import PictureIndex, PicturesOfTables
from featclass.datasets.tables.rows import Table

_SHARE_OF_NAMES: Final = 0.2
"""Of its own cells, or of the pictures, that a column has to match to be that of the files."""
_MOST_SEARCHED: Final = 50
"""Columns in which the names of the pictures are looked for."""


class TableRow(NamedTuple):
    """A row: its picture, or the cell that names none; its labels, one unless something is odd."""

    picture: int | str
    labels: tuple[str, ...]
    part: str | None
    """Of a split."""


@dataclass(frozen=True)
class TableStatement:
    """What a table says; where it can be read in several ways, `fault` alone."""

    name: str
    certainty: Certainty
    where: str = ""
    """The table, and the column of it, as a sentence names them."""
    titles: frozenset[str] = frozenset()
    """Of the columns of the classes; none where the table has no header."""
    rows: Sequence[TableRow] = ()
    fault: str | None = None

    @cached_property
    def pictures(self) -> frozenset[int]:
        """Those that it is about."""
        return frozenset(row.picture for row in self.rows if isinstance(row.picture, int))

    @cached_property
    def classes(self) -> frozenset[str]:
        """Its classes."""
        return frozenset(label for row in self.rows for label in row.labels)

    def is_of_another_kind_than(self, other: TableStatement) -> bool:
        """Whether nothing tells that both speak of the same classes."""
        if self.titles & other.titles or self.pictures & other.pictures:
            return False
        classes, others = self.classes, other.classes
        if self.titles and other.titles:  # under two names, 0 and 1 may mean anything
            classes, others = _words(classes), _words(others)
        return len(classes & others) * 2 < max(min(len(classes), len(others)), 1)


def statement_of(table: Table, path: str, pictures: PicturesOfTables) -> TableStatement | str:
    """Read what a table says of the pictures, or say why it is no table of labels."""
    *folder, file = path.split("/")
    stem = file.rpartition(".")[0]
    part = (splits.parts([stem]) or {}).get(stem)
    index = pictures.about(tuple(name for name in folder if name not in ("", ".")), part)
    return _Columns(table, index).statement(part)


class _Columns:
    """The columns of one table beside the pictures that it may be about."""

    def __init__(self, table: Table, index: PictureIndex) -> None:
        self._table, self._index = table, index
        self._candidates: Mapping[str, list[int]] = {}  # by the cells of the column of files

    def statement(self, part: str | None) -> TableStatement | str:
        """Return what the table says, or why it is none of labels."""
        name = self._table.name
        column = self._file_column()
        if column is None:
            return f"{name} is no table of labels: no column of it names the pictures."
        header, rows = self._divided(column)
        part_column = split_column(header, rows) if header else None
        taken = [column, *([part_column] if part_column is not None else [])]
        taken += [c for c in range(self._table.columns) if header and numbers_rows(header[c])]
        classes = class_columns(header, rows, taken) if rows else None
        if classes is None:
            return f"{name} is no table of labels: no column of it can be classes."
        titles = header or [f"column {number}" for number in range(1, self._table.columns + 1)]
        if classes.doubtful and classes.are_measures:
            return _without_words(name, [titles[c] for c in classes.doubtful])
        fault = self._fault(classes, titles, rows) or self._two_pictures(rows, column)
        if fault is not None:
            return TableStatement(name, classes.certainty, fault=fault)
        words = [row[part_column] if part_column is not None else "" for row in rows]
        return TableStatement(
            name,
            classes.certainty,
            self._where(classes, header, titles),
            frozenset(titles[c].casefold() for c in _of(classes)) if header else frozenset(),
            [
                TableRow(self._picture(row[column]), _labels(row, classes, titles), own or part)
                for row, own in zip(rows, _parts(words), strict=True)
            ],
        )

    def _where(
        self, classes: ClassColumns, header: Sequence[str] | None, titles: Sequence[str]
    ) -> str:
        if classes.one is None:
            return self._table.name
        title = display_name(titles[classes.one])
        return f"{'the column ' if header else ''}{title} of {self._table.name}"

    def _file_column(self) -> int | None:
        """Return the column whose cells are names of pictures.

        A column of few numbers matches a few pictures in every row, so each picture counts once.
        """
        lines, size = self._table.lines, self._index.size
        best: tuple[bool, int, int, int] | None = None
        for column in range(min(self._table.columns, _MOST_SEARCHED)):
            title = lines[0][column]
            if is_called_class(title) and not names_files(title):
                continue
            cells = dict.fromkeys(line[column] for line in lines if line[column])
            by_cell = {cell: numbers for cell in cells if (numbers := self._index.find(cell))}
            matched = len({numbers[0] for numbers in by_cell.values()})
            if not matched or matched < _SHARE_OF_NAMES * min(len(cells) - 1, size):
                continue
            whole = sum(self._index.is_whole(cell, numbers[0]) for cell, numbers in by_cell.items())
            score = (names_files(title), matched, whole, -column)
            if best is None or score > best:
                best, self._candidates = score, by_cell
        return -best[-1] if best else None

    def _divided(self, column: int) -> tuple[Sequence[str] | None, Sequence[Sequence[str]]]:
        """Return the header, where there is one, and the rows."""
        first, *rest = self._table.lines
        again = any(
            cell and any(line[c] == cell for line in rest)
            for c, cell in enumerate(first)
            if c != column
        )
        if first[column] in self._candidates or not rest:
            return None, self._table.lines
        if again and not names_files(first[column]):  # a row whose picture is missing
            return None, self._table.lines
        return first, rest

    def _fault(
        self, classes: ClassColumns, titles: Sequence[str], rows: Sequence[Sequence[str]]
    ) -> str | None:
        """Return what is ambiguous about the columns of the classes."""
        if classes.doubtful:
            return (
                f"{self._table.name} has several columns that may be the classes:"
                f" {enumerated([titles[c] for c in classes.doubtful], 6)}. Call the right one"
                ' "label" in the first line, and no other, or take the others out.'
            )
        if classes.marks and classes.certainty == Certainty.GUESSED:
            return (
                f"{self._table.name} marks no class or several in most of its rows, and a picture"
                " has one class here. Leave a table in which each row marks one."
            )
        return None

    def _two_pictures(self, rows: Sequence[Sequence[str]], column: int) -> str | None:
        """Return what is ambiguous about a name of a picture."""
        for cell in dict.fromkeys(row[column] for row in rows):
            candidates = self._candidates.get(cell, [])
            if len(candidates) > 1:
                both = enumerated([self._index.path(number) for number in candidates[:2]])
                return (
                    f"{self._table.name} names {cell}, which may be {both}. Write the folder in"
                    " the table too."
                )
        return None

    def _picture(self, cell: str) -> int | str:
        candidates = self._candidates.get(cell)
        return candidates[0] if candidates else cell


def _without_words(name: str, titles: Sequence[str]) -> str:
    what = (
        f"its columns {enumerated(titles)} hold"
        if len(titles) > 1
        else f"its column {titles[0]} holds"
    )
    return (
        f"{name} is no table of labels: {what} only numbers or dates, which may be measures. Call"
        ' the column of the classes "label" in the first line if there is one.'
    )


def _words(labels: frozenset[str]) -> frozenset[str]:
    return frozenset(label for label in labels if not label.replace(".", "").isdecimal())


def _of(classes: ClassColumns) -> tuple[int, ...]:
    return classes.marks if classes.one is None else (classes.one,)


def _labels(row: Sequence[str], classes: ClassColumns, titles: Sequence[str]) -> tuple[str, ...]:
    if classes.one is None:
        return tuple(titles[c] for c in classes.marks if is_marked(row[c]))
    label = label_in(row[classes.one])
    return (label,) if label else ()


def _parts(words: Sequence[str]) -> list[str | None]:
    """Return the part of a split that each row says it belongs to."""
    named = splits.parts({word for word in words if word}) or {}
    return [named.get(word) or (f"fold_{word}" if word else None) for word in words]
