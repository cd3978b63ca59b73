"""What a process holds after hundreds of classifiers were made, saved, loaded and asked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.processes import Process
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

ROUNDS, QUICK = 200, 40
WARM = 10
"""Rounds after which libraries have set up what they keep."""
IMAGES, CLASSES, DIMENSIONS, ASKED = 240, 4, 1280, 50
STATUS = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class Stated:
    """What a classifier keeps of its encoder; nothing is encoded here."""

    spec: str = "builtin"
    id: str = hashlib.sha256(b"memory").hexdigest()
    fingerprint: str = hashlib.sha256(b"memory float32").hexdigest()
    precision: str = "float32"
    dimensions: int = DIMENSIONS


def measure(settings: Settings) -> list[Table]:
    """Make, save, load and ask one classifier after the other in one process."""
    rounds = QUICK if settings.quick else ROUNDS
    held: list[int] = []
    with Process(_maker) as process:
        for turn in range(rounds):
            if turn % 25 == 0:
                settings.say(f"classifier {turn + 1} of {rounds}")
            held.append(process.ask(turn).value)
    warm = held[WARM:]
    shown = sorted({WARM, *range(rounds // 4, rounds, rounds // 4), rounds - 1})
    rows: list[list[Cell]] = [[turn + 1, held[turn] / 1e6] for turn in shown]
    rows.append(["growth since the 10th", (warm[-1] - warm[0]) / 1e6])
    rows.append(["most above the 10th", (max(warm) - warm[0]) / 1e6])
    note = (
        f"Each of {IMAGES} embeddings of {DIMENSIONS:,} values in {CLASSES} classes, and of"
        " strangers: learned, saved, loaded, and both asked about new ones."
    )
    title = f"Memory over {rounds} classifiers made and loaded in one process"
    columns = ("after the classifier", "MB in memory")
    return [Table("memory", title, columns, rows, note, {columns[1]: ",.0f"})]


def _maker() -> Callable[[int], int]:
    return _made


def _made(turn: int) -> int:
    """Make a classifier of its own, have it saved and loaded, and return bytes held after it."""
    from featclass import classifiers
    from featclass.base import give_back_freed_memory
    from featclass.base.records import Image
    from featclass.classifiers import EmbeddedDataset, artifact
    from featclass.embedding.cache import Cache
    from featclass.embedding.engine import Embeddings

    def embedded(count: int, start: int, offset: float) -> Embeddings:
        rng = np.random.default_rng([turn, start])
        codes = np.arange(count) % CLASSES
        centres = rng.normal(size=(CLASSES, DIMENSIONS))
        vectors = np.abs(centres[codes] + offset + rng.normal(size=(count, DIMENSIONS)))
        images = tuple(
            Image(
                f"{i}.jpg",
                hashlib.sha256(f"{turn} {start} {i}".encode()).hexdigest(),
                Nothing(),
                f"class {code}",
            )
            for i, code in enumerate(codes)
        )
        return Embeddings(images, vectors.astype(np.float32))

    with Cache(":memory:") as cache:
        engine = _Engine(Stated(), cache)
        strangers = embedded(20, 2, 3.0)
        labelled = embedded(IMAGES, 1, 0.0)
        dataset = EmbeddedDataset(labelled.images, labelled.vectors, strangers=strangers)
        training = classifiers.learn(dataset, engine)  # type: ignore[arg-type]
    classifier = training.classifier
    loaded = artifact.loads(artifact.dumps(classifier))
    new = embedded(ASKED, 3, 0.0)
    said = classifiers.predict_embedded(classifier, new), classifiers.predict_embedded(loaded, new)
    assert said[0] == said[1]
    del training, classifier, loaded, new, said, strangers
    give_back_freed_memory()
    return int(STATUS.read_text().split()[1]) * 4096


class Nothing:
    """Where an image would be read from that nobody reads."""

    def read(self) -> bytes:
        raise OSError("there is no picture")


@dataclass(frozen=True, slots=True)
class _Engine:
    encoder: Stated
    cache: object
