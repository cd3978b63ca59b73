"""None of these, planted label errors, and copies across the folds, on pools."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import models, pools
from benchmarks.pools import Codes, Pool
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table
from featclass import images
from featclass.encoders import Encoder

PER_CLASS = 16
DRAWS = 5
MOST = 400
FLIPPED = 0.05
LOOKED_AT = 0.1
PARTS = 50
MAX_PIXELS = 10**8
Floats = NDArray[np.float64]

KNOWN_COLUMNS = (
    "pool", "against", "area under the curve", "three nearest alone", "members refused",
    "strangers taken for known",
)  # fmt: skip
KNOWN_NOTE = (
    "A classifier learns 16 images a class; members are the rest of its pool. Strangers are parts"
    " of the two photographs that come with scikit-learn, or a class of the pool that was left"
    " out. Wanted are 0.98 against photographs and 0.78 against the class left out, on average"
    " over pools, and no more than 5 % of members refused."
)
LABEL_COLUMNS = (
    "pool", "images", "out-of-fold accuracy", "found in the first tenth",
    "by self-confidence alone", "suspects that are wrong", "wrong that are suspects",
)  # fmt: skip
LABEL_NOTE = (
    "One label in twenty is replaced by another by chance. Wanted are 90 % of them within the most"
    " doubtful tenth where classes are told apart nine times in ten, and 88 % on average."
)
LEAK_COLUMNS = (
    "pool", "copy", "images", "copies found", "other pairs", "accuracy without copies",
    "with, held apart", "with, leaking",
)  # fmt: skip
LEAK_NOTE = (
    "Every picture stands twice, the second time changed. Held apart, both are always in the same"
    " fold: the accuracy should be that without copies. Other pairs: pictures grouped with one"
    " that they are no copy of."
)


def measure(settings: Settings) -> list[Table]:
    """Measure on drawn shapes, digits, and the folders that the environment names."""
    found = [*_pools(settings)]
    folders = {pool.name: folder for pool, folder in found if folder}
    every = [pool for pool, _ in found]
    draws = 1 if settings.quick else DRAWS
    photographs = _photographs(settings).vectors
    known = [row for pool in every for row in _known(pool, photographs, draws, settings)]
    labels = [_labels(pool, draws, settings) for pool in every]
    leaks = [row for name, folder in folders.items() for row in _leaks(name, folder, settings)]
    shares = dict.fromkeys(LABEL_COLUMNS[2:], ".1%") | dict.fromkeys(LEAK_COLUMNS[5:], ".1%")
    areas = dict.fromkeys(KNOWN_COLUMNS[2:4], ".3f") | dict.fromkeys(KNOWN_COLUMNS[4:], ".1%")
    return [
        Table("none-of-these", "None of these", KNOWN_COLUMNS, known, KNOWN_NOTE, areas),
        Table("labels", "Planted label errors", LABEL_COLUMNS, labels, LABEL_NOTE, shares),
        Table("copies", "Every picture twice", LEAK_COLUMNS, leaks, LEAK_NOTE,
              shares | {"copies found": ".1%"}),
    ]  # fmt: skip


def _pools(settings: Settings) -> Iterator[tuple[Pool, Path | None]]:
    """Yield each pool, and the folder of its pictures."""
    yield pools.shapes(settings, 20 if settings.quick else 100), settings.folder / "pools/shapes"
    if not settings.quick:
        yield pools.digits(settings), None
    named = os.environ.get(pools.PICTURES)
    for pool in pools.folders(settings):
        yield pool, Path(named or "").expanduser() / pool.name


def area(members: Floats, strangers: Floats) -> float:
    """Return the area under the ROC curve: how often a member scores above a stranger."""
    order = np.sort(strangers)
    below = np.searchsorted(order, members, "left") + np.searchsorted(order, members, "right")
    return float(below.mean() / 2 / order.size)


def _photographs(settings: Settings) -> Pool:
    """Cut parts at random from the two photographs that come with scikit-learn."""
    from sklearn.datasets import load_sample_images

    rng = np.random.default_rng(0)
    folder = settings.folder / "photographs"
    for number, photograph in enumerate(map(Image.fromarray, load_sample_images().images)):
        (folder / str(number)).mkdir(parents=True, exist_ok=True)
        for part in range(PARTS):
            side = int(rng.integers(160, 420))
            left, top = rng.integers(0, photograph.width - side), rng.integers(0, 427 - side)
            cut = photograph.crop((int(left), int(top), int(left) + side, int(top) + side))
            cut.save(folder / str(number) / f"{part:03}.png", compress_level=1)
    return pools.pictures("photographs", folder, settings)


def _known(
    pool: Pool, photographs: NDArray[np.float32], draws: int, settings: Settings
) -> Iterator[list[Cell]]:
    settings.say(f"none of these: {pool.name}")
    rows = [_asked(pool, pool.labels != "", photographs, draw) for draw in range(draws)]
    yield [pool.name, "photographs", *_columns(rows)]
    if len(pool.classes) > 2:
        rows = []
        for draw, name in enumerate(pool.classes[: max(2, draws)]):
            inside = pool.labels != name
            rows.append(_asked(pool, inside, pool.vectors[~inside], draw))
        yield [pool.name, "a class left out", *_columns(rows)]


def _columns(rows: list[list[float]]) -> list[Cell]:
    return [float(np.mean(column)) for column in zip(*rows, strict=True)]


def _asked(
    pool: Pool, inside: NDArray[np.bool_], strangers: NDArray[np.float32], draw: int
) -> list[float]:
    from featclass import probe
    from featclass.probe.familiarity import Familiarity

    rng = np.random.default_rng(draw)
    places = np.flatnonzero(inside)
    trained = np.zeros(len(places), dtype=bool)
    for name in np.unique(pool.labels[places]):
        members = rng.permutation(np.flatnonzero(pool.labels[places] == name))
        trained[members[: min(PER_CLASS, int(0.8 * len(members)))]] = True
    exemplars = probe.normalise(pool.vectors[places[trained]]).astype(np.float32)
    rest = pool.vectors[places[~trained]]
    known = Familiarity.of(exemplars, pool.labels[places[trained]].tolist())
    ours, theirs = known.score(rest), known.score(strangers)
    nearest = [probe.nearest(exemplars, each, 3)[1].mean(axis=1) for each in (rest, strangers)]
    return [
        area(ours, theirs), area(*nearest),
        float((ours < known.threshold).mean()), float((theirs >= known.threshold).mean()),
    ]  # fmt: skip


def _labels(pool: Pool, draws: int, settings: Settings) -> list[Cell]:
    settings.say(f"planted label errors: {pool.name}")
    rows = [_planted(pool, draw) for draw in range(draws)]
    images = min(len(pool.labels), MOST)
    return [pool.name, images, *_columns([row[:5] for row in rows])]


def _planted(pool: Pool, draw: int) -> list[float]:
    from featclass import probe
    from featclass.audit import label_errors
    from featclass.probe.scatter import distances_left_out

    rng = np.random.default_rng(draw)
    rows = rng.permutation(len(pool.labels))[:MOST]
    vectors, codes = pool.vectors[rows], np.searchsorted(pool.classes, pool.labels[rows])
    wrong = rng.permutation(rows.size)[: max(1, round(FLIPPED * rows.size))]
    given = codes.copy()
    given[wrong] += rng.integers(1, len(pool.classes), wrong.size)
    given %= len(pool.classes)
    labels = [pool.classes[code] for code in given]
    judged = probe.out_of_fold(vectors, labels)
    doubts = label_errors(given, judged.probabilities, distances_left_out(vectors, labels))
    top = -(-rows.size // round(1 / LOOKED_AT))
    own = judged.probabilities[np.arange(rows.size), given]
    suspects = np.flatnonzero(doubts.is_suspect)
    hits = np.isin(suspects, wrong).sum()
    return [
        float((judged.probabilities.argmax(axis=1) == given).mean()),
        float(np.isin(wrong, np.argsort(-doubts.scores, kind="stable")[:top]).mean()),
        float(np.isin(wrong, np.argsort(own, kind="stable")[:top]).mean()),
        float(hits / max(1, suspects.size)),
        float(hits / wrong.size),
    ]


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to the second copy of every picture."""

    name: str
    scale: float
    quality: int

    def of(self, picture: Image.Image) -> bytes:
        size = round(picture.width * self.scale), round(picture.height * self.scale)
        file = BytesIO()
        small = picture.resize((max(1, size[0]), max(1, size[1])), Image.Resampling.LANCZOS)
        small.save(file, "JPEG", quality=self.quality)
        return file.getvalue()


CHANGES = (
    Change("saved anew, quality 60", 1.0, 60),
    Change("half the size, quality 85", 0.5, 85),
)


def _leaks(name: str, folder: Path, settings: Settings) -> Iterator[list[Cell]]:
    from featclass import datasets, encoders
    from featclass.audit import near_duplicate_groups
    from featclass.config import load as settings_of

    encoder = encoders.load(models.BUILTIN, device=settings.device, config=settings_of())
    dataset = datasets.read_folder(folder).images
    some = dataset[:: max(1, len(dataset) // (30 if settings.quick else 240))]
    originals, labels, kept = [], [], []
    for image in some:
        data = image.read()
        with (
            contextlib.suppress(images.Unreadable),
            images.decoded(data, max_pixels=MAX_PIXELS) as picture,
        ):
            kept.append(picture.copy())
            originals.append(data)
            labels.append(image.label or "")
    vectors, looks = _seen(originals, encoder)
    for change in CHANGES:
        settings.say(f"every picture twice: {name}, {change.name}")
        more, other_looks = _seen([change.of(each) for each in kept], encoder)
        groups = near_duplicate_groups(_scaled(vectors, more), [*looks, *other_looks])
        yield [name, change.name, *_compared(vectors, more, labels, groups)]


def _compared(
    vectors: NDArray[np.float32], more: NDArray[np.float32], labels: list[str], groups: Codes
) -> list[Cell]:
    from featclass import probe

    def accuracy(points: NDArray[np.float32], given: list[str], held: Codes | None) -> float:
        found = probe.out_of_fold(points, given, groups=held).probabilities
        return float((found.argmax(axis=1) == np.unique(given, return_inverse=True)[1]).mean())

    count = len(labels)
    both = np.concatenate([vectors, more])
    found = groups[:count] == groups[count:]
    strays = sum(len(set(np.flatnonzero(groups == each) % count)) - 1 for each in set(groups))
    return [
        count, float(found.mean()), int(strays),
        accuracy(vectors, labels, groups[:count]),
        accuracy(both, labels * 2, groups),
        accuracy(both, labels * 2, None),
    ]  # fmt: skip


def _seen(
    files: list[bytes], encoder: Encoder
) -> tuple[NDArray[np.float32], list[images.Appearance]]:
    looks, vectors = [], []
    for first in range(0, len(files), encoder.batch_size):
        batch = []
        for data in files[first : first + encoder.batch_size]:
            with images.decoded(data, max_pixels=MAX_PIXELS, side=encoder.side) as picture:
                looks.append(images.appearance(picture, data, max_pixels=MAX_PIXELS))
                batch.append(encoder.preprocess(picture))
        vectors.append(encoder.encode(np.stack(batch)))
    return np.concatenate(vectors), looks


def _scaled(*vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    from featclass import probe

    return probe.normalise(np.concatenate(vectors)).astype(np.float32)
