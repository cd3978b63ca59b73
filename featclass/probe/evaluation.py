"""Predictions for labelled images by probes that never saw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from featclass.errors import FeatclassError
from featclass.probe import folds, penalty
from featclass.probe.coordinates import coordinates
from featclass.probe.examples import Codes, Examples, Floats, examples_for
from featclass.probe.regression import Solution, both, encode, normalise, softmax
from featclass.probe.solver import solve
from featclass.records import FloatArray, Progress, no_progress

Choice = Literal["given", "nested", "shared"]
Part = tuple[int, int, float]
"""A repeat, a fold of it, and the C of the probe that predicts it."""

REPEATS = 3
REPEATED_WORK = 5 * 10**9
"""Most multiplications a step of one fit may cost for more than one repeat: minutes in all."""
TOLERANCE = 1e-4
"""Leaves a probability within 0.001 of its own, the log loss within 0.01 %."""
NESTED_WORK = 3 * 10**8
"""Most multiplications a step of one fit may cost for a nested sweep: half a minute in all."""
REMEMBERED = 2 * 10**7
"""Most numbers that a result remembers for the next: 80 MB."""


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Out-of-fold predictions, and how they were obtained."""

    probabilities: Floats
    """Mean over the repeats, shape (n, classes); classes sorted."""
    folds: int
    repeats: int
    leave_one_out: bool
    C: float
    """Given, or chosen on all images: what `fit` chooses for the same seed."""
    choice: Choice
    """Whether each image is predicted with the C given, with one chosen on other images alone
    ("nested"), or with the one chosen on all images ("shared")."""
    near: Solution = field(repr=False, compare=False)
    """What spares `fit` most of its work on the same images."""
    images: int
    """How many images C was chosen on: all, or a stratified sample of very many."""
    sweep: penalty.Solutions = field(repr=False, compare=False)
    fits: dict[Part, NDArray[Any]] = field(repr=False, compare=False)
    """Where the choice of C and each probe came to, for the `former` of another call."""


def out_of_fold(
    vectors: FloatArray,
    labels: Sequence[str],
    *,
    C: float | None = None,
    groups: NDArray[np.integer] | None = None,
    names: Sequence[str] | None = None,
    seed: int = 0,
    repeats: int = REPEATS,
    former: OutOfFold | None = None,
    progress: Progress = no_progress,
) -> OutOfFold:
    """Predict every image by probes that never saw it, in repeated stratified cross-validation.

    As many folds as the smallest class has groups, up to five; every group left out alone, once,
    where a class has fewer than five and there are at most a hundred in all. Unless given, C is
    chosen anew without each fold of the first repeat (Varma and Simon 2006). In every repeat an
    image gets the C that was chosen without it: neither a probe nor its C has seen what it
    predicts.

    Args:
        vectors: Embeddings, shape (n, dimensions).
        labels: Class of each, two groups a class or more.
        C: Inverse strength of the penalty.
        groups: Equal for near-duplicates, shape (n,), which are held out together; without them
            each image is its own.
        names: Of the images, such as digests: one that is added then leaves nearly all the others
            in their folds.
        seed: Of the folds.
        repeats: Times everything is divided anew and predicted; once where that takes minutes.
        former: Of nearly the same images, or of fewer repeats: leads to the same, sooner.
        progress: Called after each fit; may raise to stop.

    Raises:
        FeatclassError: There are fewer than two classes, or a class has a single group.
    """
    classes, codes = encode(labels)
    these = folds.images(codes, groups, names)
    _require_two(classes, these)
    wide = normalise(vectors)
    known = former.near.space.extended(wide) if former else None
    space = known or coordinates(wide)
    examples = examples_for(space.points, codes)
    work = codes.size * examples.shape[0] * examples.shape[1]
    plan = folds.cross_validation(these, seed=seed, repeats=1 if work > REPEATED_WORK else repeats)
    sweep, fits = _known(former if known else None, examples)
    chosen, choice = _choose(examples, codes, plan, C, sweep, progress)
    fits = _fit(examples, plan, chosen, fits, progress)
    probabilities = np.zeros((codes.size, len(classes)))
    penalties = _penalties(plan, chosen)
    for (turn, fold, value), theta in fits.items():
        asked = (plan.held_out[turn] == fold) & (penalties == value)
        probabilities[asked] += _predicted(space.points[asked], theta) / plan.repeats
    best = float(chosen.C[0])
    return OutOfFold(
        probabilities,
        plan.folds,
        plan.repeats,
        plan.leave_one_out,
        best,
        choice,
        Solution(space, chosen.near(best)[None]),
        chosen.images,
        chosen.solutions if _size(chosen.solutions) <= REMEMBERED else {},
        fits,
    )


def split(
    vectors: FloatArray,
    labels: Sequence[str],
    *,
    train_share: float = 0.8,
    seed: int = 0,
    C: float | None = None,
    progress: Progress = no_progress,
) -> tuple[NDArray[np.intp], Floats]:
    """Predict a stratified share of the images by one probe trained on the rest.

    Returns:
        Indices of the images predicted, ascending, and their probabilities (tested, classes).
        C, unless given, is chosen on the training images; every class keeps one of those.

    Raises:
        FeatclassError: There are fewer than two classes, every class has a single image, or
            `train_share` leaves nothing to test or to train on.
    """
    if not 0 < train_share < 1:
        raise FeatclassError(
            f"The share of pictures to train on should lie between 0 and 1, and is {train_share}."
            " The usual choice is 0.8."
        )
    codes = encode(labels)[1]
    points = coordinates(normalise(vectors)).points
    training = folds.single_split(codes, train_share, seed=seed)[None]
    if training.all():
        raise FeatclassError(
            f"Training on {train_share:.0%} of {codes.size} pictures leaves none to test: add"
            " pictures, or train on a smaller share."
        )
    examples = examples_for(points, codes)
    if C is None:
        kept = np.flatnonzero(training[0])
        choosing = folds.division(folds.images(codes[kept]), seed=seed)
        chosen = penalty.choose(examples.some(kept), codes[kept], choosing, progress=progress)
    else:
        chosen = penalty.given(examples, C)
    near = chosen.near(float(chosen.C[0]))[None]
    theta = solve(examples, training, chosen.C, near, tolerance=TOLERANCE)
    tested = np.flatnonzero(~training[0])
    return tested, _predicted(points[tested], theta[0])


def _choose(
    examples: Examples,
    codes: Codes,
    plan: folds.Plan,
    C: float | None,
    former: penalty.Solutions,
    progress: Progress,
) -> tuple[penalty.Choice, Choice]:
    """Return C for all images and, if nested, without each fold, and how they were chosen."""
    if C is not None:
        return penalty.given(examples, C), "given"
    nested = codes.size * examples.shape[0] * examples.shape[1] <= NESTED_WORK
    chosen = penalty.choose(
        examples, codes, plan.choosing, nested=nested, former=former, progress=progress
    )
    return chosen, "nested" if nested else "shared"


def _penalties(plan: folds.Plan, chosen: penalty.Choice) -> Floats:
    """Return the C of each image's predictions, shape (n,): never chosen with its help."""
    if len(chosen.C) == 1:
        return np.full(plan.choosing.size, chosen.C[0])
    return chosen.C[1 + plan.choosing]


def _fit(
    examples: Examples,
    plan: folds.Plan,
    chosen: penalty.Choice,
    known: dict[Part, NDArray[Any]],
    progress: Progress,
) -> dict[Part, NDArray[Any]]:
    """Return the solution of each fold of each repeat, for every C that one of its images has."""
    penalties = _penalties(plan, chosen)
    parts: dict[Part, NDArray[Any]] = {}
    for turn, held_out in enumerate(plan.held_out):
        for fold in range(plan.folds):
            swept = fold if turn == 0 and not plan.leave_one_out else None
            for C in np.unique(penalties[held_out == fold]).tolist():
                near = chosen.near(C, swept)
                parts[turn, fold, C] = known.get((turn, fold, C), near)
    turns, places, values = (np.array(column) for column in zip(*parts, strict=True))
    theta = solve(
        examples,
        plan.held_out[turns] != places[:, None],
        values,
        np.array(list(parts.values())),
        tolerance=TOLERANCE,
        solved=lambda done: progress(done, len(parts)),
    )
    return dict(zip(parts, theta, strict=True))


def _known(
    former: OutOfFold | None, examples: Examples
) -> tuple[penalty.Solutions, dict[Part, NDArray[Any]]]:
    """Return the former's solutions with 0 along the axes that came on since."""
    rows, width = examples.shape
    if former is None or former.near.theta.shape[1] != rows:
        return {}, {}

    def widened(theta: NDArray[Any]) -> NDArray[Any]:
        more = np.zeros((*theta.shape[:-1], width - theta.shape[-1]), dtype=theta.dtype)
        return np.concatenate([theta[..., :-1], more, theta[..., -1:]], axis=-1)

    sweep = {place: widened(theta) for place, theta in former.sweep.items()}
    return sweep, {part: widened(theta) for part, theta in former.fits.items()}


def _size(solutions: penalty.Solutions) -> int:
    return sum(theta.size for theta in solutions.values())


def _predicted(points: Floats, theta: NDArray[Any]) -> Floats:
    """Return probabilities (n, classes) by one solution."""
    parameters = both(theta[None])[0].T
    return softmax(points @ parameters[:-1] + parameters[-1])


def _require_two(classes: tuple[str, ...], these: folds.Images) -> None:
    sizes = np.bincount(these.codes)
    for name, size, groups in zip(classes, sizes, these.in_class(), strict=True):
        if size < 2:
            raise FeatclassError(
                f"{name!r} has only one picture: add at least one more, so that featclass can"
                " judge itself on a picture it has not seen."
            )
        if groups < 2:
            raise FeatclassError(
                f"The {size} pictures of {name!r} are all nearly the same: add at least one that"
                " is not, so that featclass can judge itself on a picture it has not seen."
            )
