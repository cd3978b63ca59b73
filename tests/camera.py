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
STILLS = 15  # different frames of a scene: it sways


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
            stills = [_still(scene, turn / STILLS) for turn in range(STILLS)]
            for number in range(round(seconds * FRAMES_A_SECOND)):
                film.write(stills[number // 2 % STILLS])
    return path


def members(seed: int = 505) -> list[bytes]:
    """Return a new member of each of the two families of the sample pictures."""
    return [next(samples.draw_family(family, 1, seed)).data for family in samples.FAMILIES]


def _still(scene: bytes, phase: float) -> bytes:
    picture = PIL.Image.open(io.BytesIO(scene)).convert("RGB")
    width, height = SIZE
    frame = PIL.Image.new("RGB", SIZE, picture.getpixel((2, 2)))
    across = round(24 * math.sin(2 * math.pi * phase))
    large = picture.resize((height, height), PIL.Image.Resampling.BICUBIC)
    frame.paste(large, ((width - height) // 2 + across, 0))
    file = io.BytesIO()
    frame.save(file, "JPEG", quality=85)
    return file.getvalue()
