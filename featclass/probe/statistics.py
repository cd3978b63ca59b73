"""How far a share of right ones can be trusted, and whether it is better than guessing."""

from __future__ import annotations

from collections.abc import Mapping

from featclass.base import Advice, Rate, Remedy, Verdict

WORSE, BETTER = 1.5, 2.0
"""How many out-of-fold images say as much as one independent image does of a classifier that is
worse than its share of right ones, and of one that is better: see below."""
DEPENDENCE = (WORSE + BETTER) / 2
"""The same where the side does not matter."""


def accuracy_interval(
    right: int, n: int, *, n_groups: int | None = None, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the interval of a classifier's accuracy on new images, low and high, within 0 and 1.

    The accuracy of the classifier itself varies with the images drawn, and its folds share images:
    `right` of `n` out-of-fold predictions count as fewer independent ones. And they were made by
    probes of fewer images than it has, so that it is better than the share more often, and by
    more, than worse: the squared distance was mostly twice that of n independent images where it
    was better (1.1 to 4.6 times), and once where it was worse (0.6 to 1.5 times), over draws of 6
    to 150 images from nine pools. Hence n / 1.5 images below the share, and n / 2 above. The lower
    limit is Jeffreys' (Brown, Cai and DasGupta, Statistical Science 16, 2001), the upper one
    Clopper and Pearson's (Biometrika 26, 1934), the more careful of the two, or 1 where less than
    one independent image was wrong: of a single miss by a probe of fewer images it does not follow
    that the classifier misses any. An effective number of images in such formulas is Korn and
    Graubard's (Survey Methodology 24, 1998). `python -m benchmarks coverage` measures how often it
    holds, for the recall of a class as well, beside Wilson's.

    Args:
        right: Images predicted right.
        n: Images predicted; of none nothing is known.
        n_groups: How many of them are independent, where near-duplicates count as one.
        confidence: Share of datasets for which it should hold.
    """
    if n == 0:
        return 0.0, 1.0
    independent, tail = n if n_groups is None else n_groups, (1 - confidence) / 2
    hits, misses = _shared(right, n, independent / WORSE)
    low = 0.0 if right == 0 else _beta_quantile(tail, hits + 0.5, misses + 0.5)
    hits, misses = _shared(right, n, independent / BETTER)
    if right == n or misses < 1 < hits:
        return low, 1.0
    return low, _beta_quantile(1 - tail, hits + 1, misses)


def _shared(right: int, n: int, images: float) -> tuple[float, float]:
    """Return how many of so many images are hits and misses, at the share of right ones."""
    hits = images * right / n
    return hits, images - hits


def _beta_quantile(probability: float, a: float, b: float) -> float:
    """Return x with I_x(a, b) = probability."""
    from scipy.special import betaincinv  # a tenth of a second, which no prediction needs

    return float(betaincinv(a, b, probability))


SIGNIFICANT = 0.05
MOST_PICTURES = 10_000
"""Nobody is advised to gather more than these."""


def verdict(right: int, sizes: Mapping[str, int], *, n_groups: int | None = None) -> Verdict:
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
    p_value = binomial_tail(right * independent // n, independent, chance)
    largest = [name for name, size in sizes.items() if size == max(sizes.values())]
    rate = Rate(right, n, largest[0] if len(largest) == 1 else None, max(sizes.values()))
    is_better = p_value < SIGNIFICANT
    remedy = None if is_better else _remedy(right / n, independent, chance)
    return Verdict(is_better, p_value, rate, remedy)


def binomial_tail(right: int, n: int, chance: float) -> float:
    """Return P(X >= right) of a binomial with n trials; 1 where every guess is right."""
    from scipy.special import bdtrc

    return 1.0 if chance >= 1 or right <= 0 else float(bdtrc(right - 1, n, chance))


def _remedy(share: float, n: int, chance: float) -> Advice:
    if binomial_tail(n, n, chance) >= SIGNIFICANT:
        return Advice(Remedy.TOO_FEW, n)
    needed = _pictures_needed(share, n, chance)
    return Advice(Remedy.LOOK) if needed is None else Advice(Remedy.MORE, needed - n)


def _pictures_needed(share: float, n: int, chance: float) -> int | None:
    """Return with how many pictures this share right would be shown to be no luck, if with any."""
    if share <= chance:
        return None
    needed = n
    while binomial_tail(round(share * needed), needed, chance) >= SIGNIFICANT:
        needed += max(1, needed // 10)
        if needed > MOST_PICTURES:
            return None
    return needed
