"""Seeded pictures made on the spot: as large and as hard to decode as photos, no two alike.

A scene is noise at every scale from the whole picture to the pixel, falling off as in photos,
with sharp edges across it. Few scenes serve many pictures: each is another cut of one of them,
and beyond a number of cuts another comment in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Size = tuple[int, int]

SMALL: Size = (320, 240)
MEDIUM: Size = (640, 480)
LARGE: Size = (4000, 3000)
SHIFTS = 97  # pixels around a scene's cut: no multiple of JPEG's blocks
SCENES = 3
GRAIN = 4.5  # of 255: makes files as large as photos of that size

SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WebP": "webp"}
OPTIONS: dict[str, dict[str, int]] = {
    "JPEG": {"quality": 90},
    "PNG": {"compress_level": 1},
    "WebP": {"quality": 85, "method": 1},
}


@dataclass(frozen=True, slots=True)
class Kind:
    """Pictures of one format and size."""

    format: str
    size: Size

    def __str__(self) -> str:
        width, height = self.size
        return f"{self.format} {width}x{height}"


def scene(size: Size, seed: int) -> Image.Image:
    """Return a photo-like picture: its octaves added from the coarsest to the pixel."""
    chance = np.random.default_rng(seed)
    grey = _octaves(size, chance)
    coarse = chance.standard_normal((2, 6, 6)).astype(np.float32)
    red, blue = (
        np.asarray(Image.fromarray(tint).resize(size, Image.Resampling.BICUBIC)) for tint in coarse
    )
    planes = np.stack([grey + 15 * red, grey, grey + 18 * blue], axis=-1) + 118
    picture = Image.fromarray(planes.clip(0, 255).astype(np.uint8))
    _edges(picture, chance)
    return picture


def _octaves(size: Size, chance: np.random.Generator) -> NDArray[np.float32]:
    """Return noise of every scale, each finer one weaker, down to what a sensor adds."""
    steps = int(np.log2(max(size) / 6))
    sizes = [(size[0] >> step or 1, size[1] >> step or 1) for step in range(steps, -1, -1)]
    light = np.zeros(sizes[0][::-1], np.float32)
    for octave, (width, height) in enumerate(sizes):
        larger = Image.fromarray(light).resize((width, height), Image.Resampling.BILINEAR)
        strength = max(45 * 0.58**octave, GRAIN)
        light = strength * chance.standard_normal((height, width), np.float32)
        light += np.asarray(larger)
    return light


def _edges(picture: Image.Image, chance: np.random.Generator) -> None:
    """Draw translucent shapes: what detail photos have is in edges more than in noise."""
    pen = ImageDraw.Draw(picture, "RGBA")
    for _ in range(60):
        points = chance.uniform(0, 1, (int(chance.integers(3, 6)), 2)) * chance.uniform(0.05, 0.5)
        corner = chance.uniform(-0.1, 1, 2)
        places = ((points + corner) * picture.size).ravel().tolist()
        pen.polygon(places, fill=(*chance.integers(0, 256, 3).tolist(), 110))


def encoded(kind: Kind, count: int, *, distinct: int, seed: int = 0) -> Iterator[bytes]:
    """Yield the bytes of `count` different pictures, of which `distinct` differ in their pixels.

    Of more, the rest differ in a comment only: as much work to decode, none to make. That is
    for JPEG alone.
    """
    width, height = kind.size
    scenes = [
        scene((width + SHIFTS, height + SHIFTS), seed + number)
        for number in range(min(SCENES, distinct))
    ]
    pictures: list[bytes] = []
    for number in range(min(count, distinct)):
        left, top = (number * 31) % SHIFTS, (number * 53) % SHIFTS
        cut = scenes[number % len(scenes)].crop((left, top, left + width, top + height))
        if number % 2:
            cut = cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        pictures.append(_saved(cut, kind.format))
        yield pictures[-1]
    for number in range(distinct, count):
        yield commented(pictures[number % distinct], number)


def _saved(picture: Image.Image, format: str) -> bytes:
    file = BytesIO()
    picture.save(file, format, **OPTIONS[format])
    return file.getvalue()


def commented(jpeg: bytes, number: int) -> bytes:
    """Return the same JPEG with a comment segment: other bytes, and so another digest."""
    if not jpeg.startswith(b"\xff\xd8"):
        raise ValueError("Only a JPEG takes a comment.")
    comment = number.to_bytes(8, "big")
    return jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]


def write(folder: Path, kind: Kind, count: int, *, distinct: int = 48, seed: int = 0) -> Path:
    """Write pictures as a data set of two classes; returns the folder, with the two in it."""
    if kind.format != "JPEG":
        distinct = count
    for label in ("first", "second"):
        (folder / label).mkdir(parents=True)
    for number, data in enumerate(encoded(kind, count, distinct=distinct, seed=seed)):
        label = ("first", "second")[number % 2]
        (folder / label / f"{number:05}.{SUFFIXES[kind.format]}").write_bytes(data)
    return folder


def files(folder: Path, most: int | None = None) -> list[Path]:
    """List the pictures below a folder, in order; `most` of them."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(paths, key=lambda path: path.name)[:most]
