"""Shrinkage discriminant analysis: one linear map, in closed form, for any number of folds.

Gaussian classes of one covariance (Fisher 1936), regularised as Friedman (1989): the covariance
is shrunk to a multiple of the identity as if `SPREAD_PRIOR` images a class had said so, the class
means to their common mean as if `MEAN_PRIOR` images had. All classes count as equally likely: how
many pictures somebody has of each says little about those to come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from featclass.probe import cholesky
from featclass.probe.embedded import BLOCK, LARGE, Embedded, cross_products
from featclass.probe.normalisation import Codes, Floats, Masks, blocks
from featclass.probe.threads import side_by_side

Real = NDArray[np.floating]
SPREAD_PRIOR = 20.0
MEAN_PRIOR = 1.0
"""Both from draws of 1 to 40 images a class of nine sets (EfficientNet-Lite0); twice or half as
much costs little."""
NO_SPREAD = 1e-12
"""Of one image a class, or copies of it: the covariance is then the identity."""
FEW = 100
"""Images that are done with before threads have started."""


Mixing = Callable[[Floats, Codes, float], Floats]
"""Changes logits, given their classes and the share of the images that they were learned from."""


def unmixed(logits: Floats, classes: Codes, share: float) -> Floats:
    """Return the logits as they are."""
    return logits


@dataclass(frozen=True, slots=True)
class Discriminant:
    """A linear map to logits, each the larger the likelier the class; see `calibration`."""

    coefficients: Floats
    """Shape (classes, dimensions)."""
    intercepts: Floats
    """Shape (classes,)."""

    def logits(self, X: Real) -> Floats:
        """Return logits, shape (n, classes), of embeddings of shape (n, dimensions)."""
        parts = [block @ self.coefficients.T + self.intercepts for block in blocks(X)]
        return np.concatenate(parts, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Sums:
    """What a discriminant is made of; those of some images less others are those of the rest."""

    counts: Floats
    """Of images in each class, shape (classes,)."""
    totals: Floats
    """Of each class's embeddings, from wherever they are seen, shape (classes, dimensions)."""
    products: Floats
    """X'X, shape (dimensions, dimensions)."""

    @classmethod
    def of(cls, X: Real, codes: Codes, classes: int, products: Floats | None = None) -> _Sums:
        totals = np.zeros((classes, X.shape[1]))
        order = np.argsort(codes, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
            if rows.size:
                totals[codes[rows[0]]] = X[rows].sum(axis=0, dtype=np.float64)
        counts = np.bincount(codes, minlength=classes).astype(np.float64)
        return cls(counts, totals, cross_products(X) if products is None else products)

    def add(self, others: _Sums) -> None:
        """Add to these what others have."""
        for own, theirs in (
            (self.counts, others.counts),
            (self.totals, others.totals),
            (self.products, others.products),
        ):
            own += theirs

    def discriminant(self, without: _Sums | None = None) -> Discriminant:
        """Return the discriminant of those images of which there are any; or `without` some.

        A class without an image is left out. The products of those left out are used up.
        """
        counts, totals, lengths = self.counts, self.totals, np.diag(self.products)
        if without is not None:
            counts, totals = counts - without.counts, totals - without.totals
            lengths = lengths - np.diag(without.products)
        counts, totals = counts[counts > 0], totals[counts > 0]
        n, means = counts.sum(), totals / counts[:, None]
        centre = means.mean(axis=0)
        shifts = (means - centre) * _confidence(counts)[:, None]
        spread = float((lengths - (totals * means).sum(axis=0)).sum()) / n / lengths.size
        coefficients, shrinkage = shifts, _shrinkage(counts)
        if spread > NO_SPREAD:
            scatter = self._scatter(without, totals, means, (1 - shrinkage) / spread / n)
            scatter[np.diag_indices_from(scatter)] += shrinkage
            coefficients = cholesky.solve(scatter, shifts.T).T
        squared = (coefficients * shifts).sum(axis=1)
        return Discriminant(coefficients, -squared / 2 - coefficients @ centre)

    def _scatter(
        self, without: _Sums | None, totals: Floats, means: Floats, scale: float
    ) -> Floats:
        """Return the products about the class means, a block at a time while it is at hand."""
        scatter = np.empty_like(self.products) if without is None else without.products

        def one(first: int) -> None:
            rows = slice(first, first + BLOCK)
            about = self.products[rows] - totals[:, rows].T @ means
            if without is not None:
                about -= without.products[rows]
            np.multiply(about, scale, out=scatter[rows])

        for _ in side_by_side(one, range(0, len(scatter), BLOCK)):
            pass
        return scatter


def fit(X: Floats | Embedded, codes: Codes) -> Discriminant:
    """Train on embeddings (n, dimensions) of classes 0, 1, ..., each with one image or more."""
    embedded = Embedded.seen(X)
    if not embedded.is_wide:
        sums = _Sums.of(embedded.centred, codes, int(codes.max()) + 1, embedded.squares)
        fitted = sums.discriminant()
        away = fitted.coefficients @ embedded.mean
        return Discriminant(fitted.coefficients, fitted.intercepts - away)
    weights, intercepts = _dual(embedded.inner, codes, embedded.X.shape[1])
    return Discriminant(weights.T @ embedded.X, intercepts)


def held_out_logits(
    X: Floats | Embedded, codes: Codes, fold: Codes, done: Callable[[], None] = lambda: None
) -> Floats:
    """Return logits (n, classes) of each image by a discriminant of all other folds' images.

    Args:
        X: Shape (n, dimensions); what their products are, where that is known.
        codes: Class of each; each class is in two folds or more.
        fold: Which fold holds each image out, shape (n,): 0, 1, ...
        done: Called after each fold; may raise to stop.
    """
    embedded, logits = Embedded.seen(X), np.empty((codes.size, int(codes.max()) + 1))
    masks = [fold == number for number in np.unique(fold)]
    held_out = _by_products if embedded.is_wide else _by_sums
    for mask, part in zip(masks, held_out(embedded, codes, masks), strict=True):
        logits[mask] = part
        done()
    return logits


def predicted(
    X: Floats | Embedded,
    codes: Codes,
    training: Masks,
    mixed: Mixing = unmixed,
    done: Callable[[], None] = lambda: None,
) -> Codes:
    """Return the class of every image by a discriminant of each mask, shape (masks, n).

    Masks that each hold the one before cost little more than the last of them. `done` is called
    now and then, and may raise to stop.
    """
    embedded = Embedded.seen(X)
    logits = _of_subsamples_by_products if embedded.is_wide else _of_subsamples_by_sums

    def chain(masks: Masks) -> Iterator[Codes]:
        for mask, own in zip(masks, logits(embedded, codes, masks), strict=True):
            classes = np.unique(codes[mask])
            best = mixed(own, classes, float(mask.mean())).argmax(axis=1)
            yield np.asarray(classes[best], dtype=np.intp)

    chains: Iterator[Iterable[Codes]] = map(chain, _chains(training))
    if codes.size >= FEW and not _in_turn(embedded):
        chains = side_by_side(lambda masks: [*chain(masks)], _chains(training))
    predictions = []
    for part in chains:
        for own in part:
            predictions.append(own)
            done()
    return np.array(predictions)


def _in_turn(embedded: Embedded) -> bool:
    """Whether threads share each matrix; otherwise each has one of its own."""
    return bool(min(embedded.X.shape) >= LARGE)


def _chains(masks: Masks) -> list[Masks]:
    """Cut masks, shape (masks, n), where one does not hold the one before."""
    cuts = [k for k, (one, other) in enumerate(pairwise(masks), 1) if (one & ~other).any()]
    return np.split(masks, cuts)


def _of_subsamples_by_sums(embedded: Embedded, codes: Codes, masks: Masks) -> Iterator[Floats]:
    """Yield logits (n, classes there are) by a discriminant of each mask, each held by the next."""
    X, before = embedded.centred, np.zeros_like(masks[0])
    sums = _Sums.of(X[:0], codes[:0], int(codes.max()) + 1)
    for mask in masks:
        new = mask & ~before
        sums.add(_Sums.of(X[new], codes[new], len(sums.counts)))
        yield sums.discriminant().logits(X)
        before = mask


def _of_subsamples_by_products(embedded: Embedded, codes: Codes, masks: Masks) -> Iterator[Floats]:
    for mask in masks:
        kept, places = np.flatnonzero(mask), np.unique(codes[mask], return_inverse=True)[1]
        among = embedded.inner[kept]
        weights, intercepts = _dual(among[:, kept], places, embedded.X.shape[1])
        yield among.T @ weights + intercepts


def _by_sums(embedded: Embedded, codes: Codes, masks: Sequence[Masks]) -> Iterator[Floats]:
    X, classes = embedded.centred, int(codes.max()) + 1
    everything = _Sums.of(X, codes, classes, embedded.squares)

    def one(mask: Masks) -> Floats:
        asked = X[mask]
        others = _Sums.of(asked, codes[mask], classes)
        return everything.discriminant(without=others).logits(asked)

    return side_by_side(one, masks, small=_in_turn(embedded))


def _by_products(embedded: Embedded, codes: Codes, masks: Sequence[Masks]) -> Iterator[Floats]:
    inner, dimensions = embedded.inner, embedded.X.shape[1]

    def one(mask: Masks) -> Floats:
        kept, asked = np.flatnonzero(~mask), np.flatnonzero(mask)
        weights, intercepts = _dual(inner[np.ix_(kept, kept)], codes[kept], dimensions)
        return np.asarray(inner[np.ix_(asked, kept)] @ weights + intercepts)

    return side_by_side(one, masks, small=codes.size < FEW or _in_turn(embedded))


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
    mixed, to_means = gram @ offsets, gram @ averages
    # (I - A) G (I - A) with A the class averages: what G is less one product of few columns.
    half = to_means - member @ (averages.T @ to_means) / 2
    within = gram - np.hstack([member, half]) @ np.hstack([half, member]).T
    spread, shrinkage = np.trace(within) / n / dimensions, _shrinkage(counts)
    weights = offsets
    if spread > NO_SPREAD:
        within[np.diag_indices(n)] += shrinkage * spread * n / (1 - shrinkage)
        right = _less_class_means(np.asarray(mixed), averages, codes)
        inner = cholesky.solve(within, right)
        weights = (offsets - _less_class_means(inner, averages, codes)) / shrinkage
    lengths = (mixed * weights).sum(axis=0)
    centre = to_means.mean(axis=1) @ weights
    return weights, np.asarray(-lengths / 2 - centre)


def _less_class_means(rows: Floats, averages: Floats, codes: Codes) -> Floats:
    return np.asarray(rows - (averages.T @ rows)[codes])


def _confidence(counts: Floats) -> Floats:
    """Return how far from the common mean towards its own each class mean is taken to lie."""
    return np.asarray(counts / (counts + MEAN_PRIOR))


def _shrinkage(counts: Floats) -> float:
    return float(SPREAD_PRIOR / (SPREAD_PRIOR + counts.mean()))
