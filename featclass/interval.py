"""How far the share of images predicted right may be from the classifier's accuracy."""

from __future__ import annotations

import math
from collections.abc import Callable

DEPENDENCE = 1.75
"""How many out-of-fold images say as much as one independent image does: see below."""
EXACT = 1e-11


def accuracy_interval(
    right: int, n: int, *, n_groups: int | None = None, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the interval of a classifier's accuracy on new images, low and high, within 0 and 1.

    `right` of `n` out-of-fold predictions count as n / 1.75 independent ones, as the accuracy of
    the classifier itself varies with the images drawn, and its folds share images: the squared
    error of the share was mostly 1.3 to 2 times that of n independent images, over draws of 10 to
    500 images from more than ten pools. The lower limit is Jeffreys' (Brown, Cai and DasGupta,
    Statistical Science 16, 2001), the upper one Clopper and Pearson's (Biometrika 26, 1934), the
    more careful of the two: folds train on fewer images than the classifier, so that most misses
    were above. An effective number of images in such formulas is Korn and Graubard's (Survey
    Methodology 24, 1998). `python -m benchmarks coverage` measures how often it holds.

    Args:
        right: Images predicted right.
        n: Images predicted; of none nothing is known.
        n_groups: How many of them are independent, where near-duplicates count as one.
        confidence: Share of datasets for which it should hold.
    """
    if n == 0:
        return 0.0, 1.0
    independent = (n if n_groups is None else n_groups) / DEPENDENCE
    hits = independent * right / n
    misses = independent - hits
    tail = (1 - confidence) / 2
    low = 0.0 if right == 0 else _beta_quantile(tail, hits + 0.5, misses + 0.5)
    high = 1.0 if right == n else _beta_quantile(1 - tail, hits + 1, misses)
    return low, high


def _beta_quantile(probability: float, a: float, b: float) -> float:
    """Return x with I_x(a, b) = probability, by bisection."""
    low, high = 0.0, 1.0
    while high - low > EXACT:
        middle = (low + high) / 2
        if _incomplete_beta(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Return the regularised I_x(a, b) for x between 0 and 1, both exclusive."""
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(scale + a * math.log(x) + b * math.log1p(-x)) / a

    def term(step: int) -> float:
        half = step // 2
        if step % 2:
            return -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        return half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))

    return front / (1 + _continued_fraction(term))


def _continued_fraction(term: Callable[[int], float]) -> float:
    """Return t1 / (1 + t2 / (1 + ...)), by Lentz's method (DLMF 8.17.22, 3.10(iii))."""
    value, numerator, denominator = 1.0, 1.0, 0.0
    for step in range(1, 10_000):
        denominator = 1 / (1 + term(step) * denominator)
        numerator = 1 + term(step) / numerator
        value *= numerator * denominator
        if abs(numerator * denominator - 1) < 1e-15:
            break
    return value - 1
