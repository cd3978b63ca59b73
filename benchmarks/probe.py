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
GIVEN_C = 1000.0
TIGHT = {"tol": 1e-6, "max_iter": 10_000}
NOTE = (
    "featclass has nothing to choose: five folds repeated three times, the temperature found from"
    " their predictions, and the final fit. 'First round': folds not repeated. 'One more': all of"
    " it again with one picture more; nothing is kept from before. 'Fit alone': nothing held out."
    " LogisticRegressionCV has C to choose: 13 values from 0.01 to 10,000 on the first repeat's"
    " five folds alone, and the final fit, on all cores. Its usual tolerance stops far from the"
    " solution on embeddings of length one, so that it is shown with 1e-6 as well."
    " 'LogisticRegression, C given': a fit alone, for a C of 1,000. Log losses are of the first"
    " repeat's five folds, with the one number that each chose by those very predictions:"
    " featclass's temperature, the other's C. Digits are scikit-learn's handwritten ones through"
    " the built-in encoder, whose values are not negative: featclass takes their roots, the other"
    " what it is given. All other embeddings are class means in noise whose variance falls along"
    " the dimensions, as real ones' does."
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
            with np.load(self.file) as found:
                return found["vectors"], found["codes"]
        rng = np.random.default_rng(SEED)
        scale = np.arange(1, self.values + 1) ** -0.5
        means = rng.normal(size=(self.classes, self.values)) * scale
        codes = np.arange(self.images) % self.classes
        noise = self.noise * rng.normal(size=(self.images, self.values)) * scale
        common = 2 * rng.normal(size=self.values) * scale
        return (means[codes] + noise + common).astype(np.float32), codes


COMPARED = (
    Case(24, 2, 1280, 3.0),
    Case(1000, 10, 512, 5.0),
    Case(1000, 10, 1280, 6.0),
)
ALONE = (
    Case(400, 100, 1280, 2.5),
    Case(5000, 20, 512, 5.0),
    Case(20_000, 200, 512, 4.0),
)
LARGEST = Case(100_000, 1000, 512, 5.0)


@dataclass(frozen=True, slots=True)
class Found:
    """The mean log loss on the first repeat's folds, and the C chosen where there is one."""

    loss: float
    C: float | None = None


Contestant = Callable[[Case], Found | None]


def measure(settings: Settings) -> list[Table]:
    """Let featclass and scikit-learn judge themselves and fit, in turns."""
    rounds = 1 if settings.quick else 3
    ours: dict[str, tuple[Any, ...]] = {
        "featclass": (featclass, 3),
        "featclass, first round": (featclass, 1),
        "featclass, one more": (featclass_one_more,),
        "featclass, fit alone": (featclass_fit,),
    }
    theirs: dict[str, tuple[Any, ...]] = {
        "LogisticRegressionCV": (cross_validated, {}),
        "LogisticRegressionCV, tolerance 1e-6": (cross_validated, TIGHT),
        "LogisticRegression, C given": (plain,),
    }
    rows: list[list[Cell]] = []
    for case in COMPARED if settings.quick else (*COMPARED, digits(settings)):
        rows += compared(case, {**ours, **theirs}, rounds, settings)
    for case in ALONE:
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
    seconds: dict[str, list[float]] = {name: [] for name in makers}
    found: dict[str, Found | None] = {}
    processes: dict[str, Process[Case, Found | None]] = {}
    try:
        for name, maker in makers.items():
            processes[name] = Process(*maker)
            settings.say(f"probe: {case}, {name}, warming up")
            found[name] = processes[name].ask(case).value
        for turn in range(rounds):
            settings.say(f"probe: {case}, round {turn + 1} of {rounds}")
            for name, process in processes.items():
                seconds[name].append(process.ask(case).seconds)
    finally:
        for process in processes.values():
            process.end()
    base = statistics.median(next(iter(seconds.values())))
    rows: list[list[Cell]] = []
    for name, taken in seconds.items():
        own = found[name]
        judged = (None, None) if own is None else (own.C, own.loss)
        rows.append([str(case), name, taken, statistics.median(taken) / base, *judged])
    return rows


def _labels(codes: NDArray[np.intp]) -> list[str]:
    return [f"{code:03}" for code in codes]


def _names(images: int) -> list[str]:
    return [str(place) for place in range(images)]


def featclass(repeats: int) -> Contestant:
    """Judge and fit as a person's training does."""
    from featclass import probe

    known: dict[Case, tuple[NDArray[np.float32], list[str], list[str]]] = {}

    def act(case: Case) -> Found | None:
        if case not in known:
            vectors, codes = case.embeddings()
            known[case] = vectors, _labels(codes), _names(len(codes))
            vectors, labels, names = known[case]
            once = probe.out_of_fold(vectors, labels, names=names, seed=SEED, repeats=1)
            losses = -np.log(once.probabilities[np.arange(len(codes)), codes])
            return Found(float(losses.mean()))
        vectors, labels, names = known[case]
        judged = probe.out_of_fold(vectors, labels, names=names, seed=SEED, repeats=repeats)
        probe.fit(vectors, labels, calibrated=judged.calibrated)
        return None

    return act


def featclass_one_more() -> Contestant:
    """Judge and fit once more, after one picture was added."""
    from featclass import probe

    known: dict[Case, tuple[NDArray[np.float32], list[str]]] = {}

    def act(case: Case) -> None:
        if case not in known:
            vectors, codes = case.embeddings()
            added = np.concatenate([vectors, vectors[:1] + vectors[-1:]])
            known[case] = added, _labels(np.append(codes, codes[0]))
        vectors, labels = known[case]
        judged = probe.out_of_fold(vectors, labels, names=_names(len(labels)), seed=SEED)
        probe.fit(vectors, labels, calibrated=judged.calibrated)

    return act


def featclass_fit() -> Contestant:
    """Fit, with nothing held out."""
    from featclass import probe

    known: dict[Case, tuple[NDArray[np.float32], list[str]]] = {}

    def act(case: Case) -> None:
        if case not in known:
            vectors, codes = case.embeddings()
            known[case] = vectors, _labels(codes)
        probe.fit(*known[case])

    return act


def _normalised(case: Case) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    vectors, codes = case.embeddings()
    wide = vectors.astype(np.float64)
    return wide / np.linalg.norm(wide, axis=1, keepdims=True), codes


def plain() -> Contestant:
    """Fit scikit-learn's for one C."""
    from sklearn.linear_model import LogisticRegression

    known: dict[Case, tuple[NDArray[np.float64], NDArray[np.intp]]] = {}

    def act(case: Case) -> None:
        if case not in known:
            known[case] = _normalised(case)
        LogisticRegression(C=GIVEN_C, max_iter=1000).fit(*known[case])

    return act


def cross_validated(options: dict[str, Any]) -> Contestant:
    """Choose C and fit with scikit-learn's own, on the folds of featclass's first repeat."""

    from sklearn.linear_model import LogisticRegressionCV

    from featclass.probe import folds

    warnings.simplefilter("ignore")  # it says that it did not converge
    known: dict[Case, tuple[NDArray[np.float64], NDArray[np.intp], list[Any]]] = {}

    def act(case: Case) -> Found:
        if case not in known:
            points, codes = _normalised(case)
            these = folds.images(codes, names=_names(len(codes)))
            masks = folds.cross_validation(these, seed=SEED, repeats=1).training
            parts = [(np.flatnonzero(mask), np.flatnonzero(~mask)) for mask in masks]
            known[case] = points, codes, parts
        points, codes, parts = known[case]
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
        return Found(float(losses[GRID.index(float(model.C_))]), float(model.C_))

    return act
