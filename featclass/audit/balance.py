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


def sentence(images: dict[str, int]) -> str:
    """Say how even the classes are."""
    if len(images) < 2:
        return "There are not two classes to compare."
    largest, smallest = max(images, key=lambda n: images[n]), min(images, key=lambda n: images[n])
    if images[largest] == images[smallest]:
        return f"Every class has {images[largest]} pictures."
    counts = f"{largest!r} has {images[largest]} pictures and {smallest!r} {images[smallest]}"
    if is_unbalanced(images):
        return f"{counts}: a guess at the larger class is right too often; add to the smaller."
    return f"{counts}: no class is three times as large as another."
