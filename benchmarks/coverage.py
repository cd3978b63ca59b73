"""How often the accuracy reported for a small dataset holds on the rest of its pool."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks import pools
from benchmarks.pools import Pool
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

DRAWS = 300
QUICK_DRAWS = 10
SIZES = (3, 5, 13, 25)
MOST_DRAWN = 1 / 3
"""Of a pool: what is left is a sample itself, and the interval knows nothing of its chance."""
LEAST_LEFT = 90
MOST_IMAGES = 130
"""In one draw: the whole table takes minutes."""
Z = 1.959964
Bounds = tuple[float, float]
COLUMNS = (
    "pool", "classes", "images drawn", "left", "draws", "accuracy", "out-of-fold",
    "covered", "covered by Wilson's", "width", "× Wilson's",
)  # fmt: skip
NOTE = (
    "A dataset is drawn from the pool, judged by out-of-fold predictions (repeated folds)"
    " and trained on; accuracy is that of the classifier on what is left of the pool. Covered: the"
    " share of draws for which it lies inside the 95 % interval; wanted are 93 % or more, with a"
    " mean width of no more than 1.4 times Wilson's for as many independent images. With 300 draws"
    " a share of 95 % is known to within 2.5 points."
)
FORMATS = {column: ".2f" if column.startswith(("width", "×")) else ".1%" for column in COLUMNS[5:]}
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
        """The score interval for as many independent images (Wilson 1927): the yardstick."""
        share, n = self.right / self.images, self.images
        centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
        half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
        return max(0.0, centre - half), min(1.0, centre + half)

    @property
    def own(self) -> Bounds:
        """The interval that featclass gives."""
        from featclass.probe import accuracy_interval

        return accuracy_interval(self.right, self.images)


@dataclass(frozen=True, slots=True)
class Draw:
    """A dataset: all of it, and each class."""

    whole: Counted
    classes: tuple[Counted, ...]


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
    whole = [draw.whole for draw in draws]
    images = whole[0].images
    accuracy, out_of_fold, own, wilsons = _held(whole)
    return [
        pool.name, len(pool.classes), images, len(pool.labels) - images, len(draws),
        accuracy, out_of_fold, own.covered, wilsons.covered, own.width, own.width / wilsons.width,
    ]  # fmt: skip


def _held(counted: Sequence[Counted]) -> tuple[float, float, Held, Held]:
    """Return mean accuracy, mean share right out of fold, and how featclass's and Wilson's held."""
    return (
        float(np.mean([one.accuracy for one in counted])),
        float(np.mean([one.right / one.images for one in counted])),
        Held.of([one.own for one in counted], counted),
        Held.of([one.wilsons for one in counted], counted),
    )


def _recall_rows(pool: Pool, draws: Sequence[Draw]) -> list[list[Cell]]:
    """Return a row for the classes that have enough images for an interval, if any has."""
    from featclass.classifiers.report import FEWEST_IN_CLASS

    by_class = [
        counted
        for counted in zip(*(draw.classes for draw in draws), strict=True)
        if counted[0].images >= FEWEST_IN_CLASS
    ]
    if not by_class:
        return []
    every = [one for counted in by_class for one in counted]
    accuracy, out_of_fold, own, wilsons = _held(every)
    sizes = sorted({one.images for one in every})
    spread = f"{sizes[0]} to {sizes[-1]}" if len(sizes) > 1 else str(sizes[0])
    least = min(Held.of([one.own for one in counted], counted).covered for counted in by_class)
    return [
        [
            pool.name, draws[0].whole.images, spread,
            len(by_class), len(draws), accuracy, out_of_fold, own.covered, least, wilsons.covered,
            own.width, own.width / wilsons.width,
        ]
    ]  # fmt: skip


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
    return Draw(
        _counted(right, true),
        tuple(
            _counted(right[pool.labels[chosen] == name], true[pool.labels[rest] == name])
            for name in classes
        ),
    )


def _counted(right: NDArray[np.bool_], true: NDArray[np.bool_]) -> Counted:
    return Counted(int(right.sum()), right.size, float(true.mean()))
