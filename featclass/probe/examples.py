"""Labelled points as the solver sees them: the gradients of many weighted problems at once."""

from __future__ import annotations

import copy
import functools
import itertools
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Masks = NDArray[np.bool_]
Array = Any
"""Of NumPy or of Torch: what is done with it, both do alike."""
Map = Callable[[Callable[[slice], Any], Iterable[slice]], Iterable[Any]]

SLICE_VALUES = 2**17
"""Logits computed at a time: they stay in the fast cache, and memory does not grow with n."""
SLICE_POINTS = 256
GPU_VALUES = 2**26
"""The same on a GPU, where a slice keeps thousands of cores busy: 256 MB."""
GPU_WORK = 10**8
"""Multiplications a step that are worth moving to a GPU."""
LARGEST_MARGIN = 80.0
"""Beyond it a residual is nothing, in single precision too."""


@functools.cache
def use_one_thread_each() -> None:
    """Keep NumPy's BLAS to one thread from here on.

    Its threads wait for each other by spinning: beside a busy encoder a product of this size took
    ten times as long with two. Problems, or slices of the points, run side by side instead.
    """
    threadpool_limits(limits=1, user_api="blas")


class Examples:
    """Points, shape (n, r), a constant 1 after them, and the class of each.

    `rows` vectors of r + 1 parameters, intercept last, make one solution: one vector a class, or
    for two classes a single one, the second class's of the binary problem.
    """

    def __init__(
        self,
        points: Floats,
        codes: Codes,
        dtype: str = "float32",
        *,
        xp: Any = np,
        device: str | None = None,
    ) -> None:
        use_one_thread_each()
        self.xp, self.device, self.dtype = xp, device, getattr(xp, dtype)
        self.classes = int(codes.max()) + 1
        self.rows = 1 if self.classes == 2 else self.classes
        extended = np.concatenate([points, np.ones((len(points), 1))], axis=1)
        self.spread = self.array((extended**2).mean(axis=0))
        self.points = self.array(extended)
        self.columns = self.array(np.ascontiguousarray(extended.T))
        self.codes = xp.asarray(codes, device=device)
        self.signs = self.array(2.0 * codes - 1.0)

    @property
    def shape(self) -> tuple[int, int]:
        """Vectors in a solution, and parameters in a vector."""
        return self.rows, self.points.shape[1]

    def some(self, rows: NDArray[np.intp]) -> Examples:
        """Return these examples alone; all of them are the same object."""
        if len(rows) == len(self.codes):
            return self
        chosen = copy.copy(self)
        chosen.points, chosen.codes = self.points[rows], self.codes[rows]
        chosen.columns, chosen.signs = self.columns[:, rows], self.signs[rows]
        return chosen

    def array(self, values: NDArray[Any]) -> Array:
        """Return `values` in the library, the precision and the place of the examples."""
        return self.xp.asarray(values, dtype=self.dtype, device=self.device)

    def numpy(self, values: Array) -> NDArray[Any]:
        """Return `values` as NumPy has them."""
        return np.asarray(values if self.xp is np else values.cpu())

    def slices(self, problems: int) -> list[slice]:
        """Divide the points for so many problems; depends on the sizes alone, not the machine."""
        n = len(self.points)
        values = SLICE_VALUES if self.xp is np else GPU_VALUES
        parts = -(-n // max(SLICE_POINTS, values // (problems * self.rows)))
        edges = [n * part // parts for part in range(parts + 1)]
        return [slice(*pair) for pair in itertools.pairwise(edges)]

    def gradient(self, theta: Array, weights: Array, C: Array, each: Map) -> tuple[Array, Array]:
        """Return the gradients of weighted log loss + ||W||^2 / 2, and each problem's curvature.

        Args:
            theta: Shape (problems, rows, r + 1).
            weights: Of the examples, shape (problems, n): C, or 0 where not trained on.
            C: Shape (problems,).
            each: How to go over slices of the points: `map`, or that of a pool.

        Returns:
            Shapes (problems, rows, r + 1) and (problems,): the curvature is the sum of
            weight * p * (1 - p) over examples, mean of the rows.
        """
        work = functools.partial(self._part, theta, weights, C)
        gradient: Array = 0
        curvature: Array = 0
        for partial, doubt in each(work, self.slices(len(theta))):
            gradient, curvature = gradient + partial, curvature + doubt
        gradient[:, :, :-1] += theta[:, :, :-1]
        if self.rows > 1:
            # Residuals add up to nothing over the classes. What rounding leaves would push all
            # intercepts alike, which no penalty holds back.
            gradient -= gradient.mean(1)[:, None]
        return gradient, curvature

    def _part(self, theta: Array, weights: Array, C: Array, part: slice) -> tuple[Array, Array]:
        residuals, own = self._residuals(self._logits(theta, part), weights[:, part], part)
        # With q = p, or 1 - p of the own class, a residual is weight * q.
        squares = self.xp.einsum("bkn,bkn->b", residuals, residuals)
        doubt = own.sum(1) * (1 if self.rows == 1 else 2) - squares / C
        product = residuals.reshape(-1, residuals.shape[2]) @ self.points[part]
        return product.reshape(theta.shape), doubt / self.rows

    def _residuals(self, logits: Array, weights: Array, part: slice) -> tuple[Array, Array]:
        """Turn logits into weight * (p - truth), and give its size for each example's own class.

        Nowhere is 1 - p computed as a difference: that would leave nothing of it in single
        precision.
        """
        xp = self.xp
        if self.rows == 1:
            margins = (logits[:, 0] * self.signs[part]).clip(max=LARGEST_MARGIN)
            own = weights / (1 + xp.exp(margins))
            return (own * -self.signs[part])[:, None], own
        logits -= xp.amax(logits, axis=1, keepdims=True)
        powers = xp.exp(logits, out=logits)
        flat = powers.reshape(len(powers), -1)
        n = powers.shape[2]
        places = self.codes[part] * n + xp.arange(n, device=self.device)
        truth = flat[:, places]
        flat[:, places] = 0
        others = powers.sum(1)
        scale = weights / (others + truth)
        powers *= scale[:, None]
        others *= scale
        flat[:, places] = -others
        return powers, others

    def log_losses(self, theta: NDArray[Any]) -> NDArray[Any]:
        """Return -log p of every example under every solution, shape (problems, n)."""
        asked = self.array(theta)
        parts = [self._log_loss(asked, part) for part in self.slices(len(theta))]
        return self.numpy(self.xp.concatenate(parts, axis=1))

    def _log_loss(self, theta: Array, part: slice) -> Array:
        xp = self.xp
        logits = self._logits(theta, part)
        if self.rows == 1:
            margins = logits[:, 0] * self.signs[part]
            return xp.log1p(xp.exp(-abs(margins))) - margins.clip(max=0)
        top = xp.amax(logits, axis=1)
        n = logits.shape[2]
        own = logits[:, self.codes[part], xp.arange(n, device=self.device)]
        logits -= top[:, None]
        return xp.log(xp.exp(logits, out=logits).sum(1)) + top - own

    def _logits(self, theta: Array, part: slice) -> Array:
        problems, rows, width = theta.shape
        return (theta.reshape(-1, width) @ self.columns[:, part]).reshape(problems, rows, -1)


def examples_for(points: Floats, codes: Codes) -> Examples:
    """Return examples in single precision: on a GPU where Torch has one and they are many."""
    torch = sys.modules.get("torch")
    many = points.size * (int(codes.max()) + 1) >= GPU_WORK
    if many and torch is not None and torch.cuda.is_available():
        return Examples(points, codes, xp=torch, device="cuda")
    return Examples(points, codes)
