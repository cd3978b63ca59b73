"""The classes of pictures from tables beside them: which row is which picture's, and what it says.

All tables are read before any is believed: one with a column that is called so makes the others
mere tables about the pictures. What is not certain is refused in a sentence that names the columns;
rows without a picture and pictures without a row are named one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from featclass.base import DatasetError, Rejected, bounded, clean_path, display_name, enumerated
from featclass.datasets.folders import splits
from featclass.datasets.folders.tree import FilePath, Folder
from featclass.datasets.tables.columns import Certainty, is_of_predictions
from featclass.datasets.tables.pictures import PicturesOfTables
from featclass.datasets.tables.rows import MOST_ROWS, Table, read_table, size_fault
from featclass.datasets.tables.statements import TableStatement, statement_of

_MOST_SENTENCES: Final = 5
"""About tables of one kind."""
_MOST_COMPARED: Final = 20
"""Tables of which it is found out whether they speak of the same."""


@dataclass(slots=True)
class TableLabels:
    """What the tables say of the pictures, which are numbered."""

    labels: dict[int, str] = field(default_factory=dict)
    splits: dict[int, str] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    faulty: set[int] = field(default_factory=set)
    """Pictures that a row is about, but which it gives no class, or that have several."""
    absent: list[str] = field(default_factory=list)
    """What rows name that is not there."""
    notes: list[str] = field(default_factory=list)
    sources: dict[int, str] = field(default_factory=dict)
    """The table that each label is from."""


def labels_of_tables(
    pictures: Mapping[int, FilePath], flat: Mapping[Folder, str | None], tables: Mapping[str, bytes]
) -> TableLabels:
    """Read the labels of pictures from the tables; without any where no table has them.

    Args:
        pictures: By number.
        flat: The folders they lie in, and which part of a split each is.
        tables: Their bytes, by their paths.

    Raises:
        DatasetError: What a table says can be read in several ways, or two contradict.
    """
    unread: list[str] = []
    statements: list[TableStatement] = []
    known = PicturesOfTables(pictures, flat)
    room = MOST_ROWS
    for path in sorted(tables):
        name, data = display_name(clean_path(path)), tables[path]
        if "submission" in name.rpartition("/")[2].lower():
            continue
        if fault := size_fault(name, data):
            statements.append(TableStatement(name, Certainty.UNREAD, fault=fault))
            continue
        table = read_table(name, data)
        room -= len(table.lines) if table else 0
        if room < 0:
            raise DatasetError(
                f"The tables beside the pictures have more than {MOST_ROWS:,} rows together. Leave"
                " only those with the classes."
            )
        statement = _statement(name, table, path, known)
        if isinstance(statement, TableStatement):
            statements.append(statement)
        else:
            unread.append(statement)
    return _together(known, statements, unread)


def _statement(
    name: str, table: Table | None, path: str, pictures: PicturesOfTables
) -> TableStatement | str:
    if table is None:
        return f"{name} is no table of labels: it has less than two columns."
    if is_of_predictions(table.lines[0]):
        return f"{name} holds predictions, not labels."
    return statement_of(table, path, pictures)


def _together(
    pictures: PicturesOfTables, statements: Sequence[TableStatement], unread: list[str]
) -> TableLabels:
    """Believe the tables that are surest which column holds the classes."""
    known = TableLabels()
    surest = max((statement.certainty for statement in statements), default=None)
    believed = [statement for statement in statements if statement.certainty == surest]
    for statement in believed:
        if statement.fault is not None:
            raise DatasetError(statement.fault)
    names = enumerated([statement.name for statement in believed])
    for statement in statements:
        if statement in believed:
            _take_over(statement, known, pictures)
        else:
            unread.append(f"{statement.name} is not read for the classes: {names} names them.")
    for first, second in combinations(believed[:_MOST_COMPARED], 2):
        if first.is_of_another_kind_than(second):
            raise DatasetError(_of_two_kinds(first, second))
    read = [f"The classes are read from {statement.where}." for statement in believed]
    known.notes = [
        *bounded(unread, _MOST_SENTENCES, "tables"),
        *bounded(read, _MOST_SENTENCES, "tables"),
    ]
    known.splits = known.splits if len(set(known.splits.values())) > 1 else {}
    return known


def _of_two_kinds(first: TableStatement, second: TableStatement) -> str:
    return (
        f"It is not told whether {first.where} and {second.where} both hold the classes: they are"
        " about different pictures. Give the two columns one name, or take out the table that holds"
        " something else."
    )


def _take_over(statement: TableStatement, known: TableLabels, pictures: PicturesOfTables) -> None:
    """Add the labels of one table, and the parts of a split."""
    labels: defaultdict[int, set[str]] = defaultdict(set)
    for row in statement.rows:
        if not isinstance(row.picture, int):
            reason = f"is named in {statement.name}, but there is no such picture"
            absent = clean_path(row.picture) or "a row without a name"
            known.rejected.append(Rejected(absent, reason))
            known.absent.append(absent)
            continue
        labels[row.picture].update(row.labels)
        split = row.part or pictures.part_of(row.picture)
        if split is not None and split != splits.UNLABELLED:
            known.splits[row.picture] = split
    for number, several in labels.items():
        path = pictures.pictures[number].path
        if len(several) == 1:
            _take_label(number, path, several.pop(), statement.name, known)
            continue
        what = f"has several classes in {statement.name}: {enumerated(sorted(several))}"
        reason = what if several else f"has no class in {statement.name}"
        known.rejected.append(Rejected(path, reason))
        known.faulty.add(number)


def _take_label(number: int, path: str, label: str, name: str, known: TableLabels) -> None:
    """Add a label; raises `DatasetError` where it contradicts another table."""
    before = known.labels.setdefault(number, label)
    source = known.sources.setdefault(number, name)
    if before != label:
        raise DatasetError(
            f"{source} and {name} contradict each other: {path} is {before} in one and {label} in"
            " the other. Leave one of the two tables."
        )
