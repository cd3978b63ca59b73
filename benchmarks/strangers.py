"""Whether pictures of something else are taken for none of the classes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import pools
from benchmarks.pools import Pool
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table, means

PER_CLASS = 16
DRAWS = 5
PARTS = 50
Floats = NDArray[np.float64]

KNOWN_COLUMNS = (
    "pool", "against", "area under the curve", "three nearest alone", "members refused",
    "strangers taken for known",
)  # fmt: skip
KNOWN_NOTE = (
    "A classifier learns 16 images a class; members are the rest of its pool. Strangers are parts"
    " of the two photographs that come with scikit-learn, or a class of the pool that was left"
    " out. Wanted are 0.98 against photographs and 0.78 against the class left out, on average"
    " over pools, and no more than 5 % of members refused."
)


def measure(settings: Settings) -> list[Table]:
    """Measure on drawn shapes, digits, and the folders that the environment names."""
    draws = 1 if settings.quick else DRAWS
    photographs = _photographs(settings).vectors
    known = [
        row
        for pool, _ in pools.drawn_and_given(settings)
        for row in _known(pool, photographs, draws, settings)
    ]
    areas = dict.fromkeys(KNOWN_COLUMNS[2:4], ".3f") | dict.fromkeys(KNOWN_COLUMNS[4:], ".1%")
    return [Table("none-of-these", "None of these", KNOWN_COLUMNS, known, KNOWN_NOTE, areas)]


def area(members: Floats, strangers: Floats) -> float:
    """Return the area under the ROC curve: how often a member scores above a stranger."""
    order = np.sort(strangers)
    below = np.searchsorted(order, members, "left") + np.searchsorted(order, members, "right")
    return float(below.mean() / 2 / order.size)


def _photographs(settings: Settings) -> Pool:
    """Cut parts at random from the two photographs that come with scikit-learn."""
    from sklearn.datasets import load_sample_images

    rng = np.random.default_rng(0)
    folder = settings.folder / "photographs"
    for number, photograph in enumerate(map(Image.fromarray, load_sample_images().images)):
        (folder / str(number)).mkdir(parents=True, exist_ok=True)
        for part in range(PARTS):
            side = int(rng.integers(160, 420))
            left, top = rng.integers(0, photograph.width - side), rng.integers(0, 427 - side)
            cut = photograph.crop((int(left), int(top), int(left) + side, int(top) + side))
            cut.save(folder / str(number) / f"{part:03}.png", compress_level=1)
    return pools.pictures("photographs", folder, settings)


def _known(
    pool: Pool, photographs: NDArray[np.float32], draws: int, settings: Settings
) -> Iterator[list[Cell]]:
    settings.say(f"none of these: {pool.name}")
    rows = [_asked(pool, pool.labels != "", photographs, draw) for draw in range(draws)]
    yield [pool.name, "photographs", *means(rows)]
    if len(pool.classes) > 2:
        rows = []
        for draw, name in enumerate(pool.classes[: max(2, draws)]):
            inside = pool.labels != name
            rows.append(_asked(pool, inside, pool.vectors[~inside], draw))
        yield [pool.name, "a class left out", *means(rows)]


def _asked(
    pool: Pool, inside: NDArray[np.bool_], strangers: NDArray[np.float32], draw: int
) -> list[float]:
    from featclass import probe
    from featclass.probe.familiarity import Familiarity

    rng = np.random.default_rng(draw)
    places = np.flatnonzero(inside)
    trained = np.zeros(len(places), dtype=bool)
    for name in np.unique(pool.labels[places]):
        members = rng.permutation(np.flatnonzero(pool.labels[places] == name))
        trained[members[: min(PER_CLASS, int(0.8 * len(members)))]] = True
    exemplars = probe.normalise(pool.vectors[places[trained]]).astype(np.float32)
    rest = pool.vectors[places[~trained]]
    known = Familiarity.of(exemplars, pool.labels[places[trained]].tolist())
    ours, theirs = known.score(rest), known.score(strangers)
    nearest = [probe.nearest(exemplars, each, 3)[1].mean(axis=1) for each in (rest, strangers)]
    return [
        area(ours, theirs), area(*nearest),
        float((ours < known.threshold).mean()), float((theirs >= known.threshold).mean()),
    ]  # fmt: skip
