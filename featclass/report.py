"""How well a classifier does on images it never saw: numbers and the words of their method."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from featclass.interval import accuracy_interval
from featclass.records import ClassFigures, ClassNames, Rejected, Report, SeenInTraining
from featclass.report_json import from_json, to_json

MOST_NAMED = 10
"""Classes in a sentence that nobody could read with more of them."""
FEWEST_IN_CLASS = 10
"""Independent images of a class: of fewer, the interval of its recall says next to nothing."""


class Interval(Protocol):
    """Bounds of a share, 95 %: of `right` among `n`, `n_groups` of which are independent."""

    def __call__(self, right: int, n: int, /, *, n_groups: int) -> tuple[float, float]: ...


__all__ = [
    "cross_validated",
    "from_json",
    "given_folds",
    "given_split",
    "listed",
    "saved_classifier",
    "score",
    "single_split",
    "to_json",
    "wilson",
    "with_names",
    "with_seen",
    "with_unknown",
    "without_score",
]


def wilson(
    successes: int, n: int, confidence: float = 0.95, *, n_groups: int | None = None
) -> tuple[float, float]:
    """Return the score interval of a share of `n` images, low and high, within 0 and 1.

    `n_groups` is how many of them are independent, where near-duplicates count as one.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal
    of the American Statistical Association 22 (1927), 209-212. Of no image nothing is known.
    """
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, m = successes / n, n if n_groups is None else n_groups
    centre = (share + z**2 / (2 * m)) / (1 + z**2 / m)
    half = z / (1 + z**2 / m) * math.sqrt(share * (1 - share) / m + z**2 / (4 * m**2))
    # At the ends the formula gives exactly 0 and 1, its rounding does not.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    return low, 1.0 if successes == n else min(1.0, centre + half)


def score(
    labels: Sequence[str],
    probabilities: NDArray[np.float64],
    classes: Sequence[str],
    *,
    encoder: str,
    rejected: Sequence[Rejected],
    method: str,
    seconds: Mapping[str, float],
    images: int | None = None,
    groups: Sequence[int] | NDArray[np.integer] | None = None,
    interval: Interval = accuracy_interval,
) -> Report:
    """Count what each image, predicted once, was taken for; ties go to the first class.

    Args:
        labels: True class of each image.
        probabilities: Out-of-fold, shape (len(labels), len(classes)).
        classes: Sorted.
        encoder: Spec of the encoder.
        rejected: Images that could not be used.
        method: How the probabilities were obtained: `cross_validated` or `single_split`.
        seconds: Of `embed`, `fit`, `evaluate`.
        images: Used altogether, where only some were predicted (a single split).
        groups: Equal for near-duplicates, which count once in an interval, shape (len(labels),);
            without them each image is its own.
        interval: Of the accuracy, and of the recall of each class of ten independent images or
            more.
    """
    places = {name: place for place, name in enumerate(classes)}
    true = np.array([places[label] for label in labels], dtype=np.intp)
    matrix = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(matrix, (true, probabilities.argmax(axis=1)), 1)
    right = int(matrix.trace())
    owners = np.arange(len(labels)) if groups is None else np.asarray(groups)
    independent = _independent(owners, true, len(classes))
    return Report(
        encoder=encoder,
        classes=tuple(classes),
        images=len(labels) if images is None else images,
        rejected=tuple(rejected),
        accuracy=right / len(labels),
        accuracy_interval=interval(right, len(labels), n_groups=np.unique(owners).size),
        chance_accuracy=int(matrix.sum(axis=1).max()) / len(labels),
        confusion_matrix=tuple(tuple(row) for row in matrix.tolist()),
        per_class={
            name: _figures(matrix, place, int(independent[place]), interval)
            for name, place in places.items()
        },
        method=method,
        seconds=dict(seconds),
    )


def without_score(
    labels: Sequence[str],
    *,
    encoder: str,
    rejected: Sequence[Rejected],
    seconds: Mapping[str, float],
    why: str = "",
    classes: Sequence[str] = (),
) -> Report:
    """Report on classes that cannot be judged, and `why`, by default for want of pictures.

    `classes` are those of the labels, sorted, unless there are some without a picture.
    """
    classes = tuple(classes or sorted(set(labels)))
    sizes = {name: sum(label == name for label in labels) for name in classes}
    return Report(
        encoder=encoder,
        classes=classes,
        images=len(labels),
        rejected=tuple(rejected),
        accuracy=None,
        accuracy_interval=None,
        chance_accuracy=max(sizes.values()) / len(labels) if labels else 1 / len(classes),
        confusion_matrix=None,
        per_class={name: ClassFigures(None, None, None, sizes[name]) for name in classes},
        method=why or _lacking(*(_of_size(sizes, count) for count in (1, 0))),
        seconds=dict(seconds),
    )


def _of_size(sizes: Mapping[str, int], size: int) -> list[str]:
    return [name for name in sizes if sizes[name] == size]


def _lacking(alone: Sequence[str], empty: Sequence[str]) -> str:
    """Return what to add to classes of a single image, or else to those of none."""
    if not alone:
        return f"{listed(empty)}: without pictures of two sets or more there is nothing to judge by"
    if len(alone) == 1:
        said = f"{alone[0]!r} has only one picture: add at least one more"
    else:
        said = f"{listed(alone)} have only one picture each: add at least one more to each"
    return f"{said}, so that featclass can judge itself on a picture it has not seen"


def cross_validated(
    images: int,
    *,
    folds: int,
    repeats: int,
    leave_one_out: bool,
    groups: int | None = None,
    bursts: bool = False,
) -> str:
    """Say how out-of-fold predictions were obtained.

    `groups` is how many images there are where near-duplicates count as one, and with `bursts`
    the frames of a recording as well.
    """
    how = "leave-one-out" if leave_one_out else f"{folds}-fold stratified cross-validation"
    if repeats > 1:
        how += f", repeated {repeats} times and averaged"
    apart = " nor a near-duplicate of it" if groups is not None and groups < images else ""
    apart += ", nor another picture of its burst" if apart and bursts else ""
    return f"each of {images} images predicted by probes that never saw it{apart}: {how}"


def with_names(method: str, used: ClassNames, *, held_out: bool) -> str:
    """Say beside a method what the names of the classes had to do with it.

    `held_out` tells whether their weight could be chosen.
    """
    said, lacking = method, used.without_images
    if used.weight and held_out:
        said += f"; class names helped: weight {used.weight:.1f}, chosen on pictures held out"
    elif 0 < used.weight < 1:
        said += "; until then class names count as much as the pictures"
    if lacking:
        are = "is" if len(lacking) == 1 else "are"
        said += f"; without a picture, {listed(lacking)} {are} known by name alone, and not judged"
    return said


def single_split(*, trained: int, tested: int, share: float, seed: int) -> str:
    """Say how the predictions of one stratified split were obtained."""
    percent = round(100 * share)
    return (
        f"a single {percent}/{100 - percent} split, stratified, seed {seed}: {trained} images to"
        f" train, {tested} to test"
    )


def given_split(training: Sequence[str], tested: str, trained: int, count: int) -> str:
    """Say how the predictions of a split that was given were obtained."""
    lacking = ", which has no 'test'" if tested == "val" else ""
    return (
        f"the split that was given{lacking}: {trained} pictures of {listed(training)} to train,"
        f" {count} of {tested!r} to test"
    )


def given_folds(folds: Sequence[str], images: int) -> str:
    """Say how the predictions of folds that were given were obtained."""
    return (
        f"the {len(folds)} folds that were given, {folds[0]!r} to {folds[-1]!r}: each of {images}"
        " pictures predicted by a probe of the other folds"
    )


def saved_classifier(images: int, trained: int) -> str:
    """Say how a saved classifier was scored on labelled pictures."""
    return (
        f"each of {images} labelled pictures predicted by a saved classifier, which learned from"
        f" {trained} pictures"
    )


def with_unknown(
    method: str, unknown: Mapping[str, int], alike: Mapping[str, str] | None = None
) -> str:
    """Say beside a method which classes were scored though they had not been learned.

    `unknown` counts the pictures of each; `alike` is how a class that was learned is written.
    """
    if not unknown:
        return method
    written = alike or {}
    parts = []
    for name, count in sorted(unknown.items())[:MOST_NAMED]:
        pictures = "1 picture" if count == 1 else f"{count} pictures"
        hint = f"; {written[name]!r} was learned: is it the same?" if name in written else ""
        parts.append(f"{name!r} ({pictures}{hint})")
    more = len(unknown) - len(parts)
    return f"{method}; not learned, and so counted as wrong: {', '.join(parts)}" + (
        f" and {more} more" if more else ""
    )


def with_seen(method: str, seen: SeenInTraining, scored: int) -> str:
    """Say beside a method that pictures scored had been learned from."""
    kinds = []
    if seen.same:
        kinds.append(f"{seen.same} of the {scored} are pictures that were learned from")
    if seen.near_duplicates:
        kinds.append(f"{seen.near_duplicates} of the {scored} are nearly the same as such a one")
    others = scored - seen.images
    without = "nothing is known of others"
    if seen.accuracy_without is not None:
        without = f"of the others {round(seen.accuracy_without * others)} of {others} are right"
    return f"{method}; this score is too good: {' and '.join(kinds)}; {without}"


def _independent(
    owners: NDArray[np.integer], true: NDArray[np.intp], classes: int
) -> NDArray[np.intp]:
    """Return how many images each class has, near-duplicates counted as one in each of theirs."""
    pairs = np.unique(np.stack([owners, true], axis=1), axis=0)
    return np.bincount(pairs[:, 1], minlength=classes)


def _figures(
    matrix: NDArray[np.int64], place: int, independent: int, interval: Interval
) -> ClassFigures:
    right, support = int(matrix[place, place]), int(matrix[place].sum())
    predicted = int(matrix[:, place].sum())
    return ClassFigures(
        precision=right / predicted if predicted else None,
        recall=right / support if support else None,
        f1=2 * right / (predicted + support) if predicted + support else None,
        support=support,
        recall_interval=interval(right, support, n_groups=independent)
        if independent >= FEWEST_IN_CLASS
        else None,
    )


def listed(names: Sequence[str]) -> str:
    """Return names in a sentence: all of a few, else the first three and how many more."""
    if len(names) == 1:
        return repr(names[0])
    shown = [repr(name) for name in names[:3]]
    if len(names) > 3:
        shown.append(f"{len(names) - 3} more")
    return ", ".join(shown[:-1]) + " and " + shown[-1]
