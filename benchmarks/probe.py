"""The probe against scikit-learn: seconds, and log loss on images left out, of the same folds."""

from __future__ import annotations

import os
import statistics
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import pools
from benchmarks.processes import Process
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

COLUMNS = (
    "images x classes x values", "contestant", "seconds", "against featclass", "C", "log loss",
)  # fmt: skip
SEED = 0
GRID = tuple(10.0 ** (power / 2) for power in range(-4, 9))
TIGHT = {"tol": 1e-6, "max_iter": 10_000}
NOTE = (
    "featclass has nothing to choose: five folds repeated three times, the temperature found from"
    " their predictions, and the final fit. 'First round': folds not repeated. 'Fit alone': nothing"
    " held out. 'featclass --probe logistic' does the same by logistic regression, and chooses one"
    " of ten C anew in every fold, by that fold's own images; the loss is again of its temperature,"
    " the C that of the final fit. LogisticRegressionCV has C to choose: 13 values from 0.01 to"
    " 10,000 on the first repeat's five folds alone, and the final fit, on all cores. Its usual"
    " tolerance stops far"
    " from the solution on embeddings of length one, so that it is shown with 1e-6 as well. Log"
    " losses are of the first repeat's five folds, with the one number that each chose by those"
    " very predictions: featclass's temperature, the other's C. Digits are scikit-learn's"
    " handwritten ones through the built-in encoder, whose values are not negative: featclass takes"
    " their roots, the other what it is given. All other embeddings are class means in noise whose"
    " variance falls along the dimensions, as real ones' does."
)


@dataclass(frozen=True, slots=True)
class Case:
    """So many embeddings to be made, and how hard to tell apart they are; or those of a file."""

    images: int
    classes: int
    values: int
    noise: float = 0.0
    file: Path | None = None

    def __str__(self) -> str:
        size = f"{self.images:,} x {self.classes:,} x {self.values:,}"
        return f"{size}, digits" if self.file else size

    def embeddings(self) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
        if self.file:
            with np.load(self.file) as arrays:
                return arrays["vectors"], arrays["codes"]
        rng = np.random.default_rng(SEED)
        scale = np.arange(1, self.values + 1) ** -0.5
        means = rng.normal(size=(self.classes, self.values)) * scale
        codes = np.arange(self.images) % self.classes
        noise = self.noise * rng.normal(size=(self.images, self.values)) * scale
        common = 2 * rng.normal(size=self.values) * scale
        return (means[codes] + noise + common).astype(np.float32), codes


COMPARED = (Case(24, 2, 1280, 3.0), Case(1000, 10, 512, 5.0), Case(1000, 10, 1280, 6.0))
ALONE = (Case(400, 100, 1280, 2.5), Case(5000, 20, 512, 5.0), Case(20_000, 200, 512, 4.0))
LARGEST = Case(100_000, 1000, 512, 5.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The mean log loss on the first repeat's folds, and the C chosen where there is one."""

    loss: float | None = None
    C: float | None = None


Contestant = Callable[[Case], Outcome]


def measure(settings: Settings) -> list[Table]:
    """Let featclass and scikit-learn judge themselves and fit, in turns."""
    rounds = 1 if settings.quick else 3
    ours: dict[str, tuple[Any, ...]] = {
        "featclass": (featclass, 3),
        "featclass, first round": (featclass, 1),
        "featclass, fit alone": (featclass, 0),
    }
    regressions: dict[str, tuple[Any, ...]] = {
        "featclass --probe logistic": (featclass, 3, "logistic"),
        "featclass --probe logistic, first round": (featclass, 1, "logistic"),
    }
    theirs: dict[str, tuple[Any, ...]] = {
        "LogisticRegressionCV": (cross_validated, {}),
        "LogisticRegressionCV, tolerance 1e-6": (cross_validated, TIGHT),
    }
    rows: list[list[Cell]] = []
    for case in COMPARED if settings.quick else (*COMPARED, digits(settings)):
        rows += compared(case, {**ours, **regressions, **theirs}, rounds, settings)
    for case in ALONE[:1] if settings.quick else ALONE:
        rows += compared(case, ours, rounds, settings)
    if not settings.quick:
        rows += compared(LARGEST, {"featclass, first round": (featclass, 1)}, 1, settings)
    formats = {"log loss": ".4f", "C": ",g"}
    return [Table("probe", "From embeddings to a judged probe", COLUMNS, rows, NOTE, formats)]


def digits(settings: Settings) -> Case:
    """Embed scikit-learn's digits, for the contestants' processes to read."""
    pool = pools.digits(settings)
    codes = np.unique(pool.labels, return_inverse=True)[1]
    file = settings.folder / "digits.npz"
    np.savez(file, vectors=pool.vectors, codes=codes)
    images, values = pool.vectors.shape
    return Case(images, len(pool.classes), values, file=file)


def compared(
    case: Case, makers: dict[str, tuple[Any, ...]], rounds: int, settings: Settings
) -> list[list[Cell]]:
    """Return a row for each contestant, the first of which the others are held against."""
    rows: list[list[Cell]] = []
    base = 0.0
    for name, maker in makers.items():
        settings.say(f"probe: {case}, {name}")
        with Process(*maker) as process:
            outcome: Outcome = process.ask(case).value  # warms up, too
            seconds = [process.ask(case).seconds for _ in range(rounds)]
        median = statistics.median(seconds)
        base = base or median
        rows.append([str(case), name, seconds, median / base, outcome.C, outcome.loss])
    return rows


def featclass(repeats: int, kind: str = "discriminant") -> Contestant:
    """Judge and fit as a person's training does; with no repeats, only fit."""
    from featclass import probe
    from featclass.base import ProbeKind

    how = ProbeKind(kind)

    embeddings: dict[Case, tuple[NDArray[np.float32], list[str]]] = {}

    def act(case: Case) -> Outcome:
        if case not in embeddings:
            vectors, codes = case.embeddings()
            embeddings[case] = vectors, [f"{code:03}" for code in codes]
        vectors, labels = embeddings[case]
        if not repeats:
            probe.fit(vectors, labels, kind=how)
            return Outcome()
        names = [str(place) for place in range(len(labels))]
        judged = probe.out_of_fold(
            vectors, labels, names=names, seed=SEED, repeats=repeats, kind=how
        )
        probe.fit(vectors, labels, calibrated=judged.calibrated, kind=how, C=judged.C)
        codes = np.unique(labels, return_inverse=True)[1]
        own = judged.probabilities[np.arange(codes.size), codes]
        return Outcome(float(-np.log(own).mean()) if repeats == 1 else None, judged.C)

    return act


def cross_validated(options: dict[str, Any]) -> Contestant:
    """Choose C and fit with scikit-learn's own, on the folds of featclass's first repeat."""
    from sklearn.linear_model import LogisticRegressionCV

    from featclass.probe import folds

    warnings.simplefilter("ignore")  # it says that it did not converge
    prepared: dict[Case, tuple[NDArray[np.float64], NDArray[np.intp], list[Any]]] = {}

    def act(case: Case) -> Outcome:
        if case not in prepared:
            vectors, codes = case.embeddings()
            wide = vectors.astype(np.float64)
            these = folds.Images.of(codes, names=[str(place) for place in range(len(codes))])
            masks = folds.cross_validation(these, seed=SEED, repeats=1).training
            parts = [(np.flatnonzero(mask), np.flatnonzero(~mask)) for mask in masks]
            prepared[case] = wide / np.linalg.norm(wide, axis=1, keepdims=True), codes, parts
        points, codes, parts = prepared[case]
        model = LogisticRegressionCV(
            Cs=list(GRID),
            cv=parts,
            scoring="neg_log_loss",
            # Processes cost it more than they give on the smallest, and nowhere else.
            n_jobs=1 if case.images < 100 else os.cpu_count(),
            use_legacy_attributes=False,
            **options,
        ).fit(points, codes)
        sizes = [len(tested) for _, tested in parts]
        losses = np.average(-model.scores_, axis=0, weights=sizes).ravel()
        return Outcome(float(losses[GRID.index(float(model.C_))]), float(model.C_))

    return act
