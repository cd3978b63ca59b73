"""What more pictures should bring, or why that cannot be told."""

from __future__ import annotations

from featclass.base.sentences.numbers import between, counted, percent, whole
from featclass.base.sentences.verdict import FEW_PICTURES


def projected(
    *, more: int, label: str | None, now: float, then: float, low: float, high: float
) -> str:
    """Say from which accuracy to which so many more images should take a classifier.

    `label` is the class they should be of, None for as many of each; `low` and `high` the 95 %
    band of the accuracy `then`.
    """
    what = ", as many of each class," if label is None else f" of {label}"
    start = f"About {counted(more, 'more picture', 'more pictures')}{what} should"
    band = between(low, high)
    if now < then and whole(now) == whole(then):
        fewer = percent((then - now) / (1 - now))
        return f"{start} take away about {fewer} of the errors: {percent(now)} right ({band})."
    return f"{start} take it from {whole(now)} to {percent(then)} right ({band})."


def too_few_of_a_class(label: str, fewest: int) -> str:
    """Say that a class has fewer different images than it takes to tell."""
    return (
        f"What more pictures would bring can be told once each class has {fewest}"
        f" different ones; {label} has fewer."
    )


def too_few_errors(wrong: int, images: int) -> str:
    """Say that hardly an image went wrong."""
    count = {0: "none", 1: "only one", 2: "only two"}.get(wrong, f"only {wrong:,}")
    return (
        f"Of {images:,} pictures {count} went wrong: too few errors to tell what more pictures"
        " would bring."
    )


def flat() -> str:
    """Say that errors hardly fall as images are added."""
    return (
        "More pictures like these should change little: the errors hardly fall as pictures are"
        " added."
    )


def unsteady(images: int, low: float, high: float) -> str:
    """Say that errors vary too much; twice the images may leave this share of them, low to high."""
    few = " from so few" if images <= FEW_PICTURES else ""
    ends = between(low, high)
    return (
        f"How far more pictures would help cannot be told{few}: the errors differ too much from one"
        f" part of the {images:,} pictures to another. With twice as many, {ends} of the errors"
        " may be left."
    )
