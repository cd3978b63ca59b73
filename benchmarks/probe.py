"""The probe against scikit-learn: seconds, and log loss on images left out, of the same folds."""

from __future__ import annotations

import os
import statistics
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.processes import Process
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

COLUMNS = (
    "images x classes x values", "contestant", "seconds", "against featclass",
    "C", "log loss", "log loss at featclass's C",
)  # fmt: skip
SEED = 0
TIGHT = {"tol": 1e-6, "max_iter": 10_000}
NOTE = (
    "featclass: C among 13 values (searched from the usual one for as long as the loss does not"
    " clearly rise), for all images and nested, without each fold; five folds repeated three times"
    " (leave-one-out where a class is tiny); and the final fit. 'First round': the same, not"
    " repeated. 'One more': judged and fitted anew after one picture is added, knowing the former"
    " result. LogisticRegressionCV: the same values, the first repeat's five"
    " folds alone, not nested, and the final fit, on all cores. Its usual"
    " tolerance stops far from the solution on embeddings of length one, so that it is shown with"
    " 1e-6 as well. Log losses are of the first repeat's folds, at the C that each chose and at"
    " featclass's. Embeddings are"
    " class means in noise whose variance falls along the dimensions, as real ones' does."
)


@dataclass(frozen=True, slots=True)
class Case:
    """So many embeddings to be made, and how hard to tell apart they are."""

    images: int
    classes: int
    values: int
    noise: float

    def __str__(self) -> str:
        return f"{self.images:,} x {self.classes} x {self.values:,}"

    def embeddings(self) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
        rng = np.random.default_rng(SEED)
        scale = np.arange(1, self.values + 1) ** -0.5
        means = rng.normal(size=(self.classes, self.values)) * scale
        codes = np.arange(self.images) % self.classes
        noise = self.noise * rng.normal(size=(self.images, self.values)) * scale
        common = 2 * rng.normal(size=self.values) * scale
        return (means[codes] + noise + common).astype(np.float32), codes


CASES = (
    Case(24, 2, 1280, 3.0),
    Case(1000, 10, 512, 5.0),
    Case(1000, 10, 1280, 6.0),
)
ALONE = (Case(400, 100, 1280, 2.5), Case(5000, 20, 512, 5.0))


@dataclass(frozen=True, slots=True)
class Found:
    """The C chosen, and the mean log loss on the first repeat's folds by C."""

    C: float
    losses: dict[float, float]


Contestant = Callable[[Case], Found | None]


def measure(settings: Settings) -> list[Table]:
    """Let featclass and scikit-learn choose C, judge themselves and fit, in turns."""
    rounds = 1 if settings.quick else 3
    makers: dict[str, tuple[Any, ...]] = {
        "featclass": (featclass,),
        "LogisticRegressionCV": (cross_validated, {}),
        "LogisticRegressionCV, tolerance 1e-6": (cross_validated, TIGHT),
        "featclass, C given": (featclass_fit,),
        "LogisticRegression, C given": (plain,),
        "featclass, first round": (featclass, 1),
        "featclass, one more": (featclass_one_more,),
    }
    rows: list[list[Cell]] = []
    for case in CASES:
        rows += _compared(case, makers, rounds, settings)
    for case in ALONE:
        rows += _compared(case, {"featclass": (featclass,)}, min(rounds, 3), settings)
    formats = {"log loss": ".4f", "log loss at featclass's C": ".4f", "C": ",g"}
    return [Table("probe", "From embeddings to a judged probe", COLUMNS, rows, NOTE, formats)]


def _compared(
    case: Case, makers: dict[str, tuple[Any, ...]], rounds: int, settings: Settings
) -> list[list[Cell]]:
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
    return [_row(case, name, seconds, found) for name in makers]


def _row(
    case: Case, name: str, seconds: dict[str, list[float]], found: dict[str, Found | None]
) -> list[Cell]:
    own = found[name]
    rival = name if name.endswith("given") else "featclass"
    base = "featclass, C given" if rival.endswith("given") else "featclass"
    ratio = statistics.median(seconds[name]) / statistics.median(seconds[base])
    shown: list[Cell] = [str(case), name, seconds[name], ratio]
    reference = found["featclass"]
    if own is None or reference is None:
        return [*shown, None, None, None]
    return [*shown, own.C, own.losses[own.C], own.losses[reference.C]]


def _labels(codes: NDArray[np.intp]) -> list[str]:
    return [f"{code:03}" for code in codes]


def _names(images: int) -> list[str]:
    return [str(place) for place in range(images)]


def featclass(repeats: int = 3) -> Contestant:
    """Judge and fit as a person's training does."""
    from featclass import probe

    known: dict[Case, tuple[NDArray[np.float32], list[str], NDArray[np.intp]]] = {}
    judged_before: dict[Case, Found] = {}

    def judge(case: Case, C: float | None = None) -> probe.OutOfFold:
        vectors, labels, codes = known[case]
        turns = repeats if C is None else 1
        names = _names(len(codes))
        return probe.out_of_fold(vectors, labels, C=C, names=names, seed=SEED, repeats=turns)

    def act(case: Case) -> Found:
        if case not in known:
            vectors, codes = case.embeddings()
            known[case] = vectors, _labels(codes), codes
            judged = judge(case)
            once = judge(case, C=judged.C)
            loss = -np.log(once.probabilities[np.arange(len(codes)), codes]).mean()
            judged_before[case] = Found(judged.C, {judged.C: float(loss)})
            return judged_before[case]
        vectors, labels, _ = known[case]
        judged = judge(case)
        probe.fit(vectors, labels, seed=SEED, C=judged.C, near=judged.near)
        return judged_before[case]

    return act


def featclass_one_more() -> Contestant:
    """Judge and fit once more, after one picture was added."""
    from featclass import probe

    known: dict[Case, tuple[NDArray[np.float32], list[str], probe.OutOfFold]] = {}

    def act(case: Case) -> None:
        if case not in known:
            vectors, codes = case.embeddings()
            labels, names = _labels(codes), _names(len(codes))
            former = probe.out_of_fold(vectors, labels, names=names, seed=SEED)
            added = np.concatenate([vectors, vectors[:1] + vectors[-1:]])
            known[case] = added, [*labels, labels[0]], former
        vectors, labels, former = known[case]
        names = _names(len(labels))
        judged = probe.out_of_fold(vectors, labels, names=names, seed=SEED, former=former)
        probe.fit(vectors, labels, seed=SEED, C=judged.C, near=judged.near)

    return act


def featclass_fit() -> Contestant:
    """Fit for one C."""
    from featclass import probe

    known: dict[Case, tuple[NDArray[np.float32], list[str]]] = {}

    def act(case: Case) -> None:
        if case not in known:
            vectors, codes = case.embeddings()
            known[case] = vectors, _labels(codes)
        probe.fit(*known[case], C=probe.DEFAULT_C)

    return act


def _normalised(case: Case) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    vectors, codes = case.embeddings()
    wide = vectors.astype(np.float64)
    return wide / np.linalg.norm(wide, axis=1, keepdims=True), codes


def plain() -> Contestant:
    """Fit scikit-learn's for one C."""
    from sklearn.linear_model import LogisticRegression

    from featclass.probe import DEFAULT_C

    known: dict[Case, tuple[NDArray[np.float64], NDArray[np.intp]]] = {}

    def act(case: Case) -> None:
        if case not in known:
            known[case] = _normalised(case)
        LogisticRegression(C=DEFAULT_C, max_iter=1000).fit(*known[case])

    return act


def cross_validated(options: dict[str, Any]) -> Contestant:
    """Choose C and fit with scikit-learn's own, on the folds of featclass's first repeat."""

    from sklearn.linear_model import LogisticRegressionCV

    from featclass.probe import GRID, folds

    warnings.simplefilter("ignore")  # it says that it did not converge
    known: dict[Case, tuple[NDArray[np.float64], NDArray[np.intp], list[Any]]] = {}
    jobs: dict[Case, int] = {}

    def fitted(case: Case, many: int) -> Found:
        points, codes, parts = known[case]
        model = LogisticRegressionCV(
            Cs=list(GRID),
            cv=parts,
            scoring="neg_log_loss",
            n_jobs=many,
            use_legacy_attributes=False,
            **options,
        ).fit(points, codes)
        sizes = [len(tested) for _, tested in parts]
        losses = np.average(-model.scores_, axis=0, weights=sizes).ravel()
        return Found(float(model.C_), dict(zip(GRID, losses.tolist(), strict=True)))

    def act(case: Case) -> Found:
        if case not in known:
            points, codes = _normalised(case)
            these = folds.images(codes, names=_names(len(codes)))
            masks = folds.cross_validation(these, seed=SEED, repeats=1).training
            parts = [(np.flatnonzero(mask), np.flatnonzero(~mask)) for mask in masks]
            known[case] = points, codes, parts
            # Processes of its own cost it more than they give on the smallest, and nowhere else.
            jobs[case] = 1 if case.images < 100 else os.cpu_count() or 1
        return fitted(case, jobs[case])

    return act
