"""The classes of pictures from tables beside them: which row is which picture's, and what it says.

What is not certain is refused in a sentence that names the columns; rows without a picture and
pictures without a row are named one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from featclass.datasets import splits
from featclass.datasets.class_names import listed, shown
from featclass.datasets.folder_tree import Folder, nearest_above
from featclass.datasets.paths import clean_path
from featclass.datasets.table_columns import (
    class_columns,
    is_marked,
    names_files,
    numbers_rows,
    split_column,
)
from featclass.datasets.tables import Table, read_table
from featclass.errors import DatasetError
from featclass.records import Rejected

_ENOUGH: Final = 0.2
"""Share of the rows, or of the pictures, that a column has to match to be that of the files."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture without a class."""

    folder: Folder
    file: str

    @property
    def path(self) -> str:
        """Its path as it is shown."""
        return clean_path("/".join((*self.folder, self.file)))


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
    pictures: Mapping[int, Picture], flat: Mapping[Folder, str | None], tables: Mapping[str, bytes]
) -> TableLabels:
    """Read the labels of pictures from the tables; without any where no table has them.

    Args:
        pictures: By number.
        flat: The folders they lie in, and which part of a split each is.
        tables: Their bytes, by their paths.

    Raises:
        DatasetError: What a table says can be read in several ways, or two contradict.
    """
    known = TableLabels()
    for path in sorted(tables):
        name = shown(clean_path(path))
        if "submission" in name.rpartition("/")[2].lower():
            continue
        table = read_table(name, tables[path])
        if table is None:
            known.notes.append(f"{name} is no table of labels: it has less than two columns.")
            continue
        _Rows(table, path, pictures, flat).add_to(known)
    known.splits = known.splits if len(set(known.splits.values())) > 1 else {}
    return known


class _Index:
    """Finds pictures by what a table calls them: a path, a name, a name without its ending."""

    def __init__(self, pictures: Mapping[int, Picture], among: Sequence[int]) -> None:
        self._pictures = pictures
        self._by_name: defaultdict[str, list[int]] = defaultdict(list)
        for number in among:
            file = clean_path(pictures[number].file).casefold()
            for name in {file, file.rpartition(".")[0] or file}:
                self._by_name[name].append(number)

    def find(self, cell: str) -> list[int]:
        """Return the pictures that a cell may mean."""
        folders: list[str] = []
        name = cell.casefold()
        if not cell.isascii() or "/" in cell or "\\" in cell:  # else nothing to clean: most cells
            *folders, name = clean_path(cell.replace("\\", "/")).casefold().split("/")
        candidates = self._by_name.get(name, [])
        if len(candidates) < 2:
            return candidates
        shared = {number: self._shared(number, folders) for number in candidates}
        best = max(shared.values())
        nearest = [number for number in candidates if shared[number] == best]
        # The whole name before one without its ending.
        whole = [n for n in nearest if clean_path(self._pictures[n].file).casefold() == name]
        return whole or nearest

    def _shared(self, number: int, folders: Sequence[str]) -> int:
        own = [clean_path(part).casefold() for part in self._pictures[number].folder]
        pairs = zip(reversed(own), reversed(folders), strict=False)
        return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(own), len(folders)))


class _Rows:
    """One table beside the pictures."""

    def __init__(
        self,
        table: Table,
        path: str,
        pictures: Mapping[int, Picture],
        flat: Mapping[Folder, str | None],
    ) -> None:
        self._table, self._pictures, self._flat = table, pictures, flat
        *folder, file = path.split("/")
        self._part = (splits.parts([file.rpartition(".")[0]]) or {}).get(file.rpartition(".")[0])
        self._scope = self._scope_of(tuple(part for part in folder if part not in ("", ".")))
        self._index = _Index(pictures, self._scope)

    def _scope_of(self, folder: Folder) -> list[int]:
        """Return the pictures that the table is about, as far as its place and name tell."""
        below = [n for n, p in self._pictures.items() if p.folder[: len(folder)] == folder]
        scope = below or list(self._pictures)
        parts = [part for part, name in self._flat.items() if name and name == self._part]
        of_part = [
            n for n in scope if nearest_above(self._pictures[n].folder, dict.fromkeys(parts))
        ]
        return of_part or scope

    def add_to(self, known: TableLabels) -> None:
        """Add what the table says."""
        name = self._table.name
        column = self._file_column()
        if column is None:
            known.notes.append(f"{name} is no table of labels: no column of it names the pictures.")
            return
        header, rows = self._divided(column)
        part_column = split_column(header, rows) if header else None
        taken = [column, *([part_column] if part_column is not None else [])]
        taken += [c for c in range(self._table.columns) if header and numbers_rows(header[c])]
        classes = class_columns(name, header, rows, taken) if rows else None
        if classes is None:
            known.notes.append(f"{name} is no table of labels: no column of it can be classes.")
            return
        titles = header or [f"column {number}" for number in range(1, self._table.columns + 1)]
        if classes.one is not None:
            said = [[row[classes.one]] if row[classes.one] else [] for row in rows]
        else:
            said = [[titles[c] for c in classes.marks if is_marked(row[c])] for row in rows]
            if sum(len(labels) == 1 for labels in said) < len(said) / 2:
                raise DatasetError(
                    f"{name} marks no class or several in most of its rows, and a picture has one"
                    " class here. Leave a table in which each row marks one."
                )
        parts = [row[part_column] if part_column is not None else "" for row in rows]
        found = self._found([row[column] for row in rows])
        self._take(known, found, said, parts)
        column_name = shown(titles[classes.one]) if classes.one is not None else ""
        where = f"{'the column ' if header else ''}{column_name} of {name}" if column_name else name
        known.notes.append(f"The classes are read from {where}.")

    def _file_column(self) -> int | None:
        """Return the column whose cells are names of pictures."""
        lines, table = self._table.lines, self._table
        scores: list[tuple[int, bool, int]] = []
        for column in range(min(table.columns, 50)):
            matched = sum(1 for line in lines if line[column] and self._index.find(line[column]))
            scores.append((matched, names_files(lines[0][column]), -column))
        matched, _, column = max(scores)
        if not matched or matched < _ENOUGH * min(len(lines) - 1, len(self._scope)):
            return None
        return -column

    def _divided(self, column: int) -> tuple[Sequence[str] | None, Sequence[Sequence[str]]]:
        """Return the header, where there is one, and the rows."""
        first, *rest = self._table.lines
        again = any(
            cell and any(line[c] == cell for line in rest)
            for c, cell in enumerate(first)
            if c != column
        )
        if self._index.find(first[column]) or not rest:
            return None, self._table.lines
        if again and not names_files(first[column]):  # a row whose picture is missing
            return None, self._table.lines
        return first, rest

    def _found(self, cells: Sequence[str]) -> list[int | str]:
        """Return the picture of each row, or the cell where there is none."""
        found: list[int | str] = []
        for cell in cells:
            candidates = self._index.find(cell) if cell else []
            if len(candidates) > 1:
                both = listed([self._pictures[n].path for n in candidates[:2]])
                raise DatasetError(
                    f"{self._table.name} names {cell}, which may be {both}. Write the folder in"
                    " the table too."
                )
            found.append(candidates[0] if candidates else cell)
        return found

    def _take(
        self,
        known: TableLabels,
        found: Sequence[int | str],
        said: Sequence[Sequence[str]],
        parts: Sequence[str],
    ) -> None:
        """Take over the labels; refuse a table that contradicts another."""
        name = self._table.name
        named_parts = splits.parts({part for part in parts if part}) or {}
        own: defaultdict[int, set[str]] = defaultdict(set)
        for picture, labels, part in zip(found, said, parts, strict=True):
            if not isinstance(picture, int):
                reason = f"is named in {name}, but there is no such picture"
                row = clean_path(picture) or "a row without a name"
                known.rejected.append(Rejected(row, reason))
                known.absent.append(row)
                continue
            own[picture].update(labels)
            of_flat = nearest_above(self._pictures[picture].folder, self._flat)
            of_folder = self._flat[of_flat] if of_flat is not None else None
            own_part = named_parts.get(part) or (f"fold_{part}" if part else None)
            split = own_part or self._part or of_folder
            if split is not None and split != splits.UNLABELLED:
                known.splits[picture] = split
        for picture, several in own.items():
            if len(several) != 1:
                what = f"has several classes in {name}: {listed(sorted(several))}"
                reason = what if several else f"has no class in {name}"
                known.rejected.append(Rejected(self._pictures[picture].path, reason))
                known.faulty.add(picture)
                continue
            (label,) = several
            before = known.labels.setdefault(picture, label)
            source = known.sources.setdefault(picture, name)
            if before != label:
                raise DatasetError(
                    f"{source} and {name} contradict each other: {self._pictures[picture].path} is"
                    f" {before} in one and {label} in the other. Leave one of the two tables."
                )
