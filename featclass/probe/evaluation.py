"""Predictions for labelled images by probes that never saw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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

REPEATS = 3
REPEATED_WORK = 5 * 10**9
"""Most multiplications a step of one fit may cost for more than one repeat: minutes in all."""
TOLERANCE = 1e-4
"""Leaves a probability within 0.001 of its own, the log loss within 0.01 %."""
NESTED_WORK = 5 * 10**7
"""Most multiplications a step of the nested sweep may cost: about half a second for the sweep."""


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
    """Whether each fold used the C given, chose its own from its training images alone
    ("nested"), or shared one chosen on all images."""
    near: Solution = field(repr=False, compare=False)
    """What spares `fit` most of its work on the same images."""
    images: int
    """How many images C was chosen on: all, or a stratified sample of very many."""


def out_of_fold(
    vectors: FloatArray,
    labels: Sequence[str],
    *,
    C: float | None = None,
    seed: int = 0,
    repeats: int = REPEATS,
    progress: Progress = no_progress,
) -> OutOfFold:
    """Predict every image by probes that never saw it, in repeated stratified cross-validation.

    As many folds as the smallest class has images, up to five; leave-one-out, once, where a
    class has fewer than five and there are at most a hundred in all. Unless given, C is chosen
    inside each fold while that costs about half a second, on all images otherwise: among 13 values
    and several hundred images the choice is no longer tuned to any one of them.

    Args:
        vectors: Embeddings, shape (n, dimensions).
        labels: Class of each, two images a class or more.
        C: Inverse strength of the penalty.
        seed: Of the folds.
        repeats: Times everything is divided anew and predicted; once where that takes minutes.
        progress: Called after each fit; may raise to stop.

    Raises:
        FeatclassError: There are fewer than two classes, or a class has a single image.
    """
    classes, codes = encode(labels)
    _require_two(classes, codes)
    space = coordinates(normalise(vectors))
    examples = examples_for(space.points, codes)
    if codes.size * examples.shape[0] * examples.shape[1] > REPEATED_WORK:
        repeats = 1
    plan = folds.cross_validation(codes, seed=seed, repeats=repeats)
    chosen, choice = _choose(examples, codes, plan, C, seed, progress)
    probabilities = np.zeros((codes.size, len(classes)))
    fits = len(plan.training)
    theta = solve(
        examples,
        plan.training,
        chosen.C[:-1],
        chosen.solutions[:-1],
        tolerance=TOLERANCE,
        solved=lambda done: progress(done, fits),
    )
    for mask, solution in zip(plan.training, theta, strict=True):
        probabilities[~mask] += _predicted(space.points[~mask], solution)
    probabilities /= plan.repeats
    near = Solution(space, chosen.solutions[-1:])
    return OutOfFold(
        probabilities,
        plan.folds,
        plan.repeats,
        plan.leave_one_out,
        float(chosen.C[-1]),
        choice,
        near,
        chosen.images,
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
    chosen = (
        penalty.given(examples, 1, C)
        if C is not None
        else penalty.choose(examples, codes, training, seed=seed, progress=progress)
    )
    theta = solve(examples, training, chosen.C, chosen.solutions, tolerance=TOLERANCE)
    tested = np.flatnonzero(~training[0])
    return tested, _predicted(points[tested], theta[0])


def _choose(
    examples: Examples,
    codes: Codes,
    plan: folds.Plan,
    C: float | None,
    seed: int,
    progress: Progress,
) -> tuple[penalty.Choice, Choice]:
    """Return C for each fit of the plan and, last, for all images, and how they were chosen."""
    fits = len(plan.training)
    if C is not None:
        return penalty.given(examples, fits + 1, C), "given"
    everything = np.ones((1, codes.size), dtype=bool)
    work = fits * folds.MOST_FOLDS * codes.size * examples.shape[0] * examples.shape[1]
    if work > NESTED_WORK:
        shared = penalty.choose(examples, codes, everything, seed=seed, progress=progress)
        starts = np.repeat(shared.solutions, fits + 1, axis=0)
        if shared.images == codes.size:
            # The first repeat divides the images as the sweep did: most of it is solved.
            starts[: len(shared.folds)] = shared.folds
        best = np.repeat(shared.C, fits + 1)
        return replace(shared, C=best, solutions=starts), "shared"
    groups = np.concatenate([plan.training, everything])
    return penalty.choose(examples, codes, groups, seed=seed, progress=progress), "nested"


def _predicted(points: Floats, theta: NDArray[Any]) -> Floats:
    """Return probabilities (n, classes) by one solution."""
    parameters = both(theta[None])[0].T
    return softmax(points @ parameters[:-1] + parameters[-1])


def _require_two(classes: tuple[str, ...], codes: Codes) -> None:
    for name, size in zip(classes, np.bincount(codes), strict=True):
        if size < 2:
            raise FeatclassError(
                f"{name!r} has only one picture: add at least one more, so that featclass can"
                " judge itself on a picture it has not seen."
            )
