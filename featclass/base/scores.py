"""What follows from a score, as values; each says itself in a sentence with a full stop.

Names of classes are as their owner wrote them, not escaped. Read from JSON as they are: unions hold
the `kind`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from featclass.base.fields import Amount, Count, Share, Text
from featclass.base.sentences import between, counted, percent, whole

FEW_PICTURES = 100
"""Up to here counts say more than percentages do."""


class Rate(Struct, frozen=True):
    """So many right of so many, and what always saying the largest class would give."""

    right: Count
    images: Annotated[int, Meta(ge=1, lt=2**53)]
    largest: Text | None
    """None where several classes are as large."""
    most: Count
    """Images of the largest class."""

    @property
    def clause(self) -> str:
        """Without a full stop: counts of few images, shares of many."""
        images, few = self.images, self.images <= FEW_PICTURES
        right = f"{self.right} of {images}"
        if not few:
            right = f"{percent(self.right / images)} of {images:,}"
        guess = str(self.most) if few else percent(self.most / images)
        same = "the same class" if self.largest is None else self.largest
        return f"{right} right, where always saying {same} gives {guess}"


class Remedy(StrEnum):
    """What to do about a score that may be luck."""

    MORE = "more pictures"
    """So many more would tell luck from skill."""
    TOO_FEW = "too few pictures"
    """Of so many even all right could be luck."""
    LOOK = "look at the pictures"
    """Nothing that tells the classes apart was found."""


class Advice(Struct, frozen=True, rename={"remedy": "kind"}):
    """What to do, with the count that it is about."""

    remedy: Remedy
    count: Count = 0
    """Images to add, or images that there are, near-duplicates counted once."""

    @property
    def sentence(self) -> str:
        """For anyone."""
        match self.remedy:
            case Remedy.MORE:
                # Two digits: more would claim more than is known.
                digits = min(0, 2 - len(str(self.count)))
                pictures = counted(round(self.count, digits), "more picture")
                return (
                    f"About {pictures} would tell luck from skill, if it goes on getting as many of"
                    " them right."
                )
            case Remedy.TOO_FEW:
                few = counted(self.count, "picture")
                return f"With only {few} even all of them right could be luck: add pictures."
            case Remedy.LOOK:
                return (
                    "Nothing that tells the classes apart was found: see whether each picture is in"
                    " the right class, and whether you could tell them apart yourself; then add"
                    " pictures."
                )


class Verdict(Struct, frozen=True):
    """Whether the images predicted right are more than guessing could explain."""

    better_than_guessing: bool
    p_value: Share
    """Chance of as many right or more by luck, at the rate of always saying the largest class."""
    rate: Rate | Text
    remedy: Advice | Text | None = None
    """None where there is nothing to do."""

    @property
    def sentence(self) -> str:
        """For anyone."""
        if isinstance(self.rate, str):
            return self.rate
        better = self.better_than_guessing
        start = "Better than guessing" if better else "Not shown to be better than guessing yet"
        return f"{start}: {self.rate.clause}."

    @property
    def advice(self) -> str:
        """What to do about it; empty where there is nothing to."""
        return self.remedy.sentence if isinstance(self.remedy, Advice) else self.remedy or ""


class Point(Struct, frozen=True):
    """Accuracy on the images left out by probes that trained on so many."""

    images: Amount
    """Trained on, on average over the draws."""
    accuracy: Share
    low: Share
    """95 % band, as that of `Projection`."""
    high: Share


class Projection(
    Struct,
    frozen=True,
    rename={"label": "class", "accuracy_now": "from", "accuracy_then": "to"},
):
    """What so many more images should bring."""

    more: Count
    label: Text | None
    """The class they should be of; None for as many of each."""
    accuracy_now: Share
    accuracy_then: Share
    low: Share
    """95 % band of `accuracy_then`."""
    high: Share

    @property
    def sentence(self) -> str:
        """For anyone."""
        now, then = self.accuracy_now, self.accuracy_then
        what = ", as many of each class," if self.label is None else f" of {self.label}"
        start = f"About {counted(self.more, 'more picture')}{what} should"
        band = between(self.low, self.high)
        if now < then and whole(now) == whole(then):
            fewer = percent((then - now) / (1 - now))
            return f"{start} take away about {fewer} of the errors: {percent(now)} right ({band})."
        return f"{start} take it from {whole(now)} to {percent(then)} right ({band})."


class TooFewOfAClass(
    Struct, frozen=True, tag_field="kind", tag="too few of a class", rename={"label": "class"}
):
    """A class has fewer different images than it takes to foresee anything."""

    label: Text
    fewest: Count
    """Each class should have."""

    @property
    def sentence(self) -> str:
        """For anyone."""
        return (
            f"What more pictures would bring can be told once each class has {self.fewest}"
            f" different ones; {self.label} has fewer."
        )


class TooFewErrors(Struct, frozen=True, tag_field="kind", tag="too few errors"):
    """Hardly an image went wrong."""

    wrong: Count
    images: Count

    @property
    def sentence(self) -> str:
        """For anyone."""
        count = {0: "none", 1: "only one", 2: "only two"}.get(self.wrong, f"only {self.wrong:,}")
        return (
            f"Of {self.images:,} pictures {count} went wrong: too few errors to tell what more"
            " pictures would bring."
        )


class ErrorsLeft(Struct, frozen=True, tag_field="kind", tag="errors left"):
    """What twice the images would leave of the errors gives nothing to foresee."""

    is_flat: bool
    """Whether hardly any would go; else it may be many or none."""
    images: Count
    low: Share
    """Share of the errors left, 95 % band."""
    high: Share

    @property
    def sentence(self) -> str:
        """For anyone."""
        if self.is_flat:
            return (
                "More pictures like these should change little: the errors hardly fall as pictures"
                " are added."
            )
        few = " from so few" if self.images <= FEW_PICTURES else ""
        ends = between(self.low, self.high)
        return (
            f"How far more pictures would help cannot be told{few}: the errors differ too much from"
            f" one part of the {self.images:,} pictures to another. With twice as many, {ends} of"
            " the errors may be left."
        )


Unforeseen = TooFewOfAClass | TooFewErrors | ErrorsLeft | Text
"""Why it cannot be told what more images would bring."""


class LearningCurve(Struct, frozen=True):
    """Points measured, and what more images should bring, or why that cannot be told."""

    points: tuple[Point, ...]
    projected: Projection | None
    unforeseen: Unforeseen | None = None
    """None where it is projected."""

    @property
    def reason(self) -> str:
        """For anyone: the projection, or why there is none; class names as they are."""
        values = self.projected or self.unforeseen or ""
        return values if isinstance(values, str) else values.sentence
