"""What more pictures should bring, or why that cannot be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featclass.base.sentences.numbers import between, counted, percent, whole
from featclass.base.sentences.verdict import FEW_PICTURES

if TYPE_CHECKING:
    from featclass.base.scores import ErrorsLeft, Projection, TooFewErrors, TooFewOfAClass

FLAT = (
    "More pictures like these should change little: the errors hardly fall as pictures are added."
)


def projected(projection: Projection) -> str:
    """Say from which accuracy to which so many more images should take a classifier."""
    label, now, then = projection.label, projection.accuracy_now, projection.accuracy_then
    what = ", as many of each class," if label is None else f" of {label}"
    start = f"About {counted(projection.more, 'more picture')}{what} should"
    band = between(projection.low, projection.high)
    if now < then and whole(now) == whole(then):
        fewer = percent((then - now) / (1 - now))
        return f"{start} take away about {fewer} of the errors: {percent(now)} right ({band})."
    return f"{start} take it from {whole(now)} to {percent(then)} right ({band})."


def too_few_of_a_class(lacking: TooFewOfAClass) -> str:
    """Say that a class has fewer different images than it takes to tell."""
    return (
        f"What more pictures would bring can be told once each class has {lacking.fewest}"
        f" different ones; {lacking.label} has fewer."
    )


def too_few_errors(errors: TooFewErrors) -> str:
    """Say that hardly an image went wrong."""
    count = {0: "none", 1: "only one", 2: "only two"}.get(errors.wrong, f"only {errors.wrong:,}")
    return (
        f"Of {errors.images:,} pictures {count} went wrong: too few errors to tell what more"
        " pictures would bring."
    )


def unsteady(errors: ErrorsLeft) -> str:
    """Say that errors vary too much, and what share of them twice the images may leave."""
    few = " from so few" if errors.images <= FEW_PICTURES else ""
    ends = between(errors.low, errors.high)
    return (
        f"How far more pictures would help cannot be told{few}: the errors differ too much from one"
        f" part of the {errors.images:,} pictures to another. With twice as many, {ends} of the"
        " errors may be left."
    )
