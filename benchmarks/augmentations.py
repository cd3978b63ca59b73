"""What training tools make of a picture: seeded changes, the same for every table that uses them.

The ranges are the defaults, or the usual advice, of Keras's image preprocessing and of Roboflow's
augmentations; what a change uncovers is filled as they fill it: black, or with what is nearest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

Affine = NDArray[np.float64]
"""Shape (3, 3), acting on positions from the middle, in pixels."""
QUALITY = 88
FILLS = ("black", "edge", "reflect")


@dataclass(frozen=True, slots=True)
class Augmentation:
    """One kind of change, made anew for each seed."""

    name: str
    change: Callable[[Image.Image, np.random.Generator], Image.Image]
    copies: int = 1
    """How many of each picture stand beside it."""
    quality: int = QUALITY

    def of(self, picture: Image.Image, seed: int) -> bytes:
        """Return the JPEG file of a changed copy."""
        rng = np.random.default_rng([seed, KINDS.index(self.name)])
        file = BytesIO()
        self.change(picture.convert("RGB"), rng).save(file, "JPEG", quality=self.quality)
        return file.getvalue()


def _sign(rng: np.random.Generator) -> float:
    return 1.0 if rng.random() < 0.5 else -1.0


def _turned(degrees: float) -> Affine:
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1.0]])


def _moved(across: float, down: float) -> Affine:
    return np.array([[1, 0, across], [0, 1, down], [0, 0, 1.0]])


def _sheared(across: float, down: float) -> Affine:
    return np.array([[1, across, 0], [down, 1, 0], [0, 0, 1.0]])


def _scaled(factor: float) -> Affine:
    return np.diag([factor, factor, 1.0])


def _warped(picture: Image.Image, change: Affine, fill: str) -> Image.Image:
    """Return the picture changed about its middle, at its own size, what is bare filled."""
    wide, high = picture.size
    pixels = np.asarray(picture)
    margin = max(1, min(wide, high) // 2 - 1) if fill == "reflect" else max(wide, high) // 2
    around = ((margin, margin), (margin, margin), (0, 0))
    if fill == "black":
        padded = np.pad(pixels, around)
    else:
        padded = np.pad(pixels, around, mode="edge" if fill == "edge" else "reflect")
    to_middle = _moved(-wide / 2, -high / 2)
    back = _moved(wide / 2 + margin, high / 2 + margin) @ np.linalg.inv(change) @ to_middle
    numbers = tuple(back[:2].ravel().tolist())
    ground = Image.fromarray(padded)
    return ground.transform(picture.size, Image.Transform.AFFINE, numbers, Image.Resampling.BICUBIC)


def _fill(rng: np.random.Generator) -> str:
    return str(rng.choice(FILLS))


def _crop(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    wide, high = (round(0.8 * side) for side in picture.size)
    left = int(rng.integers(0, picture.width - wide + 1))
    top = int(rng.integers(0, picture.height - high + 1))
    part = picture.crop((left, top, left + wide, top + high))
    return part if rng.random() < 0.5 else part.resize(picture.size, Image.Resampling.BICUBIC)


def _shift(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    by = _moved(_sign(rng) * 0.1 * picture.width, _sign(rng) * 0.1 * picture.height)
    return _warped(picture, by, _fill(rng))


def _tilt(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    return _warped(picture, _turned(12 * _sign(rng)), _fill(rng))


def _shear(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    by = 0.2 * _sign(rng)
    return _warped(picture, _sheared(by, 0) if rng.random() < 0.5 else _sheared(0, by), _fill(rng))


def _cut_out(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Cover two boxes, each 30 % as wide and as high as the picture."""
    changed = picture.copy()
    wide, high = (max(1, round(0.3 * side)) for side in picture.size)
    colour = (0, 0, 0) if rng.random() < 0.5 else (127, 127, 127)
    for _ in range(2):
        left = int(rng.integers(0, picture.width - wide + 1))
        top = int(rng.integers(0, picture.height - high + 1))
        changed.paste(colour, (left, top, left + wide, top + high))
    return changed


def _zoom(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    return _warped(picture, _scaled(1.25 if rng.random() < 0.5 else 0.8), _fill(rng))


def _several(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Turn, shear, zoom and shift a little each, mirror every second, and change the light."""
    change = (
        _moved(*(rng.uniform(-0.1, 0.1, 2) * picture.size))
        @ _turned(rng.uniform(-12, 12))
        @ _sheared(rng.uniform(-0.1, 0.1), 0)
        @ _scaled(rng.uniform(0.85, 1.2))
    )
    changed = _warped(picture, change, _fill(rng))
    if rng.random() < 0.5:
        changed = ImageOps.mirror(changed)
    return ImageEnhance.Brightness(changed).enhance(rng.uniform(0.8, 1.2))


def _halved(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    size = max(1, round(picture.width / 2)), max(1, round(picture.height / 2))
    return picture.resize(size, Image.Resampling.LANCZOS)


AUGMENTATIONS = (
    Augmentation("crop to 80 %", _crop),
    Augmentation("shift by a tenth", _shift),
    Augmentation("tilt by 12 degrees", _tilt),
    Augmentation("shear", _shear),
    Augmentation("cut-out", _cut_out),
    Augmentation("zoom", _zoom),
    Augmentation("several at once", _several, copies=3),
)
RESAVED = (
    Augmentation("saved anew, quality 60", lambda picture, _: picture, quality=60),
    Augmentation("half the size, quality 85", _halved, quality=85),
)
KINDS = tuple(kind.name for kind in (*AUGMENTATIONS, *RESAVED))
SEVERAL = AUGMENTATIONS[-1]
