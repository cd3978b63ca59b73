"""Many multinomial logistic regressions of the same embeddings, minimised side by side.

Each is C times the cross-entropy of its own images plus half the squared coefficients, intercepts
free: what scikit-learn's `LogisticRegression(C)` minimises. By L-BFGS (Liu and Nocedal 1989) whose
first guess of the curvature is the diagonal of the Hessian. Side by side they share every product
of matrices, and what Python costs a step.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.floating]
"""Of one precision throughout."""

REMEMBERED = 8
"""Steps that the curvature is guessed from."""
MOST_STEPS = 500
MOST_TRIALS = 10
"""Lengths tried of one step."""
LEVEL = 0.3
"""Share of the slope at which a step is long enough; exactness does not pay."""
LONGER = 3.0
"""By how many times its length a step is lengthened at most: saturated shares hardly bend."""
NOTHING = 1e-6
"""Squared length, for each image at C = 1, that is rounding: of embeddings that are all alike."""
SAME_WAY, LEAST = 1e-6, 1e-20
"""Cosine of a step to what it changed, and their product, of less than which nothing is learned."""


@dataclass(frozen=True, slots=True)
class Regressions:
    """So many of them, each of some of the images."""

    features: Real
    """Embeddings, a 1 behind each for the intercept, shape (n, features)."""
    member: Real
    """Whether an image is of a class, 0 or 1, shape (n, classes)."""
    training: Real
    """Whether an image is one of a regression's, 0 or 1, shape (n, regressions)."""

    def start(self) -> Real:
        """Return coefficients that say nothing, shape (features, classes, regressions)."""
        shape = self.features.shape[1], self.member.shape[1], self.training.shape[1]
        return np.zeros(shape, self.features.dtype)

    def logits(self, coefficients: Real) -> Real:
        """Return logits of all images, shape (n, classes, regressions).

        Minus infinity of classes that a regression has no image of.
        """
        has_any = self.member.T @ self.training > 0
        absent = np.where(has_any, 0, -np.inf).astype(self.features.dtype)
        return np.asarray(self._times(coefficients) + absent)

    def minimised(self, C: float, start: Real, *, tolerance: float) -> Real:
        """Return coefficients at the minimum, shape (features, classes, regressions).

        Args:
            C: Weight of the cross-entropy.
            start: Coefficients to begin with, such as those of a smaller C.
            tolerance: How long a Newton step may be still, of the length of all coefficients, both
                as the diagonal of the Hessian measures them.
        """
        penalties = np.ones((len(start), 1, 1), start.dtype)
        penalties[-1] = 0
        weights = (C * self.training).astype(start.dtype)
        rounding = NOTHING * weights.sum(axis=0)
        at, logits = start, self.logits(start)
        shares = softmax(logits)
        spread, memory = self._spread(), _Memory()
        gradient = self._gradient(shares, weights) + penalties * at
        for _ in range(MOST_STEPS):
            scale = 1 / (spread * self._curvature(shares, weights) + 1)
            length = _dots(at / scale, at) + rounding
            goes_on = _dots(gradient, scale * gradient) > tolerance**2 * length
            if not goes_on.any():
                break
            direction = -memory.towards_minimum(gradient, scale)
            own = _dots(penalties * at, direction), _dots(penalties * direction, direction)
            line = _Line(logits, self._times(direction), self.member, weights, *own)
            # What has come to rest is left alone, whatever stands beside it.
            far = np.where(goes_on, line.far_enough(_dots(gradient, direction)), 0)
            step, before = far.astype(start.dtype) * direction, gradient
            at, logits = at + step, logits + far.astype(start.dtype) * line.change
            shares = softmax(logits)
            gradient = self._gradient(shares, weights) + penalties * at
            memory.add(step, gradient - before)
        return at

    def _times(self, coefficients: Real) -> Real:
        product = self.features @ coefficients.reshape(len(coefficients), -1)
        return np.asarray(product.reshape(len(product), *coefficients.shape[1:]))

    def _gradient(self, shares: Real, weights: Real) -> Real:
        """Return that of the cross-entropy."""
        excess = (shares - self.member[:, :, None]) * weights[:, None]
        product = self.features.T @ excess.reshape(len(excess), -1)
        return np.asarray(product.reshape(len(product), *shares.shape[1:]))

    def _spread(self) -> Real:
        """Return the mean square of features among images, shape (features, 1, regressions)."""
        images = self.training.sum(axis=0)
        return np.asarray(((self.features**2).T @ self.training / images)[:, None])

    def _curvature(self, shares: Real, weights: Real) -> Real:
        """Return how the cross-entropy bends along a feature of 1, shape (classes, regressions)."""
        return np.asarray(np.einsum("ncr,nr->cr", shares * (1 - shares), weights))


@dataclass(frozen=True, slots=True)
class _Line:
    """The way from where regressions stand, in one direction each."""

    logits: Real
    """Shape (n, classes, regressions)."""
    change: Real
    """Of the logits, for a step of length 1."""
    member: Real
    weights: Real
    """C, or 0 for images that are not a regression's, shape (n, regressions)."""
    slope: Real
    """Of the penalty where they stand, shape (regressions,)."""
    bend: Real
    """Of the penalty."""

    def far_enough(self, downhill: Real) -> Real:
        """Return lengths, shape (regressions,), where hardly anything of the slope is left.

        Newton's method in one dimension, kept between what is known to be too near and too far.

        Args:
            downhill: The slope at length 0, negative.
        """
        own = np.einsum("nc,ncr->nr", self.member, self.change)
        far = np.ones_like(downhill)
        near, beyond = np.zeros_like(far), np.full_like(far, np.inf)
        for _ in range(MOST_TRIALS):
            shares = softmax(self.logits + far * self.change)
            mean = (shares * self.change).sum(axis=1)
            slope = ((mean - own) * self.weights).sum(axis=0) + self.slope + far * self.bend
            goes_on = np.abs(slope) > LEVEL * np.abs(downhill)
            if not goes_on.any():
                break
            varies = (shares * self.change**2).sum(axis=1) - mean**2
            bend = (varies * self.weights).sum(axis=0) + self.bend
            near = np.where(slope < 0, np.maximum(near, far), near)
            beyond = np.where(slope > 0, np.minimum(beyond, far), beyond)
            guess = far - slope / np.maximum(bend, np.abs(slope) / (LONGER * far))
            middle = np.where(np.isinf(beyond), 2 * far, (near + beyond) / 2)
            guess = np.where((near < guess) & (guess < beyond), guess, middle)
            far = np.where(goes_on, guess, far).astype(far.dtype)
        return far


@dataclass(frozen=True, slots=True)
class _Memory:
    """The last steps of each regression, and what they did to its gradient."""

    steps: deque[tuple[Real, Real, Real]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """A step, the change, and one over their product: 0 where it says nothing of the curvature."""

    def add(self, step: Real, change: Real) -> None:
        """Remember one."""
        products = _dots(step, change)
        lengths = np.sqrt(_dots(step, step) * _dots(change, change))
        is_sound = products > np.maximum(SAME_WAY * lengths, LEAST)
        self.steps.append((step, change, is_sound / np.where(is_sound, products, 1)))

    def towards_minimum(self, gradient: Real, scale: Real) -> Real:
        """Return about the Newton step, its sign turned; `scale` where nothing is remembered."""
        direction, shares = gradient.copy(), []
        for step, change, inverse in reversed(self.steps):
            shares.append(inverse * _dots(step, direction))
            direction -= shares[-1] * change
        direction *= scale
        if self.steps:
            _, change, inverse = self.steps[-1]
            stretched = inverse * _dots(change, scale * change)
            direction /= np.where(stretched > 0, stretched, 1)
        for (step, change, inverse), share in zip(self.steps, reversed(shares), strict=True):
            direction += (share - inverse * _dots(change, direction)) * step
        return direction


def softmax(logits: Real) -> Real:
    """Return shares, shape (n, classes, regressions)."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    powers /= powers.sum(axis=1, keepdims=True)
    return np.asarray(powers)


def _dots(these: Real, those: Real) -> Real:
    """Return the product of each regression's coefficients, shape (regressions,)."""
    return np.asarray(np.einsum("fcr,fcr->r", these, those))
