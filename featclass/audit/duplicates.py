"""Pictures that show the same: copies, crops, frames of a burst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from featclass.audit.families import Components, named_alike, relatives
from featclass.images import Appearance
from featclass.probe import Codes, nearest_others

Singles = NDArray[np.float32]

CANDIDATES = 5
"""Nearest images, by embedding and by thumbnail, that each image is compared with in full."""
ROWS = 512
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
    exact = _numbered([_pixels_of(appearance) for appearance in appearances])
    if count < 2:
        return Copies(exact, exact, np.ones(count))
    normalised = np.asarray(vectors, dtype=np.float32)
    thumbnails = np.stack([look.thumbnail for look in appearances]).astype(np.float32) @ COLOURS
    slopes = _slopes(thumbnails)
    by_look, crowd_look, _ = _nearest(slopes)
    by_sense, crowd_sense, crowds = _nearest(normalised)
    pairs = _pairs(by_look, by_sense)
    cosines = _products(normalised, normalised, pairs)
    looks = _products(slopes, slopes, pairs)
    turned = (looks < COPIED) & _is_ahead(cosines, crowd_sense, pairs, TURNED_MARGIN)
    if turned.any():
        looks[turned] = np.maximum(looks[turned], _turned(thumbnails, slopes, pairs[turned]))
    same = exact[pairs[:, 0]] == exact[pairs[:, 1]]
    copied = (looks >= COPIED) & _is_ahead(looks, crowd_look, pairs, COPIED_MARGIN)
    alike = (looks >= ALIKE) & (cosines >= ALIKE_COSINE)
    alike &= _is_ahead(cosines, crowd_sense, pairs, ALIKE_MARGIN * looks)
    links = [*enumerate(np.unique(exact, return_index=True)[1][exact].tolist())]
    links += map(tuple, pairs[same | copied | alike].tolist())
    near = _near(normalised, slopes, crowd_sense, crowd_look, pairs, named_alike(names, normalised))
    links += relatives(appearances, *near, links, _hubs(normalised, by_sense), crowds)
    groups = connected(count, links)
    return Copies(groups, exact, _familiarity(normalised, by_sense, groups))


def _pixels_of(appearance: Appearance) -> bytes:
    return replace(appearance, format="", file_bytes=0).to_bytes()


def _near(
    normalised: Singles,
    slopes: Singles,
    crowd_sense: Singles,
    crowd_look: Singles,
    pairs: Codes,
    named: Codes,
) -> tuple[Codes, Singles]:
    """Return pairs worth comparing by their pixels, and how far apart each is beside the crowd."""
    far = _farness(normalised, crowd_sense, pairs)
    far = np.minimum(far, _farness(slopes, crowd_look, pairs))
    by_name = _farness(normalised, crowd_sense, named)
    chosen, near = far <= NEAR, by_name <= 1
    both = np.concatenate([pairs[chosen], named[near]])
    return both, np.concatenate([far[chosen], NEAR * by_name[near]])


def _farness(normalised: Singles, crowd: Singles, pairs: Codes) -> Singles:
    """Return the distance of each pair beside that at which the crowd of either begins."""
    usual = np.maximum(crowd[pairs[:, 0]], crowd[pairs[:, 1]])
    return np.asarray((1 - _products(normalised, normalised, pairs)) / np.maximum(1 - usual, 1e-6))


def _hubs(normalised: Singles, nearest: Codes) -> Singles:
    """Return how near each image's neighbours are: what copies were made of is nearest to all."""
    rows = np.repeat(np.arange(len(normalised)), nearest.shape[1])
    cosines = _products(normalised, normalised, np.stack([rows, nearest.ravel()], axis=1))
    return np.asarray(cosines.reshape(nearest.shape)[:, :HUB].mean(axis=1))


def _slopes(thumbnails: Singles) -> Singles:
    """Return differences between neighbouring cells, scaled to length one unless flat."""
    count = len(thumbnails)
    across, down = np.diff(thumbnails, axis=2), np.diff(thumbnails, axis=1)
    slopes = np.concatenate([across.reshape(count, -1), down.reshape(count, -1)], axis=1)
    lengths = np.linalg.norm(slopes, axis=1, keepdims=True)
    return np.asarray(slopes / np.maximum(lengths, FLAT))


def _nearest(normalised: Singles) -> tuple[Codes, Singles, Codes]:
    """Return the nearest others of each, (n, CANDIDATES), and what `_crowd` does."""
    return nearest_others(normalised, CANDIDATES)[0], *_crowd(normalised)


def _crowd(normalised: Singles) -> tuple[Singles, Codes]:
    """Return the cosine of each to the last image of its crowd, of an even sample, and which."""
    count = len(normalised)
    step = -(-count // SAMPLED)
    sampled = -(-count // step)
    crowded = max(sampled // CROWD, min(CROWD, sampled // SMALL_CROWD), 1)
    place = sampled - 1 - crowded
    crowd, last = np.empty(count, np.float32), np.empty(count, np.intp)
    for first in range(0, count, ROWS):
        block = normalised[first : first + ROWS] @ normalised[::step].T
        rows = np.arange(first, first + len(block))
        own = rows % step == 0
        block[own, rows[own] // step] = -1.0
        sides = np.argpartition(block, place, axis=1)[:, place]
        crowd[first : first + ROWS] = block[np.arange(len(block)), sides]
        last[first : first + ROWS] = sides * step
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
    best = np.full(len(pairs), -1.0, np.float32)
    firsts, places = np.unique(pairs[:, 0], return_inverse=True)
    places = np.stack([places, pairs[:, 1]], axis=1)
    for quarters in range(4):
        turned = np.rot90(thumbnails[firsts], quarters, axes=(1, 2))
        for mirrored in (turned, turned[:, :, ::-1]):
            best = np.maximum(best, _products(_slopes(mirrored), slopes, places))
    return best


def _is_ahead(
    similarities: Singles, crowd: Singles, pairs: Codes, margin: float | Singles
) -> NDArray[np.bool_]:
    """Return whether a pair is so much closer than images of this dataset usually are."""
    usual = np.maximum(crowd[pairs[:, 0]], crowd[pairs[:, 1]])
    return np.asarray(1 - similarities <= margin * (1 - usual))


def connected(count: int, pairs: Sequence[tuple[int, ...]]) -> Codes:
    """Return the number of the component of each of `count` nodes."""
    components = Components(count, pairs)
    return _numbered([components.root(node) for node in range(count)])


def _numbered(keys: Sequence[object]) -> Codes:
    """Return a number for each key, equal for equal keys, in order of first appearance."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.intp)


def _familiarity(normalised: Singles, nearest: Codes, groups: Codes) -> NDArray[np.float64]:
    rows = np.arange(len(normalised))
    pairs = np.stack([np.repeat(rows, nearest.shape[1]), nearest.ravel()], axis=1)
    cosines = _products(normalised, normalised, pairs).astype(np.float64).reshape(nearest.shape)
    cosines[groups[nearest] == groups[:, None]] = np.nan
    ordered = -np.sort(-cosines, axis=1)[:, :3]
    known = ~np.isnan(ordered)
    sums = np.where(known, ordered, 0.0).sum(axis=1)
    # Five copies of it, and nothing else to compare with.
    return np.where(known.any(axis=1), sums / np.maximum(known.sum(axis=1), 1), 1.0)
