"""How the accuracy grows with the number of images, and what more of them should bring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from featclass.base import (
    ErrorsLeft,
    LearningCurve,
    Point,
    Projection,
    TooFewErrors,
    TooFewOfAClass,
)
from featclass.probe.statistics import DEPENDENCE

Codes = NDArray[np.intp]
Masks = NDArray[np.bool_]
Floats = NDArray[np.float64]
Learner = Callable[[Masks], Codes]
"""Given training masks, shape (fits, n), returns the class codes (places among the sorted labels)
that each fit predicts for all images, same shape; for those it trained on anything will do."""

SHARES = (0.3, 0.4, 0.5, 0.65, 0.8)
"""Of each class, to train on."""
PREDICTIONS = 2000
"""Of left-out images wanted at each size; the fewer the images, the more draws."""
DRAWS = (4, 24)
"""Fewest and most."""
EXPONENTS = np.linspace(0.2, 1.0, 9)
BOOTSTRAPS = 400
TRAINED_ON = 0.8
"""Share of the images that probes of five folds, whose accuracy is the one known, train on."""
FEWEST_IN_CLASS = 5
FEWEST_WRONG = 3
UNBALANCED = 0.67
"""Below this share of the largest class, the smallest is what to add to first. More pictures of the
class that is predicted worst did not help by themselves over draws from five pools."""
WORTHWHILE = 0.25
"""Share of the errors that the pictures proposed should take away."""
LITTLE = 0.05
"""Share of the errors that is not worth as many pictures again."""
SURE = 0.9
"""How likely twice as many pictures must be to take away more than a little."""


def learning_curve(
    labels: Sequence[str],
    right: Masks,
    learner: Learner,
    *,
    groups: Sequence[int] | None = None,
    seed: int = 0,
) -> LearningCurve:
    """Train on stratified subsamples, fit a power law to the errors, and look ahead.

    error = a + b * images ** -c with a, b >= 0 and c from 0.2 to 1 (Cortes et al., NIPS 1993;
    Figueroa et al., BMC Medical Informatics and Decision Making 12, 2012; Hestness et al., 2017),
    by weighted least squares; how many errors it takes away is applied to the accuracy known.
    The band is that of a bootstrap over images and draws.

    Args:
        labels: Class of each image.
        right: Whether its out-of-fold prediction was, shape (n,).
        learner: Predicts all images by probes trained on some of them.
        groups: Of near-duplicates, which are never on both sides: the group of each image.
        seed: Of the subsamples.
    """
    classes, codes = np.unique(np.asarray(labels), return_inverse=True)
    owners = np.arange(codes.size) if groups is None else np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(codes[np.unique(owners, return_index=True)[1]], minlength=classes.size)
    smallest = int(sizes.argmin())
    if sizes[smallest] < FEWEST_IN_CLASS:
        return LearningCurve((), None, TooFewOfAClass(str(classes[smallest]), FEWEST_IN_CLASS))
    images = _Images(codes, owners, np.asarray(right, dtype=bool))
    measured = _measured(images, learner, np.random.default_rng([seed, codes.size]))
    points, wrong = measured.points(), int(codes.size - images.right.sum())
    if wrong < FEWEST_WRONG:
        return LearningCurve(points, None, TooFewErrors(wrong, codes.size))
    projected = measured.projected(classes.size, codes.size)
    lacking = int(sizes.max() - sizes[smallest])
    if projected is not None and sizes[smallest] < UNBALANCED * sizes.max():
        to_one = measured.projected(1, min(lacking, codes.size))
        projected = to_one and structs.replace(to_one, label=str(classes[smallest]))
    return LearningCurve(points, projected, None if projected else measured.errors_left())


@dataclass(frozen=True, slots=True)
class _Images:
    codes: Codes
    owners: Codes
    """The group of each, 0, 1, ..."""
    right: Masks

    def subsample(self, rng: np.random.Generator) -> Masks:
        """Return training masks (sizes, n), each holding the one before."""
        first = np.unique(self.owners, return_index=True)[1]
        codes = self.codes[first]
        training = np.zeros((len(SHARES), first.size), dtype=bool)
        for code in np.unique(codes):
            members = rng.permutation(np.flatnonzero(codes == code))
            for place, share in enumerate(SHARES):
                training[place, members[: max(1, round(share * members.size))]] = True
        return training[:, self.owners]


@dataclass(frozen=True, slots=True)
class _Law:
    """a + b * (images / scale) ** -c of each bootstrap, the last of the images as they are."""

    a: Floats
    b: Floats
    c: Floats
    scale: float

    @classmethod
    def fitted(cls, images: Floats, errors: Floats, weights: Floats) -> _Law:
        """Fit errors (bootstraps, sizes) of probes trained on `images`, shape (sizes,)."""
        share, scale = weights / weights.sum(), float(images[-1])
        fits: list[tuple[Floats, Floats, Floats]] = []
        for c in EXPONENTS:
            powers = (images / scale) ** -c
            mean, centre = errors @ share, float(powers @ share)
            slope = (errors - mean[:, None]) @ (share * (powers - centre))
            b = np.maximum(slope / float(share @ (powers - centre) ** 2), 0)
            a = mean - b * centre
            through = errors @ (share * powers) / float(share @ powers**2)
            b, a = np.where(a < 0, through, b), np.maximum(a, 0)
            residuals = errors - a[:, None] - b[:, None] * powers
            fits.append((residuals**2 @ share, a, b))
        losses, a, b = map(np.array, zip(*fits, strict=True))
        best = losses.argmin(axis=0)
        every = np.arange(errors.shape[0])
        return cls(a[best, every], b[best, every], EXPONENTS[best], scale)

    def __call__(self, images: float) -> Floats:
        return np.asarray(self.a + self.b * (images / self.scale) ** -self.c)


@dataclass(frozen=True, slots=True)
class _Measured:
    """Errors by training size, and accuracies, of bootstraps; the last of the images as given."""

    now: int
    """Images there are."""
    sizes: Floats
    errors: Floats
    """Shape (bootstraps + 1, sizes)."""
    accuracies: Floats
    """Out-of-fold, shape (bootstraps + 1,)."""
    law: _Law

    def remaining(self, more: int, share: float = 1.0) -> Floats:
        """Return the share of the errors left with so many more images, by bootstrap.

        Of today's errors, or of those by probes of a `share` of the images. The last, of the
        images as given, is the mean of the others: one law alone swings far.
        """
        left = self.law(self.now + more) / np.maximum(self.law(share * self.now), 1e-12)
        return np.append(left[:-1], left[:-1].mean())

    def points(self) -> tuple[Point, ...]:
        return tuple(
            Point(float(images), float(1 - errors[-1]), *band(1 - errors))
            for images, errors in zip(self.sizes, self.errors.T, strict=True)
        )

    def projected(self, step: int, most: int) -> Projection | None:
        """Return the fewest images worth their while, in steps, or None where that is not sure."""
        if np.quantile(self.remaining(self.now)[:-1], SURE) > 1 - LITTLE:
            return None
        steps = range(step, most + 1, step)
        enough = (more for more in steps if self.remaining(more)[-1] <= 1 - WORTHWHILE)
        more = next(enough, steps[-1])
        wrong = 1 - _spread(self.accuracies)
        then = 1 - wrong * self.remaining(more)
        # Of the classifier itself, which trains on all images, the accuracy may be higher.
        whole = 1 - wrong * self.remaining(more, TRAINED_ON)
        low, high = float(np.quantile(then[:-1], 0.025)), float(np.quantile(whole[:-1], 0.975))
        now, after = float(self.accuracies[-1]), float(then[-1])
        return Projection(more, None, now, after, min(low, after), max(high, after))

    def errors_left(self) -> ErrorsLeft:
        """Return what twice as many images would leave of the errors, and whether that is all."""
        left = self.remaining(self.now)[:-1]
        # At most, as the law never rises; more than one is dust.
        low, high = np.minimum(np.quantile(left, (0.025, 0.975)), 1.0).tolist()
        is_flat = bool(np.quantile(left, 0.05) >= 1 - 2 * LITTLE)
        return ErrorsLeft(is_flat, self.now, low, high)


def _measured(images: _Images, learner: Learner, rng: np.random.Generator) -> _Measured:
    """Train on subsamples, predict the images left out, and bootstrap what came of it."""
    n = images.codes.size
    left_out = n * (1 - float(np.mean(SHARES)))
    draws = int(np.clip(round(PREDICTIONS / left_out), *DRAWS))
    training = np.stack([images.subsample(rng) for _ in range(draws)])
    flat = training.reshape(-1, n)
    tested = ~training
    wrong = tested & (learner(flat).reshape(training.shape) != images.codes)
    sizes = training.sum(axis=2).mean(axis=0)
    weights, turns = _bootstraps(images.owners, draws, rng)
    wrongs = np.einsum("bn,dsn,bd->bs", weights, wrong.astype(float), turns, optimize=True)
    tests = np.einsum("bn,dsn,bd->bs", weights, tested.astype(float), turns, optimize=True)
    errors = wrongs / np.maximum(tests, 1e-12)
    accuracies = weights @ images.right / weights.sum(axis=1)
    law = _Law.fitted(sizes, errors, tests[-1])
    return _Measured(n, sizes, errors, accuracies, law)


def _bootstraps(owners: Codes, draws: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return weights of images (bootstraps + 1, n) and of draws (bootstraps + 1, draws)."""

    def resampled(count: int) -> Floats:
        chances = np.full(count, 1 / count)
        drawn = rng.multinomial(count, chances, size=BOOTSTRAPS)
        return np.concatenate([drawn, np.ones((1, count), dtype=drawn.dtype)]).astype(float)

    return resampled(int(owners.max()) + 1)[:, owners], resampled(draws)


def _spread(accuracies: Floats) -> Floats:
    """Spread bootstraps as far as out-of-fold accuracies vary."""
    centre = accuracies[-1]
    return np.asarray(np.clip(centre + DEPENDENCE**0.5 * (accuracies - centre), 0, 1))


def band(accuracies: Floats) -> tuple[float, float]:
    """Return the 95 % band of accuracies, shape (bootstraps + 1,), the measured one last."""
    low, high = np.quantile(_spread(accuracies)[:-1], (0.025, 0.975)).tolist()
    return low, high
