"""How long "Why?" takes: from a picture to the map of what spoke for its class, and the words."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO

from PIL import Image as Picture

from benchmarks import models
from benchmarks.processes import Process
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

ROUNDS, QUICK_ROUNDS = 9, 3
SIZE = 640, 480
LEARNED = 8
"""Pictures a class."""


def measure(settings: Settings) -> list[Table]:
    """Explain new pictures, each of them twice, with the built-in encoder and a transformer."""
    rows: list[list[Cell]] = []
    for name, spec in models.specs(settings.folder / "explain"):
        settings.say(f"{name}: seconds an explanation takes")
        with Process(explainer, spec, settings.device) as process:
            rounds = QUICK_ROUNDS if settings.quick else ROUNDS
            new, predicted = zip(*process.ask(rounds).value, strict=True)
            rows.append([name, new, predicted])
    columns = ("encoder", "new picture, s", "predicted before, s")
    note = "A picture of 640x480, from bytes to map and words. Under 1 s is asked for."
    title = "Waiting for an explanation"
    return [Table("explain", title, columns, rows, note, dict.fromkeys(columns[1:], ".2f"))]


def explainer(spec: str, device: str) -> Callable[[int], list[tuple[float, float]]]:
    """Train on sample pictures; what is returned explains so many new ones, each twice."""
    from featclass import classifiers, datasets, encoders, samples
    from featclass.base import Dataset, Image, config, digest_of
    from featclass.embedding import Engine
    from featclass.embedding.cache import Cache

    settings = config.load()
    encoder = encoders.load(spec, device=device, config=settings)
    engine = Engine(encoder, Cache(":memory:"), max_pixels=settings.max_pixels)

    def images(count: int, seed: int) -> list[Image]:
        drawn = [s for name in samples.FAMILIES for s in samples.draw_family(name, count, seed)]
        data = [_enlarged(sample.data) for sample in drawn]
        return [
            Image(sample.name, digest_of(jpeg), datasets.BytesSource(jpeg), sample.label)
            for sample, jpeg in zip(drawn, data, strict=True)
        ]

    classifier = classifiers.train(engine, Dataset(tuple(images(LEARNED, 1)))).classifier

    def explained(image: Image) -> tuple[float, float]:
        seconds = []
        for _ in range(2):
            started = time.perf_counter()
            classifiers.explain(engine, classifier, image)
            seconds.append(time.perf_counter() - started)
        return seconds[0], seconds[1]

    explained(images(1, 2)[0])
    return lambda rounds: [explained(image) for image in images(rounds, 3)[:rounds]]


def _enlarged(jpeg: bytes) -> bytes:
    out = BytesIO()
    with Picture.open(BytesIO(jpeg)) as picture:
        picture.resize(SIZE, Picture.Resampling.BICUBIC).save(out, "JPEG", quality=92)
    return out.getvalue()
