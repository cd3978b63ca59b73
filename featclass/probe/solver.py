"""Many L2-penalised multinomial logistic regressions on the same embeddings, solved at once."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from featclass.probe.examples import Array, Examples, Floats, Map, Masks

PAIRS = 5
FIRST_STEP = 1 / 8
"""Before a pair tells the scale: images near a border bend the loss more than the mean does."""
MOST_STEPS = 500
MOST_CUTS = 20
BATCH_VALUES = 5 * 10**5
"""Numbers in the working set of one batch: the same on every machine, as the last bits of a
solution may depend on what it was solved with."""
Solved = Callable[[int], None]


def solve(
    examples: Examples,
    masks: Masks,
    C: Floats,
    start: NDArray[Any],
    *,
    tolerance: float,
    solved: Solved = lambda done: None,
) -> NDArray[Any]:
    """Minimise C * sum(log loss over the mask) + ||W||^2 / 2 for each mask, by L-BFGS in step.

    L-BFGS (Nocedal and Wright 2006, algorithm 7.4) whose initial Hessian is the diagonal of the
    model's own, which principal axes make a good one, scaled by the last pair (their equation
    7.20). The objective is 1-strongly convex in W: a gradient of norm g leaves W within g of the
    solution, wherever it started.

    Args:
        examples: Points and their classes.
        masks: The points each problem trains on, shape (problems, n); each holds every class.
        C: Inverse penalty of each problem, shape (problems,).
        start: Where to start, shape (problems, *examples.shape).
        tolerance: Of the gradient's norm, relative to max(1, ||W||).
        solved: Called now and then with how many problems are; may raise to stop.

    Returns:
        Solutions, shaped as `start`, in the precision of the examples.
    """
    rows, width = examples.shape
    share = max(1, BATCH_VALUES // (rows * 2 * PAIRS * width + masks.shape[1]))
    batches = -(-len(masks) // share)
    parts = np.array_split(np.arange(len(masks)), batches)

    def run(part: NDArray[np.intp], each: Map, step: Solved) -> NDArray[Any]:
        batch = _Batch(examples, masks[part], C[part], start[part], each)
        return batch.run(tolerance, step)

    slices = len(examples.slices(min(share, len(masks))))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        # Its threads start when there is something to do for them.
        if batches == 1 or slices > 1 or examples.xp is not np:
            each = pool.map if slices > 1 and examples.xp is np else map
            return np.concatenate(
                [
                    run(part, each, functools.partial(_report, solved, int(part[0])))
                    for part in parts
                ]
            )
        found: list[NDArray[Any]] = []
        for solutions in pool.map(lambda part: run(part, map, lambda done: None), parts):
            found.append(solutions)
            solved(sum(map(len, found)))
        return np.concatenate(found)


def _report(solved: Solved, before: int, done: int) -> None:
    solved(before + done)


class _Batch:
    """Problems solved in step: the first axis of every array is the problem."""

    def __init__(
        self, examples: Examples, masks: Masks, C: Floats, start: NDArray[Any], each: Map
    ) -> None:
        self.examples, self.xp, self.each = examples, examples.xp, each
        self.C = examples.array(C)
        self.weights = examples.array(masks) * self.C[:, None]
        # What rounding may leave of the gradient of a solution.
        self.noise = (self.weights**2).sum(1) * examples.spread.sum()
        self.noise = 2 * self.xp.finfo(examples.dtype).eps * self.noise**0.5
        self.theta = examples.array(start)
        self.gradient, self.curvature = self._evaluate(self.theta)
        self.memory = _Memory(self.xp)

    def run(self, tolerance: float, step: Solved) -> NDArray[Any]:
        solved = self.xp.empty_like(self.theta)
        running = self.xp.arange(len(solved), device=self.examples.device)
        for _ in range(MOST_STEPS):
            step(len(solved) - len(running))
            weights = self.theta[:, :, :-1]
            goal = tolerance * (_dot(self.xp, weights, weights) ** 0.5).clip(min=1) + self.noise
            done = _dot(self.xp, self.gradient, self.gradient) ** 0.5 <= goal
            solved[running] = self.theta
            if done.all():
                break
            if done.sum() > 0.3 * len(done):
                self._keep(~done)
                running = running[~done]
            self._step()
        return self.examples.numpy(solved)

    def _step(self) -> None:
        """Go to where the slope has turned upwards at most half as steep as it fell.

        Along a line the slope of a convex function only rises, and unlike the function's value
        it is exact to the end; the full step nearly always does.
        """
        xp = self.xp
        direction = self.memory.direction(self.gradient, self._diagonal())
        fall = -_dot(xp, direction, self.gradient)
        step = xp.ones_like(fall)
        theta = self.theta + direction
        gradient, self.curvature = self._evaluate(theta)
        for _ in range(MOST_CUTS):
            rise = _dot(xp, direction, gradient)
            far = rise > 0.5 * fall
            if not far.any():
                break
            cut = (fall[far] / (fall[far] + rise[far])).clip(0.1, 0.9)
            step[far] = step[far] * cut
            theta[far] = self.theta[far] + step[far][:, None, None] * direction[far]
            gradient[far], self.curvature[far] = self._evaluate(theta[far], far)
        self.memory.add(theta - self.theta, gradient - self.gradient)
        self.theta, self.gradient = theta, gradient

    def _evaluate(self, theta: Array, some: Any = slice(None)) -> tuple[Array, Array]:
        return self.examples.gradient(theta, self.weights[some], self.C[some], self.each)

    def _diagonal(self) -> Array:
        """Of the Hessian, with the mean curvature of all points in place of each one's own."""
        diagonal = self.curvature[:, None] * self.examples.spread
        diagonal[:, :-1] += 1
        return diagonal.clip(min=1e-8)[:, None, :]

    def _keep(self, running: Array) -> None:
        for name in ("C", "weights", "noise", "theta", "gradient", "curvature"):
            setattr(self, name, getattr(self, name)[running])
        self.memory.keep(running)


class _Memory:
    """The last moves and what each changed in the gradient; one without curvature counts not."""

    def __init__(self, xp: Any) -> None:
        self.xp = xp
        self.pairs: list[tuple[Array, Array, Array]] = []

    def add(self, move: Array, change: Array) -> None:
        curvature = _dot(self.xp, move, change)
        inverse = self.xp.where(curvature > 1e-30, 1 / curvature.clip(min=1e-30), 0)
        self.pairs = [*self.pairs, (move, change, inverse)][-PAIRS:]

    def keep(self, running: Array) -> None:
        self.pairs = [
            (move[running], change[running], inverse[running])
            for move, change, inverse in self.pairs
        ]

    def direction(self, gradient: Array, diagonal: Array) -> Array:
        """Two-loop recursion."""
        xp = self.xp
        result, shares = -gradient, []
        for move, change, inverse in reversed(self.pairs):
            share = inverse * _dot(xp, move, result)
            result -= share[:, None, None] * change
            shares.append(share)
        result /= diagonal
        if self.pairs:
            _, change, inverse = self.pairs[-1]
            scale = inverse * _dot(xp, change, change / diagonal)
            result /= xp.where(scale > 0, scale, 1)[:, None, None]
        else:
            result *= FIRST_STEP
        for (move, change, inverse), share in zip(self.pairs, reversed(shares), strict=True):
            result += (share - inverse * _dot(xp, change, result))[:, None, None] * move
        return result


def _dot(xp: Any, one: Array, other: Array) -> Array:
    """Return the inner product of each problem."""
    return xp.einsum("bi,bi->b", one.reshape(len(one), -1), other.reshape(len(other), -1))
