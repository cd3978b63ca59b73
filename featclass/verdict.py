"""Whether a classifier was shown to be better than guessing."""

from __future__ import annotations

import math
from collections.abc import Mapping

from featclass.scores import Advice, Rate, Remedy, Verdict

SIGNIFICANT = 0.05
MOST_PICTURES = 10_000
"""Nobody is advised to gather more than these."""


def judge(right: int, sizes: Mapping[str, int], *, n_groups: int | None = None) -> Verdict:
    """Test `right` predictions against always naming the largest class: exact binomial, one-sided.

    Args:
        right: Images predicted right by probes that never saw them.
        sizes: How many images each class has, one or more altogether.
        n_groups: How many of them are independent, where near-duplicates count as one.
    """
    n = sum(sizes.values())
    independent = n if n_groups is None else n_groups
    chance = max(sizes.values()) / n
    # Whole pictures, rounded against the classifier.
    p_value = _luck(right * independent // n, independent, chance)
    largest = [name for name, size in sizes.items() if size == max(sizes.values())]
    rate = Rate(right, n, largest[0] if len(largest) == 1 else None, max(sizes.values()))
    is_better = p_value < SIGNIFICANT
    remedy = None if is_better else _remedy(right / n, independent, chance)
    return Verdict(is_better, p_value, rate, remedy)


def _luck(right: int, n: int, chance: float) -> float:
    """Return P(X >= right) of a binomial with n trials; 1 where every guess is right."""
    if chance >= 1 or right <= 0:
        return 1.0
    log_odds, log_none = math.log(chance / (1 - chance)), n * math.log1p(-chance)

    def exactly(k: int) -> float:
        ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        return math.exp(ways + k * log_odds + log_none)

    return min(1.0, math.fsum(exactly(k) for k in range(right, n + 1)))


def _remedy(share: float, n: int, chance: float) -> Advice:
    if _luck(n, n, chance) >= SIGNIFICANT:
        return Advice(Remedy.TOO_FEW, n)
    needed = _pictures_needed(share, n, chance)
    return Advice(Remedy.LOOK) if needed is None else Advice(Remedy.MORE, needed - n)


def _pictures_needed(share: float, n: int, chance: float) -> int | None:
    """Return with how many pictures this share right would be shown to be no luck, if with any."""
    if share <= chance:
        return None
    needed = n
    while _luck(round(share * needed), needed, chance) >= SIGNIFICANT:
        needed += max(1, needed // 10)
        if needed > MOST_PICTURES:
            return None
    return needed
