"""How long learning takes once all pictures are embedded: to the score, and to everything else."""

from __future__ import annotations

import hashlib
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from PIL import Image as Pictures

from benchmarks.memory import Nothing, Stated
from benchmarks.processes import Process
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

if TYPE_CHECKING:
    from featclass.classifiers import EmbeddedDataset
    from featclass.images import Appearance

COLUMNS = (
    "images x classes x values", "score", "everything", "processor seconds", "peak MB",
)  # fmt: skip
NOTE = (
    "What a person's training does when all pictures are embedded. Score: near-duplicates, five"
    " folds repeated three times, calibration, the final fit, each image's neighbours. Everything:"
    " also the audit, the learning curve, what near-duplicates on both sides would have done, and"
    " novelty. Values are not negative, as of the built-in encoder; one picture in fifty is another"
    " one saved anew. The first of several rounds is not counted."
)
ROUNDS = 4
COPIED = 50


@dataclass(frozen=True, slots=True)
class Size:
    """Of a dataset."""

    images: int
    classes: int
    values: int

    def __str__(self) -> str:
        return f"{self.images:,} x {self.classes:,} x {self.values:,}"


SIZES = (
    Size(24, 2, 2560),
    Size(600, 10, 1280),
    Size(1000, 10, 2560),
    Size(10_000, 10, 2560),
    Size(10_000, 100, 2560),
)


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one time of learning, and megabytes held at most until then."""

    score: float
    everything: float
    processors: float
    peak: float


def measure(settings: Settings) -> list[Table]:
    """Learn made-up datasets, each in a process of its own."""
    rows: list[list[Cell]] = []
    for size in SIZES[:2] if settings.quick else SIZES:
        settings.say(f"learning: {size}")
        rounds = 2 if settings.quick or size.images > 5000 else ROUNDS
        with Process(learner, size) as process:
            spent = [process.ask(None).value for _ in range(rounds)][1:]
        scores, everything = [one.score for one in spent], [one.everything for one in spent]
        processors, most = [one.processors for one in spent], max(one.peak for one in spent)
        rows.append([str(size), scores, everything, processors, most])
    title = "From embeddings to everything that is told"
    return [Table("learning", title, COLUMNS, rows, NOTE, {"peak MB": ",.0f"})]


def learner(size: Size) -> Callable[[None], Spent]:
    """Return what learns a dataset of that size."""
    from featclass import classifiers
    from featclass.embedding import Engine

    dataset = made(size)
    engine = cast(Engine, SimpleNamespace(encoder=Stated(dimensions=size.values)))

    def act(_: None) -> Spent:
        started, processors = time.perf_counter(), time.process_time()
        scored: list[float] = []

        def score(training: Any) -> None:
            scored.append(time.perf_counter() - started)

        classifiers.learn(dataset, engine, scored=score)
        everything = time.perf_counter() - started
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return Spent(scored[0], everything, time.process_time() - processors, most)

    return act


def made(size: Size) -> EmbeddedDataset:
    """Make embeddings in classes, few of their values large, and the appearances of pictures."""
    from featclass.base import Image
    from featclass.classifiers import EmbeddedDataset

    rng = np.random.default_rng(0)
    codes = np.arange(size.images) % size.classes
    usual = rng.gamma(0.6, size=size.values)
    means = usual * np.exp(0.35 * rng.normal(size=(size.classes, size.values)))
    looks = 0.25 * rng.normal(size=(30, size.values))
    vectors = np.empty((size.images, size.values), np.float32)
    for row, code in enumerate(codes):
        look = np.exp(rng.normal(size=30) @ looks)
        vectors[row] = means[code] * look * rng.gamma(0.7, 1 / 0.7, size=size.values)
    first = np.arange(size.images)
    copies = rng.permutation(size.images)[: 2 * (size.images // COPIED)].reshape(-1, 2)
    for one, other in copies:
        vectors[other] = vectors[one] * rng.uniform(0.95, 1.05, size.values)
        first[other], codes[other] = one, codes[one]
    images = tuple(
        Image(f"{row}.jpg", hashlib.sha256(b"%d" % row).hexdigest(), Nothing(), f"{code:03}")
        for row, code in enumerate(codes.tolist())
    )
    appearances = tuple(
        _look(place, is_copy=place != row) for row, place in enumerate(first.tolist())
    )
    return EmbeddedDataset(images, vectors, (), appearances)


def _look(place: int, *, is_copy: bool) -> Appearance:
    """Return the appearance of the picture of that number, or of a copy saved anew."""
    from featclass.images import appearance

    rng = np.random.default_rng([1, place])
    coarse = Pictures.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8))
    drawn = np.asarray(coarse.resize((200, 150), Pictures.Resampling.BICUBIC)).astype(np.int16)
    grain = rng.integers(-12, 12, (150, 200, 1))
    file = BytesIO()
    picture = Pictures.fromarray((drawn + grain).clip(0, 255).astype(np.uint8))
    picture.save(file, "JPEG", quality=60 if is_copy else 90)
    return appearance(Pictures.open(file).convert("RGB"), file.getvalue(), max_pixels=10**6)
