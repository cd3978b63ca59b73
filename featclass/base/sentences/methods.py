"""How the figures of a report were obtained, or why there are none; no sentence has a full stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from featclass.base.sentences.numbers import counted, listed, whole

MOST_NAMED = 10
"""Classes in a sentence that nobody could read with more of them."""

UNDIVIDED = (
    "The same pictures, or nearly the same, stand in several sets, so that none can be left"
    " out to judge by: remove the copies from all sets but one"
)
_UNSEEN = "so that featclass can judge itself on a picture"


def cross_validated(
    images: int, *, folds: int, repeats: int, leave_one_out: bool, groups: int, bursts: bool
) -> str:
    """Say how out-of-fold predictions were obtained.

    `groups` is how many images there are where near-duplicates count as one, and with `bursts`
    the frames of a recording as well.
    """
    how = "leave-one-out" if leave_one_out else f"{folds}-fold stratified cross-validation"
    if repeats > 1:
        how += f", repeated {repeats} times and averaged"
    apart = " nor a near-duplicate of it" if groups < images else ""
    apart += ", nor another picture of its burst" if apart and bursts else ""
    return f"each of {images} images predicted by probes that never saw it{apart}: {how}"


def single_split(*, trained: int, tested: int, share: float, seed: int) -> str:
    """Say how the predictions of one stratified split were obtained."""
    percent = whole(share)
    return (
        f"a single {percent}/{100 - percent} split, stratified, seed {seed}: {trained} images to"
        f" train, {tested} to test"
    )


def given_split(training: Sequence[str], tested: str, *, trained: int, scored: int) -> str:
    """Say how the predictions of a split that was given were obtained: its parts, and counts."""
    lacking = ", which has no 'test'" if tested == "val" else ""
    return (
        f"the split that was given{lacking}: {trained} pictures of {listed(training)} to train,"
        f" {scored} of {tested!r} to test"
    )


def given_folds(folds: Sequence[str], images: int) -> str:
    """Say how the predictions of folds that were given were obtained."""
    return (
        f"the {len(folds)} folds that were given, {folds[0]!r} to {folds[-1]!r}: each of {images}"
        " pictures predicted by a probe of the other folds"
    )


def saved_classifier(images: int, trained: int) -> str:
    """Say how a saved classifier was scored on labelled images."""
    return (
        f"each of {images} labelled pictures predicted by a saved classifier, which learned from"
        f" {trained} pictures"
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


def names_used(weight: float, without_images: Sequence[str], *, held_out: bool) -> str:
    """Go on with what the names of classes had to do with it; `held_out`: weighed on images."""
    clauses = ""
    if weight and held_out:
        clauses += f"; class names helped: weight {weight:.1f}, chosen on pictures held out"
    elif 0 < weight < 1:
        clauses += "; until then class names count as much as the pictures"
    if without_images:
        are = "is" if len(without_images) == 1 else "are"
        clauses += (
            f"; without a picture, {listed(without_images)} {are} known by name alone, and not"
            " judged"
        )
    return clauses


def not_learned(unknown: Mapping[str, int], alike: Mapping[str, str]) -> str:
    """Go on with which classes were scored though they had not been learned.

    `unknown` counts the images of each; `alike` is how a class that was learned is written.
    """
    if not unknown:
        return ""
    parts = []
    for name, count in sorted(unknown.items())[:MOST_NAMED]:
        hint = f"; {alike[name]!r} was learned: is it the same?" if name in alike else ""
        parts.append(f"{name!r} ({counted(count, 'picture', 'pictures')}{hint})")
    more = len(unknown) - len(parts)
    return f"; not learned, and so counted as wrong: {', '.join(parts)}" + (
        f" and {more} more" if more else ""
    )


def seen_before(
    *, same: int, near_duplicates: int, accuracy_without: float | None, scored: int
) -> str:
    """Go on with how many of the images scored had been learned from; nothing of none."""
    if not same + near_duplicates:
        return ""
    kinds = []
    if same:
        kinds.append(f"{same} of the {scored} are pictures that were learned from")
    if near_duplicates:
        kinds.append(f"{near_duplicates} of the {scored} are nearly the same as such a one")
    others = scored - same - near_duplicates
    without = "nothing is known of others"
    if accuracy_without is not None:
        without = f"of the others {round(accuracy_without * others)} of {others} are right"
    return f"; this score is too good: {' and '.join(kinds)}; {without}"
