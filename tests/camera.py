"""A film for Chromium's fake camera: concatenated JPEGs, drawn on the spot."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path

import PIL.Image

from featclass import samples

FRAMES_A_SECOND = 30  # at which Chromium plays it, in a loop
SIZE = (1280, 720)
HELD = 2  # times that a frame is shown before the next


def flags(film: Path) -> list[str]:
    """Return what makes Chromium take `film` for its only camera, without asking."""
    return [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]


def shoot(path: Path, scenes: Sequence[bytes], *, seconds: float) -> Path:
    """Write a film that shows each picture for `seconds`, swaying a little."""
    with path.open("wb") as film:
        for scene in scenes:
            picture = PIL.Image.open(io.BytesIO(scene)).convert("RGB")
            large = picture.resize((SIZE[1], SIZE[1]), PIL.Image.Resampling.BICUBIC)
            for number in range(round(seconds * FRAMES_A_SECOND / HELD)):
                film.write(HELD * _still(large, number * HELD / FRAMES_A_SECOND))
    return path


def members(seed: int = 505) -> list[bytes]:
    """Return a new member of each of the two families of the sample pictures."""
    return [next(samples.draw_family(family, 1, seed)).data for family in samples.FAMILIES]


def _still(picture: PIL.Image.Image, moment: float) -> bytes:
    """Return the frame at a moment, in seconds: the picture sways, and is never twice the same."""
    frame = PIL.Image.new("RGB", SIZE, picture.getpixel((2, 2)))
    across, down = 24 * math.sin(2 * math.pi * moment), 9 * math.sin(2 * math.pi * moment / 3.7)
    frame.paste(picture, ((SIZE[0] - SIZE[1]) // 2 + round(across), round(down)))
    file = io.BytesIO()
    frame.save(file, "JPEG", quality=85)
    return file.getvalue()
