"""What the audit needs to know of a picture's pixels and header, in some five kilobytes."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from io import BytesIO
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from featclass.images.formats import check, recognise
from featclass.images.lost_content import LOST, Lost

Bytes = NDArray[np.uint8]

VERSION: Final = 4
"""Changes whenever the same picture would give another appearance: the first byte stored."""
SIDE: Final = 256
"""Pictures are first shrunk by a whole factor, until their shorter side is no more: what follows
hardly depends on the scale at which they were decoded."""
THUMBNAIL: Final = 16
SMALL: Final = 112
"""Longer side of the grey copy: enough to find the corners of one picture in another. At 96 a few
changed copies fewer are confirmed."""
SMALL_QUALITY: Final = 85
CORNER: Final = 6
CORNER_SHARE: Final = 6
PERCENTILES: Final = (1, 5, 50, 95, 99)
_RICHEST: Final = 0.99
_STORED: Final = np.dtype(
    [
        ("version", "u1"), ("format", "S8"), ("width", "<u4"), ("height", "<u4"),
        ("file_bytes", "<u8"), ("percentiles", "u1", (len(PERCENTILES),)), ("contrast", "<f4"),
        ("detail", "<f4"), ("lost", "u1"), ("borders", "u1", (4, 3)),
        ("spreads", "u1", (4,)), ("corners", "u1", (4, CORNER, CORNER, 3)),
        ("thumbnail", "u1", (THUMBNAIL, THUMBNAIL, 3)),
    ]
)  # fmt: skip
SIZE: Final = _STORED.itemsize
"""Of what `Appearance.to_bytes` returns, beside the grey copy."""


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    """Size, light, sharpness, border, corners and a tiny copy of one picture."""

    format: str
    """As `images.recognise` names it: `JPEG`, `PNG` and so on."""
    width: int
    """Upright, as the file holds it, before any reduction."""
    height: int
    file_bytes: int
    percentiles: tuple[int, ...]
    """Luminance that 1, 5, 50, 95 and 99 % of the pixels stay below, 0 to 255."""
    contrast: float
    """Standard deviation of the luminance."""
    detail: float
    """What a Laplacian finds in the sharpest hundredth of the picture, in levels of luminance."""
    lost: Lost
    """Where the picture is that the file shows, if nothing is left of it."""
    borders: Bytes
    """Mean colour of the outermost strip at the top, bottom, left and right, shape (4, 3)."""
    spreads: Bytes
    """Standard deviation of each strip's luminance, shape (4,)."""
    corners: Bytes
    """Top left, top right, bottom left, bottom right: each a sixth of the width and of the
    height, shape (4, 6, 6, 3)."""
    thumbnail: Bytes
    """The whole picture squeezed to 16 x 16, shape (16, 16, 3): its perceptual hash."""
    grey: bytes
    """The whole picture in grey, its longer side at most `SMALL`: a JPEG file."""

    def to_bytes(self) -> bytes:
        """Return `SIZE` bytes, the first of which is `VERSION`, and the grey copy."""
        values = [getattr(self, field.name) for field in fields(self)[:-1]]
        return np.array((VERSION, *values), _STORED).tobytes() + self.grey

    def small(self) -> Bytes:
        """Return the luminance of the whole picture, its longer side at most `SMALL`."""
        with Image.open(BytesIO(self.grey), formats=["JPEG"]) as picture:
            return np.asarray(picture)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self | None:
        """Return what `to_bytes` kept, or None where that was another version's."""
        if len(data) <= SIZE or data[0] != VERSION:
            return None
        values: tuple[Any, ...] = np.frombuffer(data, _STORED, 1).tolist()[0]
        _, name, width, height, file_bytes, levels, *rest = values
        contrast, detail, where, borders, spreads, corners, thumbnail = rest
        return cls(
            name.decode("ascii", "replace"), width, height, file_bytes, tuple(levels.tolist()),
            contrast, detail, Lost(where),
            borders, spreads, corners, thumbnail, data[SIZE:],
        )  # fmt: skip


def appearance(picture: Image.Image, data: bytes, *, max_pixels: int) -> Appearance:
    """Describe an upright RGB picture and the file it was decoded from.

    Args:
        picture: What `decoded` gave, at any scale.
        data: The bytes of the file.
        max_pixels: As `decoded` was told.

    Raises:
        Unreadable: As `check`; never for data that `decoded` has accepted.
    """
    width, height = check(data, max_pixels=max_pixels)
    if (width < height) != (picture.width < picture.height):
        width, height = height, width
    small = _shrunk(picture)
    grey = small.convert("L")
    levels = np.asarray(grey).astype(np.int16)
    histogram = np.array(grey.histogram(), dtype=np.float64) / levels.size
    borders, spreads = _borders(np.asarray(small), levels)
    return Appearance(
        recognise(data), width, height, len(data),
        tuple(_percentile(histogram, share / 100) for share in PERCENTILES),
        _deviation(histogram), _detail(levels), picture.info.get(LOST, Lost.NOT),
        borders, spreads, _corners(small), _squeezed(small, THUMBNAIL), _grey(grey),
    )  # fmt: skip


def _shrunk(picture: Image.Image) -> Image.Image:
    """Return the picture shrunk by the whole factor that leaves at most `SIDE` a side."""
    factor = math.ceil(min(picture.size) / SIDE)
    return picture.reduce(factor) if factor > 1 else picture


def _grey(picture: Image.Image) -> bytes:
    """Return a JPEG file of the picture shrunk to `SMALL`."""
    share = min(1.0, SMALL / max(picture.size))
    size = max(1, round(picture.width * share)), max(1, round(picture.height * share))
    file = BytesIO()
    picture.resize(size, Image.Resampling.BOX).save(file, "JPEG", quality=SMALL_QUALITY)
    return file.getvalue()


def _squeezed(
    picture: Image.Image, side: int, box: tuple[float, float, float, float] | None = None
) -> Bytes:
    return np.asarray(picture.resize((side, side), Image.Resampling.BOX, box))


def _percentile(histogram: NDArray[np.float64], share: float) -> int:
    return int(np.searchsorted(np.cumsum(histogram), share - 1e-9).clip(max=255))


def _deviation(histogram: NDArray[np.float64]) -> float:
    levels = np.arange(256)
    mean = float(histogram @ levels)
    return float((histogram @ (levels - mean) ** 2) ** 0.5)


def _detail(levels: NDArray[np.int16]) -> float:
    """Return the 99th percentile of a Laplacian: one sharp thing makes a picture sharp."""
    if min(levels.shape) < 3:
        return 0.0
    around = levels[:-2, 1:-1] + levels[2:, 1:-1] + levels[1:-1, :-2] + levels[1:-1, 2:]
    counts = np.bincount(np.abs(4 * levels[1:-1, 1:-1] - around).ravel())
    return float(np.searchsorted(np.cumsum(counts), _RICHEST * counts.sum()))


def _borders(colours: Bytes, levels: NDArray[np.int16]) -> tuple[Bytes, Bytes]:
    deep = max(1, min(levels.shape) // 64)
    places = (np.s_[:deep], np.s_[-deep:], np.s_[:, :deep], np.s_[:, -deep:])
    means = [colours[place].mean(axis=(0, 1)).round() for place in places]
    return np.array(means, np.uint8), np.array([levels[place].std() for place in places], np.uint8)


def _corners(picture: Image.Image) -> Bytes:
    wide, high = picture.width / CORNER_SHARE, picture.height / CORNER_SHARE
    starts = [
        (left, top) for top in (0.0, picture.height - high) for left in (0.0, picture.width - wide)
    ]
    return np.stack([_squeezed(picture, CORNER, (x, y, x + wide, y + high)) for x, y in starts])
