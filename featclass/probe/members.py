"""What members of the classes score, each as if it were new, strays among them left out."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from featclass.probe.covariance import (
    LEAST_VARIANCE,
    Covariance,
    class_means,
    left_out,
    lengths_of,
    squares,
)
from featclass.probe.normalisation import Codes, Floats, normalise

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
NORMAL = 1.4826
"""Makes the median absolute deviation a standard deviation where values are normal."""


@dataclass(frozen=True, slots=True)
class Relative:
    """Distance to the nearest class mean, less that to the mean of all: negative, squared."""

    within: Covariance
    total: Covariance
    means: Floats
    """Of the classes, in the coordinates of `within`."""

    @classmethod
    def of(cls, places: Floats, codes: Codes) -> Relative:
        """Measure places, shape (n, dimensions), whose mean is the origin."""
        means = class_means(places, codes)
        within = Covariance.of(places - means[codes])
        return cls(within, Covariance.of(places), within.coordinates(means))

    def score(self, places: Floats) -> Floats:
        """Return how near new places are, shape (n, dimensions), negative where far: (n,)."""
        distances = squares(self.within.coordinates(places), self.means)
        return np.asarray(lengths_of(self.total.coordinates(places)) - distances.min(axis=1))

    def left_out(self, places: Floats, codes: Codes) -> Floats:
        """Return what each of the places measured would score had it not been among them."""
        n = len(places)
        whole = lengths_of(self.total.coordinates(places))
        remain = np.maximum(1 - whole / (n - 1), LEAST_VARIANCE)
        nearest = left_out(self.within, places, codes).min(axis=1)
        return np.asarray((n / (n - 1)) ** 2 * whole / remain - nearest)


@dataclass(frozen=True, slots=True)
class Members:
    """What images of the classes score, each as if it were new."""

    centre: Floats
    relative: Relative | None
    """None where no class has `SCATTERED` images."""
    seen: Floats
    """From the centre, L2-normalised, shape (n, dimensions)."""
    neighbours: int
    tested: NDArray[np.bool_]
    """Not those alone in their class, unless all are."""
    parts: Floats
    """Relative distance and mean cosine to the nearest others, shape (2, n)."""
    nearest: Floats
    """Cosine to the nearest other, shape (n,)."""
    farthest: Floats
    """To the farthest of the nearest others: two strays that are alike have one near."""

    @classmethod
    def of(cls, places: Floats, codes: Codes) -> Members:
        """Measure places, shape (n, dimensions)."""
        sizes = np.bincount(codes)[codes]
        tested = sizes > 1 if sizes.max() > 1 else sizes > 0
        parts = np.zeros((2, len(places)))
        centre, relative = np.zeros(places.shape[1]), None
        if sizes.max() >= SCATTERED:
            centre = places.mean(axis=0)
            relative = Relative.of(places - centre, codes)
            parts[0] = relative.left_out(places - centre, codes)
        seen, neighbours = normalise(places - centre), min(NEIGHBOURS, len(places) - 1)
        cosines = seen @ seen.T
        np.fill_diagonal(cosines, -np.inf)
        largest = largest_of(cosines, neighbours)
        parts[1] = largest.mean(axis=1)
        ends = largest.max(axis=1), largest.min(axis=1)
        return cls(centre, relative, seen, neighbours, tested, parts, *ends)

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


def without_strays(places: Floats, codes: Codes) -> tuple[Codes, Members]:
    """Return which members there are beside strays, ascending, and what these are measured."""
    rows, members = np.arange(len(codes)), Members.of(places, codes)
    for _ in range(ROUNDS if len(codes) <= MANY else 1):
        if members.relative is None:
            break
        tested = np.flatnonzero(members.tested)
        far = tested[strays(members.scores(), codes[rows[tested]], codes)]
        if not far.size:
            break
        rows = np.delete(rows, far)
        members = Members.of(places[rows], codes[rows])
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
