"""Whether copies of a picture are held together, and other pictures are not."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import models, pools
from benchmarks.pools import Codes
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table
from featclass import images
from featclass.encoders import Encoder

MAX_PIXELS = 10**8

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
    """Measure on drawn shapes, and the folders that the environment names."""
    folders = {
        pool.name: folder for pool, folder in pools.drawn_and_given(settings) if folder is not None
    }
    rows = [row for name, folder in folders.items() for row in _leaks(name, folder, settings)]
    shares = dict.fromkeys(LEAK_COLUMNS[5:], ".1%") | {"copies found": ".1%"}
    return [Table("copies", "Every picture twice", LEAK_COLUMNS, rows, LEAK_NOTE, shares)]


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
