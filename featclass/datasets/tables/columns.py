"""Which columns of a table hold the classes, and which the part of a split: told or asked.

A column that is called so holds them; a lone one of words that come again does too, unless another
table is surer. Numbers and dates may be measures: they are classes only where they are called so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from enum import IntEnum
from itertools import combinations
from typing import Final

from featclass.datasets.folders import splits

_CLASS_TEXT = """
label labels labelname classlabel class classes classname classnames target targets category
categories categoryname species breed diagnosis dx klasse klassen kategorie etikett etiqueta
etiquette clase classe categoria categorie groundtruth gt classid classidx classindex classno
labelid labelidx labelindex targetid targetlabel targetclass categoryid
类别 标签 類別 標籤 ラベル クラス
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
_MOST_FRACTIONS: Final = 20
"""Different numbers with a fraction that may still be classes."""
_MOST_COMPARED: Final = 20
"""Columns of which it is found out whether they say the same."""
_SHARE_OF_ONE: Final = 0.9
"""Rows that mark one column, where the columns are surely classes and not traits."""
_ROWS_COMPARED: Final = 20_000
"""Rows that tell whether two columns say the same."""
_MISSING: Final = "nan"
"""What pandas writes into an empty cell."""
_DATE: Final = re.compile(r"\d{1,4}([-/.:_]\d{1,4}){1,2}([ T]\d{1,2}:\d{2}.*)?")


class Certainty(IntEnum):
    """How sure it is that a table holds classes, and where."""

    UNREAD = 0
    """The table is too large."""
    GUESSED = 1
    """Some column repeats its words."""
    NEARLY_CALLED = 2
    """The name of a column has a word for classes in it, or most rows mark one of several."""
    CALLED = 3
    """A column is called so or the only one beside the files, without any words above them; or
    each row marks one of several columns."""


@dataclass(frozen=True, slots=True)
class ClassColumns:
    """Where the class of a row stands: in one column, or as a mark in one of several."""

    certainty: Certainty
    one: int | None = None
    marks: tuple[int, ...] = ()
    doubtful: tuple[int, ...] = ()
    """Columns that may hold them instead, of which none is taken."""
    are_measures: bool = False
    """Whether all that is doubtful are numbers or dates."""


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


def is_of_predictions(header: Sequence[str]) -> bool:
    """Whether a table holds what a classifier said, as `featclass predict` writes it."""
    titles = {title.lower() for title in header}
    return {"probability", "known"} <= titles or any(
        title.startswith("probability:") for title in titles
    )


def is_called_class(header: str) -> bool:
    """Whether the header of a column says that it holds the classes."""
    return _word(header) in _CLASS_WORDS


def label_in(cell: str) -> str:
    """Return what a cell says of the class; nothing where it was empty when pandas wrote it."""
    return "" if cell.lower() == _MISSING else cell


def class_columns(
    header: Sequence[str] | None, rows: Sequence[Sequence[str]], but: Iterable[int]
) -> ClassColumns | None:
    """Return where the classes stand; None where no column can be classes.

    `but` are columns that hold something else.
    """
    left_out = set(but)
    columns = [column for column in range(len(rows[0])) if column not in left_out]
    titles = header or [""] * len(rows[0])
    called = [c for c in columns if is_called_class(titles[c]) and _may_be(rows, c, True)]
    if called:
        different = _different(rows, called)
        if len(different) == 1:
            return ClassColumns(Certainty.CALLED, different[0])
        return ClassColumns(Certainty.CALLED, doubtful=tuple(different))
    nearly = {c for c in columns if _holds_class_word(titles[c]) and _may_be(rows, c, True)}
    perhaps = [c for c in columns if c in nearly or _may_be(rows, c, False)]
    marks = tuple(c for c in columns if _is_binary(rows, c))
    if header and len(marks) > 1:
        beside = [c for c in perhaps if c not in marks and len(_values(rows, c)) > 1]
        if not _are_more_than(marks, beside, rows):
            return _marked(rows, marks)
    different = _different(rows, perhaps)
    if not different:
        return None
    return _weighed(rows, different, nearly, is_bare=header is None and len(rows[0]) == 2)


def _weighed(
    rows: Sequence[Sequence[str]], different: Sequence[int], nearly: Set[int], *, is_bare: bool
) -> ClassColumns:
    """Take the one column that can be the classes, or say which are in doubt."""
    sure = Certainty.NEARLY_CALLED if nearly & {*different} else Certainty.GUESSED
    measures = [c for c in different if _is_measure(rows, c)]
    # "0.jpg,1": what else would somebody write behind a file name, without a word above it?
    is_told = not measures or (is_bare and all(map(str.isdecimal, _values(rows, different[0]))))
    if len(different) == 1 and is_told:
        return ClassColumns(Certainty.CALLED if is_bare else sure, different[0])
    all_measures = len(measures) == len(different)
    return ClassColumns(sure, doubtful=tuple(different), are_measures=all_measures)


def _marked(rows: Sequence[Sequence[str]], marks: Sequence[int]) -> ClassColumns:
    """Take columns of marks; where most rows mark none or several they are no classes for sure."""
    of_one = sum(1 for row in rows if sum(is_marked(row[c]) for c in marks) == 1)
    if of_one >= _SHARE_OF_ONE * len(rows):
        return ClassColumns(Certainty.CALLED, marks=tuple(marks))
    sure = Certainty.NEARLY_CALLED if of_one >= len(rows) / 2 else Certainty.GUESSED
    return ClassColumns(sure, marks=tuple(marks))


def _are_more_than(
    marks: Sequence[int], beside: Sequence[int], rows: Sequence[Sequence[str]]
) -> bool:
    """Whether columns beside the marks say something else than which of them is set."""
    for column in beside:
        pairs = {
            (row[column], *(is_marked(row[c]) for c in marks)) for row in rows[:_ROWS_COMPARED]
        }
        if not len(pairs) == len({pair[0] for pair in pairs}) == len({pair[1:] for pair in pairs}):
            return True
    return False


def _word(title: str) -> str:
    return re.sub(r"[\W_]+", "", title).lower()


def _holds_class_word(title: str) -> bool:
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", title)
    return any(part.lower() in _CLASS_WORDS for part in parts)


def _values(rows: Sequence[Sequence[str]], column: int) -> set[str]:
    return {cell for cell in {row[column] for row in rows} if label_in(cell)}


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?\d*[.,]?\d+([eE][-+]?\d+)?", text) is not None


def _is_measure(rows: Sequence[Sequence[str]], column: int) -> bool:
    """Whether a column holds numbers or dates alone, which tell more often how much than what."""
    values = _values(rows, column)
    return all(_is_number(value) or _DATE.fullmatch(value) is not None for value in values)


def _is_binary(rows: Sequence[Sequence[str]], column: int) -> bool:
    values = {row[column].lower() for row in rows}
    return values <= _MARKED | _UNMARKED and values != {""}


def _may_be(rows: Sequence[Sequence[str]], column: int, is_called_so: bool) -> bool:
    """Whether a column may hold classes: numbers or texts that come again and again."""
    values = _values(rows, column)
    count = sum(1 for row in rows if row[column] in values)
    if not values:
        return False
    if all(map(_is_number, values)):
        are_whole = not any(re.search(r"[.,]\d*[1-9]", value) for value in values)
        if not are_whole and len(values) > _MOST_FRACTIONS:
            return False
        return len(values) <= max(2, count / 2) and (is_called_so or len(values) > 1)
    return is_called_so or len(values) <= max(2, count / 2)


def _different(rows: Sequence[Sequence[str]], columns: Sequence[int]) -> list[int]:
    """Leave out columns of one value beside others, and one of two that say the same."""
    rows = rows[:_ROWS_COMPARED]
    telling = [c for c in columns if len(_values(rows, c)) > 1] or list(columns)
    # A name says more than its number does.
    telling.sort(key=lambda c: all(map(_is_number, _values(rows, c))))
    for first, second in combinations(telling[:_MOST_COMPARED], 2):
        pairs = {(row[first], row[second]) for row in rows if row[first] and row[second]}
        are_alike = len(pairs) == len(_values(rows, first)) == len(_values(rows, second))
        if are_alike and first in telling:
            telling = [c for c in telling if c != second]
    return telling
