"""Embeddings along their own principal axes, where the solver works."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featclass.probe.examples import Floats, use_one_thread_each

MOST_EXACT = 800
"""Most dimensions to find every principal axis of: the time grows with the cube (0.1 s)."""
MOST_CHANGE = 0.05
"""Of the spread along the axes, for keeping them."""
LEADING = 64
ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Embeddings along principal axes: the same distances, in fewer numbers where images are few.

    The intercept carries no penalty, and a map that keeps distances leaves the penalty as it is,
    so the penalised solution here is the one on the full vectors. No label is used.
    """

    points: Floats
    """Shape (n, r)."""
    axes: Floats
    """Shape (dimensions, r): `points @ axes.T + centre` are the embeddings."""
    centre: Floats
    """Mean embedding, shape (dimensions,)."""

    def restore(self, theta: Floats) -> tuple[Floats, Floats]:
        """Return coefficients (K, dimensions) and intercepts (K,) on the full vectors."""
        coefficients = theta[:, :-1] @ self.axes.T
        return coefficients, theta[:, -1] - coefficients @ self.centre

    def extended(self, vectors: Floats) -> Coordinates | None:
        """Return coordinates of other `vectors` that begin with these axes, or None.

        Only where the vectors are nearly the same: there the axes are nearly principal, and a
        solution on the ones is near that on the others, 0 along the axes that came on.
        """
        if vectors.shape[1] != len(self.axes):
            return None
        centred = vectors - self.centre
        points = centred @ self.axes
        spread, before = ((values**2).mean(axis=0) for values in (points, self.points))
        left = (centred**2).sum(axis=1) - (points**2).sum(axis=1)
        if abs(spread - before).sum() + abs(left).mean() > MOST_CHANGE * before.sum():
            return None
        new = np.flatnonzero(left > 1e-9)
        rest = centred[new] - points[new] @ self.axes.T
        _, lengths, directions = np.linalg.svd(rest, full_matrices=False)
        added = directions[lengths > 1e-6].T
        more = np.zeros((len(points), added.shape[1]))
        more[new] = rest @ added
        axes = np.concatenate([self.axes, added], axis=1)
        return Coordinates(np.concatenate([points, more], axis=1), axes, self.centre)


def coordinates(vectors: Floats) -> Coordinates:
    """Rotate centred `vectors`, shape (n, dimensions), onto their principal axes."""
    use_one_thread_each()
    centre = vectors.mean(axis=0)
    centred = vectors - centre
    n, dimensions = centred.shape
    if min(n, dimensions) > MOST_EXACT:
        return _leading_and_rest(centred, centre)
    if n > dimensions:
        _, axes = np.linalg.eigh(centred.T @ centred)
        return Coordinates(centred @ axes, axes, centre)
    variances, directions = np.linalg.eigh(centred @ centred.T)
    # What falls below is rounding noise of the Gram matrix: copies of a picture, the centring.
    kept = variances > max(variances[-1], np.finfo(np.float64).tiny) * 1e-12
    scales = np.sqrt(variances[kept])
    directions = directions[:, kept]
    return Coordinates(directions * scales, centred.T @ (directions / scales), centre)


def _leading_and_rest(centred: Floats, centre: Floats) -> Coordinates:
    """Return coordinates along leading axes V and, beside them, what I - VV' leaves of the points.

    V by subspace iteration (Halko, Martinsson and Tropp 2011, algorithm 4.4). [V, I - VV'] is a
    tight frame: it keeps distances, though its columns are more than the dimensions. The solver
    only needs the few axes along which the points spread most.
    """
    dimensions = centred.shape[1]
    basis = np.random.default_rng(0).normal(size=(dimensions, LEADING))
    for _ in range(ROUNDS):
        basis, _ = np.linalg.qr(centred.T @ (centred @ basis))
    projected = centred @ basis
    leading = basis @ np.linalg.eigh(projected.T @ projected)[1]
    points = centred @ leading
    return Coordinates(
        np.concatenate([points, centred - points @ leading.T], axis=1),
        np.concatenate([leading, np.eye(dimensions) - leading @ leading.T], axis=1),
        centre,
    )
