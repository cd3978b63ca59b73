"""A probe as what speaks for one class rather than the others: one number of an embedding.

Exact as a map where the embedding is the mean over places of what was seen there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from featclass.base import FeatclassError, FloatArray, Probe
from featclass.probe import Floats, normalise


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The logit of a class less the mean logit of the others: weights @ point + intercept.

    A point is an embedding as the probe sees it, of length 1. With two classes it is their
    log-odds, but for the floor of probabilities.
    """

    label: str
    weights: Floats
    """Shape (dimensions,)."""
    intercept: float
    roots: bool

    @classmethod
    def of(cls, probe: Probe, label: str) -> Evidence:
        """Return what speaks for `label`; raises `FeatclassError` where there is no such class."""
        if label not in probe.classes:
            raise FeatclassError(f"This classifier has no class {label!r}.")
        shares = np.full(len(probe.classes), -1.0 / (len(probe.classes) - 1))
        shares[probe.classes.index(label)] = 1.0
        weights, intercept = shares @ probe.coefficients, float(shares @ probe.intercepts)
        return cls(label, weights, intercept, probe.roots)

    def normalised(self, vectors: FloatArray) -> Floats:
        """Return embeddings, shape (n, dimensions), as the probe sees them."""
        return normalise(vectors, roots=self.roots)

    def logits(self, vectors: FloatArray) -> Floats:
        """Return the number of each embedding, shape (n,)."""
        return np.asarray(self.normalised(vectors) @ self.weights + self.intercept)

    def gradient(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the gradient of each number with respect to its embedding."""
        wide = vectors.astype(np.float64)
        # Of a root the slope has no end; below a thousandth of the mean it counts as there.
        small = np.maximum(np.abs(wide), 1e-3 * np.abs(wide).mean(axis=1, keepdims=True) + 1e-12)
        roots = np.sign(wide) * np.sqrt(np.abs(wide)) if self.roots else wide
        slopes = 0.5 / np.sqrt(small) if self.roots else np.ones_like(wide)
        lengths = np.linalg.norm(roots, axis=1, keepdims=True)
        directions = roots / np.where(lengths > 0, lengths, 1.0)
        along = (directions @ self.weights)[:, None] * directions
        return ((self.weights - along) / np.where(lengths > 0, lengths, 1.0) * slopes).astype(
            np.float32
        )


NEAR = 0.01
"""Relative to the embedding: float16 and bfloat16 are that close, another pooling or a norm after
it is not."""


def fits(features: NDArray[np.float32], vector: NDArray[np.float32], evidence: Evidence) -> bool:
    """Say whether features, shape (rows, columns, dimensions), make up this embedding exactly."""
    mean = features.mean(axis=(0, 1), dtype=np.float64)
    is_mean = np.linalg.norm(mean - vector) <= NEAR * np.linalg.norm(vector)
    return bool(is_mean and not (evidence.roots and (features < 0).any()))


def activation(
    features: NDArray[np.float32], vector: NDArray[np.float32], evidence: Evidence
) -> Floats:
    """Share the logit out over places, shape (rows, columns): the sum of all is the logit.

    Class activation mapping (Zhou et al. 2016, "Learning deep features for discriminative
    localization"), carried through roots and scaling to length 1. A point x is of length 1, so
    that w.x + b is the sum over dimensions of x_d (w_d + b x_d). Each of these terms goes to the
    places in proportion to what they added to the dimension's mean. So the intercept goes where
    there is something to see, and a place speaks for a class as far as what is seen there would
    by itself.

    Args:
        features: What was seen at each place, shape (rows, columns, dimensions); where the probe
            takes roots, none negative.
        vector: Their mean, the embedding: of low precision as it was rounded, so that the sum is
            the logit that was shown.
        evidence: Of the class.
    """
    wide = features.astype(np.float64)
    sums = wide.sum(axis=(0, 1))
    point = evidence.normalised(vector[None])[0]
    terms = point * (evidence.weights + evidence.intercept * point)
    shares = np.divide(terms, sums, out=np.zeros_like(terms), where=np.abs(sums) > 0)
    return np.asarray(wide @ shares)
