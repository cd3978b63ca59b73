"""Positive definite systems, by Cholesky's factor: half the work of the general solver's.

NumPy factors; what it lacks for triangles is done in blocks, as LAPACK does, and large matrices by
all processors. SciPy's routines hold the interpreter's lock meanwhile, so that neither another fold
nor the page would move.
"""

from __future__ import annotations

import numpy as np

from featclass.probe.normalisation import Floats
from featclass.probe.threads import side_by_side

BLOCK, LARGE_BLOCK = 128, 256
TILE = 384
"""Rows that one thread changes at a time."""
LARGE = 2048
"""Rows from which on threads share one matrix: of smaller ones there are several to be solved."""


def solve(matrix: Floats, right: Floats) -> Floats:
    """Return x with matrix x = right, both of n rows.

    `matrix` is positive definite, and used up.
    """
    if len(matrix) <= BLOCK:
        return np.asarray(np.linalg.solve(matrix, right))
    lower, x = _factor(matrix), right.copy()
    blocks = _blocks(len(x), BLOCK)
    for own in blocks:
        before = lower[own, : own.start] @ x[: own.start]
        x[own] = np.linalg.solve(np.tril(lower[own, own]), x[own] - before)
    for own in reversed(blocks):
        behind = lower[own.stop :, own].T @ x[own.stop :]
        x[own] = np.linalg.solve(np.tril(lower[own, own]).T, x[own] - behind)
    return x


def inverse_root(matrix: Floats) -> Floats:
    """Return a lower triangle T with T' T the inverse of a positive definite matrix, used up."""
    return _inverse(_factor(matrix))


def _factor(matrix: Floats) -> Floats:
    """Return the lower triangle L with L L' the matrix; above its blocks stands anything."""
    if len(matrix) < LARGE:
        return np.asarray(np.linalg.cholesky(matrix), np.float64)
    for own in _blocks(len(matrix), LARGE_BLOCK):
        corner, panel = matrix[own, own], matrix[own.stop :, own]
        corner[:] = np.linalg.cholesky(corner)
        rest, back = matrix[own.stop :, own.stop :], _inverse(corner).T

        def divide(rows: slice, panel: Floats = panel, back: Floats = back) -> None:
            panel[rows] = panel[rows] @ back

        def subtract(rows: slice, panel: Floats = panel, rest: Floats = rest) -> None:
            rest[rows, : rows.stop] -= panel[rows] @ panel[: rows.stop].T

        longest_first = _blocks(len(panel), TILE)[::-1]
        for work in (divide, subtract):
            for _ in side_by_side(work, longest_first):
                pass
    return matrix


def _inverse(lower: Floats) -> Floats:
    if len(lower) <= BLOCK:
        return np.tril(np.linalg.inv(np.tril(lower)))
    half = len(lower) // 2
    inverse = np.zeros_like(lower)
    inverse[:half, :half] = first = _inverse(lower[:half, :half])
    inverse[half:, half:] = last = _inverse(lower[half:, half:])
    inverse[half:, :half] = -last @ (lower[half:, :half] @ first)
    return inverse


def _blocks(count: int, size: int) -> list[slice]:
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]
