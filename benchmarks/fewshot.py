"""From few pictures: how often the probe is right, beside other heads; and whether as it says."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import pools
from benchmarks.pools import Pool
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

SHOTS = (1, 2, 4, 8, 16)
CALIBRATED = (5, 8, 13, 20, 40)
DRAWS, QUICK_DRAWS = 12, 2
MOST_TESTED = 300
LEAST_LEFT = 2
"""Of each class, to predict."""
PREDICTIONS = 2500
BINS = 15
NOTE = (
    "Accuracy on the rest of each pool (at most 300 images of it), so many images a class drawn at"
    " random; pools weigh the same. '--probe logistic' is given roots as featclass's own is, and"
    " chooses C by cross-validation. The other heads are scikit-learn's: logistic regression with"
    " fixed C, ridge with its penalty chosen by leave-one-out, discriminant analysis with a common"
    " covariance shrunk as Ledoit and Wolf do. Pools: {pools}."
)
CALIBRATION_NOTE = (
    "Expected calibration error of the largest probability on the rest of the pool, {bins} bins of"
    " equal mass, pooled over draws; at most 0.05 is asked for. 'Out of fold' is what the report"
    " says, on average."
)

Codes = NDArray[np.intp]
Vectors = NDArray[np.float32]
Head = Callable[[Vectors, Codes, Vectors], Codes]


def measure(settings: Settings) -> list[Table]:
    """Draw small datasets from every pool, and judge on the rest."""
    draws = QUICK_DRAWS if settings.quick else DRAWS
    found = [*_pools(settings)]
    return [_accuracies(found, draws, settings), _calibration(found, draws, settings)]


def _pools(settings: Settings) -> Iterator[Pool]:
    yield pools.shapes(settings, 20 if settings.quick else 100)
    if not settings.quick:
        yield pools.digits(settings)
    yield from pools.folders(settings)


def _accuracies(found: list[Pool], draws: int, settings: Settings) -> Table:
    heads = _heads()
    right: dict[tuple[str, int], list[float]] = {}
    for pool in found:
        for shots in _possible(pool, SHOTS):
            settings.say(f"few-shot: {pool.name}, {shots} a class")
            rounds = [_draw(pool, shots, number) for number in range(draws)]
            for name, head in heads.items():
                shares = [float(np.mean(head(*draw.given) == draw.true)) for draw in rounds]
                right.setdefault((name, shots), []).append(float(np.mean(shares)))
    rows: list[list[Cell]] = []
    for name in heads:
        means = [float(np.mean(right[name, shots])) for shots in SHOTS if (name, shots) in right]
        cells: list[Cell] = [float(np.mean(means)), *means]
        rows.append([name, *cells, *[None] * (len(SHOTS) - len(means))])
    columns = ("head", "mean", *(f"{shots} a class" for shots in SHOTS))
    note = NOTE.format(pools=", ".join(pool.name for pool in found))
    formats = dict.fromkeys(columns[1:], ".4f")
    return Table("fewshot", "Accuracy from few pictures", columns, rows, note, formats)


def _heads() -> dict[str, Head]:
    from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
    from sklearn.neighbors import NearestCentroid

    models: dict[str, Callable[[], Any]] = {
        **{
            f"logistic regression, C={C}": functools.partial(LogisticRegression, C=C, max_iter=2000)
            for C in (1, 10, 100)
        },
        "ridge": functools.partial(RidgeClassifierCV, alphas=np.logspace(-4, 4, 17)),
        "nearest class mean": NearestCentroid,
    }

    def head(model: Callable[[], Any], vectors: Vectors, codes: Codes, asked: Vectors) -> Codes:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(model().fit(_unit(vectors), codes).predict(_unit(asked)))

    return {
        "featclass": _featclass,
        "featclass --probe logistic": _regression,
        **{f"{name}, normalised": functools.partial(head, model) for name, model in models.items()},
        "shrinkage discriminant analysis, normalised": _discriminant,
    }


def _discriminant(vectors: Vectors, codes: Codes, asked: Vectors) -> Codes:
    """Analyse with one covariance for all classes, shrunk as Ledoit and Wolf (2004) do."""
    from sklearn.covariance import ledoit_wolf

    points = _unit(vectors)
    means = np.stack([points[codes == code].mean(axis=0) for code in range(codes.max() + 1)])
    residuals = points - means[codes]
    covariance = ledoit_wolf(residuals, assume_centered=True)[0] if residuals.any() else None
    weights = means.T if covariance is None else np.linalg.solve(covariance, means.T)
    scores = _unit(asked) @ weights - (means.T * weights).sum(axis=0) / 2
    return np.asarray(scores.argmax(axis=1))


def _featclass(vectors: Vectors, codes: Codes, asked: Vectors) -> Codes:
    from featclass import probe

    fitted = probe.fit(vectors, [f"{code:03}" for code in codes])
    return np.asarray(probe.predict(fitted, asked).argmax(axis=1))


def _regression(vectors: Vectors, codes: Codes, asked: Vectors) -> Codes:
    """Learn as `featclass train --probe logistic` does, C by cross-validation where it can be."""
    from featclass import probe
    from featclass.base import ProbeKind

    labels, C = [f"{code:03}" for code in codes], None
    if np.bincount(codes).min() > 1:
        C = probe.out_of_fold(vectors, labels, kind=ProbeKind.LOGISTIC).C
    fitted = probe.fit(vectors, labels, kind=ProbeKind.LOGISTIC, C=C)
    return np.asarray(probe.predict(fitted, asked).argmax(axis=1))


def _unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@dataclass(frozen=True, slots=True)
class _Draw:
    given: tuple[Vectors, Codes, Vectors]
    true: Codes


def _draw(pool: Pool, shots: int, number: int) -> _Draw:
    rng = np.random.default_rng([number, shots, 7])
    codes = np.unique(pool.labels, return_inverse=True)[1]
    members = [np.flatnonzero(codes == code) for code in range(len(pool.classes))]
    chosen = np.concatenate([rng.permutation(rows)[:shots] for rows in members])
    rest = np.setdiff1d(np.arange(codes.size), chosen)
    asked = rng.permutation(rest)[:MOST_TESTED]
    return _Draw((pool.vectors[chosen], codes[chosen], pool.vectors[asked]), codes[asked])


def _possible(pool: Pool, sizes: tuple[int, ...]) -> list[int]:
    smallest = int(np.unique(pool.labels, return_counts=True)[1].min())
    return [size for size in sizes if smallest - size >= LEAST_LEFT]


def _calibration(found: list[Pool], draws: int, settings: Settings) -> Table:
    from featclass import probe

    rows: list[list[Cell]] = []
    for pool in found:
        for shots in _possible(pool, CALIBRATED):
            settings.say(f"calibration: {pool.name}, {shots} a class")
            sure, right, told = [np.empty(0)], [np.empty(0, dtype=bool)], []
            number = 0
            while number < draws or (sum(map(len, sure)) < PREDICTIONS and number < 25 * draws):
                draw = _draw(pool, shots, number)
                vectors, codes, asked = draw.given
                labels = [f"{code:03}" for code in codes]
                judged = probe.out_of_fold(vectors, labels, seed=number)
                trained = probe.fit(vectors, labels, calibrated=judged.calibrated)
                chances = probe.predict(trained, asked)
                sure.append(chances.max(axis=1))
                right.append(chances.argmax(axis=1) == draw.true)
                told.append(judged.calibration_error)
                number += 1
            error = _error(np.concatenate(sure), np.concatenate(right))
            most = float(np.concatenate(sure).max())
            count = sum(map(len, sure))
            rows.append([pool.name, shots, number, count, error, float(np.mean(told)), most])
    columns = (
        "pool", "images a class", "draws", "predictions", "calibration error", "out of fold",
        "largest probability",
    )  # fmt: skip
    formats = dict.fromkeys(columns[4:6], ".3f") | {columns[6]: ".4f"}
    note = CALIBRATION_NOTE.format(bins=BINS)
    return Table("calibration", "Do the probabilities come true?", columns, rows, note, formats)


def _error(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    bins = np.array_split(np.argsort(sure, kind="stable"), BINS)
    gaps = [abs(sure[rows].mean() - right[rows].mean()) * rows.size for rows in bins]
    return float(sum(gaps) / sure.size)
