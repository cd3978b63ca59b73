"""How near an embedding is to the one of the same picture decoded in full, and to timm's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import models, pictures
from benchmarks.pictures import Kind
from benchmarks.processes import Process
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

SIZES = (pictures.SMALL, pictures.MEDIUM, (1280, 960), (2752, 2064), (3000, 4000), pictures.LARGE)
COLUMNS = (
    "pictures", "count",
    "to the full decode, least", "mean", "to timm's own path, least", "mean ",
)  # fmt: skip

Cosines = NDArray[np.float64]


def measure(settings: Settings) -> list[Table]:
    """Compare the embeddings of pictures of every format and of many sizes."""
    count = 3 if settings.quick else 8
    sizes = SIZES[1::4] if settings.quick else SIZES
    rows: list[list[Cell]] = []
    with Process(comparer, settings.device) as process:
        for format in pictures.SUFFIXES:
            for size in sizes:
                kind = Kind(format, size)
                settings.say(f"decoding {kind} in full and as usual")
                place = settings.folder / "fidelity" / str(kind)
                pictures.write(place, kind, count, distinct=count, seed=7)
                full, own = process.ask(place).value
                rows.append([str(kind), count, full.min(), full.mean(), own.min(), own.mean()])
    note = (
        "Cosine between two embeddings of the built-in encoder: the one featclass gives, and that"
        " of all pixels decoded, with featclass's preprocessing and with timm's and a forward"
        " pass as timm has it. At least 0.999 and 0.9995 on average are asked for."
    )
    formats = dict.fromkeys(COLUMNS[2:], ".6f")
    title = "The embedding against that of the picture decoded in full"
    return [Table("fidelity", title, COLUMNS, rows, note, formats)]


def comparer(device: str) -> Callable[[Path], tuple[Cosines, Cosines]]:
    """Load the built-in encoder both ways; what is returned gives the cosines over a folder."""
    from featclass import datasets, encoders
    from featclass.cache import Cache
    from featclass.config import load
    from featclass.engine import Engine

    config = load()
    encoder = encoders.load(models.BUILTIN, device=device, config=config)
    engine = Engine(encoder, Cache(":memory:"), max_pixels=config.max_pixels)
    forward, transform = models.as_published(models.BUILTIN, device)

    def compare(folder: Path) -> tuple[Cosines, Cosines]:
        images = sorted(datasets.read_folder(folder).images, key=lambda image: image.name)
        usual = engine.embed(images).vectors
        full, own = [], []
        for image in images:
            with Image.open(folder / image.name) as stored:
                picture = stored.convert("RGB")
            full.append(encoder.encode(encoder.preprocess(picture)[None])[0])
            own.append(forward(transform(picture)[None])[0])
        return cosines(usual, np.array(full)), cosines(usual, np.array(own))

    return compare


def cosines(these: NDArray[np.float32], those: NDArray[np.float32]) -> Cosines:
    """Return the cosine of each row of one with the same row of the other."""
    a, b = these.astype(np.float64), those.astype(np.float64)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    cosine: Cosines = (a * b).sum(axis=1) / lengths
    return cosine
