"""How near an embedding is to the one of the same picture decoded in full, and to timm's own; and
of a picture with another colour profile to the one of the same picture in sRGB."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from benchmarks import models, pictures, profiles
from benchmarks.pictures import Kind
from benchmarks.processes import Process
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

SIZES = (pictures.SMALL, pictures.MEDIUM, (1280, 960), (2752, 2064), (3000, 4000), pictures.LARGE)
COLUMNS = (
    "pictures", "count",
    "to the full decode, least", "mean", "to timm's own path, least", "mean ",
)  # fmt: skip

INKS = "printer's inks"
COLOURS = (*(space.name for space in profiles.SPACES), INKS)
COLOUR_COLUMNS = (
    "saved in", "count", "profile lost, least", "mean", "heeded, least", "mean ",
    "ms without", "ms with",
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
    return [Table("fidelity", title, COLUMNS, rows, note, formats), _colours(settings)]


def _colours(settings: Settings) -> Table:
    """Compare pictures saved in other colours, with their profile and without, and the time."""
    count, size = (2, pictures.SMALL) if settings.quick else (6, pictures.LARGE)
    rows: list[list[Cell]] = []
    with Process(embedder, settings.device) as process:
        for name in COLOURS:
            settings.say(f"decoding {name} with its profile and without")
            place = settings.folder / "fidelity" / name.replace(" ", "-")
            _write_in(place, name, count, size)
            with_it, without, milliseconds, milliseconds_without = process.ask(place).value
            rows.append([
                name, count, without.min(), without.mean(), with_it.min(), with_it.mean(),
                milliseconds_without, milliseconds,
            ])  # fmt: skip
    note = (
        "Cosine between the embeddings of a picture saved in those colours and of the same in sRGB"
        f" (JPEG of {size[0]} x {size[1]}, quality 95, for the built-in encoder), where the profile"
        " is lost and where it is heeded; and the processor time to decode one for the encoder,"
        " medians. Inks are compared with how they look on paper."
    )
    formats = dict.fromkeys(COLOUR_COLUMNS[2:6], ".4f")
    title = "Colour profiles"
    return Table("colours", title, COLOUR_COLUMNS, rows, note, formats)


def _write_in(folder: Path, name: str, count: int, size: pictures.Size) -> None:
    """Write each picture three times: in sRGB, and in the colours, with the profile and without."""
    folder.mkdir(parents=True)
    for number in range(count):
        picture = ImageEnhance.Color(pictures.scene(size, 70 + number)).enhance(2)
        if name == INKS:
            stored = profiles.printed(picture.reduce(4)).resize(size)
            plain, profile = profiles.as_printed(stored), profiles.cmyk_profile()
        else:
            space = next(space for space in profiles.SPACES if space.name == name)
            stored, plain, profile = space.of(picture), picture, space.profile()
        for kind, image, icc in (
            ("plain", plain, None), ("with", stored, profile), ("without", stored, None)
        ):  # fmt: skip
            path = folder / f"{number}-{kind}.jpg"
            image.save(path, quality=95, icc_profile=icc)


def embedder(device: str) -> Callable[[Path], tuple[Cosines, Cosines, float, float]]:
    """Load the built-in encoder; what is returned compares the pictures of a folder."""
    from featclass import encoders, images
    from featclass.base.config import load

    config = load()
    encoder = encoders.load(models.BUILTIN, device=device, config=config)

    def embed(paths: list[Path]) -> tuple[NDArray[np.float32], float]:
        vectors, seconds = [], []
        for path in paths:
            data = path.read_bytes()
            before = time.thread_time()
            with images.decoded(data, max_pixels=config.max_pixels, side=encoder.side) as picture:
                seconds.append(time.thread_time() - before)
                vectors.append(encoder.encode(encoder.preprocess(picture)[None])[0])
        return np.array(vectors), 1000 * statistics.median(seconds)

    def compare(folder: Path) -> tuple[Cosines, Cosines, float, float]:
        kinds = ("plain", "with", "without")
        paths = {kind: sorted(folder.glob(f"*-{kind}.jpg")) for kind in kinds}
        embed(paths["with"][:1])  # what is made once is no time of the first picture
        plain, _ = embed(paths["plain"])
        converted, milliseconds = embed(paths["with"])
        raw, milliseconds_without = embed(paths["without"])
        return cosines(converted, plain), cosines(raw, plain), milliseconds, milliseconds_without

    return compare


def comparer(device: str) -> Callable[[Path], tuple[Cosines, Cosines]]:
    """Load the built-in encoder both ways; what is returned gives the cosines over a folder."""
    from featclass import datasets, encoders
    from featclass.base.config import load
    from featclass.embedding.cache import Cache
    from featclass.embedding.engine import Engine

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
