"""What a score rests on and what follows from it, as values; each says itself in a sentence.

Read from JSON as they are: types hold the bounds that a file is held to, and unions the `kind`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

from featclass.base import sentences
from featclass.base.names import DISORDERLY

Count = Annotated[int, Meta(ge=0, lt=2**53)]
"""That every JSON reader can hold."""
Share = Annotated[float, Meta(ge=0, le=1)]
Amount = Annotated[float, Meta(ge=0, le=1e12)]
AnyText = Annotated[str, Meta(max_length=2**16)]
"""No name in a zip is longer, nor any sentence. Of a file it may hold halves of characters."""
ORDERLY = Meta(pattern=rf"\A[^{DISORDERLY.pattern[1:-1]}]*\Z")
Text = Annotated[str, ORDERLY, Meta(max_length=2**16)]
"""That can be shown; so is a sentence that an older featclass saved, without its values."""
Texts = Annotated[tuple[Text, ...], Meta(max_length=100_000)]


class CrossValidation(Struct, frozen=True, tag_field="kind", tag="cross-validation"):
    """Each image was predicted by probes that saw neither it nor a near-duplicate of it."""

    images: Count
    folds: Count
    repeats: Count
    leave_one_out: bool
    groups: Count
    """How many images there are where near-duplicates, and frames of a burst, count as one."""
    bursts: bool = False
    """Whether a camera recorded some in one go."""

    @property
    def sentence(self) -> str:
        """Goes on behind "How it was measured", without a full stop; so do all of methods."""
        return sentences.methods.cross_validated(self)


class SingleSplit(Struct, frozen=True, tag_field="kind", tag="single split"):
    """A share was held back at random, stratified by class."""

    trained: Count
    tested: Count
    share: Share
    """To train on."""
    seed: Count

    @property
    def sentence(self) -> str:
        """How."""
        return sentences.methods.single_split(self)


class GivenParts(Struct, frozen=True, tag_field="kind", tag="given parts"):
    """The owner had divided the images into parts to train on and one to score."""

    training: Annotated[Texts, Meta(min_length=1)]
    tested: Text
    trained: Count
    """Images of the parts to train on."""
    scored: Count

    @property
    def sentence(self) -> str:
        """How."""
        return sentences.methods.given_parts(self)


class GivenFolds(Struct, frozen=True, tag_field="kind", tag="given folds"):
    """The owner had divided the images into folds; each was scored by a probe of the others."""

    folds: Annotated[Texts, Meta(min_length=1)]
    images: Count

    @property
    def sentence(self) -> str:
        """How."""
        return sentences.methods.given_folds(self)


class SavedClassifier(Struct, frozen=True, tag_field="kind", tag="saved classifier"):
    """A classifier saved before predicted labelled images."""

    images: Count
    trained: Count
    """Images that it had learned from."""
    alike: Mapping[Text, Text] = field(default_factory=dict)
    """Class learned that an unknown one is but for case, spaces or what nobody sees."""

    @property
    def sentence(self) -> str:
        """How."""
        return sentences.methods.saved_classifier(self)


class Lacking(StrEnum):
    """Why there is no score."""

    SINGLE_PICTURES = "single pictures"
    """Classes have one image each."""
    NO_PICTURES = "no pictures"
    """Fewer than two classes have images."""
    SINGLE_RECORDINGS = "single recordings"
    """All images of classes were recorded in one go."""
    NOTHING_BUT_COPIES = "nothing but copies"
    """All images of a class are nearly the same."""
    UNDIVIDED = "undivided"
    """Near-duplicates across classes leave nothing to hold back."""


class Unscored(Struct, frozen=True, tag_field="kind", tag="unscored"):
    """No image could be held back, so that there are no figures."""

    why: Lacking
    classes: Texts = ()
    """Those that lack something, sorted; none where all of them do."""
    images: Count = 0
    """Of a class that is nothing but copies."""

    @property
    def sentence(self) -> str:
        """What to add."""
        match self.why:
            case Lacking.SINGLE_PICTURES:
                return sentences.methods.single_pictures(self.classes)
            case Lacking.NO_PICTURES:
                return sentences.methods.no_pictures(self.classes)
            case Lacking.SINGLE_RECORDINGS:
                return sentences.methods.single_recordings(self.classes)
            case Lacking.NOTHING_BUT_COPIES:
                return sentences.methods.nothing_but_copies(self.classes[0], self.images)
            case Lacking.UNDIVIDED:
                return sentences.methods.UNDIVIDED


Method = CrossValidation | SingleSplit | GivenParts | GivenFolds | SavedClassifier | Unscored | Text
"""How the figures of a report were obtained, or why there are none."""


class Rate(Struct, frozen=True):
    """So many right of so many, and what always saying the largest class would give."""

    right: Count
    images: Annotated[int, Meta(ge=1, lt=2**53)]
    largest: Text | None
    """None where several classes are as large."""
    most: Count
    """Images of the largest class."""


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
        """For anyone, with a full stop."""
        match self.remedy:
            case Remedy.MORE:
                return sentences.verdict.more_would_tell(self.count)
            case Remedy.TOO_FEW:
                return sentences.verdict.too_few_for_luck(self.count)
            case Remedy.LOOK:
                return sentences.verdict.NOTHING_FOUND


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
        """Ends with a full stop; names of classes are as their owner wrote them, not escaped."""
        if isinstance(self.rate, str):
            return self.rate
        return sentences.verdict.verdict(self.rate, is_better=self.better_than_guessing)

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
        """For anyone, with a full stop."""
        return sentences.outlook.projected(self)


class TooFewOfAClass(
    Struct, frozen=True, tag_field="kind", tag="too few of a class", rename={"label": "class"}
):
    """A class has fewer different images than it takes to foresee anything."""

    label: Text
    fewest: Count
    """Each class should have."""

    @property
    def sentence(self) -> str:
        """For anyone, with a full stop."""
        return sentences.outlook.too_few_of_a_class(self)


class TooFewErrors(Struct, frozen=True, tag_field="kind", tag="too few errors"):
    """Hardly an image went wrong."""

    wrong: Count
    images: Count

    @property
    def sentence(self) -> str:
        """For anyone, with a full stop."""
        return sentences.outlook.too_few_errors(self)


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
        """For anyone, with a full stop."""
        return sentences.outlook.FLAT if self.is_flat else sentences.outlook.unsteady(self)


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
