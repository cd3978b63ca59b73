"""Intervals of a classifier's accuracy as others make them, from the same images and probe."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bounds = tuple[float, float]
Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Masks = NDArray[np.bool_]

Z = 1.959964
FOLDS = 5
SPLITS = 15
"""As Nadeau and Bengio advise."""
NESTED_ROUNDS = 10
"""Bates, Hastie and Tibshirani advise many more; the whole table takes minutes."""


@dataclass(frozen=True, slots=True)
class Small:
    """A small dataset, and what trains on parts of it."""

    codes: Codes
    """Class of each image, shape (n,)."""
    predicted: Callable[[Masks], Codes]
    """Of `probe.learner`: masks (fits, n) to what each fit says of all images."""
    seed: int

    def right(self, training: Masks) -> Masks:
        """Return whether a probe of each mask predicts each image right; both (fits, n)."""
        return np.asarray(self.predicted(training) == self.codes)


def wilson(right: int, n: int) -> Bounds:
    """Return the score interval for independent images (Wilson 1927): the yardstick."""
    share = right / n
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def resampled_t(small: Small) -> Bounds:
    """Return the corrected resampled t interval over random splits of 80 to 20.

    C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52 (2003).
    """
    from featclass.probe import folds

    images = folds.images(small.codes)
    turns = range(1000 * small.seed, 1000 * small.seed + SPLITS)
    training = np.array([folds.single_split(images, 1 - 1 / FOLDS, seed=turn) for turn in turns])
    right = small.right(training)
    shares = [row[~mask].mean() for row, mask in zip(right, training, strict=True)]
    tested = float(np.mean([(~mask).sum() / mask.sum() for mask in training]))
    return _corrected_t(np.array(shares), tested)


def repeated_folds_t(small: Small) -> Bounds:
    """Return the same over the folds of featclass's own repeated cross-validation.

    R. Bouckaert and E. Frank, "Evaluating the replicability of significance tests for comparing
    learning algorithms", PAKDD 2004.
    """
    from featclass.probe import folds

    plan = folds.cross_validation(folds.images(small.codes), seed=small.seed, repeats=3)
    right = small.right(plan.training)
    shares = [row[~mask].mean() for row, mask in zip(right, plan.training, strict=True)]
    return _corrected_t(np.array(shares), 1 / (plan.folds - 1))


def _corrected_t(shares: Floats, tested: float) -> Bounds:
    """Return bounds from accuracies of splits; `tested` is over those trained on."""
    from scipy.stats import t

    mean, count = float(shares.mean()), shares.size
    error = math.sqrt((1 / count + tested) * shares.var(ddof=1))
    return _within(mean, float(t.ppf(0.975, count - 1)) * error)


def nested(small: Small) -> Bounds:
    """Return the interval of nested cross-validation, its bias taken out.

    S. Bates, T. Hastie and R. Tibshirani, "Cross-validation: what does it estimate and how well
    does it do it?", Journal of the American Statistical Association 119 (2024), Algorithm 1: with
    e(in) the error within all folds but one, and e(out) on that one by a probe of them, the mean
    of (e(in) - e(out))^2 less the variance of e(out) is the squared error of e(in). The standard
    error is kept between that of cross-validation and sqrt(K) times it; the estimate is moved by
    1 + ((K - 2) / K)^1.5 times what it lies above cross-validation, as their own code does.
    """
    folds = max(3, min(FOLDS, int(np.bincount(small.codes).min())))
    rounds = [_nested_round(small, folds, turn) for turn in range(NESTED_ROUNDS)]
    squared = float(np.mean([part.squared for part in rounds]))
    inside = np.concatenate([part.inside for part in rounds])
    outside = np.concatenate([part.outside for part in rounds])
    n, error, deviation = small.codes.size, float(inside.mean()), float(inside.std(ddof=1))
    inflation = 1.0
    if deviation:
        within = deviation / math.sqrt(math.floor(n * (folds - 1) / folds))
        inflation = min(max(1.0, math.sqrt(max(0.0, squared)) / within), math.sqrt(folds))
    bias = (error - float(outside.mean())) * (1 + ((folds - 2) / folds) ** 1.5)
    return _within(1 - error + bias, Z * deviation / math.sqrt(n) * inflation)


@dataclass(frozen=True, slots=True)
class _Round:
    squared: float
    """Estimated squared error of e(in)."""
    inside: Floats
    """Errors of images left out together with another fold."""
    outside: Floats
    """Errors of images left out with their fold alone: cross-validation."""


def _nested_round(small: Small, folds: int, turn: int) -> _Round:
    from featclass.probe.folds import images, stratified

    # Seeds of its own: the folds of `repeated_folds_t` are drawn from the seed itself.
    held_out = stratified(images(small.codes), folds, seed=small.seed + 100_000, turn=turn)
    pairs = [(one, other) for one in range(folds) for other in range(one, folds)]
    training = np.array([(held_out != one) & (held_out != other) for one, other in pairs])
    wrong = dict(zip(pairs, ~small.right(training), strict=True))
    inside, outside, squared = [], [], []
    for fold in range(folds):
        own = wrong[fold, fold][held_out == fold].astype(float)
        others = [
            wrong[min(fold, other), max(fold, other)][held_out == other].astype(float)
            for other in range(folds)
            if other != fold
        ]
        inside.append(np.concatenate(others))
        outside.append(own)
        squared.append((inside[-1].mean() - own.mean()) ** 2 - own.var(ddof=1) / own.size)
    return _Round(float(np.mean(squared)), np.concatenate(inside), np.concatenate(outside))


def _within(centre: float, half: float) -> Bounds:
    return max(0.0, centre - half), min(1.0, centre + half)
