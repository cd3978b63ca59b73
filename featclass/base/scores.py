"""What a score rests on and what follows from it, as values; each says itself in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from featclass.base import sentences


@dataclass(frozen=True, slots=True)
class SavedSentence:
    """A sentence that came without values: of a file that an older featclass saved."""

    sentence: str


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """Each image was predicted by probes that saw neither it nor a near-duplicate of it."""

    images: int
    folds: int
    repeats: int
    leave_one_out: bool
    groups: int
    """How many images there are where near-duplicates, and frames of a burst, count as one."""
    bursts: bool = False
    """Whether a camera recorded some in one go."""

    @property
    def sentence(self) -> str:
        """Goes on behind "How it was measured", without a full stop; so do all of methods."""
        return sentences.methods.cross_validated(self)


@dataclass(frozen=True, slots=True)
class SingleSplit:
    """A share was held back at random, stratified by class."""

    trained: int
    tested: int
    share: float
    """To train on."""
    seed: int

    @property
    def sentence(self) -> str:
        """How."""
        return sentences.methods.single_split(self)


@dataclass(frozen=True, slots=True)
class GivenParts:
    """The owner had divided the images into parts to train on and one to score."""

    training: tuple[str, ...]
    tested: str
    trained: int
    """Images of the parts to train on."""
    scored: int

    @property
    def sentence(self) -> str:
        """How."""
        return sentences.methods.given_parts(self)


@dataclass(frozen=True, slots=True)
class GivenFolds:
    """The owner had divided the images into folds; each was scored by a probe of the others."""

    folds: tuple[str, ...]
    images: int

    @property
    def sentence(self) -> str:
        """How."""
        return sentences.methods.given_folds(self)


@dataclass(frozen=True, slots=True)
class SavedClassifier:
    """A classifier saved before predicted labelled images."""

    images: int
    trained: int
    """Images that it had learned from."""
    alike: Mapping[str, str] = field(default_factory=dict)
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


@dataclass(frozen=True, slots=True)
class Unscored:
    """No image could be held back, so that there are no figures."""

    why: Lacking
    classes: tuple[str, ...] = ()
    """Those that lack something, sorted; none where all of them do."""
    images: int = 0
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


Method = (
    CrossValidation
    | SingleSplit
    | GivenParts
    | GivenFolds
    | SavedClassifier
    | Unscored
    | SavedSentence
)
"""How the figures of a report were obtained, or why there are none."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many right of so many, and what always saying the largest class would give."""

    right: int
    images: int
    largest: str | None
    """None where several classes are as large."""
    most: int
    """Images of the largest class."""


class Remedy(StrEnum):
    """What to do about a score that may be luck."""

    MORE = "more pictures"
    """So many more would tell luck from skill."""
    TOO_FEW = "too few pictures"
    """Of so many even all right could be luck."""
    LOOK = "look at the pictures"
    """Nothing that tells the classes apart was found."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do, with the count that it is about."""

    remedy: Remedy
    count: int = 0
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the images predicted right are more than guessing could explain."""

    better_than_guessing: bool
    p_value: float
    """Chance of as many right or more by luck, at the rate of always saying the largest class."""
    rate: Rate | SavedSentence
    remedy: Advice | SavedSentence | None = None
    """None where there is nothing to do."""

    @property
    def sentence(self) -> str:
        """Ends with a full stop; names of classes are as their owner wrote them, not escaped."""
        if isinstance(self.rate, SavedSentence):
            return self.rate.sentence
        return sentences.verdict.verdict(self.rate, is_better=self.better_than_guessing)

    @property
    def advice(self) -> str:
        """What to do about it; empty where there is nothing to."""
        return self.remedy.sentence if self.remedy else ""


@dataclass(frozen=True, slots=True)
class Point:
    """Accuracy on the images left out by probes that trained on so many."""

    images: float
    """Trained on, on average over the draws."""
    accuracy: float
    low: float
    """95 % band, as that of `Projection`."""
    high: float


@dataclass(frozen=True, slots=True)
class Projection:
    """What so many more images should bring."""

    more: int
    label: str | None
    """The class they should be of; None for as many of each."""
    accuracy_now: float
    accuracy_then: float
    low: float
    """95 % band of `accuracy_then`."""
    high: float

    @property
    def sentence(self) -> str:
        """For anyone, with a full stop."""
        return sentences.outlook.projected(self)


@dataclass(frozen=True, slots=True)
class TooFewOfAClass:
    """A class has fewer different images than it takes to foresee anything."""

    label: str
    fewest: int
    """Each class should have."""

    @property
    def sentence(self) -> str:
        """For anyone, with a full stop."""
        return sentences.outlook.too_few_of_a_class(self)


@dataclass(frozen=True, slots=True)
class TooFewErrors:
    """Hardly an image went wrong."""

    wrong: int
    images: int

    @property
    def sentence(self) -> str:
        """For anyone, with a full stop."""
        return sentences.outlook.too_few_errors(self)


@dataclass(frozen=True, slots=True)
class ErrorsLeft:
    """What twice the images would leave of the errors gives nothing to foresee."""

    is_flat: bool
    """Whether hardly any would go; else it may be many or none."""
    images: int
    low: float
    """Share of the errors left, 95 % band."""
    high: float

    @property
    def sentence(self) -> str:
        """For anyone, with a full stop."""
        return sentences.outlook.FLAT if self.is_flat else sentences.outlook.unsteady(self)


Unforeseen = TooFewOfAClass | TooFewErrors | ErrorsLeft | SavedSentence
"""Why it cannot be told what more images would bring."""


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Points measured, and what more images should bring, or why that cannot be told."""

    points: tuple[Point, ...]
    projected: Projection | None
    unforeseen: Unforeseen | None = None
    """None where it is projected."""

    @property
    def reason(self) -> str:
        """For anyone: the projection, or why there is none; class names as they are."""
        values = self.projected or self.unforeseen
        return values.sentence if values else ""
