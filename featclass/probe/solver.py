"""Many L2-penalised multinomial logistic regressions on the same embeddings, solved at once."""

from __future__ import annotations

import functools
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Masks = NDArray[np.bool_]

PAIRS = 10
MOST_STEPS = 2000
BATCH_VALUES = 10**6
"""Numbers in the working set of one batch, 8 MB: the same on every machine, as the last bits of a
solution may depend on what it was solved with."""


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Embeddings along their own principal axes: the same distances in fewer numbers.

    The intercept carries no penalty and a rotation leaves the penalty as it is, so the penalised
    solution here is the one on the full vectors. No label is used.
    """

    points: Floats
    """Shape (n, r), r <= min(n, dimensions)."""
    axes: Floats
    """Orthonormal, shape (dimensions, r): `points @ axes.T + centre` are the embeddings."""
    centre: Floats
    """Mean embedding, shape (dimensions,)."""

    def restore(self, theta: Floats) -> tuple[Floats, Floats]:
        """Return coefficients (K, dimensions) and intercepts (K,) on the full vectors."""
        coefficients = theta[:, :-1] @ self.axes.T
        return coefficients, theta[:, -1] - coefficients @ self.centre


def coordinates(vectors: Floats) -> Coordinates:
    """Rotate centred `vectors`, shape (n, dimensions), onto their principal axes."""
    _use_one_thread_each()
    centre = vectors.mean(axis=0)
    centred = vectors - centre
    n, dimensions = centred.shape
    if n > dimensions:
        _, axes = np.linalg.eigh(centred.T @ centred)
        return Coordinates(centred @ axes, axes, centre)
    variances, directions = np.linalg.eigh(centred @ centred.T)
    # What falls below is rounding noise of the Gram matrix: copies of a picture, the centring.
    kept = variances > max(variances[-1], np.finfo(np.float64).tiny) * 1e-12
    scales = np.sqrt(variances[kept])
    directions = directions[:, kept]
    return Coordinates(directions * scales, centred.T @ (directions / scales), centre)


def scores(points: Floats, theta: Floats) -> Floats:
    """Return logits of shape (problems, K, n)."""
    problems, classes, width = theta.shape
    flat = theta[:, :, :-1].reshape(-1, width - 1) @ points.T
    return flat.reshape(problems, classes, len(points)) + theta[:, :, -1:]


def softmax(logits: Floats, axis: int) -> Floats:
    """Return probabilities; no logit is too large."""
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True))


def solve(
    points: Floats, codes: Codes, masks: Masks, C: Floats, start: Floats, *, tolerance: float
) -> Floats:
    """Minimise C * sum(log loss over the mask) + ||W||^2 / 2 for each mask, by L-BFGS in step.

    L-BFGS (Nocedal and Wright 2006, algorithm 7.5) whose initial Hessian is the diagonal of the
    model's own, which principal axes make a good one. The objective is 1-strongly convex in W:
    a gradient of norm g leaves W within g of the solution. With two classes C is halved, which
    makes (-w/2, w/2) of the binary problem the solution, as in scikit-learn.

    Args:
        points: Shape (n, r).
        codes: Class of each point, 0 to K - 1, shape (n,).
        masks: The points each problem trains on, shape (problems, n); each holds every class.
        C: Inverse penalty of each problem, shape (problems,).
        start: Where to start, shape (problems, K, r + 1), intercepts last.
        tolerance: Of the gradient's norm, relative to max(1, ||W||).

    Returns:
        Solutions, shape (problems, K, r + 1).
    """
    problems, classes, width = start.shape
    share = max(1, BATCH_VALUES // (classes * (2 * PAIRS * width + 6 * len(points))))
    strength = C / 2 if classes == 2 else C
    _use_one_thread_each()

    def run(first: int) -> Floats:
        chunk = slice(first, first + share)
        weights = masks[chunk] * strength[chunk, None]
        return _Batch(points, codes, weights, start[chunk]).run(tolerance)

    firsts = range(0, problems, share)
    if len(firsts) == 1:
        return run(0)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return np.concatenate(list(pool.map(run, firsts)))


@functools.cache
def _use_one_thread_each() -> None:
    """Keep NumPy's BLAS to one thread from here on.

    Its threads wait for each other by spinning: beside a busy encoder a product of this size took
    ten times as long with two. Problems run side by side instead.
    """
    threadpool_limits(limits=1, user_api="blas")


class _Batch:
    """Problems solved in step: the first axis of every array is the problem."""

    def __init__(self, points: Floats, codes: Codes, weights: Floats, start: Floats) -> None:
        self.points, self.codes, self.weights = points, codes, weights
        self.truth = np.arange(start.shape[1])[:, None] == codes
        self.spread = np.append(np.einsum("ij,ij->j", points, points), len(points)) / codes.size
        self.theta = start.copy()
        self.logits = scores(points, start)
        self.loss, self.probabilities = self._loss(self.logits)
        self.gradient = self._gradient()
        self.moves: list[Floats] = []
        self.changes: list[Floats] = []

    def run(self, tolerance: float) -> Floats:
        solved = np.empty_like(self.theta)
        running = np.arange(len(solved))
        for _ in range(MOST_STEPS):
            goal = tolerance * np.maximum(
                1.0, np.sqrt(_dot(self._weights_only, self._weights_only))
            )
            done = np.sqrt(_dot(self.gradient, self.gradient)) <= goal
            solved[running] = self.theta
            if done.all():
                break
            if done.mean() > 0.3:
                self._keep(~done)
                running = running[~done]
            self._step()
        return solved

    @property
    def _weights_only(self) -> Floats:
        return self.theta[:, :, :-1]

    def _step(self) -> None:
        direction = self._direction()
        slope = _dot(direction, self.gradient)
        push = scores(self.points, direction)
        along = _dot(self._weights_only, direction[:, :, :-1])
        length = _dot(direction[:, :, :-1], direction[:, :, :-1])
        step = np.ones(len(self.theta))
        while True:
            logits = self.logits + step[:, None, None] * push
            loss, probabilities = self._loss(logits)
            gain = self.loss - loss - step * along - step**2 * length / 2
            # Close to the solution the gain drowns in rounding: then the full step is right.
            slack = 1e-13 * np.abs(self.loss) + 1e-300
            short = gain + slack < -1e-4 * step * slope
            if not short.any() or step.min() < 1e-9:
                break
            step = np.where(short, step / 2, step)
        before = self.gradient
        move = step[:, None, None] * direction
        self.theta = self.theta + move
        self.logits, self.loss, self.probabilities = logits, loss, probabilities
        self.gradient = self._gradient()
        self.moves.append(move)
        self.changes.append(self.gradient - before)
        del self.moves[:-PAIRS], self.changes[:-PAIRS]

    def _direction(self) -> Floats:
        """Two-loop recursion; a pair without curvature counts for nothing."""
        result = -self.gradient
        shares = []
        for move, change in zip(reversed(self.moves), reversed(self.changes), strict=True):
            curvature = _dot(move, change)
            inverse = np.where(curvature > 1e-300, 1 / np.maximum(curvature, 1e-300), 0.0)
            share = inverse * _dot(move, result)
            result = result - share[:, None, None] * change
            shares.append((share, inverse))
        result = result / self._diagonal()
        for move, change, (share, inverse) in zip(
            self.moves, self.changes, reversed(shares), strict=True
        ):
            result = result + (share - inverse * _dot(change, result))[:, None, None] * move
        return np.asarray(result)

    def _diagonal(self) -> Floats:
        """Of the Hessian, with the mean curvature of all points in place of each one's own."""
        doubt = np.einsum("bkn,bn->b", self.probabilities * (1 - self.probabilities), self.weights)
        curvature = doubt[:, None] / self.theta.shape[1] * self.spread
        curvature[:, :-1] += 1.0
        return np.asarray(np.maximum(curvature, 1e-8)[:, None, :])

    def _loss(self, logits: Floats) -> tuple[Floats, Floats]:
        """Return the weighted log loss of each problem, and probabilities (problems, K, n)."""
        top = logits.max(axis=1)
        probabilities = np.exp(logits - top[:, None])
        total = probabilities.sum(axis=1)
        probabilities /= total[:, None]
        own = logits[:, self.codes, np.arange(len(self.codes))]
        return _dot(self.weights, top + np.log(total) - own), probabilities

    def _gradient(self) -> Floats:
        residuals = (self.probabilities - self.truth) * self.weights[:, None]
        problems, classes, n = residuals.shape
        gradient = np.empty_like(self.theta)
        flat = residuals.reshape(-1, n) @ self.points
        gradient[:, :, :-1] = flat.reshape(problems, classes, -1) + self._weights_only
        gradient[:, :, -1] = residuals.sum(axis=2)
        return gradient

    def _keep(self, running: NDArray[np.bool_]) -> None:
        for name in ("weights", "theta", "logits", "loss", "probabilities", "gradient"):
            setattr(self, name, getattr(self, name)[running])
        self.moves = [move[running] for move in self.moves]
        self.changes = [change[running] for change in self.changes]


def _dot(one: Floats, other: Floats) -> Floats:
    """Return the inner product of each problem."""
    return np.asarray(
        np.einsum("bi,bi->b", one.reshape(len(one), -1), other.reshape(len(other), -1))
    )
