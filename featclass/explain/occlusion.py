"""By covering parts of a picture and asking again: for any encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from featclass.base import FloatArray
from featclass.encoders import Box
from featclass.explain.evidence import Evidence
from featclass.probe import Floats

Levels = NDArray[np.uint8]
Vectors = NDArray[np.float32]
Mask = NDArray[np.bool_]

MOST_CELLS: Final = 9
USUAL_CELLS: Final = 7
COARSE: Final = 4
ASKED: Final = 8
"""Cells whose effect is measured after the gradient has named them.

For a small vision transformer on drawn pictures, the gradient alone
had a median rank correlation of 0.70 with covering every cell in turn, coarse cells made finer
0.68, and this 0.87; sixteen cells made it 0.92, at twice the time.
"""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The part of a picture that an encoder looks at, and how to have it look at another."""

    levels: Levels
    """Shape (height, width, 3)."""
    box: Box
    size: tuple[int, int]
    """Width and height of the whole picture."""
    encode: Callable[[Levels], Vectors]
    """From levels, shape (n, height, width, 3), to embeddings."""
    is_input: bool = True
    """Whether the levels are what the network takes; else they are the whole picture."""
    patch: int | None = None
    """Pixels a side of the patches that a transformer takes it apart into."""

    @property
    def fill(self) -> Levels:
        """What covers a part of it: its mean colour."""
        mean: Levels = self.levels.mean(axis=(0, 1)).round().astype(np.uint8)
        return mean

    def covered(self, masks: Sequence[Mask]) -> Levels:
        """Return it once for each mask, shape (height, width), covered there."""
        copies = np.repeat(self.levels[None], len(masks), axis=0)
        for copy, mask in zip(copies, masks, strict=True):
            copy[mask] = self.fill
        return copies

    def without(self, masks: Sequence[Mask], evidence: Evidence) -> Floats:
        """Return the logit with each of these masks covered."""
        if not masks:
            return np.empty(0)
        return evidence.logits(self.encode(self.covered(masks)))

    def grid(self) -> Grid:
        """Return the cells to cover, along the patches where there are some."""
        height, width, _ = self.levels.shape
        return Grid(*(_edges(side, self.patch) for side in (height, width)))


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells of a picture: where rows and columns begin, and where the last one ends."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns."""
        return len(self.rows) - 1, len(self.columns) - 1

    def mask(self, top: int, left: int, bottom: int, right: int) -> Mask:
        """Return which pixels lie in these rows and columns of cells, the last ones excluded."""
        mask = np.zeros((self.rows[-1], self.columns[-1]), np.bool_)
        mask[self.rows[top] : self.rows[bottom], self.columns[left] : self.columns[right]] = True
        return mask

    def cells(self, places: Sequence[int]) -> list[Mask]:
        """Return the masks of single cells, numbered row by row."""
        found = (divmod(place, self.shape[1]) for place in places)
        return [self.mask(row, column, row + 1, column + 1) for row, column in found]

    def sums(self, values: Floats) -> Floats:
        """Add up values of pixels, shape (height, width), by cell."""
        lines = np.add.reduceat(values, self.rows[:-1], axis=0)
        return np.asarray(np.add.reduceat(lines, self.columns[:-1], axis=1))


def by_gradient(view: View, evidence: Evidence, full: float, gradient: FloatArray) -> Floats:
    """Return about how far covering each cell lowers the logit, shape (rows, columns).

    Zeiler and Fergus 2014, "Visualizing and understanding convolutional networks", cover every
    cell in turn; this takes a fraction of the work. To first order, covering a cell changes the
    logit by gradient times change. The `ASKED` cells for which that is largest are covered in
    truth.

    Args:
        view: What the encoder looks at.
        evidence: Of the class.
        full: The logit with nothing covered.
        gradient: Of the logit with respect to each level, shape (height, width, 3).
    """
    grid = view.grid()
    change = view.levels.astype(np.float64) - view.fill
    values = grid.sums((gradient * change).sum(axis=2))
    places = np.argsort(-np.abs(values).ravel(), kind="stable")[:ASKED]
    values.flat[places] = full - view.without(grid.cells([int(p) for p in places]), evidence)
    return values


def coarse_to_fine(view: View, evidence: Evidence, full: float) -> Floats:
    """Return about the same without a gradient: coarse cells first, four of them made finer."""
    height, width, _ = view.levels.shape
    fine = Grid(*(_divided(side, 2 * COARSE) for side in (height, width)))
    corners = [(2 * row, 2 * column) for row in range(COARSE) for column in range(COARSE)]
    blocks = [fine.mask(row, column, row + 2, column + 2) for row, column in corners]
    coarse = (full - view.without(blocks, evidence)).reshape(COARSE, COARSE)
    values = np.kron(coarse / 4, np.ones((2, 2)))
    order = np.argsort(-np.abs(coarse).ravel(), kind="stable")[:COARSE]
    cells = [
        (row + down) * 2 * COARSE + column + right
        for row, column in (corners[place] for place in order)
        for down in (0, 1)
        for right in (0, 1)
    ]
    values.flat[cells] = full - view.without(fine.cells(cells), evidence)
    return np.asarray(values)


def _edges(side: int, patch: int | None) -> tuple[int, ...]:
    """Return where cells begin and the last one ends: a few, of whole patches each."""
    if patch and side % patch == 0:
        patches = side // patch
        fitting = [n for n in range(COARSE, MOST_CELLS + 1) if patches % n == 0]
        if fitting:
            return _divided(side, fitting[-1])
    return _divided(side, USUAL_CELLS)


def _divided(side: int, count: int) -> tuple[int, ...]:
    return tuple(round(side * step / count) for step in range(count + 1))
