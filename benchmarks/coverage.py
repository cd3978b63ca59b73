"""How often the accuracy reported for a small dataset holds on the rest of its pool."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

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
MOST_IMAGES = 100
"""In one draw: the whole table takes minutes."""
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
FORMATS = dict.fromkeys(COLUMNS[5:9], ".1%") | {"width": ".2f", "× Wilson's": ".2f"}


@dataclass(frozen=True, slots=True)
class Draw:
    """What was reported of a dataset, and what then came true."""

    right: int
    images: int
    accuracy: float
    """On the rest of the pool."""


def measure(settings: Settings) -> list[Table]:
    """Draw from every pool at every size it is large enough for."""
    rows: list[list[Cell]] = []
    for pool in _pools(settings):
        for per_class in SIZES:
            drawn = per_class * len(pool.classes)
            enough = len(pool.labels) - drawn >= LEAST_LEFT
            if enough and drawn <= min(MOST_DRAWN * len(pool.labels), MOST_IMAGES):
                settings.say(f"coverage: {pool.name}, {per_class} a class")
                rows.append(_row(pool, per_class, QUICK_DRAWS if settings.quick else DRAWS))
    title = "Does the interval hold? Draws from pools, judged on the rest"
    return [Table("coverage", title, COLUMNS, rows, NOTE, FORMATS)]


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


def _row(pool: Pool, per_class: int, draws: int) -> list[Cell]:
    from featclass.interval import accuracy_interval

    found = [_draw(pool, per_class, number) for number in range(draws)]
    own = [accuracy_interval(draw.right, draw.images) for draw in found]
    wilsons = [wilson(draw.right, draw.images) for draw in found]
    images = found[0].images
    return [
        pool.name,
        len(pool.classes),
        images,
        len(pool.labels) - images,
        draws,
        float(np.mean([draw.accuracy for draw in found])),
        float(np.mean([draw.right / draw.images for draw in found])),
        covered(own, found),
        covered(wilsons, found),
        width(own),
        width(own) / width(wilsons),
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
    accuracy = float((predicted == pool.labels[rest]).mean())
    return Draw(int(right.sum()), len(chosen), accuracy)


def covered(intervals: list[tuple[float, float]], draws: list[Draw]) -> float:
    inside = [
        low <= draw.accuracy <= high for (low, high), draw in zip(intervals, draws, strict=True)
    ]
    return float(np.mean(inside))


def width(intervals: list[tuple[float, float]]) -> float:
    return float(np.mean([high - low for low, high in intervals]))


def wilson(right: int, n: int) -> tuple[float, float]:
    """Return the score interval for independent images (Wilson 1927): the yardstick."""
    z, share = 1.959964, right / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)
