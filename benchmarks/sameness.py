"""How far the embedding of one picture differs with the company it is embedded in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import models, pictures
from benchmarks.pictures import Kind
from benchmarks.processes import Process
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

COLUMNS = ("encoder", "way", "largest difference", "largest value")
Vectors = NDArray[np.float32]


def measure(settings: Settings) -> list[Table]:
    """Embed the same pictures alone, in twos, all at once, and from the cache."""
    folder = settings.folder / "sameness"
    count = 32 if settings.quick else 256
    place = pictures.write(folder / "pictures", Kind("JPEG", pictures.SMALL), count, distinct=count)
    with Process(models.generator) as process:
        generated = process.ask(folder / models.VIT).value
    rows: list[list[Cell]] = []
    for name, spec in ((models.BUILTIN, models.BUILTIN), (models.VIT, generated)):
        settings.say(f"{name}: the same pictures in batches of 1, 2 and {count}")
        with Process(comparer, spec, settings.device) as process:
            differences, largest = process.ask(place).value
        rows += [[name, way, value, largest] for way, value in differences.items()]
    note = "Against each picture embedded alone; at most 1e-5 is asked for, in float32."
    formats = {"largest difference": ".1e"}
    return [Table("sameness", "The same embedding every way", COLUMNS, rows, note, formats)]


def comparer(spec: str, device: str) -> Callable[[Path], tuple[dict[str, float], float]]:
    """Load an encoder; what is returned gives the largest difference of each way over a folder."""
    from featclass import datasets, encoders
    from featclass.base.config import load
    from featclass.base.records import Image
    from featclass.embedding.cache import Cache
    from featclass.embedding.engine import Engine

    config = load()
    encoder = encoders.load(spec, device=device, config=config)

    def embedded(
        images: tuple[Image, ...], together: int, *, live: bool = False, again: bool = False
    ) -> Vectors:
        with Cache(":memory:") as cache:
            engine = Engine(encoder, cache, max_pixels=config.max_pixels)
            parts = [images[i : i + together] for i in range(0, len(images), together)]
            found = [engine.embed(part, live=live).vectors for part in parts]
            if again:
                found = [engine.embed(images).vectors]
            engine.close()
        return np.concatenate(found)

    def compare(folder: Path) -> tuple[dict[str, float], float]:
        images = datasets.read_folder(folder).images
        alone, count = embedded(images, 1), len(images)
        ways = {
            "alone, live": embedded(images, 1, live=True),
            "two at once": embedded(images, 2),
            f"{count} at once": embedded(images, count),
            "from the cache, once alone": embedded(images, 1, again=True),
            f"from the cache, once {count} together": embedded(images, count, again=True),
        }
        differences = {way: float(np.abs(found - alone).max()) for way, found in ways.items()}
        return differences, float(np.abs(alone).max())

    return compare
