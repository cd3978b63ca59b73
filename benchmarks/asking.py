"""Twenty answers about a pile of unlabelled pictures: asked by featclass, or taken at random."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks import pools
from benchmarks.pools import Pool
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

SHOTS = (1, 2)
"""Labelled images a class to begin with."""
ANSWERS = 20
DRAWS, QUICK_DRAWS = 30, 2
MOST_PILED = 500
PILED = 0.6
"""Of what is left of a pool; on the rest classifiers are judged."""
LEAST_PILED = 24
COLUMNS = (
    "pool", "a class at first", "pile", "draws", "before", "at random", "asked", "gain",
    "asked is better", "doubtful first", "farthest first", "asked: expected", "asked: out-of-fold",
)  # fmt: skip
NOTE = (
    "Accuracy on images of the pool outside the pile, before and after 20 answers about the pile,"
    " one at a time, the probe trained anew after each. Gain: of asked over at random, in points;"
    " asked is better: share of the draws, ties counting half. Doubtful first asks for the least"
    " margin between two classes, farthest first for the image farthest from those labelled"
    " (k-centre). After what was asked, expected: the mean probability that the classifier gives"
    " its own answers about the other images; out-of-fold: the score of the labelled images alone,"
    " too low by as much as those asked about are harder than the others."
)

Codes = NDArray[np.intp]
Chances = NDArray[np.float64]
Chooser = Callable[["Round"], int]


@dataclass(frozen=True, slots=True)
class Round:
    """What is known before the next question."""

    pool: Pool
    labelled: Codes
    pile: Codes
    chances: Chances
    rng: np.random.Generator


def measure(settings: Settings) -> list[Table]:
    """Draw from every pool that is large enough."""
    draws = QUICK_DRAWS if settings.quick else DRAWS
    rows = [
        row(pool, shots, draws, settings)
        for pool in _pools(settings)
        for shots in SHOTS
        if _is_enough(pool, shots)
    ]
    return [table(rows)]


def table(rows: list[list[Cell]]) -> Table:
    formats = {name: ".1%" for name in COLUMNS[4:] if name != "gain"} | {"gain": "+.1f"}
    title = "Are the pictures asked about the useful ones? Accuracy after 20 answers"
    return Table("asking", title, COLUMNS, rows, NOTE, formats)


def _pools(settings: Settings) -> Iterator[Pool]:
    yield pools.gaussian("four Gaussians", noise=3, shares=(0.25,) * 4, images=1200)
    yield pools.shapes(settings, 20 if settings.quick else 100)
    yield grey_values()
    if not settings.quick:
        yield pools.digits(settings)
    yield from pools.folders(settings)


def grey_values() -> Pool:
    """Return scikit-learn's digits as their 64 grey values, without an encoder."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return Pool("digits, grey values", found.data.astype(np.float32), found.target.astype(str))


def _is_enough(pool: Pool, shots: int) -> bool:
    smallest = int(np.unique(pool.labels, return_counts=True)[1].min())
    piled = PILED * (len(pool.labels) - shots * len(pool.classes))
    return smallest > shots and piled >= LEAST_PILED


def row(pool: Pool, shots: int, draws: int, settings: Settings) -> list[Cell]:
    """Judge every way to choose on the same draws."""
    settings.say(f"asking: {pool.name}, {shots} a class")
    rounds = [_draw(pool, shots, number) for number in range(draws)]
    before = float(np.mean([_accuracy(pool, start, rest) for start, _, rest in rounds]))
    after: dict[str, list[float]] = {name: [] for name in CHOOSERS}
    told: list[tuple[float, float]] = []
    for number, (start, pile, rest) in enumerate(rounds):
        for name, chooser in CHOOSERS.items():
            labelled = answered(pool, start, pile, chooser, number)
            after[name].append(_accuracy(pool, labelled, rest))
            if name == "asked":
                told.append(_told(pool, labelled, rest, number))
    gains = np.array(after["asked"]) - np.array(after["at random"])
    better = float(np.mean(np.where(gains == 0, 0.5, gains > 0)))
    means = {name: float(np.mean(found)) for name, found in after.items()}
    return [
        pool.name, shots, len(rounds[0][1]), draws, before, means["at random"], means["asked"],
        100 * float(gains.mean()), better, means["doubtful first"], means["farthest first"],
        *(_mean(values) for values in zip(*told, strict=True)),
    ]  # fmt: skip


def _mean(values: Sequence[float]) -> float | None:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else None


def _draw(pool: Pool, shots: int, number: int) -> tuple[Codes, Codes, Codes]:
    """Return places of the images labelled at first, of the pile, and of those to judge on."""
    rng = np.random.default_rng([number, shots, 11])
    start = np.concatenate(
        [rng.permutation(np.flatnonzero(pool.labels == name))[:shots] for name in pool.classes]
    )
    others = rng.permutation(np.setdiff1d(np.arange(len(pool.labels)), start))
    size = min(MOST_PILED, int(PILED * others.size))
    return start, others[:size], others[size:]


def answered(pool: Pool, start: Codes, pile: Codes, chooser: Chooser, number: int) -> Codes:
    """Return what is labelled after all answers."""
    from featclass import probe

    rng = np.random.default_rng(number)
    labelled = start
    for _ in range(min(ANSWERS, pile.size - 1)):
        fitted = probe.fit(pool.vectors[labelled], pool.labels[labelled].tolist())
        chances = probe.predict(fitted, pool.vectors[pile])
        place = chooser(Round(pool, labelled, pile, chances, rng))
        labelled, pile = np.append(labelled, pile[place]), np.delete(pile, place)
    return labelled


def _asked(now: Round) -> int:
    from featclass import probe

    vectors = now.pool.vectors
    found = probe.most_useful(vectors[now.labelled], vectors[now.pile], now.chances, count=1)
    return int(found[0])


def _at_random(now: Round) -> int:
    return int(now.rng.integers(now.pile.size))


def _doubtful(now: Round) -> int:
    two = np.sort(now.chances, axis=1)[:, -2:]
    return int((two[:, 1] - two[:, 0]).argmin())


def _farthest(now: Round) -> int:
    from featclass import probe

    labelled, pile = (probe.normalise(now.pool.vectors[at]) for at in (now.labelled, now.pile))
    return int((pile @ labelled.T).max(axis=1).argmin())


CHOOSERS: dict[str, Chooser] = {
    "at random": _at_random,
    "asked": _asked,
    "doubtful first": _doubtful,
    "farthest first": _farthest,
}


def _accuracy(pool: Pool, labelled: Codes, rest: Codes) -> float:
    from featclass import probe

    fitted = probe.fit(pool.vectors[labelled], pool.labels[labelled].tolist())
    said = np.array(fitted.classes)[probe.predict(fitted, pool.vectors[rest]).argmax(axis=1)]
    return float((said == pool.labels[rest]).mean())


def _told(pool: Pool, labelled: Codes, rest: Codes, number: int) -> tuple[float, float]:
    """Return the expected accuracy on the rest, and the out-of-fold one, nan where there is none.

    A class that has a single image has no out-of-fold prediction.
    """
    from featclass import probe

    vectors, labels = pool.vectors[labelled], pool.labels[labelled]
    names, sizes = np.unique(labels, return_counts=True)
    found = None
    if sizes.min() > 1:
        found = probe.out_of_fold(vectors, labels.tolist(), seed=number)
    trained = probe.fit(vectors, labels.tolist(), calibrated=found.calibrated if found else None)
    expected = float(probe.predict(trained, pool.vectors[rest]).max(axis=1).mean())
    if found is None:
        return expected, float("nan")
    return expected, float((names[found.probabilities.argmax(axis=1)] == labels).mean())
