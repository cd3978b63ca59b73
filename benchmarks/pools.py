"""Pools: many labelled embeddings, to draw small datasets from and to predict the rest of.

Pictures are embedded with the built-in encoder, once a run: the cache keeps them for the parts
that come later.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks import models
from benchmarks.settings import Settings

PICTURES = "FEATCLASS_POOLS"
"""Names a folder of further pools: a subfolder each, with a subfolder for each class."""
FEWEST = 8
"""Usable pictures of a class: folders with fewer are none."""
SPOILT = 0.1
"""Share of pictures that cannot be used from which on a folder shows no classes."""
SIDE = 160
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Pool:
    """Embeddings, shape (n, dimensions), and the class of each."""

    name: str
    vectors: NDArray[np.float32]
    labels: NDArray[np.str_]

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(np.unique(self.labels).tolist())

    def draw(self, per_class: int, rng: np.random.Generator) -> Codes:
        """Return places of a small dataset, `per_class` images on average, in its proportions."""
        names, sizes = np.unique(self.labels, return_counts=True)
        wanted = per_class * len(names) * sizes / sizes.sum()
        drawn = [
            rng.permutation(np.flatnonzero(self.labels == name))[: max(2, round(count))]
            for name, count in zip(names, wanted, strict=True)
        ]
        return np.concatenate(drawn)


def gaussian(
    name: str, *, noise: float, shares: Sequence[float], images: int, values: int = 64
) -> Pool:
    """Make class means in noise whose variance falls along the values, as real embeddings' does."""
    rng = np.random.default_rng([len(shares), values])
    scale = np.arange(1, values + 1) ** -0.5
    means = rng.normal(size=(len(shares), values)) * scale
    common = 2 * rng.normal(size=values) * scale
    codes = np.repeat(np.arange(len(shares)), np.rint(np.array(shares) * images).astype(int))
    spread = noise * rng.normal(size=(codes.size, values)) * scale
    vectors = (means[codes] + spread + common).astype(np.float32)
    return Pool(name, vectors, np.array([f"{code:02}" for code in codes]))


def shapes(settings: Settings, per_class: int) -> Pool:
    """Draw outlined figures of six kinds, of any colour, place, size and turn, on noise."""
    folder = settings.folder / "pools" / "shapes"
    rng = np.random.default_rng(0)
    for name, outline in FIGURES.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(per_class):
            _figure(outline, rng).save(folder / name / f"{number:04}.png", compress_level=1)
    return pictures("drawn shapes", folder, settings)


def digits(settings: Settings) -> Pool:
    """Write scikit-learn's 1,797 handwritten digits of 8 x 8 pixels as pictures."""
    from sklearn.datasets import load_digits

    found = load_digits()
    folder = settings.folder / "pools" / "digits"
    for number, (grey, digit) in enumerate(zip(found.images, found.target, strict=True)):
        (folder / str(digit)).mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray((grey * (255 / 16)).astype(np.uint8)).resize((SIDE, SIDE))
        picture.save(folder / str(digit) / f"{number:04}.png", compress_level=1)
    return pictures("digits", folder, settings)


def folders(settings: Settings) -> Iterator[Pool]:
    """Yield a pool for each subfolder, of the folder that the environment names, with classes."""
    named = os.environ.get(PICTURES)
    for folder in sorted(Path(named).expanduser().iterdir()) if named else ():
        if folder.is_dir() and sum(each.is_dir() for each in folder.iterdir()) > 1:
            pool = _of_classes(pictures(folder.name, folder, settings), _files(folder))
            if pool is not None:
                yield pool
            else:
                settings.say(f"{folder.name} is left out: it has no two classes of pictures")


def _of_classes(pool: Pool, files: int) -> Pool | None:
    """Return the pool without what is too small to be a class; None where that leaves no two."""
    names, sizes = np.unique(pool.labels, return_counts=True)
    kept = np.isin(pool.labels, names[sizes >= FEWEST])
    if len(pool.labels) < (1 - SPOILT) * files or (sizes >= FEWEST).sum() < 2:
        return None
    return Pool(pool.name, pool.vectors[kept], pool.labels[kept])


def _files(folder: Path) -> int:
    """Return how many files stand in the subfolders, usable or not."""
    return sum(path.is_file() for path in folder.glob("*/*"))


def drawn_and_given(settings: Settings) -> Iterator[tuple[Pool, Path | None]]:
    """Yield drawn shapes, digits and the folders given, each with the folder of its pictures."""
    yield shapes(settings, 20 if settings.quick else 100), settings.folder / "pools/shapes"
    if not settings.quick:
        yield digits(settings), None
    named = os.environ.get(PICTURES)
    for pool in folders(settings):
        yield pool, Path(named or "").expanduser() / pool.name


def shrunk(folder: Path, side: int, per_class: int, settings: Settings) -> Pool:
    """Take the detail from pictures: to `side` pixels at the longer side, and back to `SIDE`."""
    name = f"{folder.name} at {side} pixels"
    rng = np.random.default_rng(0)
    for group in sorted(each for each in folder.iterdir() if each.is_dir()):
        smaller = settings.folder / "pools" / name / group.name
        smaller.mkdir(parents=True, exist_ok=True)
        paths = sorted(each for each in group.iterdir() if each.is_file())
        for number in rng.permutation(len(paths))[:per_class].tolist():
            with Image.open(paths[number]) as opened:
                picture = opened.convert("RGB")
            for longest in (side, SIDE):
                scale = longest / max(picture.size)
                size = [max(1, round(scale * length)) for length in picture.size]
                picture = picture.resize((size[0], size[1]), Image.Resampling.BICUBIC)
            picture.save(smaller / f"{number:04}.png", compress_level=1)
    return pictures(name, settings.folder / "pools" / name, settings)


def pictures(name: str, folder: Path, settings: Settings) -> Pool:
    """Embed a folder that has a subfolder for each class."""
    from featclass import datasets, encoders
    from featclass.base.config import load as settings_of
    from featclass.embedding.cache import Cache
    from featclass.embedding.engine import Engine

    settings.say(f"embedding {name}")
    config = settings_of()
    encoder = encoders.load(models.BUILTIN, device=settings.device, config=config)
    cache = Cache(settings.folder / "pools.cache")
    engine = Engine(encoder, cache, max_pixels=config.max_pixels)
    try:
        found = engine.embed(datasets.read_folder(folder).images)
    finally:
        engine.close()
    return Pool(name, found.vectors, np.array([image.label or "" for image in found.images]))


Points = NDArray[np.float64]


def _regular(corners: int, *, start: float = 0.0) -> Points:
    angles = 2 * np.pi * (np.arange(corners) / corners + start)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _star() -> Points:
    points = _regular(10)
    points[1::2] *= 0.45
    return points


def _cross() -> Points:
    arm = 0.33
    quarter = np.array([(1, -arm), (1, arm), (arm, arm)])
    turns = [np.array([[0, 1], [-1, 0]]) for _ in range(4)]
    return np.concatenate(
        [quarter @ np.linalg.matrix_power(turn, times) for times, turn in enumerate(turns)]
    )


FIGURES: dict[str, Callable[[], Points]] = {
    "circle": lambda: _regular(60),
    "cross": _cross,
    "hexagon": lambda: _regular(6),
    "square": lambda: _regular(4),
    "star": _star,
    "triangle": lambda: _regular(3),
}


def _figure(outline: Callable[[], Points], rng: np.random.Generator) -> Image.Image:
    back, fore = rng.integers(0, 256, (2, 3))
    noise = rng.normal(0, rng.uniform(5, 40), (SIDE, SIDE, 3))
    picture = Image.fromarray((back + noise).clip(0, 255).astype(np.uint8))
    radius, turn = SIDE * rng.uniform(0.15, 0.4), rng.uniform(0, 2 * np.pi)
    place = rng.uniform(radius, SIDE - radius, 2)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = [tuple(point) for point in (outline() @ rotation * radius + place).tolist()]
    colour, width = tuple(fore.tolist()), int(rng.integers(3, 9))
    pen = ImageDraw.Draw(picture)
    if rng.random() < 0.5:
        pen.polygon(points, fill=colour)
    else:
        pen.line([*points, points[0]], fill=colour, width=width, joint="curve")
    return picture
