"""Predictions for labelled images by probes that never saw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from featclass.errors import FeatclassError
from featclass.probe import folds, penalty, solver
from featclass.probe.regression import encode, normalise
from featclass.probe.solver import Codes, Floats, Masks
from featclass.records import FloatArray, Progress, no_progress

Choice = Literal["given", "nested", "shared"]

REPEATS = 3
TOLERANCE = 1e-4
NESTED_WORK = 5 * 10**6
"""Most multiplications a step of the nested sweep may cost: about a second for the sweep."""


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
    inside each fold while that costs about a second, on all images otherwise: among 13 values
    and several hundred images the choice is no longer tuned to any one of them.

    Args:
        vectors: Embeddings, shape (n, dimensions).
        labels: Class of each, two images a class or more.
        C: Inverse strength of the penalty.
        seed: Of the folds.
        repeats: Times everything is divided anew and predicted.
        progress: Called after each fit; may raise to stop.

    Raises:
        FeatclassError: There are fewer than two classes, or a class has a single image.
    """
    classes, codes = encode(labels)
    _require_two(classes, codes)
    points = solver.coordinates(normalise(vectors)).points
    plan = folds.cross_validation(codes, seed=seed, repeats=repeats)
    strengths, best, choice = _strengths(points, codes, plan, C, seed, progress)
    probabilities = np.zeros((codes.size, len(classes)))
    for first in range(0, len(plan.training), plan.folds):
        turn = slice(first, first + plan.folds)
        probabilities += _predict(points, codes, plan.training[turn], strengths[turn])
        progress(first + plan.folds, len(plan.training))
    probabilities /= plan.repeats
    return OutOfFold(probabilities, plan.folds, plan.repeats, plan.leave_one_out, best, choice)


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
    points = solver.coordinates(normalise(vectors)).points
    training = folds.single_split(codes, train_share, seed=seed)[None]
    if training.all():
        raise FeatclassError(
            f"Training on {train_share:.0%} of {codes.size} pictures leaves none to test: add"
            " pictures, or train on a smaller share."
        )
    if C is None:
        strengths = penalty.choose(points, codes, training, seed=seed, progress=progress)
    else:
        strengths = np.array([C])
    tested = np.flatnonzero(~training[0])
    return tested, _predict(points, codes, training, strengths)[tested]


def _strengths(
    points: Floats,
    codes: Codes,
    plan: folds.Plan,
    C: float | None,
    seed: int,
    progress: Progress,
) -> tuple[Floats, float, Choice]:
    """Return C for each fit of the plan, C for all images, and how they were chosen."""
    fits = len(plan.training)
    if C is not None:
        return np.full(fits, C), C, "given"
    everything = np.ones((1, codes.size), dtype=bool)
    inner = fits * folds.MOST_FOLDS
    if inner * points.size * int(codes.max() + 1) > NESTED_WORK:
        best = penalty.choose(points, codes, everything, seed=seed, progress=progress)[0]
        return np.full(fits, best), float(best), "shared"
    groups = np.concatenate([plan.training, everything])
    chosen = penalty.choose(points, codes, groups, seed=seed, progress=progress)
    return chosen[:-1], float(chosen[-1]), "nested"


def _predict(points: Floats, codes: Codes, training: Masks, strengths: Floats) -> Floats:
    """Return probabilities (n, classes), filled where an image is outside a training mask."""
    classes = int(codes.max()) + 1
    start = np.zeros((len(training), classes, points.shape[1] + 1))
    theta = solver.solve(points, codes, training, strengths, start, tolerance=TOLERANCE)
    probabilities = np.zeros((codes.size, classes))
    for mask, solution in zip(training, theta, strict=True):
        logits = solver.scores(points[~mask], solution[None])[0]
        probabilities[~mask] = solver.softmax(logits, axis=0).T
    return probabilities


def _require_two(classes: tuple[str, ...], codes: Codes) -> None:
    for name, size in zip(classes, np.bincount(codes), strict=True):
        if size < 2:
            raise FeatclassError(
                f"{name!r} has only one picture: add at least one more, so that featclass can"
                " judge itself on a picture it has not seen."
            )
