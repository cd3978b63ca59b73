"""Seeded pictures, what featclass sees of them, and embeddings that need no network."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from featclass import images
from featclass.audit import AuditInput
from featclass.base.records import digest_of
from featclass.images.appearance import Appearance, appearance

MAX_PIXELS = 10**6


def scene(seed: int, size: tuple[int, int] = (160, 120)) -> Image.Image:
    """Draw a dozen figures of any colour on a ground of two colours; each seed looks different."""
    rng = np.random.default_rng(seed)
    picture = Image.fromarray(rng.integers(0, 256, (2, 2, 3), dtype=np.uint8)).resize(size)
    pen = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y = rng.integers(0, size[0]), rng.integers(0, size[1])
        wide, high = rng.integers(8, size[0] // 2), rng.integers(8, size[1] // 2)
        draw = pen.ellipse if rng.random() < 0.5 else pen.rectangle
        draw((int(x), int(y), int(x + wide), int(y + high)), fill=tuple(rng.integers(0, 256, 3)))
    return picture


def photo(seed: int, size: tuple[int, int] = (160, 120)) -> Image.Image:
    """Draw figures on spots of many sizes, as rich in detail as a photograph is."""
    rng = np.random.default_rng([seed, 1])
    levels = np.zeros((size[1], size[0], 3))
    for side in (5, 10, 20, 40):
        grains = Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
        levels += np.asarray(grains.resize(size, Image.Resampling.BICUBIC), float) / 4
    picture = Image.fromarray(levels.astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for _ in range(6):
        x, y = int(rng.integers(0, size[0])), int(rng.integers(0, size[1]))
        wide, high = rng.integers(8, size[0] // 4, 2).tolist()
        draw = pen.ellipse if rng.random() < 0.5 else pen.rectangle
        draw((x, y, x + wide, y + high), fill=tuple(rng.integers(0, 256, 3).tolist()))
    return picture


def saved(picture: Image.Image, kind: str = "PNG", quality: int = 90) -> bytes:
    file = BytesIO()
    picture.save(file, kind, quality=quality)
    return file.getvalue()


def look(data: bytes) -> Appearance:
    with images.decoded(data, max_pixels=MAX_PIXELS) as picture:
        return appearance(picture, data, max_pixels=MAX_PIXELS)


def embedding(picture: Image.Image) -> NDArray[np.float32]:
    """Count colours: the same for a turned or mirrored picture, similar for a cut one."""
    colours = np.asarray(picture.convert("RGB").resize((64, 64))).reshape(-1, 3) // 64
    counts = np.bincount(colours @ np.array([16, 4, 1]), minlength=64)
    return np.asarray(np.sqrt(counts) / np.linalg.norm(np.sqrt(counts)), dtype=np.float32)


def pictures(
    drawn: Sequence[Image.Image], labels: Sequence[str], files: Sequence[bytes] | None = None
) -> AuditInput:
    data = files or [saved(each) for each in drawn]
    return AuditInput(
        names=[f"{label}/{number}.png" for number, label in enumerate(labels)],
        digests=[digest_of(each) for each in data],
        labels=labels,
        vectors=np.stack([embedding(each) for each in drawn]),
        appearances=[look(each) for each in data],
    )


def tinted(seed: int, colour: str, form: str = "PNG") -> bytes:
    """Draw a scene that resembles no other seed's, as seen through coloured glass."""
    picture = scene(10 * seed + len(colour))
    return saved(Image.blend(picture, Image.new("RGB", picture.size, colour), 0.6), form)
