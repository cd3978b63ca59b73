"""Which columns of a table hold the classes, and which the part of a split: told or asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from featclass.datasets import splits
from featclass.datasets.class_names import listed
from featclass.errors import DatasetError

_CLASS_TEXT = """
label labels labelname classlabel class classes classname classnames target targets category
categories categoryname species breed diagnosis dx klasse klassen kategorie etikett etiqueta
etiquette clase classe categoria categorie tag groundtruth gt y 类别 标签 類別 標籤 ラベル クラス
"""
_CLASS_WORDS: Final = frozenset(_CLASS_TEXT.split())
_FILE_TEXT = """
file files filename filenames filepath path image images imagename imageid imagepath
imagefile img imgname imgpath imgid picture photo id name datei dateiname bild bildname pfad
fichier archivo imagen 文件名 图片 檔名 ファイル名 画像
"""
_FILE_WORDS: Final = frozenset(_FILE_TEXT.split())
_SPLIT_TEXT = """
split set subset partition part fold phase usage dataset
"""
_SPLIT_WORDS: Final = frozenset(_SPLIT_TEXT.split())
_MARKED: Final = frozenset({"1", "1.0", "true", "yes", "x"})
_UNMARKED: Final = frozenset({"0", "0.0", "false", "no", "", "-1", "-1.0"})
_MANY: Final = 20
_ENOUGH: Final = 20_000
"""Rows that tell whether two columns say the same."""


@dataclass(frozen=True, slots=True)
class ClassColumns:
    """Where the class of a row stands: in one column, or as a mark in one of several."""

    one: int | None = None
    marks: tuple[int, ...] = ()


def names_files(header: str) -> bool:
    """Whether the header of a column says that it names files."""
    return _word(header) in _FILE_WORDS


def numbers_rows(header: str) -> bool:
    """Whether a column only counts the rows, as pandas writes it."""
    return _word(header) in ("", "index", "idx", "unnamed0", "rownumber", "nr", "no")


def is_marked(cell: str) -> bool:
    """Whether a cell marks the class of its column."""
    return cell.lower() in _MARKED


def split_column(header: Sequence[str], rows: Sequence[Sequence[str]]) -> int | None:
    """Return the column that says of each row which part of a split it belongs to."""
    for column, title in enumerate(header):
        words = _values(rows, column)
        if _word(title) not in _SPLIT_WORDS or len(words) < 2:
            continue
        if _word(title) == "fold" and all(map(str.isdecimal, words)):
            return column
        if splits.parts(words):
            return column
    return None


def class_columns(
    name: str, header: Sequence[str] | None, rows: Sequence[Sequence[str]], but: Iterable[int]
) -> ClassColumns | None:
    """Return where the classes stand; None where no column can be classes.

    `but` are columns that hold something else.

    Raises:
        DatasetError: Several columns may hold them.
    """
    left_out = set(but)
    columns = [column for column in range(len(rows[0])) if column not in left_out]
    titles = header or [f"column {number}" for number in range(1, len(rows[0]) + 1)]
    called = [c for c in columns if _word(titles[c]) in _CLASS_WORDS and _may_be(rows, c, True)]
    marks = [c for c in columns if _is_binary(rows, c)]
    if not called and header and len(marks) > 1:
        return ClassColumns(marks=tuple(marks))
    nearly = [c for c in columns if _holds_class_word(titles[c]) and _may_be(rows, c, True)]
    others = [c for c in columns if _may_be(rows, c, False)]
    for group in (called, nearly, others):
        different = _different(rows, group)
        if len(different) == 1:
            return ClassColumns(one=different[0])
        if different:
            raise DatasetError(
                f"{name} has several columns that may be the classes:"
                f' {listed([titles[c] for c in different], 6)}. Call the right one "label" in the'
                " first line, and no other, or take the others out."
            )
    return None


def _word(title: str) -> str:
    return re.sub(r"[\W_]+", "", title).lower()


def _holds_class_word(title: str) -> bool:
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", title)
    return any(part.lower() in _CLASS_WORDS for part in parts)


def _values(rows: Sequence[Sequence[str]], column: int) -> set[str]:
    return {row[column] for row in rows if row[column]}


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?\d*[.,]?\d+([eE][-+]?\d+)?", text) is not None


def _is_binary(rows: Sequence[Sequence[str]], column: int) -> bool:
    values = {row[column].lower() for row in rows}
    return values <= _MARKED | _UNMARKED and values != {""}


def _may_be(rows: Sequence[Sequence[str]], column: int, is_called_so: bool) -> bool:
    """Whether a column may hold classes: numbers or texts that come again and again."""
    values = _values(rows, column)
    count = sum(1 for row in rows if row[column])
    if not values:
        return False
    if all(map(_is_number, values)):
        are_whole = not any(re.search(r"[.,]\d*[1-9]", value) for value in values)
        if not are_whole and len(values) > _MANY:
            return False
        return len(values) <= max(2, count / 2) and (is_called_so or len(values) > 1)
    return is_called_so or len(values) <= max(2, count / 2)


def _different(rows: Sequence[Sequence[str]], columns: Sequence[int]) -> list[int]:
    """Leave out columns of one value beside others, and one of two that say the same."""
    rows = rows[:_ENOUGH]
    kept = [c for c in columns if len(_values(rows, c)) > 1] or list(columns)
    # A name says more than its number does.
    kept.sort(key=lambda c: all(map(_is_number, _values(rows, c))))
    for first, second in combinations(kept[:_MANY], 2):
        pairs = {(row[first], row[second]) for row in rows if row[first] and row[second]}
        if first in kept and len(pairs) == len(_values(rows, first)) == len(_values(rows, second)):
            kept = [c for c in kept if c != second]
    return kept
