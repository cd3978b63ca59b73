"""Classes with far fewer pictures than others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

RATIO = 3.0
"""Of the largest class to the smallest."""


def sizes(labels: Sequence[str]) -> dict[str, int]:
    """Return how many images each class has, by name."""
    return dict(sorted(Counter(labels).items()))


def is_unbalanced(images: dict[str, int]) -> bool:
    """Return whether the largest class has at least three times the images of the smallest."""
    return len(images) > 1 and max(images.values()) >= RATIO * min(images.values())
