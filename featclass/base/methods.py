"""How the figures of a report were obtained, or why there are none: values that say it in words.

No sentence here has a full stop: it goes on with what else a score rests on, see `clauses`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct, field

from featclass.base.fields import Count, Share, Text, Texts
from featclass.base.names import enumerated
from featclass.base.sentences import counted, whole

if TYPE_CHECKING:
    from featclass.base.records import Report

MOST_NAMED = 10
"""Classes in a sentence that nobody could read with more of them."""
_UNSEEN = "so that featclass can judge itself on a picture"


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
        """Goes on behind "How it was measured"; so do all of methods."""
        alone = self.leave_one_out
        how = "leave-one-out" if alone else f"{self.folds}-fold stratified cross-validation"
        if self.repeats > 1:
            how += f", repeated {self.repeats} times and averaged"
        apart = " nor a near-duplicate of it" if self.groups < self.images else ""
        apart += ", nor another picture of its burst" if apart and self.bursts else ""
        return f"each of {self.images} images predicted by probes that never saw it{apart}: {how}"


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
        percent = whole(self.share)
        return (
            f"a single {percent}/{100 - percent} split, stratified, seed {self.seed}:"
            f" {self.trained} images to train, {self.tested} to test"
        )


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
        lacking = ", which has no 'test'" if self.tested == "val" else ""
        parts = enumerated(self.training, quoted=True)
        return (
            f"the split that was given{lacking}: {self.trained} pictures of {parts} to train,"
            f" {self.scored} of {self.tested!r} to test"
        )


class GivenFolds(Struct, frozen=True, tag_field="kind", tag="given folds"):
    """The owner had divided the images into folds; each was scored by a probe of the others."""

    folds: Annotated[Texts, Meta(min_length=1)]
    images: Count

    @property
    def sentence(self) -> str:
        """How."""
        first, last = self.folds[0], self.folds[-1]
        return (
            f"the {len(self.folds)} folds that were given, {first!r} to {last!r}: each of"
            f" {self.images} pictures predicted by a probe of the other folds"
        )


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
        return (
            f"each of {self.images} labelled pictures predicted by a saved classifier, which"
            f" learned from {self.trained} pictures"
        )


class ProbeKind(StrEnum):
    """How a probe, one linear map of embeddings, is learned."""

    DISCRIMINANT = "discriminant"
    LOGISTIC = "logistic"

    @property
    def words(self) -> str:
        """Goes on behind "probe:"."""
        if self is ProbeKind.LOGISTIC:
            return "multinomial logistic regression"
        return "shrinkage discriminant analysis"


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
        names = enumerated(self.classes, quoted=True)
        match self.why:
            case Lacking.SINGLE_PICTURES if len(self.classes) == 1:
                lacking = f"{names} has only one picture: add at least one more"
                return f"{lacking}, {_UNSEEN} it has not seen"
            case Lacking.SINGLE_PICTURES:
                lacking = f"{names} have only one picture each: add at least one more to each"
                return f"{lacking}, {_UNSEEN} it has not seen"
            case Lacking.NO_PICTURES:
                return f"{names}: without pictures of two sets or more there is nothing to judge by"
            case Lacking.SINGLE_RECORDINGS:
                return (
                    f"All pictures of {names} were recorded in one go: record some at another"
                    f" moment or place, {_UNSEEN} that is really new"
                )
            case Lacking.NOTHING_BUT_COPIES:
                return (
                    f"The {self.images} pictures of {names} are all nearly the same: add at least"
                    f" one that is not, {_UNSEEN} it has not seen"
                )
            case Lacking.UNDIVIDED:
                return (
                    "The same pictures, or nearly the same, stand in several sets, so that none can"
                    " be left out to judge by: remove the copies from all sets but one"
                )


Method = CrossValidation | SingleSplit | GivenParts | GivenFolds | SavedClassifier | Unscored | Text
"""How the figures of a report were obtained, or why there are none."""


def clauses(report: Report) -> str:
    """Go on with what else a score rests on: C, names, classes unlearned, pictures seen."""
    return _regressed(report) + _names_used(report) + _not_learned(report) + _seen_before(report)


def _regressed(report: Report) -> str:
    """Go on with how C was chosen; nothing of a probe that has nothing to choose."""
    if report.probe is not ProbeKind.LOGISTIC or report.confusion_matrix is None:
        return ""
    probe, C = report.probe.words, None if report.C is None else f"C = {report.C:,g}"
    match report.procedure:
        case CrossValidation(folds=2):
            return f"; {probe}, {C}, but a fixed C in the folds, too small to choose it by"
        case CrossValidation():
            own = "each fold chose its C by cross-validation of the images that it trains on"
            return f"; {probe}, {C}; {own}"
        case SavedClassifier():
            return f"; {probe}, {C or 'C fixed for want of pictures to choose it by'}"
        case _:
            own = "C chosen by cross-validation of those to train on"
            return f"; {probe}, {own}, or fixed where a class has one picture there"


def _names_used(report: Report) -> str:
    """Go on with what the names of classes had to do with it."""
    names = report.class_names
    if names is None:
        return ""
    clause = ""
    if names.weight and report.confusion_matrix is not None:
        clause += f"; class names helped: weight {names.weight:.1f}, chosen on pictures held out"
    elif 0 < names.weight < 1:
        clause += "; until then class names count as much as the pictures"
    if names.without_images:
        are = "is" if len(names.without_images) == 1 else "are"
        clause += (
            f"; without a picture, {enumerated(names.without_images, quoted=True)} {are} known by"
            " name alone, and not judged"
        )
    return clause


def _not_learned(report: Report) -> str:
    """Go on with which classes were scored though they had not been learned."""
    unknown = report.unknown_classes
    if not unknown:
        return ""
    method = report.procedure
    alike = method.alike if isinstance(method, SavedClassifier) else {}
    parts = []
    for name in sorted(unknown)[:MOST_NAMED]:
        hint = f"; {alike[name]!r} was learned: is it the same?" if name in alike else ""
        parts.append(f"{name!r} ({counted(report.per_class[name].support, 'picture')}{hint})")
    more = len(unknown) - len(parts)
    return f"; not learned, and so counted as wrong: {', '.join(parts)}" + (
        f" and {more} more" if more else ""
    )


def _seen_before(report: Report) -> str:
    """Go on with how many of the images scored had been learned from; nothing of none."""
    seen = report.seen_in_training
    if seen is None or not seen.images:
        return ""
    scored = sum(map(sum, report.confusion_matrix or ()))
    kinds = []
    if seen.same:
        kinds.append(f"{seen.same} of the {scored} are pictures that were learned from")
    if seen.near_duplicates:
        kinds.append(f"{seen.near_duplicates} of the {scored} are nearly the same as such a one")
    others = scored - seen.images
    without = "nothing is known of others"
    if seen.accuracy_without is not None:
        without = f"of the others {round(seen.accuracy_without * others)} of {others} are right"
    return f"; this score is too good: {' and '.join(kinds)}; {without}"
