"""Multinomial logistic regression with L2 penalty on L2-normalised embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from featclass.errors import FeatclassError
from featclass.probe import folds, penalty
from featclass.probe.coordinates import Coordinates, coordinates
from featclass.probe.examples import Codes, Examples, Floats, examples_for
from featclass.probe.solver import solve
from featclass.records import FloatArray, Probe, Progress, no_progress

QUICK = 1e-4
EXACT = 1e-6
"""Of the solution in double precision, which starts where single precision came to."""


@dataclass(frozen=True, slots=True)
class Solution:
    """The coordinates of some images, and near what parameters their probe will end."""

    space: Coordinates
    theta: NDArray[Any]
    """Shape (1, rows, r + 1)."""


def normalise(vectors: FloatArray) -> Floats:
    """Scale each row of `vectors`, shape (n, dimensions), to length 1; zero rows stay zero."""
    wide = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return wide / np.where(lengths > 0, lengths, 1.0)


def encode(labels: Sequence[str]) -> tuple[tuple[str, ...], Codes]:
    """Return the sorted classes and each label's place among them.

    Raises:
        FeatclassError: There are fewer than two classes.
    """
    classes = tuple(sorted(set(labels)))
    if not classes:
        raise FeatclassError("There is no set with pictures yet; a classifier needs two.")
    if len(classes) < 2:
        raise FeatclassError(
            f"There is only one set with pictures, {classes[0]!r}: add a second, so that there is"
            " something to tell apart."
        )
    places = {name: place for place, name in enumerate(classes)}
    return classes, np.array([places[label] for label in labels], dtype=np.intp)


def fit(
    vectors: FloatArray,
    labels: Sequence[str],
    *,
    seed: int = 0,
    C: float | None = None,
    near: Solution | None = None,
    progress: Progress = no_progress,
) -> Probe:
    """Train a probe: scikit-learn's `LogisticRegression(C=C)` on normalised embeddings.

    Solved along the principal axes of the embeddings, where the penalised solution is the same.

    Args:
        vectors: Embeddings, shape (n, dimensions).
        labels: Class of each, two classes or more, one image a class or more.
        seed: Of the folds that choose C.
        C: Inverse strength of the penalty; chosen by cross-validated log loss unless given,
            `DEFAULT_C` where a class has a single image.
        near: Where `out_of_fold` came to on the same images: the same solution, sooner.
        progress: Called after each fit, and while waiting for one; may raise to stop.

    Raises:
        FeatclassError: There are fewer than two classes.
    """
    classes, codes = encode(labels)
    space = near.space if near else coordinates(normalise(vectors))
    everything = np.ones((1, codes.size), dtype=bool)
    quick = examples_for(space.points, codes)
    if C is None:
        division = folds.division(folds.images(codes), seed=seed)
        choice = penalty.choose(quick, codes, division, progress=progress)
        C = float(choice.C[0])
        start = choice.near(C)[None]
    else:
        start = near.theta if near else np.zeros((1, *quick.shape))
    strength = np.array([C])

    def still(done: int) -> None:
        progress(len(penalty.GRID), len(penalty.GRID))

    exact = Examples(space.points, codes, "float64", xp=quick.xp, device=quick.device)
    for examples, tolerance in ((quick, QUICK), (exact, EXACT)):
        start = solve(examples, everything, strength, start, tolerance=tolerance, solved=still)
    coefficients, intercepts = space.restore(both(start)[0])
    return Probe(classes, coefficients, intercepts, C)


def predict(probe: Probe, vectors: FloatArray) -> Floats:
    """Return probabilities, shape (n, classes), for embeddings of shape (n, dimensions)."""
    return softmax(normalise(vectors) @ probe.coefficients.T + probe.intercepts)


def both(theta: NDArray[Any]) -> NDArray[Any]:
    """Give each of two classes a vector, (-w/2, w/2), where one does for them."""
    return np.concatenate([-theta / 2, theta / 2], axis=1) if theta.shape[1] == 1 else theta


def softmax(logits: Floats) -> Floats:
    """Return probabilities, shape (n, classes); no logit is too large."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
