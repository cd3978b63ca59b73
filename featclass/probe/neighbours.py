"""Which images are most like a new one, or like each other: exactly, or among many nearly so."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from featclass.base import FloatArray
from featclass.probe.embedded import products
from featclass.probe.normalisation import Floats, blocks, normalise
from featclass.probe.threads import side_by_side

Rows = NDArray[np.intp]
Singles = NDArray[np.float32]

MANY = 4000
"""So many are compared each with each in a second; beyond, only within cells."""
CELL, PROBED = 256, 8
"""Images of a cell, on average, and cells that are searched for each image."""
BLOCK = 512


def nearest(exemplars: FloatArray, vectors: FloatArray, k: int) -> tuple[Rows, Floats]:
    """Return indices and cosine similarities, shape (n, min(k, exemplars)), most similar first.

    Args:
        exemplars: L2-normalised embeddings, shape (m, dimensions).
        vectors: Embeddings of the pictures, shape (n, dimensions), of any length.
        k: How many to return.
    """
    k = min(k, len(exemplars))
    if not k:
        return np.empty((len(vectors), 0), dtype=np.intp), np.empty((len(vectors), 0))
    rows, cosines = [], []
    for block in blocks(vectors):
        similarities = normalise(block) @ exemplars.T
        some = np.argpartition(-similarities, k - 1, axis=1)[:, :k]
        values = np.take_along_axis(similarities, some, axis=1)
        order = np.lexsort((some, -values), axis=1)
        rows.append(np.take_along_axis(some, order, axis=1))
        cosines.append(np.take_along_axis(values, order, axis=1))
    return np.concatenate(rows), np.clip(np.concatenate(cosines), -1.0, 1.0)


def nearest_others(
    normalised: Singles, k: int, *, many: int = MANY, inner: Singles | None = None
) -> tuple[Rows, Singles]:
    """Return rows and cosines of those most like each, both (n, min(k, n - 1)), best first.

    Of more than `many` images each is compared with those in the cells nearest to it, about two
    thousand, where a cell is what lies nearest to one of an even sample of the images (the
    inverted file of Jégou, Douze and Schmid 2011, "Product quantization for nearest neighbor
    search", whose centres k-means would find).

    Args:
        normalised: Of length one, shape (n, dimensions), n at least 1.
        k: How many to return.
        many: From here on what is returned may lack one of the nearest now and then.
        inner: All their products, where these are known, shape (n, n): then nothing is lacking.
    """
    count = len(normalised)
    k = min(k, count - 1)
    rows, cosines = np.zeros((count, k), np.intp), np.full((count, k), -np.inf, np.float32)
    if k == 0:
        return rows, cosines
    if inner is not None or count <= many:
        _search_all(products(normalised) if inner is None else inner, rows, cosines)
        return rows, cosines
    _search_cells(normalised, rows, cosines)
    left = np.flatnonzero(np.isneginf(cosines[:, -1]))  # those of an almost empty cell
    for some, among in _blocks(left, np.arange(count)):
        _search(normalised, some, among, rows, cosines)
    return rows, cosines


def _search_all(inner: Singles, rows: Rows, cosines: Singles) -> None:
    def one(first: int) -> None:
        own = slice(first, first + BLOCK)
        candidates = inner[own].copy()
        asked = np.arange(len(candidates))
        candidates[asked, first + asked] = -np.inf
        rows[own], cosines[own] = _best(candidates, rows.shape[1])

    for _ in side_by_side(one, range(0, len(inner), BLOCK)):
        pass


def _best(candidates: Singles, k: int) -> tuple[Rows, Singles]:
    """Return the columns of the k largest of each row, the largest first, and these."""
    some = np.argpartition(-candidates, k - 1, axis=1)[:, :k]
    values = np.take_along_axis(candidates, some, axis=1)
    order = np.lexsort((some, -values), axis=1)
    return np.take_along_axis(some, order, axis=1), np.take_along_axis(values, order, axis=1)


def _search_cells(normalised: Singles, rows: Rows, cosines: Singles) -> None:
    count = len(normalised)
    centres = normalised[::CELL][: max(PROBED, count // CELL)]
    probed = nearest(centres, normalised, PROBED)[0]
    members = _by_cell(probed[:, 0], len(centres))
    asking = _by_cell(probed.ravel(), len(centres))
    for inside, places in zip(members, asking, strict=True):
        for some, among in _blocks(places // PROBED, inside):
            _search(normalised, some, among, rows, cosines)


def _by_cell(cells: Rows, count: int) -> list[Rows]:
    """Return the places of each cell's number in `cells`, ascending."""
    order = np.argsort(cells, kind="stable")
    return np.split(order, np.searchsorted(cells[order], np.arange(1, count)))


def _blocks(asked: Rows, among: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Cut into parts that fit in memory, also where all images are in one cell."""
    for first in range(0, asked.size, BLOCK):
        for start in range(0, among.size, MANY):
            yield asked[first : first + BLOCK], among[start : start + MANY]


def _search(normalised: Singles, asked: Rows, among: Rows, rows: Rows, cosines: Singles) -> None:
    """Write into `rows` and `cosines` what is nearer to those `asked` than what is there."""
    k = rows.shape[1]
    candidates = normalised[asked] @ normalised[among].T
    candidates[asked[:, None] == among] = -np.inf
    both = np.concatenate([cosines[asked], candidates], axis=1)
    others = np.concatenate([rows[asked], np.broadcast_to(among, (asked.size, among.size))], axis=1)
    some = np.argpartition(-both, k - 1, axis=1)[:, :k]
    values = np.take_along_axis(both, some, axis=1)
    which = np.take_along_axis(others, some, axis=1)
    order = np.lexsort((which, -values), axis=1)
    cosines[asked] = np.take_along_axis(values, order, axis=1)
    rows[asked] = np.take_along_axis(which, order, axis=1)
