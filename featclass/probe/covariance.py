"""How images of one class scatter about their mean, and how far from each mean an image is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from featclass.base import FloatArray
from featclass.probe.normalisation import Codes, Floats, encode, normalise, takes_roots

LEAST_VARIANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Covariance:
    """A covariance shrunk by adding, along every axis, the mean variance of those that vary."""

    axes: NDArray[np.float32]
    """Shape (dimensions, r)."""
    scales: NDArray[np.float32]
    """Inverse standard deviation along each axis, shape (r,)."""
    rest: float
    """Inverse standard deviation along all others."""

    @classmethod
    def of(cls, residuals: NDArray[np.floating]) -> Covariance:
        """Measure residuals from their means, shape (n, dimensions)."""
        residuals = residuals.astype(np.float32)  # twice as fast, and the shrinkage hides the rest
        n, dimensions = residuals.shape
        if n > dimensions:
            variances, axes = np.linalg.eigh(residuals.T @ residuals / n)
        else:
            variances, directions = np.linalg.eigh(residuals @ residuals.T / n)
            kept = variances > max(variances[-1] * 1e-5, np.finfo(np.float32).tiny)
            variances = variances[kept]
            axes = residuals.T @ directions[:, kept] / np.sqrt(n * variances)
        shrinkage = max(float((residuals**2).sum()) / n / min(n, dimensions), LEAST_VARIANCE)
        scales = 1 / np.sqrt(np.maximum(variances, 0) + np.float32(shrinkage))
        return cls(axes, scales, shrinkage**-0.5)

    def coordinates(self, X: Floats) -> Floats:
        """Map to where distances are Mahalanobis distances: shape (n, r + dimensions)."""
        X = X.astype(np.float32)
        along = X @ self.axes
        across = X - along @ self.axes.T
        both = [along * self.scales, across * np.float32(self.rest)]
        return np.concatenate(both, axis=1, dtype=np.float64)


def distances_left_out(
    vectors: FloatArray, labels: Sequence[str], groups: NDArray[np.integer] | None = None
) -> Floats:
    """Return squared Mahalanobis distances to the class means, shape (n, classes).

    Each image is left out of the means and of the shrunk scatter within classes; one alone in its
    class stays in. Near-duplicates under one label count as one image, at their mean: left in,
    they would vouch for each other. Classes are sorted.

    Args:
        vectors: Embeddings of any length, shape (n, dimensions).
        labels: Class of each.
        groups: Equal for near-duplicates, shape (n,); without them each image is its own.

    Raises:
        FeatclassError: There are fewer than two classes.
    """
    _, codes = encode(labels)
    embedded = normalise(vectors, roots=takes_roots(vectors))
    own = np.arange(codes.size) if groups is None else np.asarray(groups)
    pairs, units = np.unique(np.stack([own, codes], axis=1), axis=0, return_inverse=True)
    units = units.ravel()
    centred = class_means(embedded, units)
    centred -= centred.mean(axis=0)
    within = Covariance.of(centred - class_means(centred, pairs[:, 1])[pairs[:, 1]])
    return left_out(within, centred, pairs[:, 1])[units]


def left_out(within: Covariance, X: Floats, codes: Codes) -> Floats:
    """Leave out each point that `within` was measured on.

    That moves its class mean and takes a matrix of rank one from the scatter: the distances
    change by the formula of Sherman and Morrison.
    """
    n = len(X)
    sizes = np.bincount(codes)[codes]
    stretch = sizes / np.maximum(sizes - 1, 1)
    spots, means = within.coordinates(X), within.coordinates(class_means(X, codes))
    rests = spots - means[codes]
    lengths = lengths_of(rests)
    remain = np.maximum(1 - stretch / n * lengths, LEAST_VARIANCE)
    products = (rests * spots).sum(axis=1)[:, None] - rests @ means.T
    distances = squares(spots, means) + (stretch / n / remain)[:, None] * products**2
    distances[np.arange(n), codes] = stretch**2 * lengths / remain
    return np.asarray(distances)


def class_means(X: Floats, codes: Codes) -> Floats:
    """Return the mean of each class, shape (classes, dimensions)."""
    sums = np.zeros((int(codes.max()) + 1, X.shape[1]))
    np.add.at(sums, codes, X)
    return np.asarray(sums / np.bincount(codes)[:, None])


def lengths_of(X: Floats) -> Floats:
    """Return squared lengths, shape (n,)."""
    return np.asarray((X**2).sum(axis=1))


def squares(X: Floats, others: Floats) -> Floats:
    """Return squared distances, shape (n, others)."""
    lengths = lengths_of(X)[:, None] + lengths_of(others)
    return np.asarray(lengths - 2 * X @ others.T)
