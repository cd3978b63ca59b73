"""Shrinkage discriminant analysis: one linear map, in closed form, for any number of folds.

Gaussian classes of one covariance (Fisher 1936), regularised as Friedman (1989): the covariance
is shrunk to a multiple of the identity as if `SPREAD_PRIOR` images a class had said so, the class
means to their common mean as if `MEAN_PRIOR` images had. All classes count as equally likely: how
many pictures somebody has of each says little about those to come.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from featclass.probe.normalisation import Codes, Floats, Masks

SPREAD_PRIOR = 20.0
MEAN_PRIOR = 1.0
"""Both from draws of 1 to 40 images a class of nine sets (EfficientNet-Lite0); twice or half as
much costs little."""
NO_SPREAD = 1e-12
"""Of one image a class, or copies of it: the covariance is then the identity."""
FEW = 100
"""Images that are done with before threads have started."""


@dataclass(frozen=True, slots=True)
class Discriminant:
    """A linear map to logits, each the larger the likelier the class; see `calibration`."""

    coefficients: Floats
    """Shape (classes, dimensions)."""
    intercepts: Floats
    """Shape (classes,)."""

    def logits(self, X: Floats) -> Floats:
        """Return logits, shape (n, classes), of embeddings of shape (n, dimensions)."""
        return np.asarray(X @ self.coefficients.T + self.intercepts)


@dataclass(frozen=True, slots=True)
class _Sums:
    """What a discriminant is made of; those of some images less others are those of the rest."""

    counts: Floats
    """Of images in each class, shape (classes,)."""
    totals: Floats
    """Of each class's embeddings, shape (classes, dimensions)."""
    products: Floats
    """X'X, shape (dimensions, dimensions)."""

    @classmethod
    def of(cls, X: Floats, codes: Codes, classes: int) -> _Sums:
        totals = np.zeros((classes, X.shape[1]))
        order = np.argsort(codes, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
            if rows.size:
                totals[codes[rows[0]]] = X[rows].sum(axis=0)
        counts = np.bincount(codes, minlength=classes).astype(np.float64)
        return cls(counts, totals, X.T @ X)

    def less(self, others: _Sums) -> _Sums:
        return _Sums(
            self.counts - others.counts,
            self.totals - others.totals,
            self.products - others.products,
        )

    def discriminant(self) -> Discriminant:
        n, means = self.counts.sum(), self.totals / self.counts[:, None]
        centre = means.mean(axis=0)
        shifts = (means - centre) * _confidence(self.counts)[:, None]
        scatter = (self.products - self.totals.T @ means) / n
        spread, shrinkage = np.trace(scatter) / len(scatter), _shrinkage(self.counts)
        coefficients = shifts
        if spread > NO_SPREAD:
            scatter *= (1 - shrinkage) / spread
            scatter[np.diag_indices_from(scatter)] += shrinkage
            coefficients = np.linalg.solve(scatter, shifts.T).T
        lengths = (coefficients * shifts).sum(axis=1)
        return Discriminant(coefficients, -lengths / 2 - coefficients @ centre)


def fit(X: Floats, codes: Codes) -> Discriminant:
    """Train on embeddings (n, dimensions) of classes 0, 1, ..., each with one image or more."""
    use_one_thread_each()
    if len(X) > X.shape[1]:
        return _Sums.of(X, codes, int(codes.max()) + 1).discriminant()
    weights, intercepts = _dual(X @ X.T, codes, X.shape[1])
    return Discriminant(weights.T @ X, intercepts)


def held_out_logits(
    X: Floats, codes: Codes, fold: Codes, done: Callable[[], None] = lambda: None
) -> Floats:
    """Return logits (n, classes) of each image by a discriminant of all other folds' images.

    Args:
        X: Shape (n, dimensions).
        codes: Class of each; each class is in two folds or more.
        fold: Which fold holds each image out, shape (n,): 0, 1, ...
        done: Called after each fold; may raise to stop.
    """
    use_one_thread_each()
    classes = int(codes.max()) + 1
    logits = np.empty((codes.size, classes))
    masks = [fold == number for number in np.unique(fold)]
    held_out = _by_sums if len(X) > X.shape[1] else _by_products
    for mask, part in zip(masks, held_out(X, codes, masks), strict=True):
        logits[mask] = part
        done()
    return logits


def predicted(
    X: Floats,
    codes: Codes,
    training: Masks,
    mixed: Callable[[Floats, Codes, float], Floats] = lambda logits, classes, share: logits,
) -> Codes:
    """Return the class of every image by a discriminant of each mask, shape (masks, n).

    `mixed` may change logits, given their classes and the share of the images that a mask holds.
    """
    use_one_thread_each()

    def one(mask: Masks) -> Codes:
        classes, places = np.unique(codes[mask], return_inverse=True)
        logits = mixed(fit(X[mask], places).logits(X), classes, float(mask.mean()))
        return np.asarray(classes[logits.argmax(axis=1)], dtype=np.intp)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return np.array([*pool.map(one, training)])


def _by_sums(X: Floats, codes: Codes, masks: list[Masks]) -> list[Floats]:
    classes = int(codes.max()) + 1
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        sums = [*pool.map(lambda mask: _Sums.of(X[mask], codes[mask], classes), masks)]
        everything = functools.reduce(
            lambda a, b: _Sums(a.counts + b.counts, a.totals + b.totals, a.products + b.products),
            sums,
        )

        def one(mask: Masks, own: _Sums) -> Floats:
            return everything.less(own).discriminant().logits(X[mask])

        return [*pool.map(one, masks, sums)]


def _by_products(X: Floats, codes: Codes, masks: list[Masks]) -> list[Floats]:
    gram, dimensions = X @ X.T, X.shape[1]

    def one(mask: Masks) -> Floats:
        kept, asked = np.flatnonzero(~mask), np.flatnonzero(mask)
        weights, intercepts = _dual(gram[np.ix_(kept, kept)], codes[kept], dimensions)
        return gram[np.ix_(asked, kept)] @ weights + intercepts

    if codes.size < FEW:
        return [*map(one, masks)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [*pool.map(one, masks)]


def _dual(gram: Floats, codes: Codes, dimensions: int) -> tuple[Floats, Floats]:
    """Return weights (n, classes) on the embeddings of a Gram matrix, and intercepts (classes,).

    With R the embeddings less their class means, S = (1 - g) R'R / n + g m I and m = |R|^2 / (n
    dimensions), Woodbury's identity gives m S^-1 d for every d = embeddings' offsets.
    """
    n = codes.size
    member = np.eye(int(codes.max()) + 1)[codes]
    counts = member.sum(axis=0)
    averages = member / counts
    offsets = (averages - averages.mean(axis=1, keepdims=True)) * _confidence(counts)
    mixed = gram @ offsets
    within = _less_class_means(_less_class_means(gram, averages, codes).T, averages, codes)
    spread, shrinkage = np.trace(within) / n / dimensions, _shrinkage(counts)
    weights = offsets
    if spread > NO_SPREAD:
        within[np.diag_indices(n)] += shrinkage * spread * n / (1 - shrinkage)
        right = _less_class_means(np.asarray(mixed), averages, codes)
        inner = np.asarray(np.linalg.solve(within, right), dtype=np.float64)
        weights = (offsets - _less_class_means(inner, averages, codes)) / shrinkage
    lengths = (mixed * weights).sum(axis=0)
    centre = (gram @ averages).mean(axis=1) @ weights
    return weights, np.asarray(-lengths / 2 - centre)


def _less_class_means(rows: Floats, averages: Floats, codes: Codes) -> Floats:
    return np.asarray(rows - (averages.T @ rows)[codes])


def _confidence(counts: Floats) -> Floats:
    """Return how far from the common mean towards its own each class mean is taken to lie."""
    return np.asarray(counts / (counts + MEAN_PRIOR))


def _shrinkage(counts: Floats) -> float:
    return float(SPREAD_PRIOR / (SPREAD_PRIOR + counts.mean()))


def limit_blas() -> None:
    """Keep every BLAS that is loaded by now to one thread from here on: NumPy's, and SciPy's.

    Their threads wait for each other by spinning: beside a busy encoder a product of this size took
    ten times as long with two. Folds run side by side instead.
    """
    threadpool_limits(limits=1, user_api="blas")


use_one_thread_each = functools.cache(limit_blas)
"""The same, done once: it looks through all libraries of the process."""
