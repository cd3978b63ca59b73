"""What more pictures cost: seconds, memory, and the second run over the same folder."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks import models, pictures
from benchmarks.pictures import Kind
from benchmarks.processes import Answer, Process
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

COUNTS = (100, 1_000, 10_000)
QUICK = (50, 100, 300)
LARGE = 24
AGAIN = 3
MEGA = 10**6
GROWTH = (
    "images", "seconds", "images/s", "memory grown, MB", "embeddings, MB", "beyond them, MB",
)  # fmt: skip
AGAIN_COLUMNS = (
    "pictures", "images", "MB", "seconds", "images/s", "MB/s", "reading and hashing alone, MB/s",
    "share",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run embedded, and the bytes its embeddings take."""

    images: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Growth:
    """What one number of images cost; memory in MB."""

    images: int
    seconds: float
    memory: float
    embeddings: float

    @property
    def beyond(self) -> float:
        """MB besides the embeddings themselves."""
        return self.memory - self.embeddings


def measure(settings: Settings) -> list[Table]:
    """Embed ever more pictures, each number in a process of its own; then each folder again."""
    folder = settings.folder / "growth"
    growth: list[Growth] = []
    again: list[list[Cell]] = []
    small = Kind("JPEG", pictures.SMALL)
    counts = QUICK if settings.quick else COUNTS
    for count in counts:
        settings.say(f"growth: {count:,} pictures")
        place = pictures.write(folder / str(count), small, count)
        growth.append(_grown(place, settings))
    large = Kind("JPEG", pictures.LARGE)
    place = pictures.write(folder / "large", large, LARGE, distinct=8)
    settings.say("the same folders again")
    _grown(place, settings)
    for kind, where in ((small, folder / str(counts[-1])), (large, place)):
        again.append(_again(str(kind), where, settings))
    less, more = growth[-2:]
    rise = more.beyond - less.beyond
    note = (
        f"{small}, built-in encoder, cache on disk. Memory is that of the process at its highest,"
        f" beyond what it held with the encoder loaded and used once. From {less.images:,} to"
        f" {more.images:,} images that rose by {rise:.0f} MB beyond the embeddings."
    )
    again_note = "Everything is in the cache on disk: files are read and hashed, nothing embedded."
    formats = {"share": ".0%"}
    return [
        Table(
            "growth", "Cost as the number of images grows", GROWTH, [_row(g) for g in growth], note
        ),
        Table("again", "The same folder again", AGAIN_COLUMNS, again, again_note, formats),
    ]


def _grown(place: Path, settings: Settings) -> Growth:
    with Process(embedder, _cache(place), settings.folder, settings.device) as process:
        answer: Answer[Outcome] = process.ask(place, watch=True)
    outcome = answer.value
    return Growth(outcome.images, answer.seconds, answer.grown / MEGA, outcome.bytes / MEGA)


def _row(growth: Growth) -> list[Cell]:
    rate = growth.images / growth.seconds
    return [
        growth.images, growth.seconds, rate, growth.memory, growth.embeddings, growth.beyond,
    ]  # fmt: skip


def _again(name: str, place: Path, settings: Settings) -> list[Cell]:
    size = sum(path.stat().st_size for path in pictures.files(place)) / MEGA
    taken: list[float] = []
    hashing: list[float] = []
    with Process(embedder, _cache(place), settings.folder, settings.device) as process:
        for _ in range(AGAIN):
            hashing.append(size / hashed(place))
            answer: Answer[Outcome] = process.ask(place)
            taken.append(answer.seconds)
    rates = [size / seconds for seconds in taken]
    count = answer.value.images
    shares = [ours / alone for ours, alone in zip(rates, hashing, strict=True)]
    each = [count / seconds for seconds in taken]
    return [name, count, size, taken, each, rates, hashing, shares]


def _cache(place: Path) -> Path:
    return place.with_suffix(".sqlite")


def hashed(place: Path) -> float:
    """Read and hash all files of a folder on all processors; return the seconds that took."""
    paths = pictures.files(place)
    started = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(lambda path: hashlib.sha256(path.read_bytes()).digest(), paths):
            pass
    return time.perf_counter() - started


def embedder(file: Path, folder: Path, device: str) -> Callable[[Path], Outcome]:
    """Load the built-in encoder and use it once; what is returned embeds a folder."""
    from featclass import datasets, encoders
    from featclass.base.config import load
    from featclass.embedding.cache import Cache
    from featclass.embedding.engine import Engine

    config = load()
    encoder = encoders.load(models.BUILTIN, device=device, config=config)
    warm = folder / "warm"
    if not warm.exists():
        pictures.write(warm, Kind("JPEG", pictures.SMALL), 64, seed=42)
    engine = Engine(encoder, Cache(":memory:"), max_pixels=config.max_pixels)
    engine.embed(datasets.read_folder(warm).images)
    engine.close()

    def embed(place: Path) -> Outcome:
        with Cache(file) as cache:
            engine = Engine(encoder, cache, max_pixels=config.max_pixels)
            embedded = engine.embed(datasets.read_folder(place).images)
            engine.close()
        return Outcome(len(embedded.images), embedded.vectors.nbytes)

    return embed
