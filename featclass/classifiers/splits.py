"""Which images train and which are scored: as their owner divided them, or kept together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from featclass import audit
from featclass.base import Dataset, DatasetError, GivenFolds, GivenParts, Image, Rejected
from featclass.embedding import Embeddings

TRAIN, VAL, TEST = "train", "val", "test"

Rows = NDArray[np.intp]
Groups = NDArray[np.intp]


def find_copies(embeddings: Embeddings, vectors: NDArray[np.float32]) -> audit.Copies | None:
    """Return which images show the same; None where nobody looked at the pixels."""
    if not embeddings.appearances:
        return None
    names = [image.name for image in embeddings.images]
    return audit.find_copies(vectors, embeddings.appearances, names)


def kept_together(
    images: Sequence[Image], labels: Sequence[str], copies: audit.Copies | None
) -> Groups | None:
    """Return the group of each image, shape (n,); None where each would be alone.

    In one are near-duplicates, where somebody looked for them, and what a camera recorded for a
    class in one go: however much it moved, light, background and thing are the same.
    """
    firsts: dict[object, int] = {}
    links = []
    for row, (image, label) in enumerate(zip(images, labels, strict=True)):
        if copies is not None:
            links.append((row, firsts.setdefault(int(copies.groups[row]), row)))
        if image.burst is not None:
            links.append((row, firsts.setdefault((image.burst, label), row)))
    groups = audit.connected(len(labels), links)
    return None if int(groups.max(initial=-1)) + 1 == groups.size else groups


def recorded_once(images: Sequence[Image], labels: Sequence[str]) -> tuple[str, ...]:
    """Return the classes that have nothing but a single recording, sorted."""
    bursts: dict[str, set[str | None]] = {}
    for image, label in zip(images, labels, strict=True):
        bursts.setdefault(label, set()).add(image.burst)
    alone = (label for label, own in bursts.items() if len(own) == 1 and None not in own)
    return tuple(sorted(alone))


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
        usable = f"usable pictures only in {listed}"
    else:
        usable = f"{len(images):,} usable pictures, and no folders for train and test around them"
    return (
        f"There is no split to score by: found {usable}. A split looks like train/cats/1.jpg and"
        " test/cats/2.jpg, or like fold_0/cats/1.jpg and fold_1/cats/2.jpg; without one,"
        " cross-validation divides the pictures itself."
    )
