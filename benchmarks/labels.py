"""Whether wrong labels are found, and right ones left alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmarks import pools
from benchmarks.pools import Codes, Pool
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table, means

if TYPE_CHECKING:
    from featclass.audit.labels import Doubts

Vectors = NDArray[np.float32]
DRAWS = 5
MOST = 400
FLIPPED = 0.05
LOOKED_AT = 0.1
FEW = 20
"""Images a class in the small sets, as many as somebody has patience for."""
SIDES = (24, 14)
"""Pixels that are left of pictures shrunk to make a pool harder."""
SHRUNK = 40
"""Images a class of those."""

LABEL_COLUMNS = (
    "pool", "images", "out-of-fold accuracy", "found in the first tenth",
    "by self-confidence alone", "suspects that are wrong", "wrong that are suspects",
    "strong that are wrong", "wrong that are strong",
)  # fmt: skip
LABEL_NOTE = (
    "One label in twenty is replaced by another by chance. Wanted are 90 % of them within the most"
    " doubtful tenth where classes are told apart nine times in ten, and 88 % on average; of the"
    " suspects two in three wrong, of the wrong three in four suspects; of those with strong"
    " evidence nine in ten wrong. Shares of suspects are of all draws together."
)
CLEAN_COLUMNS = (
    "pool", "classes", "images", "out-of-fold accuracy", "called suspect", "with strong evidence",
)  # fmt: skip
CLEAN_NOTE = (
    "No label is replaced: every suspect is a false alarm (or an error that the pool always had)."
    " Wanted are at most 4 % suspects and 1 % with strong evidence at any accuracy. Pools are made"
    f" harder by drawing {FEW} images a class, and by shrinking pictures to {SIDES[0]} or"
    f" {SIDES[1]} pixels at the longer side and enlarging them again; {SHRUNK} a class of those."
)


def measure(settings: Settings) -> list[Table]:
    """Measure on drawn shapes, digits, and the folders that the environment names."""
    planted, clean = [], []
    for pool, most in _sets(settings):
        settings.say(f"label errors: {pool.name}")
        planted.append(_planted(pool, most, settings))
        clean.append(_clean(pool, most, settings))
    clean.sort(key=lambda row: row[3] if isinstance(row[3], float) else 0.0)
    planted_shares = dict.fromkeys(LABEL_COLUMNS[2:], ".1%")
    clean_shares = dict.fromkeys(CLEAN_COLUMNS[3:], ".1%")
    return [
        Table("labels", "Planted label errors", LABEL_COLUMNS, planted, LABEL_NOTE, planted_shares),
        Table("clean", "Clean sets", CLEAN_COLUMNS, clean, CLEAN_NOTE, clean_shares),
    ]


def _sets(settings: Settings) -> Iterator[tuple[Pool, int]]:
    """Yield pools, easy and hard, and how many images to draw of each."""
    given = [*pools.drawn_and_given(settings)]
    yield from ((pool, MOST) for pool, _ in given)
    for pool, folder in given:
        few = FEW * len(pool.classes)
        if len(pool.labels) > 1.5 * few:
            yield Pool(f"{pool.name}, {FEW} a class", pool.vectors, pool.labels), few
        yield from ((each, MOST) for each in _shrunk(folder, settings))


def _shrunk(folder: Path | None, settings: Settings) -> Iterator[Pool]:
    sides = SIDES[:1] if settings.quick else SIDES
    for side in sides if folder else ():
        assert folder is not None
        yield pools.shrunk(folder, side, SHRUNK, settings)


def _drawn(pool: Pool, most: int, rng: np.random.Generator) -> tuple[Vectors, Codes]:
    rows = rng.permutation(len(pool.labels))[:most]
    return pool.vectors[rows], np.searchsorted(pool.classes, pool.labels[rows])


def _draws(pool: Pool, most: int, settings: Settings) -> range:
    """Return the rounds; a whole pool without anything planted needs one."""
    return range(1 if settings.quick or len(pool.labels) <= most else DRAWS)


def _clean(pool: Pool, most: int, settings: Settings) -> list[Cell]:
    rows = []
    for draw in _draws(pool, most, settings):
        vectors, codes = _drawn(pool, most, np.random.default_rng(draw))
        doubts, probabilities = _doubted(vectors, codes)
        accuracy = float((probabilities.argmax(axis=1) == codes).mean())
        rows.append([accuracy, float(doubts.is_suspect.mean()), float(doubts.is_strong.mean())])
    images = min(len(pool.labels), most)
    return [pool.name, len(pool.classes), images, *means(rows)]


def _planted(pool: Pool, most: int, settings: Settings) -> list[Cell]:
    draws = range(1 if settings.quick else DRAWS)
    rounds = [_one_planted(pool, most, np.random.default_rng(draw)) for draw in draws]
    planted, suspects, right_suspects, strong, right_strong = np.sum(
        [counts for _, counts in rounds], axis=0
    ).tolist()
    images = min(len(pool.labels), most)
    return [
        pool.name,
        images,
        *means([shares for shares, _ in rounds]),
        right_suspects / max(1, suspects),
        right_suspects / planted,
        right_strong / strong if strong else None,
        right_strong / planted,
    ]


def _one_planted(pool: Pool, most: int, rng: np.random.Generator) -> tuple[list[float], list[int]]:
    """Return accuracy and shares found, and how many are planted, suspect, both, strong, both."""
    vectors, codes = _drawn(pool, most, rng)
    wrong = rng.permutation(codes.size)[: max(1, round(FLIPPED * codes.size))]
    given = codes.copy()
    given[wrong] += rng.integers(1, len(pool.classes), wrong.size)
    given %= len(pool.classes)
    doubts, probabilities = _doubted(vectors, given)
    top = -(-codes.size // round(1 / LOOKED_AT))
    own = probabilities[np.arange(codes.size), given]
    is_wrong = np.isin(np.arange(codes.size), wrong)
    shares = [
        float((probabilities.argmax(axis=1) == given).mean()),
        float(np.isin(wrong, np.argsort(-doubts.scores, kind="stable")[:top]).mean()),
        float(np.isin(wrong, np.argsort(own, kind="stable")[:top]).mean()),
    ]
    counts = [wrong.size]
    for marked in (doubts.is_suspect, doubts.is_strong):
        counts += [int(marked.sum()), int((marked & is_wrong).sum())]
    return shares, counts


def _doubted(vectors: Vectors, codes: Codes) -> tuple[Doubts, NDArray[np.float64]]:
    """Return doubts about the labels, and the out-of-fold probabilities behind them."""
    from featclass import probe
    from featclass.audit import label_errors
    from featclass.probe.covariance import distances_left_out

    labels = [f"{code:03}" for code in codes.tolist()]
    judged = probe.out_of_fold(vectors, labels)
    distances = distances_left_out(vectors, labels)
    return label_errors(codes, judged.probabilities, distances), judged.probabilities
