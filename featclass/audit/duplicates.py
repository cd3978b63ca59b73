"""Pictures that show the same: copies, crops, frames of a burst."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from featclass.audit.families import Components, named_alike, relatives
from featclass.images import Appearance
from featclass.probe import Codes, nearest_others, products, side_by_side

Singles = NDArray[np.float32]

CANDIDATES = 5
"""Nearest images, by embedding and by thumbnail, that each image is compared with in full."""
ROWS = 512
ALL_PRODUCTS = 4000
"""Images of which each is multiplied with each: 64 MB."""
SAMPLED = 1000
CROWD, SMALL_CROWD = 20, 3
"""An image's crowd are the nearest twentieth of all images, though at least 20 of them, and at most
a third: how similar the last of them is, is how similar pictures here just are."""
FLAT = 60.0
"""Length of a thumbnail's differences under which there is hardly anything to compare."""

COLOURS = np.array(
    [[0.299, 0.587, 0.114], [-0.085, -0.166, 0.25], [0.25, -0.21, -0.04]], dtype=np.float32
).T
"""From RGB to luminance and two differences of colour, at half: JPEG keeps those less well."""
COPIED, COPIED_MARGIN = 0.9, 0.12
"""Correlation of two thumbnails' differences from which one is a copy of the other, and its
distance from 1 against that of the crowd. Of 116 pictures, resized, squeezed, turned, mirrored,
brightened or saved at quality 30, the lowest has 0.956; of all pairs of other pictures in seven
sets (handwritten digits of 8 x 8 pixels are an eighth), the highest has 0.843."""
TURNED_MARGIN = 0.8
"""How far ahead of the crowd a pair's cosine must be for all turns and mirrorings to be tried."""
ALIKE, ALIKE_COSINE, ALIKE_MARGIN = 0.35, 0.85, 0.4
"""The same correlation for a crop, a slight turn or a frame of a burst, where the embeddings must
agree: the more the correlation, the less far ahead of the crowd (this times the correlation)."""
NEAR = 0.8
"""Distance of a pair, beside that of the crowd, up to which its pixels are compared."""
HUB = 3


@dataclass(frozen=True, slots=True)
class Copies:
    """Which images show the same."""

    groups: Codes
    """Group number of each image, shape (n,); an image alone has one to itself."""
    exact: Codes
    """The same for images that are equal as far as their appearances tell, whatever the file."""
    familiarity: NDArray[np.float64]
    """Mean cosine of each to the three nearest images of other groups among those compared."""
    nearest: Codes
    """Those most like each, the nearest first, shape (n, `CANDIDATES` or all others)."""
    cosines: Singles
    """To them."""


def find_copies(
    vectors: Singles, appearances: Sequence[Appearance], names: Sequence[str] = ()
) -> Copies:
    """Group copies and near-duplicates by thumbnail and embedding, and changed copies by pixels.

    Thumbnails are compared by the correlation of the differences between neighbouring cells, as
    the difference hash does by their signs alone (Krawetz 2013), for all turns and mirrorings.

    Args:
        vectors: L2-normalised embeddings, shape (n, dimensions).
        appearances: Of the same images.
        names: Of their files, if known: they tell what else to compare, and decide nothing.
    """
    count = len(appearances)
    exact = _exact(appearances)
    if count < 2:
        nobody = np.empty((count, 0))
        alone = nobody.astype(np.intp), nobody.astype(np.float32)
        return Copies(exact, exact, np.ones(count), *alone)
    thumbnails = np.stack([look.thumbnail for look in appearances]).astype(np.float32) @ COLOURS
    senses, looks = _Space.of(np.asarray(vectors, np.float32)), _Space.of(_slopes(thumbnails))
    pairs = _pairs(looks.nearest, senses.nearest)
    cosines, alikeness = senses.products(pairs), looks.products(pairs)
    turned = (alikeness < COPIED) & senses.are_ahead(cosines, pairs, TURNED_MARGIN)
    if turned.any():
        best = _turned(thumbnails, looks.vectors, pairs[turned])
        alikeness[turned] = np.maximum(alikeness[turned], best)
    same = exact[pairs[:, 0]] == exact[pairs[:, 1]]
    copied = (alikeness >= COPIED) & looks.are_ahead(alikeness, pairs, COPIED_MARGIN)
    alike = (alikeness >= ALIKE) & (cosines >= ALIKE_COSINE)
    alike &= senses.are_ahead(cosines, pairs, ALIKE_MARGIN * alikeness)
    links = [*enumerate(np.unique(exact, return_index=True)[1][exact].tolist())]
    links += map(tuple, pairs[same | copied | alike].tolist())
    near = _near(senses, looks, pairs, named_alike(names, senses.vectors))
    hubs = np.asarray(senses.cosines[:, :HUB].mean(axis=1))
    links += relatives(appearances, *near, links, hubs, senses.crowds)
    groups = connected(count, links)
    familiarity = _familiarity(senses, groups)
    return Copies(groups, exact, familiarity, senses.nearest, senses.cosines)


def _exact(appearances: Sequence[Appearance]) -> Codes:
    """Return a number for each image, the same for those that are equal in all but the file."""
    tiny = _numbered([(look.width, look.height, look.thumbnail.tobytes()) for look in appearances])
    several = np.bincount(tiny)[tiny] > 1
    keys = [
        _pixels_of(look) if twice else number
        for look, twice, number in zip(appearances, several, tiny.tolist(), strict=True)
    ]
    return _numbered(keys)


def _pixels_of(appearance: Appearance) -> bytes:
    return replace(appearance, format="", file_bytes=0).to_bytes()


@dataclass(frozen=True, eq=False)
class _Space:
    """Images as vectors of length one: what is near each of them, and how near others are."""

    vectors: Singles
    nearest: Codes
    """Others, the nearest first, shape (n, CANDIDATES)."""
    cosines: Singles
    """To them."""
    crowd: Singles
    """Cosine to the last image of its crowd, of an even sample, shape (n,)."""
    crowds: Codes
    """Which image that is, shape (n,)."""
    inner: Singles | None
    """All products, where there are few enough, shape (n, n)."""

    @classmethod
    def of(cls, vectors: Singles) -> Self:
        """Compare each with each, or of very many with those that may be near."""
        inner = products(vectors) if len(vectors) <= ALL_PRODUCTS else None
        nearest, cosines = nearest_others(vectors, CANDIDATES, inner=inner)
        return cls(vectors, nearest, cosines, *_crowd(vectors, inner), inner)

    def products(self, pairs: Codes) -> Singles:
        """Return the inner product of each pair, shape (pairs,)."""
        if self.inner is not None:
            return np.asarray(self.inner[pairs[:, 0], pairs[:, 1]])
        return _products(self.vectors, self.vectors, pairs)

    def are_ahead(
        self, similarities: Singles, pairs: Codes, margin: float | Singles
    ) -> NDArray[np.bool_]:
        """Return whether a pair is so much closer than images of this dataset usually are."""
        return np.asarray(1 - similarities <= margin * (1 - self._usual(pairs)))

    def farness(self, pairs: Codes) -> Singles:
        """Return the distance of each pair beside that at which the crowd of either begins."""
        return np.asarray((1 - self.products(pairs)) / np.maximum(1 - self._usual(pairs), 1e-6))

    def _usual(self, pairs: Codes) -> Singles:
        return np.asarray(np.maximum(self.crowd[pairs[:, 0]], self.crowd[pairs[:, 1]]))


def _near(senses: _Space, looks: _Space, pairs: Codes, named: Codes) -> tuple[Codes, Singles]:
    """Return pairs worth comparing by their pixels, and how far apart each is beside the crowd."""
    far = np.minimum(senses.farness(pairs), looks.farness(pairs))
    by_name = senses.farness(named)
    chosen, near = far <= NEAR, by_name <= 1
    both = np.concatenate([pairs[chosen], named[near]])
    return both, np.concatenate([far[chosen], NEAR * by_name[near]])


def _slopes(thumbnails: Singles) -> Singles:
    """Return differences between neighbouring cells, scaled to length one unless flat."""
    count = len(thumbnails)
    across, down = np.diff(thumbnails, axis=2), np.diff(thumbnails, axis=1)
    slopes = np.concatenate([across.reshape(count, -1), down.reshape(count, -1)], axis=1)
    lengths = np.linalg.norm(slopes, axis=1, keepdims=True)
    return np.asarray(slopes / np.maximum(lengths, FLAT))


def _crowd(normalised: Singles, inner: Singles | None) -> tuple[Singles, Codes]:
    """Return the cosine of each to the last image of its crowd, of an even sample, and which."""
    count = len(normalised)
    step = -(-count // SAMPLED)
    sampled = -(-count // step)
    crowded = max(sampled // CROWD, min(CROWD, sampled // SMALL_CROWD), 1)
    place = sampled - 1 - crowded
    crowd, last = np.empty(count, np.float32), np.empty(count, np.intp)

    def one(first: int) -> None:
        own = slice(first, first + ROWS)
        if inner is None:
            block = normalised[own] @ normalised[::step].T
        else:
            block = inner[own, ::step].copy()
        rows = np.arange(first, first + len(block))
        sampled = rows % step == 0
        block[sampled, rows[sampled] // step] = -1.0
        sides = np.argpartition(block, place, axis=1)[:, place]
        crowd[own] = block[np.arange(len(block)), sides]
        last[own] = sides * step

    for _ in side_by_side(one, range(0, count, ROWS)):
        pass
    return crowd, last


def _pairs(*nearest: Codes) -> Codes:
    """Return each pair of an image and one of its nearest once, shape (pairs, 2)."""
    rows = [np.repeat(np.arange(len(neighbours)), neighbours.shape[1]) for neighbours in nearest]
    sides = np.stack(
        [np.concatenate(rows), np.concatenate([neighbours.ravel() for neighbours in nearest])]
    )
    return np.asarray(np.unique(np.sort(sides.T, axis=1), axis=0))


def _products(left: Singles, right: Singles, pairs: Codes) -> Singles:
    """Return the inner product of each pair of rows, shape (pairs,)."""
    products = [
        np.einsum("ij,ij->i", left[part[:, 0]], right[part[:, 1]])
        for part in np.array_split(pairs, len(pairs) // (4 * ROWS) + 1)
    ]
    return np.concatenate(products)


def _turned(thumbnails: Singles, slopes: Singles, pairs: Codes) -> Singles:
    """Return how well each pair agrees, the first turned and mirrored as they agree best."""
    firsts, places = np.unique(pairs[:, 0], return_inverse=True)
    places = np.stack([places, pairs[:, 1]], axis=1)

    def one(way: tuple[int, int]) -> Singles:
        quarters, step = way
        turned = np.rot90(thumbnails[firsts], quarters, axes=(1, 2))[:, :, ::step]
        return _products(_slopes(turned), slopes, places)

    ways = [(quarters, step) for quarters in range(4) for step in (1, -1)]
    return functools.reduce(np.maximum, side_by_side(one, ways))


def connected(count: int, pairs: Sequence[tuple[int, ...]]) -> Codes:
    """Return the number of the component of each of `count` nodes."""
    components = Components(count, pairs)
    return _numbered([components.root(node) for node in range(count)])


def _numbered(keys: Sequence[object]) -> Codes:
    """Return a number for each key, equal for equal keys, in order of first appearance."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.intp)


def _familiarity(senses: _Space, groups: Codes) -> NDArray[np.float64]:
    cosines = senses.cosines.astype(np.float64)
    cosines[groups[senses.nearest] == groups[:, None]] = np.nan
    ordered = -np.sort(-cosines, axis=1)[:, :3]
    known = ~np.isnan(ordered)
    sums = np.where(known, ordered, 0.0).sum(axis=1)
    # Five copies of it, and nothing else to compare with.
    return np.where(known.any(axis=1), sums / np.maximum(known.sum(axis=1), 1), 1.0)
