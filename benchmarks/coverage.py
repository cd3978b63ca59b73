"""How often the accuracy reported for a small dataset holds on the rest of its pool."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks import intervals, pools
from benchmarks.intervals import Bounds, Masks, Small
from benchmarks.pools import Pool
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

DRAWS = 300
QUICK_DRAWS = 10
OTHERS_DRAWS = 100
"""Of these, the first for the intervals of others, which take many fits."""
SIZES = (3, 5, 13, 25)
MOST_DRAWN = 1 / 3
"""Of a pool: what is left is a sample itself, and the interval knows nothing of its chance."""
LEAST_LEFT = 90
MOST_IMAGES = 130
"""In one draw: the whole table takes minutes."""
WANTED = 0.93
OTHERS: Mapping[str, Callable[[Small], Bounds]] = {
    "t of splits": intervals.resampled_t,
    "t of folds": intervals.repeated_folds_t,
    "nested": intervals.nested,
}
COLUMNS = (
    "pool", "classes", "images drawn", "left", "draws", "accuracy", "out-of-fold",
    "covered", "covered by Wilson's", "width", "× Wilson's",
    *(f"{what} {name}" for name in OTHERS for what in ("covered by", "×")),
)  # fmt: skip
NOTE = (
    "A dataset is drawn from the pool, judged by out-of-fold predictions (repeated folds)"
    " and trained on; accuracy is that of the classifier on what is left of the pool. Covered: the"
    " share of draws for which it lies inside the 95 % interval; wanted are 93 % or more, with a"
    " mean width of no more than 1.4 times Wilson's for as many independent images. With 300 draws"
    " a share of 95 % is known to within 2.5 points. Beside it, of the first 100 draws, with their"
    " width over Wilson's: the"
    " corrected resampled t interval, of fifteen splits of 80 : 20 (Nadeau and Bengio) and of the"
    " folds of the repeated cross-validation (Bouckaert and Frank), and nested cross-validation"
    " (Bates, Hastie and Tibshirani; of ten rounds)."
)
FORMATS = {column: ".2f" if column.startswith(("width", "×")) else ".1%" for column in COLUMNS[5:]}
METHODS_COLUMNS = (
    "interval", "rows", "least covered", "mean covered", "below 93 %", "× Wilson's",
    "× Wilson's at most",
)  # fmt: skip
METHODS_NOTE = (
    "Over the rows of the table above. The narrowest that covers 93 % everywhere is the one used."
)
METHODS_FORMATS = dict.fromkeys(METHODS_COLUMNS[2:4], ".1%") | dict.fromkeys(
    METHODS_COLUMNS[5:], ".2f"
)
RECALL_COLUMNS = (
    "pool", "images drawn", "of a class", "classes counted", "draws", "recall", "out-of-fold",
    "covered", "least of a class", "covered by Wilson's", "width", "× Wilson's",
)  # fmt: skip
RECALL_NOTE = (
    "The same draws, for each class of ten images or more: its recall on what is left of the pool,"
    " and the 95 % interval of its out-of-fold recall."
)
RECALL_FORMATS = dict.fromkeys(RECALL_COLUMNS[5:10], ".1%") | dict.fromkeys(
    RECALL_COLUMNS[10:], ".2f"
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What was reported of a dataset, or of a class in it, and what then came true."""

    right: int
    images: int
    accuracy: float
    """On the rest of the pool."""

    @property
    def wilsons(self) -> Bounds:
        """The interval for as many independent images."""
        return intervals.wilson(self.right, self.images)


@dataclass(frozen=True, slots=True)
class Draw:
    """A dataset: all of it, each class, and the intervals of others."""

    whole: Counted
    classes: tuple[Counted, ...]
    others: tuple[Bounds, ...]
    """In the order of `OTHERS`; of later draws none."""


@dataclass(frozen=True, slots=True)
class Held:
    """How often an interval held over the draws of a row, and how wide it was."""

    covered: float
    width: float

    @classmethod
    def of(cls, bounds: Sequence[Bounds], counted: Sequence[Counted]) -> Held:
        lows, highs = np.array(bounds).T
        true = np.array([one.accuracy for one in counted])
        return cls(float(((lows <= true) & (true <= highs)).mean()), float((highs - lows).mean()))


def measure(settings: Settings) -> list[Table]:
    """Draw from every pool at every size it is large enough for."""
    rows: list[list[Cell]] = []
    recalls: list[list[Cell]] = []
    for pool in _pools(settings):
        for per_class in SIZES:
            drawn = per_class * len(pool.classes)
            enough = len(pool.labels) - drawn >= LEAST_LEFT
            if enough and drawn <= min(MOST_DRAWN * len(pool.labels), MOST_IMAGES):
                settings.say(f"coverage: {pool.name}, {per_class} a class")
                count = QUICK_DRAWS if settings.quick else DRAWS
                draws = [_draw(pool, per_class, number) for number in range(count)]
                rows.append(_row(pool, draws))
                recalls += _recall_rows(pool, draws)
    title = "Does the interval hold? Draws from pools, judged on the rest"
    recall_title = "Does the interval of a class's recall hold?"
    return [
        Table("coverage", title, COLUMNS, rows, NOTE, FORMATS),
        Table(
            "methods", "Intervals side by side", METHODS_COLUMNS, _methods(rows), METHODS_NOTE,
            METHODS_FORMATS,
        ),
        Table("recalls", recall_title, RECALL_COLUMNS, recalls, RECALL_NOTE, RECALL_FORMATS),
    ]  # fmt: skip


def _pools(settings: Settings) -> Iterator[Pool]:
    images = 1000 if settings.quick else 6000
    halves, quarters = (0.5, 0.5), (0.25,) * 4
    yield pools.gaussian("two Gaussians, near", noise=6, shares=halves, images=images)
    yield pools.gaussian("two Gaussians", noise=3, shares=halves, images=images)
    yield pools.gaussian("two Gaussians, 80 : 20", noise=3, shares=(0.8, 0.2), images=images)
    yield pools.gaussian("four Gaussians", noise=3, shares=quarters, images=images)
    yield pools.shapes(settings, 20 if settings.quick else 150)
    if not settings.quick:
        yield pools.digits(settings)
    yield from pools.folders(settings)


def _row(pool: Pool, draws: Sequence[Draw]) -> list[Cell]:
    from featclass.probe.statistics import accuracy_interval

    whole = [draw.whole for draw in draws]
    own = Held.of([accuracy_interval(one.right, one.images) for one in whole], whole)
    wilsons = Held.of([one.wilsons for one in whole], whole)
    first = whole[:OTHERS_DRAWS]
    yardstick = Held.of([one.wilsons for one in first], first).width
    others = [
        Held.of(bounds, first)
        for bounds in zip(*(draw.others for draw in draws[:OTHERS_DRAWS]), strict=True)
    ]
    images = whole[0].images
    return [
        pool.name,
        len(pool.classes),
        images,
        len(pool.labels) - images,
        len(draws),
        float(np.mean([one.accuracy for one in whole])),
        float(np.mean([one.right / one.images for one in whole])),
        own.covered,
        wilsons.covered,
        own.width,
        own.width / wilsons.width,
        *(figure for one in others for figure in (one.covered, one.width / yardstick)),
    ]


def _methods(rows: Sequence[Sequence[Cell]]) -> list[list[Cell]]:
    """Return a row for each interval: how often it held over all rows, and how wide it was."""
    places = {"featclass": (7, 10), "Wilson's": (8, None)} | {
        name: (11 + 2 * place, 12 + 2 * place) for place, name in enumerate(OTHERS)
    }
    found: list[list[Cell]] = []
    for name, (covered, width) in places.items():
        held = np.array([row[covered] for row in rows], dtype=float)
        widths = np.array([1.0 if width is None else row[width] for row in rows], dtype=float)
        below = int((held < WANTED).sum())
        figures = float(held.min()), float(held.mean()), below, float(widths.mean())
        found.append([name, len(rows), *figures, float(widths.max())])
    return found


def _recall_rows(pool: Pool, draws: Sequence[Draw]) -> list[list[Cell]]:
    """Return a row for the classes that have enough images for an interval, if any has."""
    from featclass.classifiers.report import FEWEST_IN_CLASS
    from featclass.probe.statistics import accuracy_interval

    by_class = [
        counted
        for counted in zip(*(draw.classes for draw in draws), strict=True)
        if counted[0].images >= FEWEST_IN_CLASS
    ]
    if not by_class:
        return []
    bounds = [[accuracy_interval(one.right, one.images) for one in some] for some in by_class]
    every = [one for some in by_class for one in some]
    own = Held.of([pair for some in bounds for pair in some], every)
    wilsons = Held.of([one.wilsons for one in every], every)
    sizes = sorted({one.images for one in every})
    return [
        [
            pool.name,
            draws[0].whole.images,
            " to ".join(map(str, sizes[:: max(1, len(sizes) - 1)])),
            len(by_class),
            len(draws),
            float(np.mean([one.accuracy for one in every])),
            float(np.mean([one.right / one.images for one in every])),
            own.covered,
            min(Held.of(*pair).covered for pair in zip(bounds, by_class, strict=True)),
            wilsons.covered,
            own.width,
            own.width / wilsons.width,
        ]
    ]


def _draw(pool: Pool, per_class: int, number: int) -> Draw:
    from featclass import probe

    rng = np.random.default_rng([number, per_class])
    chosen = pool.draw(per_class, rng)
    vectors, labels = pool.vectors[chosen], pool.labels[chosen].tolist()
    judged = probe.out_of_fold(vectors, labels, seed=number)
    trained = probe.fit(vectors, labels, calibrated=judged.calibrated)
    classes = np.array(trained.classes)
    right = classes[judged.probabilities.argmax(axis=1)] == pool.labels[chosen]
    rest = np.ones(len(pool.labels), dtype=bool)
    rest[chosen] = False
    predicted = classes[probe.predict(trained, pool.vectors[rest]).argmax(axis=1)]
    true = predicted == pool.labels[rest]
    codes = np.unique(pool.labels[chosen], return_inverse=True)[1]
    small = Small(codes, probe.learner(vectors, labels), number)
    return Draw(
        _counted(right, true),
        tuple(
            _counted(right[pool.labels[chosen] == name], true[pool.labels[rest] == name])
            for name in classes
        ),
        tuple(method(small) for method in OTHERS.values() if number < OTHERS_DRAWS),
    )


def _counted(right: Masks, true: Masks) -> Counted:
    return Counted(int(right.sum()), right.size, float(true.mean()))
