"""What each component of the page is drawn from: the JSON that its script is given."""

from __future__ import annotations

from typing import NamedTuple, NotRequired, TypedDict

from featclass.web.views import PictureRow, RejectedRow, SetRow, TriedPicture


class SetData(TypedDict):
    """A set, or what is none of these: how much it holds, and the first of it."""

    id: int | None
    name: str
    colour: NotRequired[str]
    """None of these has none."""
    left_out: int
    count: int
    version: int
    pictures: list[PictureRow]
    rejected: list[RejectedRow]


class SetsData(TypedDict):
    """What the labelled sets are drawn from."""

    base: str
    sets: list[SetData]
    none: SetData | None


class MatrixClass(NamedTuple):
    """A row and column of the matrix."""

    set_id: int | None
    name: str
    colour: str | None


class MatrixCell(NamedTuple):
    """How many pictures of one class were taken for another."""

    row: int
    column: int
    pictures: int


class JudgedData(TypedDict):
    """What is known of a result where its pictures are shown, and moved."""

    base: str
    stale: bool
    shown: str
    """Whatever changes what is said of the pictures, or where they stand."""
    sets: list[SetRow]
    none: int | None


class MatrixData(JudgedData):
    """What the confusion matrix is drawn from."""

    opens: bool
    classes: list[MatrixClass]
    cells: list[MatrixCell]


class MapData(JudgedData):
    """What the line that opens the map is drawn from."""

    ready: bool


class FindingsData(MapData):
    """What the line that opens the findings is drawn from."""

    line: str


class TargetRow(NamedTuple):
    """A set that a picture tried can join."""

    id: int
    name: str
    colour: str
    label: str | None
    """What the set was called when it was learned, None where it was not."""


class ScoreNow(TypedDict):
    """The score in four words, empty where there is none."""

    said: str
    key: str
    current: bool
    """Whether it is of the sets as they are."""


class TryoutData(TypedDict):
    """What "Try it" is drawn from."""

    base: str
    version: int
    stamp: str
    classifier: str
    ready: bool
    waiting: str
    stale: bool
    working: str
    share: float
    colours: dict[str, str]
    sets: list[TargetRow]
    score: ScoreNow
    doubtful: str
    total: int
    most: int
    results: list[TriedPicture]
    rejected: list[RejectedRow]


class BatchesData(TypedDict):
    """What the place for zips and folders to be predicted is drawn from."""

    base: str
    ready: bool
    roots: list[str]


class AskingData(TypedDict):
    """What the line that opens the questions is drawn from."""

    base: str
    count: int
    sets: list[SetRow]
    key: str
    classifier: str
    current: bool
    busy: bool
    seen: int
    score: tuple[int, int, float, float] | None
    """Right of how many out of fold, and the interval."""
    expected: tuple[float, int] | None
    """The sum of the probabilities of what it says of the unlabelled, and their number."""


class SavedData(TypedDict):
    """What the place for a saved classifier is drawn from."""

    base: str


class UndoData(TypedDict):
    """What Ctrl+Z undoes."""

    base: str
    act: int | None
    seconds: int
    busy: bool
