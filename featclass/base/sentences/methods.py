"""How the figures of a report were obtained, or why there are none; no sentence has a full stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from featclass.base.sentences.numbers import counted, listed, whole

if TYPE_CHECKING:
    from featclass.base.records import Report
    from featclass.base.scores import (
        CrossValidation,
        GivenFolds,
        GivenParts,
        SavedClassifier,
        SingleSplit,
    )

MOST_NAMED = 10
"""Classes in a sentence that nobody could read with more of them."""

UNDIVIDED = (
    "The same pictures, or nearly the same, stand in several sets, so that none can be left"
    " out to judge by: remove the copies from all sets but one"
)
_UNSEEN = "so that featclass can judge itself on a picture"


def cross_validated(method: CrossValidation) -> str:
    """Say how out-of-fold predictions were obtained."""
    leave_one_out = method.leave_one_out
    how = "leave-one-out" if leave_one_out else f"{method.folds}-fold stratified cross-validation"
    if method.repeats > 1:
        how += f", repeated {method.repeats} times and averaged"
    apart = " nor a near-duplicate of it" if method.groups < method.images else ""
    apart += ", nor another picture of its burst" if apart and method.bursts else ""
    return f"each of {method.images} images predicted by probes that never saw it{apart}: {how}"


def single_split(method: SingleSplit) -> str:
    """Say how the predictions of one stratified split were obtained."""
    percent = whole(method.share)
    return (
        f"a single {percent}/{100 - percent} split, stratified, seed {method.seed}:"
        f" {method.trained} images to train, {method.tested} to test"
    )


def given_parts(method: GivenParts) -> str:
    """Say how the predictions of a split that was given were obtained."""
    lacking = ", which has no 'test'" if method.tested == "val" else ""
    return (
        f"the split that was given{lacking}: {method.trained} pictures of"
        f" {listed(method.training)} to train, {method.scored} of {method.tested!r} to test"
    )


def given_folds(method: GivenFolds) -> str:
    """Say how the predictions of folds that were given were obtained."""
    first, last = method.folds[0], method.folds[-1]
    return (
        f"the {len(method.folds)} folds that were given, {first!r} to {last!r}: each of"
        f" {method.images} pictures predicted by a probe of the other folds"
    )


def saved_classifier(method: SavedClassifier) -> str:
    """Say how a saved classifier was scored on labelled images."""
    return (
        f"each of {method.images} labelled pictures predicted by a saved classifier, which learned"
        f" from {method.trained} pictures"
    )


def single_pictures(classes: Sequence[str]) -> str:
    """Say what to add to classes of a single image."""
    if len(classes) == 1:
        lacking = f"{classes[0]!r} has only one picture: add at least one more"
    else:
        lacking = f"{listed(classes)} have only one picture each: add at least one more to each"
    return f"{lacking}, {_UNSEEN} it has not seen"


def no_pictures(classes: Sequence[str]) -> str:
    """Say that there is nothing to judge by without images of two classes; these have none."""
    return f"{listed(classes)}: without pictures of two sets or more there is nothing to judge by"


def single_recordings(classes: Sequence[str]) -> str:
    """Say that a second recording is needed, of classes that have nothing but one."""
    return (
        f"All pictures of {listed(classes)} were recorded in one go: record some at another moment"
        f" or place, {_UNSEEN} that is really new"
    )


def nothing_but_copies(label: str, images: int) -> str:
    """Say that all images of a class are nearly the same."""
    return (
        f"The {images} pictures of {label!r} are all nearly the same: add at least one that is not,"
        f" {_UNSEEN} it has not seen"
    )


def clauses(report: Report) -> str:
    """Go on with what else a score rests on: names, classes not learned, pictures seen before."""
    return _names_used(report) + _not_learned(report) + _seen_before(report)


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
            f"; without a picture, {listed(names.without_images)} {are} known by name alone, and"
            " not judged"
        )
    return clause


def _not_learned(report: Report) -> str:
    """Go on with which classes were scored though they had not been learned."""
    unknown = report.unknown_classes
    if not unknown:
        return ""
    from featclass.base.scores import SavedClassifier  # which gives its own sentence here

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
