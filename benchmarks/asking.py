"""Twenty answers about a pile of unlabelled pictures: asked by featclass, or taken at random."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    "asked is better",
)  # fmt: skip
NOTE = (
    "Accuracy on images of the pool outside the pile, before and after 20 answers about the pile,"
    " one at a time, the probe trained anew after each. Gain: of asked over at random, in points;"
    " asked is better: share of the draws, ties counting half."
)

Codes = NDArray[np.intp]
Chooser = Callable[["Round"], int]


@dataclass(frozen=True, slots=True)
class Round:
    """What is known before the next question."""

    pool: Pool
    labelled: Codes
    pile: Codes
    chances: NDArray[np.float64]
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
    formats = {name: ".1%" for name in COLUMNS[4:] if name != "gain"} | {"gain": "+.1f"}
    title = "Are the pictures asked about the useful ones? Accuracy after 20 answers"
    return [Table("asking", title, COLUMNS, rows, NOTE, formats)]


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

    digits = load_digits()
    return Pool("digits, grey values", digits.data.astype(np.float32), digits.target.astype(str))


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
    for number, (start, pile, rest) in enumerate(rounds):
        for name, chooser in CHOOSERS.items():
            after[name].append(_accuracy(pool, answered(pool, start, pile, chooser, number), rest))
    gains = np.array(after["asked"]) - np.array(after["at random"])
    return [
        pool.name, shots, len(rounds[0][1]), draws, before,
        *(float(np.mean(accuracies)) for accuracies in after.values()),
        100 * float(gains.mean()), float(np.mean(np.where(gains == 0, 0.5, gains > 0))),
    ]  # fmt: skip


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
    places = probe.most_useful(vectors[now.labelled], vectors[now.pile], now.chances, count=1)
    return int(places[0])


def _at_random(now: Round) -> int:
    return int(now.rng.integers(now.pile.size))


CHOOSERS: dict[str, Chooser] = {"at random": _at_random, "asked": _asked}


def _accuracy(pool: Pool, labelled: Codes, rest: Codes) -> float:
    from featclass import probe

    fitted = probe.fit(pool.vectors[labelled], pool.labels[labelled].tolist())
    names = np.array(fitted.classes)[probe.predict(fitted, pool.vectors[rest]).argmax(axis=1)]
    return float((names == pool.labels[rest]).mean())
