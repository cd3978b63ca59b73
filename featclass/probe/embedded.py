"""Embeddings as the probe sees them, and their products: worked out once, for all who learn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from featclass.base import FloatArray
from featclass.probe.normalisation import Floats, normalise, takes_roots
from featclass.probe.threads import side_by_side

Real = TypeVar("Real", np.float32, np.float64)
BLOCK = 320
"""Rows or columns of a product that one thread makes at a time, however many there are."""
SHORT = 512
"""Images whose products are added up in single precision."""
LARGE = 2048
"""Dimensions from which on a matrix of theirs is shared by the threads, and single precision pays.
"""


@dataclass(frozen=True, eq=False)
class Embedded:
    """Scaled to length 1, and first their roots where fitting.

    Folds, subsamples and distances are made of the same products. Whoever learns from one dataset
    in several ways hands this on in place of the vectors.
    """

    X: Floats
    """Shape (n, dimensions)."""
    roots: bool

    @classmethod
    def of(cls, vectors: FloatArray | Embedded, *, roots: bool | None = None) -> Embedded:
        """Take embeddings of any length, shape (n, dimensions); with `roots`, or as fits them."""
        if isinstance(vectors, Embedded):
            if roots in (None, vectors.roots):
                return vectors
            vectors = vectors.X**2 if vectors.roots else vectors.X
        roots = takes_roots(vectors) if roots is None else roots
        return cls(_normalised(vectors, roots=roots), roots)

    @classmethod
    def seen(cls, X: Floats | Embedded) -> Embedded:
        """Take embeddings as the probe sees them already, with their products or without."""
        return X if isinstance(X, Embedded) else cls(X, roots=False)

    @property
    def is_wide(self) -> bool:
        """Whether `inner` is the smaller product."""
        images, dimensions = self.X.shape
        return bool(images <= dimensions)

    @cached_property
    def inner(self) -> Floats:
        """Inner products of the images: XX', shape (n, n)."""
        return products(self.X)

    @cached_property
    def mean(self) -> Floats:
        """Shape (dimensions,)."""
        return np.asarray(self.X.mean(axis=0))

    @cached_property
    def centred(self) -> NDArray[np.floating]:
        """As seen from the mean, shape (n, dimensions); in single precision where that pays.

        What it rounds away is a hundred-thousandth of what the shrunk scatter has along any axis.
        """
        centred = np.empty(self.X.shape, np.float32 if self.X.shape[1] >= LARGE else np.float64)
        return np.subtract(self.X, self.mean, out=centred, casting="same_kind")

    @cached_property
    def squares(self) -> Floats:
        """Those of the dimensions, as seen from the mean: X'X, shape (dimensions, dimensions)."""
        return cross_products(self.centred)


def products(rows: NDArray[Real]) -> NDArray[Real]:
    """Return all inner products of rows, shape (n, n): half of the tiles, side by side."""
    blocks = [slice(first, first + BLOCK) for first in range(0, len(rows), BLOCK)]
    symmetric = np.empty((len(rows), len(rows)), rows.dtype)

    def one(tile: tuple[slice, slice]) -> None:
        down, across = tile
        symmetric[down, across] = rows[down] @ rows[across].T
        if down != across:
            symmetric[across, down] = symmetric[down, across].T

    tiles = [(down, across) for place, down in enumerate(blocks) for across in blocks[: place + 1]]
    for _ in side_by_side(one, tiles):
        pass
    return symmetric


def cross_products(rows: NDArray[np.floating]) -> Floats:
    """Return X'X of rows X, in double precision: that of singles is a sum of short products."""
    blocks = [slice(first, first + BLOCK) for first in range(0, rows.shape[1], BLOCK)]
    symmetric = np.zeros((rows.shape[1], rows.shape[1]))
    step = SHORT if rows.dtype == np.float32 else max(len(rows), 1)

    def one(tile: tuple[slice, slice]) -> None:
        down, across = tile
        for first in range(0, len(rows), step):
            part = rows[first : first + step]
            symmetric[down, across] += part[:, down].T @ part[:, across]
        if down != across:
            symmetric[across, down] = symmetric[down, across].T

    tiles = [(down, across) for place, down in enumerate(blocks) for across in blocks[: place + 1]]
    for _ in side_by_side(one, tiles):
        pass
    return symmetric


def _normalised(vectors: FloatArray, *, roots: bool) -> Floats:
    X = np.empty(vectors.shape)

    def one(first: int) -> None:
        X[first : first + BLOCK] = normalise(vectors[first : first + BLOCK], roots=roots)

    for _ in side_by_side(one, range(0, len(X), BLOCK)):
        pass
    return X
