"""The split that the owner of a dataset made: which pictures to train on, and which to score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from featclass.base import Dataset, DatasetError, GivenFolds, GivenParts, Image, Rejected

TRAIN, VAL, TEST = "train", "val", "test"

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Round:
    """What one probe is trained on and scored on: indices of images, ascending.

    As the owner divided them: what stands in both parts is in both.
    """

    training: Rows
    tested: Rows


@dataclass(frozen=True, slots=True)
class GivenSplit:
    """A round for train and test, or one a fold; and what was done."""

    rounds: tuple[Round, ...]
    method: GivenParts | GivenFolds


def given_split(images: Sequence[Image]) -> GivenSplit:
    """Return the rounds of the split that the images came in.

    Raises:
        DatasetError: They came in none.
    """
    parts = [_parts(image) for image in images]
    counts = Counter(part for some in parts for part in some)
    folds = sorted(counts.keys() - {TRAIN, VAL, TEST})
    tested = TEST if TEST in counts else VAL
    training = [part for part in (TRAIN, *folds, VAL) if part in counts and part != tested]
    if tested in counts and training and training != [VAL]:
        rows = _round(parts, set(training), tested)
        method = GivenParts(tuple(training), tested, rows.training.size, rows.tested.size)
        return GivenSplit((rows,), method)
    if len(folds) < 2 or len(folds) < len(counts):
        raise DatasetError(_without_split(images, counts))
    rounds = tuple(_round(parts, set(folds) - {fold}, fold) for fold in folds)
    return GivenSplit(rounds, GivenFolds(tuple(folds), sum(r.tested.size for r in rounds)))


def in_parts(dataset: Dataset) -> Dataset:
    """Return the dataset without pictures that are in no part of its split: they are rejected."""
    inside = tuple(image for image in dataset.images if _parts(image))
    outside = [image.name for image in dataset.images if not _parts(image)]
    rejected = (Rejected(name, "in no part of the split that was given") for name in outside)
    return replace(dataset, images=inside, rejected=(*dataset.rejected, *rejected))


def _parts(image: Image) -> set[str]:
    return {part for part in (image.split, *image.other_splits) if part is not None}


def _round(parts: Sequence[set[str]], training: set[str], tested: str) -> Round:
    return Round(
        np.flatnonzero([bool(some & training) for some in parts]),
        np.flatnonzero([tested in some for some in parts]),
    )


def _without_split(images: Sequence[Image], counts: Counter[str]) -> str:
    if counts:
        listed = ", ".join(f"{part!r} ({count:,})" for part, count in sorted(counts.items()))
        found = f"usable pictures only in {listed}"
    else:
        found = f"{len(images):,} usable pictures, and no folders for train and test around them"
    return (
        f"There is no split to score by: found {found}. A split looks like train/cats/1.jpg and"
        " test/cats/2.jpg, or like fold_0/cats/1.jpg and fold_1/cats/2.jpg; without one,"
        " cross-validation divides the pictures itself."
    )
