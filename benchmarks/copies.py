"""Whether copies of a picture are held together, and other pictures are not; and what it is for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import models, pools, tables
from benchmarks.augmentations import AUGMENTATIONS, RESAVED, SEVERAL, Augmentation
from benchmarks.pools import Codes, Pool
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table
from featclass import images
from featclass.encoders import Encoder

MAX_PIXELS = 10**8
LEAST = 4
"""Pictures of a class, on average, that are taken at least."""
SEEDS = 100
"""So many copies of a picture, and they would be those of the next."""

LEAK_COLUMNS = (
    "pool", "copy", "images", "copies found", "other pairs", "accuracy without copies",
    "with, held apart", "with, leaking",
)  # fmt: skip
LEAK_NOTE = (
    "Every picture stands twice, the second time changed. Held apart, both are always in the same"
    " fold: the accuracy should be that without copies. Other pairs: pictures grouped with one"
    " that they are no copy of."
)


AUGMENTED_NOTE = (
    "The same of what training tools make of a picture: beside every picture stands one changed"
    " copy, of several changes at once three. Copies found: those in the group of their original."
)
COVERAGE_COLUMNS = (
    "pool", "classes", "images drawn", "left", "draws", "accuracy", "out-of-fold", "covered",
    "leaking", "covered, leaking", "width",
)  # fmt: skip
COVERAGE_NOTE = (
    "Pictures are drawn, each with three copies that were changed in several ways at once, grouped"
    " and judged by out-of-fold predictions; accuracy is that of the classifier on the pictures"
    " left. Covered: the share of draws for which it lies inside the 95 % interval. Leaking: the"
    " same where no copy is known as one. With 100 draws a share of 95 % is known to within 4"
    " points."
)
COVERAGE_FORMATS = dict.fromkeys(COVERAGE_COLUMNS[5:10], ".1%") | {"width": ".2f"}
DRAWS, QUICK_DRAWS = 100, 5
PER_CLASS = (5, 13)
LEAST_LEFT = 40
MOST_SHARE = 1 / 2


def measure(settings: Settings) -> list[Table]:
    """Measure on drawn shapes, and the folders that the environment names."""
    leaks: list[list[Cell]] = []
    augmented: list[list[Cell]] = []
    covered: list[list[Cell]] = []
    for pool, folder in pools.drawn_and_given(settings):
        if folder is not None:
            originals = _originals(pool, folder, settings)
            leaks += _rows(originals, RESAVED, settings)
            augmented += _rows(originals, AUGMENTATIONS, settings)
            covered += _coverage(originals, settings)
    shares = dict.fromkeys(LEAK_COLUMNS[5:], ".1%") | {"copies found": ".1%"}
    return [
        Table("copies", "Every picture twice", LEAK_COLUMNS, leaks, LEAK_NOTE, shares),
        Table("augmented", "Augmented copies", LEAK_COLUMNS, augmented, AUGMENTED_NOTE, shares),
        Table(
            "coverage-augmented",
            "Does the interval hold where every picture has three augmented copies?",
            COVERAGE_COLUMNS, covered, COVERAGE_NOTE, COVERAGE_FORMATS,
        ),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """Embeddings as the encoder gives them, shape (n, dimensions), and appearances."""

    vectors: NDArray[np.float32]
    looks: list[images.Appearance]

    def of(self, places: Codes) -> Seen:
        return Seen(self.vectors[places], [self.looks[place] for place in places])


@dataclass(frozen=True, slots=True)
class Originals:
    """Pictures of a pool, evenly taken, and what is seen of them."""

    pool: str
    pictures: list[Image.Image]
    labels: list[str]
    seen: Seen
    encoder: Encoder

    def copies(self, change: Augmentation) -> list[Seen]:
        return [
            _seen(
                [
                    change.of(picture, SEEDS * place + number)
                    for place, picture in enumerate(self.pictures)
                ],
                self.encoder,
            )
            for number in range(change.copies)
        ]


def _originals(pool: Pool, folder: Path, settings: Settings) -> Originals:
    from featclass import datasets, encoders
    from featclass.base.config import load as settings_of

    encoder = encoders.load(models.BUILTIN, device=settings.device, config=settings_of())
    dataset = datasets.read_folder(folder).images
    dataset = tuple(image for image in dataset if image.label in pool.classes)
    wanted = max(30 if settings.quick else 240, LEAST * len(pool.classes))
    some = dataset[:: max(1, len(dataset) // wanted)]
    files, labels, decoded = [], [], []
    for image in some:
        data = image.read()
        with (
            contextlib.suppress(images.Unreadable),
            images.decoded(data, max_pixels=MAX_PIXELS) as picture,
        ):
            decoded.append(picture.copy())
            files.append(data)
            labels.append(image.label or "")
    return Originals(pool.name, decoded, labels, _seen(files, encoder), encoder)


def _rows(
    originals: Originals, changes: Sequence[Augmentation], settings: Settings
) -> Iterator[list[Cell]]:
    for change in changes:
        settings.say(f"copies: {originals.pool}, {change.name}")
        yield [originals.pool, change.name, *_compared(originals, originals.copies(change))]


def _compared(originals: Originals, copies: Sequence[Seen]) -> list[Cell]:
    labels, count = originals.labels, len(originals.labels)
    seen = _together([originals.seen, *copies])
    groups = _grouped(seen)
    known = groups.reshape(-1, count)[1:] == groups[:count]
    strays = sum(len(set(np.flatnonzero(groups == group) % count)) - 1 for group in set(groups))
    return [
        count, float(known.mean()), int(strays),
        _accuracy(originals.seen.vectors, labels, groups[:count]),
        _accuracy(seen.vectors, labels * (1 + len(copies)), groups),
        _accuracy(seen.vectors, labels * (1 + len(copies)), None),
    ]  # fmt: skip


def _accuracy(vectors: NDArray[np.float32], labels: list[str], groups: Codes | None) -> float:
    from featclass import probe

    judged = probe.out_of_fold(vectors, labels, groups=groups).probabilities
    return float((judged.argmax(axis=1) == np.unique(labels, return_inverse=True)[1]).mean())


def _together(several: Sequence[Seen]) -> Seen:
    looks = [look for seen in several for look in seen.looks]
    return Seen(np.concatenate([seen.vectors for seen in several]), looks)


def _grouped(seen: Seen) -> Codes:
    from featclass.audit import find_copies
    from featclass.probe import normalise

    return find_copies(normalise(seen.vectors).astype(np.float32), seen.looks).groups


def _coverage(originals: Originals, settings: Settings) -> Iterator[list[Cell]]:
    """Draw from a pool each picture of which has three copies, embedded once."""
    pool = Pool(originals.pool, originals.seen.vectors, np.array(originals.labels))
    count, classes = len(pool.labels), len(pool.classes)
    copies: list[Seen] = []
    for per_class in PER_CLASS:
        drawn = per_class * classes
        if count - drawn < LEAST_LEFT or drawn > MOST_SHARE * count:
            continue
        settings.say(f"augmented coverage: {pool.name}, {per_class} a class")
        copies = copies or originals.copies(SEVERAL)
        seen = _together([originals.seen, *copies])
        draws = QUICK_DRAWS if settings.quick else DRAWS
        judged = [_drawn(pool, seen, per_class, number) for number in range(draws)]
        accuracy, held, inside, leaking, leaking_inside, width = tables.means(judged)
        yield [
            pool.name, classes, drawn, count - drawn, draws,
            accuracy, held, inside, leaking, leaking_inside, width,
        ]  # fmt: skip


def _drawn(pool: Pool, seen: Seen, per_class: int, number: int) -> list[float]:
    """Return accuracy on the rest; of the folds, held apart and leaking, score and cover; width."""
    from featclass import probe
    from featclass.probe.statistics import accuracy_interval

    chosen = pool.draw(per_class, np.random.default_rng([number, per_class]))
    rest = np.setdiff1d(np.arange(len(pool.labels)), chosen)
    times = len(seen.looks) // len(pool.labels)
    small = seen.of(np.concatenate([chosen + len(pool.labels) * time for time in range(times)]))
    labels = pool.labels[chosen].tolist() * times
    scores, covers, widths = [], [], []
    for groups in (_grouped(small), None):
        judged = probe.out_of_fold(small.vectors, labels, groups=groups, seed=number)
        trained = probe.fit(small.vectors, labels, calibrated=judged.calibrated)
        names = np.array(trained.classes)
        predicted = names[probe.predict(trained, pool.vectors[rest]).argmax(axis=1)]
        accuracy = float((predicted == pool.labels[rest]).mean())
        right = int((names[judged.probabilities.argmax(axis=1)] == np.array(labels)).sum())
        independent = len(labels) if groups is None else int(groups.max()) + 1
        low, high = accuracy_interval(right, len(labels), n_groups=independent)
        scores.append(right / len(labels))
        covers.append(float(low <= accuracy <= high))
        widths.append(high - low)
        if groups is not None:
            true = accuracy
    return [true, scores[0], covers[0], scores[1], covers[1], widths[0]]


def _seen(files: list[bytes], encoder: Encoder) -> Seen:
    looks, vectors = [], []
    for first in range(0, len(files), encoder.batch_size):
        batch = []
        for data in files[first : first + encoder.batch_size]:
            with images.decoded(data, max_pixels=MAX_PIXELS, side=encoder.side) as picture:
                looks.append(images.appearance(picture, data, max_pixels=MAX_PIXELS))
                batch.append(encoder.preprocess(picture))
        vectors.append(encoder.encode(np.stack(batch)))
    return Seen(np.concatenate(vectors), looks)
