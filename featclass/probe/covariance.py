"""How images of one class scatter about their mean, and how far from each mean an image is.

A scatter S = R'R / n + s I of n residuals R is shrunk by adding, along every axis, the mean
variance s of those that vary. Of fewer images than dimensions it is known by inner products alone,

    x' S^-1 y = (x'y - (Rx)' (n s I + RR')^-1 Ry) / s        (Woodbury's identity),

so that nothing of the size of an embedding is touched, and nothing is decomposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from featclass.base import FloatArray
from featclass.probe import cholesky
from featclass.probe.embedded import BLOCK, Embedded, cross_products
from featclass.probe.normalisation import Codes, Floats, encode
from featclass.probe.threads import side_by_side

LEAST_VARIANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Precision:
    """The inverse of a shrunk scatter, by inner products with the residuals it was measured on."""

    variance: float
    """That was added along every axis."""
    root: Floats
    """A triangle whose square is the inverse of RR' and the variance times their number."""

    @classmethod
    def of(cls, products: Floats, dimensions: int) -> Precision:
        """Measure residuals of so many dimensions by their inner products, shape (n, n)."""
        n = len(products)
        variance = _variance(float(np.trace(products)), n, dimensions)
        shrunk = products.copy()
        shrunk[np.diag_indices(n)] += n * variance
        return cls(variance, cholesky.inverse_root(shrunk))

    def own_lengths(self) -> Floats:
        """Return the squared length of each of the residuals, shape (n,)."""
        n = len(self.root)
        return np.asarray(n * (1 - n * self.variance * (self.root**2).sum(axis=0)))

    def beside_own(self, products: Floats) -> Floats:
        """Return the product of each residual with vectors whose inner `products` are (n, k)."""
        return np.asarray(len(self.root) * (self.root.T @ (self.root @ products)))

    def between(self, inner: Floats, left: Floats, right: Floats) -> Floats:
        """Return products of vectors with others, shape (k, l).

        Args:
            inner: Their inner products, shape (k, l).
            left: Those of the residuals with the vectors, shape (n, k).
            right: With the others, shape (n, l).
        """
        explained = (self.root @ left).T @ (self.root @ right)
        return np.asarray((inner - explained) / self.variance)

    def lengths(self, inner: Floats, products: Floats) -> Floats:
        """Return squared lengths of vectors whose `inner` lengths are those, shape (k,).

        `products` are those of the vectors with the residuals, shape (k, n).
        """
        return np.asarray((inner - lengths_of(products @ self.root.T)) / self.variance)


@dataclass(frozen=True, slots=True)
class Within:
    """Images as the scatter within classes sees them, by products of them and the class means."""

    lengths: Floats
    """Squared, of their residuals, shape (n,)."""
    beside: Floats
    """Products of their residuals and the class means, shape (n, classes)."""
    between: Floats
    """Products of the class means, shape (classes, classes)."""

    @classmethod
    def of(cls, precision: Precision, to_means: Floats, of_means: Floats) -> Within:
        """Take inner products of residuals and means (n, classes), and of means among them."""
        return cls(
            precision.own_lengths(),
            precision.beside_own(to_means),
            precision.between(of_means, to_means, to_means),
        )

    def left_out(self, codes: Codes) -> Floats:
        """Return squared distances to the class means (n, classes), each image left out.

        That moves its class mean and takes a matrix of rank one from the scatter: the distances
        change by the formula of Sherman and Morrison.
        """
        n = codes.size
        sizes = np.bincount(codes)[codes]
        stretch = sizes / np.maximum(sizes - 1, 1)
        remain = np.maximum(1 - stretch / n * self.lengths, LEAST_VARIANCE)
        own = np.arange(n), codes
        # An image is its residual and its class mean.
        apart = self.beside[own][:, None] - self.beside
        among = np.diag(self.between)
        means_apart = among[:, None] - 2 * self.between + among
        distances = self.lengths[:, None] + 2 * apart + means_apart[codes]
        distances += (stretch / n / remain)[:, None] * (self.lengths[:, None] + apart) ** 2
        distances[own] = stretch**2 * self.lengths / remain
        return np.asarray(distances)


def distances_left_out(
    vectors: FloatArray | Embedded,
    labels: Sequence[str],
    groups: NDArray[np.integer] | None = None,
) -> Floats:
    """Return squared Mahalanobis distances to the class means, shape (n, classes).

    Each image is left out of the means and of the shrunk scatter within classes; one alone in its
    class stays in. Near-duplicates under one label count as one image, at their mean: left in,
    they would vouch for each other. Classes are sorted.

    Args:
        vectors: Embeddings of any length, shape (n, dimensions), or what is known of them already.
        labels: Class of each.
        groups: Equal for near-duplicates, shape (n,); without them each image is its own.

    Raises:
        FeatclassError: There are fewer than two classes.
    """
    _, codes = encode(labels)
    embedded = Embedded.of(vectors)
    own = np.arange(codes.size) if groups is None else np.asarray(groups)
    pairs, units = np.unique(np.stack([own, codes], axis=1), axis=0, return_inverse=True)
    units, codes = units.ravel(), pairs[:, 1]
    measured = _by_images if len(codes) <= embedded.X.shape[1] else _by_dimensions
    return measured(embedded, units, codes).left_out(codes)[units]


def _by_images(embedded: Embedded, units: Codes, codes: Codes) -> Within:
    """Measure units of images, each at the mean of its images."""
    inner = embedded.inner
    if len(codes) < len(units):
        inner = class_means(class_means(inner, units).T, units)
    return within_classes(inner, codes, embedded.X.shape[1])[1]


def within_classes(inner: Floats, codes: Codes, dimensions: int) -> tuple[Precision, Within]:
    """Measure the scatter within classes, and the images in it, by their inner products (n, n)."""
    centred = inner - inner.mean(axis=0)
    centred -= centred.mean(axis=1, keepdims=True)
    from_means = class_means(centred, codes)
    residuals = centred - from_means[codes]
    to_means = class_means(residuals.T, codes).T
    precision = Precision.of(residuals - to_means[:, codes], dimensions)
    return precision, Within.of(precision, to_means, class_means(from_means.T, codes))


def _by_dimensions(embedded: Embedded, units: Codes, codes: Codes) -> Within:
    X, products = embedded.centred, embedded.squares
    if len(codes) < len(units):
        several = np.bincount(units)[units] > 1
        merged = class_means(X[several], np.unique(units[several], return_inverse=True)[1])
        products = products - cross_products(X[several]) + merged.T @ merged
        firsts = np.unique(units, return_index=True)[1]
        X = X[firsts]
        X[several[firsts]] = merged
    n, dimensions = X.shape
    means = class_means(X, codes)
    scatter = (products - (means * np.bincount(codes)[:, None]).T @ means) / n
    scatter[np.diag_indices(dimensions)] += _variance(n * float(np.trace(scatter)), n, dimensions)
    # Half the precision is twice as fast, and the shrinkage hides the rest.
    root = cholesky.inverse_root(scatter).astype(np.float32)
    seen_means = root @ means.T.astype(np.float32)

    ends = range(0, dimensions, 2 * BLOCK)
    triangle = [slice(first, min(first + 2 * BLOCK, dimensions)) for first in ends]

    def one(first: int) -> tuple[Floats, Floats]:
        rows = slice(first, first + BLOCK)
        residuals = (X[rows] - means[codes[rows]]).astype(np.float32)
        # Of a triangle, only what is not 0.
        parts = [residuals[:, : part.stop] @ root[part, : part.stop].T for part in triangle]
        seen = np.concatenate(parts, axis=1)
        lengths = np.einsum("ij,ij->i", seen, seen, dtype=np.float64)
        return lengths, np.asarray(seen @ seen_means, np.float64)

    lengths, beside = zip(*side_by_side(one, range(0, n, BLOCK)), strict=True)
    between = (seen_means.T @ seen_means).astype(np.float64)
    return Within(np.concatenate(lengths), np.concatenate(beside), between)


def _variance(total: float, n: int, dimensions: int) -> float:
    """Return the mean variance along the axes that vary, of residuals whose squares sum to that."""
    return max(total / n / min(n, dimensions), LEAST_VARIANCE)


def class_means(X: NDArray[np.floating], codes: Codes) -> Floats:
    """Return the mean of each class, each with a row or more: shape (classes, columns)."""
    order, sizes = np.argsort(codes, kind="stable"), np.bincount(codes)
    firsts, sums = np.cumsum(sizes) - sizes, np.empty((sizes.size, X.shape[1]))
    for first in range(0, X.shape[1], BLOCK):
        columns = slice(first, first + BLOCK)
        np.add.reduceat(X[order, columns], firsts, axis=0, dtype=np.float64, out=sums[:, columns])
    return np.asarray(sums / sizes[:, None])


def lengths_of(X: Floats) -> Floats:
    """Return squared lengths, shape (n,)."""
    return np.asarray(np.einsum("ij,ij->i", X, X))
