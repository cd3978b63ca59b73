"""Pictures of one's own, each another one, and two classes that are easily told apart."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw

SIDE = 48


def picture(number: int, colour: str = "red") -> bytes:
    """Draw a disc on noise, as PNG; another one for each number."""
    rng = np.random.default_rng([number, len(colour)])
    ground = rng.integers(140, 200, (SIDE, SIDE, 3), dtype=np.uint8)
    image = Image.fromarray(ground)
    left, top, side = (int(value) for value in rng.integers(4, SIDE // 2, 3))
    ImageDraw.Draw(image).ellipse((left, top, left + side + 6, top + side + 6), fill=colour)
    data = io.BytesIO()
    image.save(data, "PNG", compress_level=1)
    return data.getvalue()


def zipped(numbers: Iterable[int]) -> bytes:
    """Return a zip of pictures without folders."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number in numbers:
            archive.writestr(f"{number}.png", picture(number, "blue" if number % 2 else "red"))
    return data.getvalue()
