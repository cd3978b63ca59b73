"""A fake encoder that is deterministic, meaningful and counts; and pictures drawn on the spot."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import PIL.Image
import PIL.ImageDraw
from numpy.typing import NDArray

from featclass.base.errors import EncoderUnavailable
from featclass.base.records import Image
from featclass.datasets import BytesSource
from featclass.encoders import Pixels

GRID = 4


@dataclass
class GridEncoder:
    """Embeds a picture as the mean colours of a 4 x 4 grid: similar pictures stay similar."""

    spec: str = "fake"
    id: str = hashlib.sha256(b"grid").hexdigest()
    fingerprint: str = hashlib.sha256(b"grid float32").hexdigest()
    device: str = "cpu"
    precision: str = "float32"
    dimensions: int = 3 * GRID * GRID
    side: int | None = None
    batch_size: int = 4
    workers: int = 2
    batches: list[int] = field(default_factory=list)

    @property
    def encoded(self) -> int:
        return sum(self.batches)

    def preprocess(self, image: PIL.Image.Image) -> Pixels:
        small = image.resize((GRID, GRID), PIL.Image.Resampling.BOX)
        levels: NDArray[np.float32] = np.asarray(small, np.float32) / np.float32(255)
        return np.moveaxis(levels - np.float32(0.5), 2, 0)

    def encode(self, pixels: Pixels, *, threads: int | None = None) -> NDArray[np.float32]:
        self.batches.append(len(pixels))
        return pixels.reshape(len(pixels), -1).astype(np.float32)


@dataclass
class ColourNames:
    """A stand-in for a text tower that knows what colour things are."""

    scale: float = 60.0
    asked: list[str] = field(default_factory=list)
    is_broken: bool = False

    def embed(self, names: Sequence[str]) -> NDArray[np.float32]:
        if self.is_broken:
            raise EncoderUnavailable("The weights are damaged.")
        self.asked += names
        colours = {"red": (2, -1, -1), "green": (-1, 2, -1), "blue": (-1, -1, 2)}
        rows = [np.repeat(colours[name.split()[0]], 16) for name in names]
        return np.array([row / np.linalg.norm(row) for row in rows], np.float32)


def drawn(seed: int, colour: str = "red", *, size: int = 64, form: str = "PNG") -> bytes:
    """Draw a disc of `colour` on a noisy ground; each seed is another picture."""
    chance = random.Random(seed)
    ground = tuple(chance.randrange(150, 230) for _ in range(3))
    picture = PIL.Image.new("RGB", (size, size), ground)
    x, y, r = (chance.randrange(size // 4, size // 2) for _ in range(3))
    PIL.ImageDraw.Draw(picture).ellipse((x - r // 2, y - r // 2, x + r, y + r), fill=colour)
    file = io.BytesIO()
    picture.save(file, form)
    return file.getvalue()


def image(data: bytes, name: str = "a.png", label: str | None = None) -> Image:
    return Image(name, hashlib.sha256(data).hexdigest(), BytesSource(data), label)


def two_classes(count: int = 6) -> list[Image]:
    """Return `count` red and `count` blue pictures that are easy to tell apart."""
    return [
        image(drawn(seed, colour), f"{colour}/{seed}.png", colour)
        for colour in ("red", "blue")
        for seed in range(count)
    ]
