"""How well a classifier does on images it never saw, in numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Protocol, Required, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from featclass.base import (
    ClassFigures,
    Lacking,
    LearningCurve,
    Method,
    NearDuplicates,
    ProbeKind,
    Rejected,
    Report,
    SeenInTraining,
    TextPriorUse,
    Unscored,
    Verdict,
)
from featclass.classifiers.report_json import from_json, to_json
from featclass.probe import accuracy_interval

FEWEST_IN_CLASS = 10
"""Independent images of a class: of fewer, the interval of its recall says next to nothing."""

__all__ = ["Interval", "Told", "from_json", "score", "to_json", "wilson", "without_score"]


class Interval(Protocol):
    """Bounds of a share, 95 %: of `right` among `n`, `n_groups` of which are independent."""

    def __call__(self, right: int, n: int, /, *, n_groups: int) -> tuple[float, float]:
        """Return them, low and high."""
        ...


class Told(TypedDict, total=False):
    """What a report says that is not counted, by the names of its fields."""

    encoder: Required[str]
    precision: str | None
    rejected: Required[tuple[Rejected, ...]]
    seconds: Required[Mapping[str, float]]
    verdict: Verdict | None
    learning_curve: LearningCurve | None
    near_duplicates: NearDuplicates | None
    calibration_error: float | None
    refused_share: float | None
    refuses: float | None
    class_names: TextPriorUse | None
    empty_classes: tuple[str, ...]
    unknown_classes: tuple[str, ...]
    seen_in_training: SeenInTraining | None
    probe: ProbeKind
    C: float | None


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
    method: Method,
    images: int | None = None,
    groups: Sequence[int] | NDArray[np.integer] | None = None,
    interval: Interval = accuracy_interval,
    bounds_recalls: bool = True,
    **told: Unpack[Told],
) -> Report:
    """Count what each image, predicted once, was taken for; ties go to the first class.

    Args:
        labels: True class of each image.
        probabilities: Out-of-fold, shape (len(labels), len(classes)).
        classes: Sorted.
        method: How the probabilities were obtained.
        images: Used altogether, where only some were predicted (a single split).
        groups: Equal for near-duplicates, which count once in an interval, shape (len(labels),).
        interval: Of the accuracy, and of the recall of each class of ten independent images.
        bounds_recalls: Whether recalls have an interval: there is none of images learned from.
    """
    true, matrix = _counted(labels, probabilities, classes)
    owners = np.arange(true.size) if groups is None else np.asarray(groups)
    right = int(matrix.trace())
    return Report(
        classes=tuple(classes),
        images=true.size if images is None else images,
        accuracy=right / true.size,
        accuracy_interval=interval(right, true.size, n_groups=np.unique(owners).size),
        chance_accuracy=int(matrix.sum(axis=1).max()) / true.size,
        confusion_matrix=tuple(map(tuple, matrix.tolist())),
        per_class=_per_class(classes, matrix, owners, true, interval if bounds_recalls else None),
        procedure=method,
        **told,
    )


def _counted(
    labels: Sequence[str], probabilities: NDArray[np.float64], classes: Sequence[str]
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return the place of each label among the classes, and the confusion matrix."""
    places = {name: place for place, name in enumerate(classes)}
    true = np.array([places[label] for label in labels], dtype=np.intp)
    matrix = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(matrix, (true, probabilities.argmax(axis=1)), 1)
    return true, matrix


def without_score(
    labels: Sequence[str],
    *,
    why: Unscored | None = None,
    classes: Sequence[str] = (),
    **told: Unpack[Told],
) -> Report:
    """Report on classes that cannot be judged, and `why`, by default for want of pictures.

    `classes` are those of the labels, sorted, unless there are some without a picture.
    """
    classes = tuple(classes or sorted(set(labels)))
    sizes = {name: sum(label == name for label in labels) for name in classes}
    return Report(
        classes=classes,
        images=len(labels),
        accuracy=None,
        accuracy_interval=None,
        chance_accuracy=max(sizes.values()) / len(labels) if labels else 1 / len(classes),
        confusion_matrix=None,
        per_class={name: ClassFigures(None, None, None, sizes[name]) for name in classes},
        procedure=why or _lacking(sizes),
        **told,
    )


def _lacking(sizes: Mapping[str, int]) -> Unscored:
    """Return that classes have a single image, or else that some have none."""
    if alone := tuple(name for name, size in sizes.items() if size == 1):
        return Unscored(Lacking.SINGLE_PICTURES, alone)
    empty = tuple(name for name, size in sizes.items() if size == 0)
    return Unscored(Lacking.NO_PICTURES, empty)


def _per_class(
    classes: Sequence[str],
    matrix: NDArray[np.int64],
    owners: NDArray[np.integer],
    true: NDArray[np.intp],
    interval: Interval | None,
) -> dict[str, ClassFigures]:
    """Return the figures of each class; near-duplicates count as one image in each of theirs."""
    pairs = np.unique(np.stack([owners, true], axis=1), axis=0)
    independent = np.bincount(pairs[:, 1], minlength=len(classes)).tolist()
    per_class = {}
    for place, name in enumerate(classes):
        right, support = int(matrix[place, place]), int(matrix[place].sum())
        predicted, n = int(matrix[:, place].sum()), independent[place]
        per_class[name] = ClassFigures(
            precision=right / predicted if predicted else None,
            recall=right / support if support else None,
            f1=2 * right / (predicted + support) if predicted + support else None,
            support=support,
            recall_interval=interval(right, support, n_groups=n)
            if interval is not None and n >= FEWEST_IN_CLASS
            else None,
        )
    return per_class
