"""What members of the classes score, each as if it were new, strays among them left out."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from featclass.probe.covariance import (
    LEAST_VARIANCE,
    Precision,
    class_means,
    within_classes,
)
from featclass.probe.normalisation import Codes, Floats

NEIGHBOURS = 3
NEIGHBOURS_WEIGHT = 0.5
"""Between 0.3 and 1.2 it changes the area under the curve by less than 0.003."""
SCATTERED = 4
"""Exemplars that a class, any one, must have before scatter within classes is looked at."""
LEAST_SPREAD = (0.5, 0.02)
"""Of squared distances and of cosines, where two or three images or copies are too few to tell."""
ROUNDS, MANY = 3, 200
"""Times that strays are looked for; once where there are many images, of which few change less."""
ONE_OF = 30
"""Clean sets of which one loses a member, if scores were normal; real ones are not quite."""
FEWEST = 6
"""Images of a class, itself included, that a stray must stand among: fewer are no majority."""
MOST = 0.25
"""Share of a class that strays may be: more are a second look of the class."""
AS_THE_OTHERS = 10.0
"""Images as which the scatter of all classes counts beside that of one (Smyth 2004, "Linear models
and empirical Bayes methods": a moderated variance)."""
SAME_PLACE = 1e-7
"""Distance from the mean, of vectors of length 1, that is rounding."""
NORMAL = 1.4826
"""Makes the median absolute deviation a standard deviation where values are normal."""


@dataclass(frozen=True, slots=True)
class Relative:
    """Distance to the nearest class mean, less that to the mean of all: negative, squared."""

    within: Precision
    total: Precision
    codes: Codes
    """Class of each image measured."""
    to_means: Floats
    """Products of their residuals and the class means, shape (n, classes)."""
    of_means: Floats
    """Squared lengths of the class means as `within` sees them, shape (classes,)."""

    @classmethod
    def of(cls, inner: Floats, codes: Codes, dimensions: int) -> tuple[Relative, Floats]:
        """Measure images by their products as seen from their mean, shape (n, n).

        Returns:
            Also what each of them would score had it not been among them, shape (n,).
        """
        n = len(inner)
        within, seen = within_classes(inner, codes, dimensions)
        total = Precision.of(inner, dimensions)
        to_means = class_means(inner, codes).T
        to_means = to_means - class_means(to_means, codes)[codes]
        whole = total.own_lengths()
        remain = np.maximum(1 - whole / (n - 1), LEAST_VARIANCE)
        nearest = seen.left_out(codes).min(axis=1)
        scores = (n / (n - 1)) ** 2 * whole / remain - nearest
        relative = cls(within, total, codes, to_means, np.diag(seen.between))
        return relative, np.asarray(scores)

    def score(self, lengths: Floats, products: Floats) -> Floats:
        """Return how near new images are, negative where far, shape (k,).

        Args:
            lengths: Squared, of the images as seen from the mean of those measured, shape (k,).
            products: With those measured, as seen from there, shape (k, n).
        """
        by_mean = class_means(products.T, self.codes).T
        residual = products - by_mean[:, self.codes]
        beside = self.within.between(by_mean, residual.T, self.to_means)
        nearest = (self.of_means - 2 * beside).min(axis=1)
        own = self.within.lengths(lengths, residual)
        return np.asarray(self.total.lengths(lengths, products) - own - nearest)


@dataclass(frozen=True, slots=True)
class Members:
    """What images of the classes score, each as if it were new."""

    relative: Relative | None
    """None where no class has `SCATTERED` images."""
    neighbours: int
    tested: NDArray[np.bool_]
    """Not those alone in their class, unless all are."""
    parts: Floats
    """Relative distance and mean cosine to the nearest others, shape (2, n)."""
    nearest: Floats
    """Cosine to the nearest other, as seen from the mean, or the origin without scatter: (n,)."""
    farthest: Floats
    """To the farthest of the nearest others: two strays that are alike have one near."""

    @classmethod
    def of(cls, inner: Floats, codes: Codes, dimensions: int) -> Members:
        """Measure images of so many dimensions by their inner products, shape (n, n)."""
        sizes = np.bincount(codes)[codes]
        tested = sizes > 1 if sizes.max() > 1 else sizes > 0
        parts = np.zeros((2, len(inner)))
        relative, neighbours = None, min(NEIGHBOURS, len(inner) - 1)
        if sizes.max() >= SCATTERED:
            inner = inner - inner.mean(axis=0)
            inner -= inner.mean(axis=1, keepdims=True)
            relative, parts[0] = Relative.of(inner, codes, dimensions)
        lengths = np.sqrt(np.maximum(np.diag(inner), 0))
        lengths[lengths <= SAME_PLACE] = np.inf
        cosines = inner / lengths / lengths[:, None]
        np.fill_diagonal(cosines, -np.inf)
        largest = largest_of(cosines, neighbours)
        parts[1] = largest.mean(axis=1)
        ends = largest.max(axis=1), largest.min(axis=1)
        return cls(relative, neighbours, tested, parts, *ends)

    def usual_and_spread(self) -> tuple[Floats, Floats]:
        """Return the mean of each part and its standard deviation, as the detector has them."""
        parts = self.parts[:, self.tested]
        spread = np.maximum(parts.std(axis=1), np.array(LEAST_SPREAD))
        if self.relative is None:
            spread[0] = np.inf
        return parts.mean(axis=1), spread

    def scores(self) -> Floats:
        """Return scores, shape (tested,), whose scale a few strays do not set."""
        parts = np.stack([self.parts[0], self.farthest])[:, self.tested]
        spread = np.maximum([deviation(part) for part in parts], np.array(LEAST_SPREAD))
        return blended(parts, np.median(parts, axis=1), spread)


def without_strays(inner: Floats, codes: Codes, dimensions: int) -> tuple[Codes, Members]:
    """Return which members there are beside strays, ascending, and what these are measured.

    `inner` are inner products of all members, shape (n, n).
    """
    rows, members = np.arange(len(codes)), Members.of(inner, codes, dimensions)
    for _ in range(ROUNDS if len(codes) <= MANY else 1):
        if members.relative is None:
            break
        tested = np.flatnonzero(members.tested)
        far = tested[strays(members.scores(), codes[rows[tested]], codes)]
        if not far.size:
            break
        rows = np.delete(rows, far)
        members = Members.of(inner[np.ix_(rows, rows)], codes[rows], dimensions)
    return rows, members


def strays(scores: Floats, codes: Codes, given: Codes) -> NDArray[np.bool_]:
    """Return which members score far below both the members of all classes and of their own.

    Below all, as a tight class says nothing of a loose one; below their own, as a class that
    resembles others less is a class still. Medians and median absolute deviations (Rousseeuw and
    Croux 1993) are what a few strays hardly move.

    Args:
        scores: Familiarity of the members left, each left out in turn, shape (n,).
        codes: Their classes.
        given: Classes of all members that there were at first, shape (m,).
    """
    classes = int(given.max()) + 1
    members = [np.flatnonzero(codes == code) for code in range(classes)]
    below_own, own = np.zeros(len(scores)), np.zeros(classes)
    for code, rows in enumerate(members):
        if rows.size:
            below_own[rows] = scores[rows] - np.median(scores[rows])
            own[code] = deviation(scores[rows])
    counts = np.bincount(codes, minlength=classes)
    pooled = AS_THE_OTHERS * float(np.median(np.abs(below_own)) * NORMAL) ** 2
    own = np.sqrt((counts * own**2 + pooled) / (counts + AS_THE_OTHERS))
    below_all, far = scores - np.median(scores), farthest_of(len(scores))
    is_far = (below_all < -far * deviation(scores)) & (below_own < -far * own[codes])
    left = may_be_strays(codes, given)
    for code, rows in enumerate(members):
        farthest = rows[is_far[rows]]
        farthest = farthest[np.argsort(scores[farthest], kind="stable")]
        is_far[farthest[left[code] :]] = False
    return is_far


def may_be_strays(codes: Codes, given: Codes) -> Codes:
    """Return how many more members of each class may be taken for strays, shape (classes,).

    Args:
        codes: Classes of the members left.
        given: Classes of all members that there were at first.
    """
    sizes = np.bincount(given)
    gone = sizes - np.bincount(codes, minlength=len(sizes))
    most = np.where(sizes >= FEWEST, (MOST * sizes).astype(np.intp), 0)
    return np.asarray(np.maximum(most - gone, 0), np.intp)


def farthest_of(count: int) -> float:
    """Return how many robust deviations below the median a member lies that is no stray.

    Of normal scores that is the bound of Bonferroni: 3.0 of 24, 3.2 of 40, 3.9 of 800.
    """
    return -NormalDist().inv_cdf(1 / (ONE_OF * max(count, 2)))


def blended(parts: Floats, usual: Floats, spread: Floats) -> Floats:
    """Return the sum of both parts, shape (2, n), in standard deviations from what is usual."""
    weights = np.array([1.0, NEIGHBOURS_WEIGHT])
    return np.asarray((weights / spread) @ (parts - usual[:, None]))


def largest_of(cosines: Floats, k: int) -> Floats:
    """Return the k largest cosines of each row, shape (n, k), in any order."""
    return np.asarray(-np.partition(-cosines, k - 1, axis=1)[:, :k])


def deviation(values: Floats) -> float:
    """Return the standard deviation as most of the values, shape (n,) with n > 0, have it."""
    return float(NORMAL * np.median(np.abs(values - np.median(values))))
