"""What a picture resembles among the training images, and whether it resembles any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from featclass.probe.points import Codes, Floats, encode, normalise, points, takes_roots
from featclass.probe.scatter import (
    LEAST_VARIANCE,
    Scatter,
    class_means,
    left_out,
    lengths_of,
    squares,
)
from featclass.records import FloatArray

NEIGHBOURS = 3
REFUSED_SHARE = 0.05
MEASURED = 800
"""Exemplars that scatter, neighbours and threshold are measured on: more change little."""
NEIGHBOURS_WEIGHT = 0.5
"""Between 0.3 and 1.2 it changes the area under the curve by less than 0.003."""
SCATTERED = 4
"""Exemplars that a class, any one, must have before scatter within classes is looked at."""
SLACK = 10.0
"""Over the square of how many scores there are: what the lowest of fewer than 19 is lowered by."""
LEAST_SPREAD = (0.5, 0.02)
"""Of squared distances and of cosines, where two or three images or copies are too few to tell."""
ROWS = 1024


def nearest(exemplars: FloatArray, vectors: FloatArray, k: int) -> tuple[NDArray[np.intp], Floats]:
    """Return indices and cosine similarities, shape (n, min(k, exemplars)), most similar first.

    Args:
        exemplars: L2-normalised embeddings, shape (m, dimensions).
        vectors: Embeddings of the pictures, shape (n, dimensions), of any length.
        k: How many to return.
    """
    k = min(k, len(exemplars))
    if not k:
        return np.empty((len(vectors), 0), dtype=np.intp), np.empty((len(vectors), 0))
    indices = np.empty((len(vectors), k), dtype=np.intp)
    similarities = np.empty((len(vectors), k))
    for first in range(0, len(vectors), ROWS):
        rows = slice(first, first + ROWS)
        cosines = normalise(vectors[rows]) @ exemplars.T
        some = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        values = np.take_along_axis(cosines, some, axis=1)
        order = np.lexsort((some, -values), axis=1)
        indices[rows] = np.take_along_axis(some, order, axis=1)
        similarities[rows] = np.take_along_axis(values, order, axis=1)
    return indices, np.clip(similarities, -1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Familiarity:
    """How much pictures resemble the training images, and how little a member may.

    The sum of two parts, each in standard deviations of what members score when left out. The
    first is the relative Mahalanobis distance to the nearest class mean (Ren et al. 2021, "A
    simple fix to Mahalanobis distance"), with scatter shrunk towards a sphere. The second, which
    counts half, is the mean cosine to the three nearest exemplars, as seen from their mean. Where
    no class has four exemplars their scatter says little: then it is that cosine alone, as seen
    from the origin.
    """

    roots: bool
    """Whether square roots of the embeddings are compared, as by the probe."""
    exemplars: Floats
    """Seen from the centre, L2-normalised, shape (m, dimensions), m at most `MEASURED`."""
    centre: Floats
    relative: _Relative | None
    neighbours: int
    usual: Floats
    """Mean of both parts for members left out."""
    spread: Floats
    """Their standard deviations; infinite for a part that counts nothing."""
    threshold: float
    """A picture that scores below resembles none of the classes."""

    @classmethod
    def of(cls, exemplars: FloatArray, labels: Sequence[str]) -> Familiarity:
        """Measure training images against each other, each left out in turn (in closed form).

        Of 19 images and more, the threshold refuses at most 5 % of new members on average,
        whatever their distribution (a conformal quantile: Vovk et al. 2005); of fewer it is the
        lowest score or, of very few, less. An image alone in its class does not count, unless all
        are. No two exemplars should show the same picture: a member would look too familiar.

        Args:
            exemplars: L2-normalised embeddings, shape (n, dimensions).
            labels: Class of each.

        Raises:
            FeatclassError: There are fewer than two classes.
        """
        encode(labels)
        kept = exemplar_indices(labels, MEASURED)
        codes = encode([labels[i] for i in kept])[1]
        roots = takes_roots(exemplars)
        places = points(exemplars[kept], roots=roots)
        sizes = np.bincount(codes)[codes]
        tested = sizes > 1 if sizes.max() > 1 else sizes > 0
        parts = np.zeros((2, len(kept)))
        centre, relative = np.zeros(places.shape[1]), None
        if sizes.max() >= SCATTERED:
            centre = places.mean(axis=0)
            relative = _Relative.of(places - centre, codes)
            parts[0] = relative.left_out(places - centre, codes)
        seen, neighbours = normalise(places - centre), min(NEIGHBOURS, len(kept) - 1)
        cosines = seen @ seen.T
        np.fill_diagonal(cosines, -np.inf)
        parts[1] = _mean_of_largest(cosines, neighbours)
        usual, spread = parts[:, tested].mean(axis=1), parts[:, tested].std(axis=1)
        spread = np.maximum(spread, np.array(LEAST_SPREAD))
        if relative is None:
            spread[0] = np.inf
        scores = _blended(parts[:, tested], usual, spread)
        threshold = _lowest_of_members(scores)
        return cls(roots, seen, centre, relative, neighbours, usual, spread, threshold)

    def score(self, vectors: FloatArray) -> Floats:
        """Return the familiarity of embeddings of any length, shape (n, dimensions): (n,)."""
        found = [np.empty(0)]
        for first in range(0, len(vectors), ROWS):
            places = points(vectors[first : first + ROWS], roots=self.roots) - self.centre
            cosines = normalise(places) @ self.exemplars.T
            near = _mean_of_largest(cosines, self.neighbours)
            far = self.relative.score(places) if self.relative else np.zeros(len(places))
            found.append(_blended(np.stack([far, near]), self.usual, self.spread))
        return np.concatenate(found)

    def is_known(self, vectors: FloatArray) -> NDArray[np.bool_]:
        """Return whether each embedding resembles any of the classes, shape (n,)."""
        return np.asarray(self.score(vectors) >= self.threshold)


def _blended(parts: Floats, usual: Floats, spread: Floats) -> Floats:
    weights = np.array([1.0, NEIGHBOURS_WEIGHT])
    return np.asarray((weights / spread) @ (parts - usual[:, None]))


def _mean_of_largest(cosines: Floats, k: int) -> Floats:
    return np.asarray(-np.partition(-cosines, k - 1, axis=1)[:, :k].mean(axis=1))


def _lowest_of_members(scores: Floats) -> float:
    """Return what at most 5 % of new members score below, from the scores of members left out."""
    refused = int(REFUSED_SHARE * (scores.size + 1))
    if refused:
        return float(np.partition(scores, refused - 1)[refused - 1])
    return float(scores.min() - SLACK / scores.size**2)


@dataclass(frozen=True, slots=True)
class _Relative:
    """Distance to the nearest class mean, less that to the mean of all: negative, squared."""

    within: Scatter
    total: Scatter
    means: Floats
    """Of the classes, in the coordinates of `within`."""

    @classmethod
    def of(cls, places: Floats, codes: Codes) -> _Relative:
        """Measure places, shape (n, dimensions), whose mean is the origin."""
        means = class_means(places, codes)
        within = Scatter.of(places - means[codes])
        return cls(within, Scatter.of(places), within.coordinates(means))

    def score(self, places: Floats) -> Floats:
        distances = squares(self.within.coordinates(places), self.means)
        return np.asarray(lengths_of(self.total.coordinates(places)) - distances.min(axis=1))

    def left_out(self, places: Floats, codes: Codes) -> Floats:
        """Return what each of the places measured would score had it not been among them."""
        n = len(places)
        whole = lengths_of(self.total.coordinates(places))
        remain = np.maximum(1 - whole / (n - 1), LEAST_VARIANCE)
        nearest = left_out(self.within, places, codes).min(axis=1)
        return np.asarray((n / (n - 1)) ** 2 * whole / remain - nearest)


def exemplar_indices(labels: Sequence[str], limit: int) -> NDArray[np.intp]:
    """Return which training images to remember: at most `limit`, ascending, evenly by class.

    Every class keeps as many as the others while it has them; within a class they are spread
    evenly over the order given.
    """
    _, codes = np.unique(np.array(labels, dtype=object), return_inverse=True)
    members = [np.flatnonzero(codes == code) for code in range(int(codes.max(initial=-1)) + 1)]
    quotas = np.zeros(len(members), dtype=np.intp)
    sizes = np.array([member.size for member in members], dtype=np.intp)
    left = min(limit, codes.size)
    while left:
        hungry = np.flatnonzero(quotas < sizes)
        share = max(1, left // hungry.size)
        grant = np.minimum(share, sizes[hungry] - quotas[hungry])[:left]
        quotas[hungry[: grant.size]] += grant
        left -= int(grant.sum())
    kept = [
        member[np.linspace(0, member.size - 1, quota).astype(np.intp)]
        for member, quota in zip(members, quotas, strict=True)
    ]
    return np.sort(np.concatenate(kept)) if kept else np.empty(0, dtype=np.intp)
