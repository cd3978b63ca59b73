"""Multinomial logistic regression with L2 penalty on L2-normalised embeddings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featclass.errors import FeatclassError
from featclass.probe import penalty, solver
from featclass.probe.solver import Codes, Floats
from featclass.records import FloatArray, Probe, Progress, no_progress

TOLERANCE = 1e-6


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
    progress: Progress = no_progress,
) -> Probe:
    """Train a probe: scikit-learn's `LogisticRegression(C=C)` on normalised embeddings.

    Solved in the principal axes of the embeddings, at most n of them, where the penalised
    solution is the same.

    Args:
        vectors: Embeddings, shape (n, dimensions).
        labels: Class of each, two classes or more, one image a class or more.
        seed: Of the folds that choose C.
        C: Inverse strength of the penalty; chosen by cross-validated log loss unless given,
            `DEFAULT_C` where a class has a single image.
        progress: Called after each fit.

    Raises:
        FeatclassError: There are fewer than two classes.
    """
    classes, codes = encode(labels)
    space = solver.coordinates(normalise(vectors))
    everything = np.ones((1, codes.size), dtype=bool)
    if C is None:
        C = float(penalty.choose(space.points, codes, everything, seed=seed, progress=progress)[0])
    start = np.zeros((1, len(classes), space.points.shape[1] + 1))
    theta = solver.solve(space.points, codes, everything, np.array([C]), start, tolerance=TOLERANCE)
    coefficients, intercepts = space.restore(theta[0])
    return Probe(classes, coefficients, intercepts, C)


def predict(probe: Probe, vectors: FloatArray) -> Floats:
    """Return probabilities, shape (n, classes), for embeddings of shape (n, dimensions)."""
    logits = normalise(vectors) @ probe.coefficients.T + probe.intercepts
    return solver.softmax(logits, axis=1)
