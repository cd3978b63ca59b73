"""A probe as what speaks for one class rather than the others: one number of an embedding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from featclass.errors import FeatclassError
from featclass.probe.points import Floats, points
from featclass.records import FloatArray, Probe


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

    def points(self, vectors: FloatArray) -> Floats:
        """Return embeddings, shape (n, dimensions), as the probe sees them."""
        return points(vectors, roots=self.roots)

    def logits(self, vectors: FloatArray) -> Floats:
        """Return the number of each embedding, shape (n,)."""
        return np.asarray(self.points(vectors) @ self.weights + self.intercept)

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
