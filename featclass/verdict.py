"""Whether a classifier was shown to be better than guessing, in words for anyone."""

from __future__ import annotations

import math
from collections.abc import Mapping

from featclass.records import Verdict

SIGNIFICANT = 0.05
FEW_PICTURES = 100
"""Up to here counts say more than percentages do."""
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
    rate = f"{_count(right, n)} right, where {_guess(sizes)} gives {_share(sizes, n)}"
    if p_value < SIGNIFICANT:
        return Verdict(True, p_value, f"Better than guessing: {rate}.", "")
    sentence = f"Not shown to be better than guessing yet: {rate}."
    return Verdict(False, p_value, sentence, _advice(right / n, independent, chance))


def _luck(right: int, n: int, chance: float) -> float:
    """Return P(X >= right) of a binomial with n trials; 1 where every guess is right."""
    if chance >= 1 or right <= 0:
        return 1.0
    log_odds, log_none = math.log(chance / (1 - chance)), n * math.log1p(-chance)

    def exactly(k: int) -> float:
        ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        return math.exp(ways + k * log_odds + log_none)

    return min(1.0, math.fsum(exactly(k) for k in range(right, n + 1)))


def _advice(share: float, n: int, chance: float) -> str:
    if _luck(n, n, chance) >= SIGNIFICANT:
        return f"With only {n} pictures even all of them right could be luck: add pictures."
    needed = _pictures_needed(share, n, chance)
    if needed is None:
        return (
            "Nothing that tells the classes apart was found: see whether each picture is in the"
            " right class, and whether you could tell them apart yourself; then add pictures."
        )
    return (
        f"About {_rounded(needed - n):,} more pictures would tell luck from skill, if it goes on"
        " getting as many of them right."
    )


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


def _rounded(count: int) -> int:
    """Keep two digits: more would claim more than is known."""
    return round(count, min(0, 2 - len(str(count))))


def _guess(sizes: Mapping[str, int]) -> str:
    most = max(sizes.values())
    largest = [name for name, size in sizes.items() if size == most]
    return f"always saying {largest[0]}" if len(largest) == 1 else "always saying the same class"


def _share(sizes: Mapping[str, int], n: int) -> str:
    most = max(sizes.values())
    return str(most) if n <= FEW_PICTURES else f"{100 * most / n:.0f} %"


def _count(right: int, n: int) -> str:
    if n <= FEW_PICTURES:
        return f"{right} of {n}"
    # Never "100 %" of which one was wrong.
    return f"{min(round(100 * right / n), 100 if right == n else 99)} % of {n:,}"
