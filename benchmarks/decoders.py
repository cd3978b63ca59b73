"""Ways from the bytes of a picture to the squares of pixels that networks take.

Each is a reader, which may decode a JPEG at reduced scale, and a resizer.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.networks import Input, middle, resized

Levels = NDArray[np.uint8]
"""8 bits, shape (height, width, 3)."""
Reader = Callable[[bytes, int], Levels]
"""Takes a file and the scale, by its denominator, at which a JPEG may come."""
Resizer = Callable[[Levels, tuple[int, int]], Levels]
"""Takes a picture, and the (width, height) to bring it to."""
CORES = os.cpu_count() or 1
SCALES = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class Decoder:
    """A reader and a resizer; `scale` is 1 or what shrinks a JPEG while it is decoded."""

    reader: str
    resizer: str
    scale: int

    def __str__(self) -> str:
        return f"{self.reader} 1/{self.scale}, resized by {self.resizer}"

    def squares(self, data: bytes, inputs: Sequence[Input]) -> list[Levels]:
        """Return the square of each network; those that see the same pixels share theirs."""
        picture = READERS[self.reader](data, self.scale)
        size = (picture.shape[1], picture.shape[0])
        cut = {
            (side, resize): middle(RESIZERS[self.resizer](picture, resized(size, resize)), side)
            for side, resize in {(each.side, each.resize) for each in inputs}
        }
        return [cut[each.side, each.resize] for each in inputs]


def decoders(*, is_jpeg: bool) -> list[Decoder]:
    """Return all that are tried: only a JPEG can come at reduced scale."""
    scales = SCALES if is_jpeg else (1,)
    return [
        Decoder(reader, resizer, scale)
        for reader in READERS
        for resizer in RESIZERS
        for scale in scales
        if scale == 1 or reader != TORCHVISION
    ]


def rate(decode: Callable[[bytes], object], paths: Sequence[Path]) -> float:
    """Return images a second from files, with a thread to each processor."""
    with ThreadPoolExecutor(CORES, initializer=_single) as pool:
        started = time.perf_counter()
        for _ in pool.map(lambda path: decode(path.read_bytes()), paths):
            pass
        return len(paths) / (time.perf_counter() - started)


def _single() -> None:
    import cv2
    import torch

    cv2.setNumThreads(1)
    torch.set_num_threads(1)


def on_device(files: Sequence[bytes], side: int, device: str) -> Any:
    """Decode JPEGs of one size in a batch on `device`, and resize there: 8 bits, (n, 3, h, w)."""
    import torch
    from torchvision.io import ImageReadMode, decode_jpeg
    from torchvision.transforms.functional import center_crop

    bytes_ = [torch.frombuffer(bytearray(data), dtype=torch.uint8) for data in files]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it will move to a package of its own
        pictures = decode_jpeg(bytes_, mode=ImageReadMode.RGB, device=device)
    squares = []
    for picture in pictures:  # one by one: a batch of 12 megapixels in float32 takes 36 GB
        width, height = resized((picture.shape[2], picture.shape[1]), side)
        small = torch.nn.functional.interpolate(
            picture[None].float(), (height, width), mode="bicubic", antialias=True
        )
        squares.append(center_crop(small, [side, side]))
    return torch.cat(squares).round_().clamp_(0, 255).to(torch.uint8)


def _pillow(data: bytes, scale: int) -> Levels:
    with Image.open(BytesIO(data)) as picture:
        if scale > 1:
            picture.draft("RGB", (picture.width // scale, picture.height // scale))
        return np.asarray(picture.convert("RGB"))


def _opencv(data: bytes, scale: int) -> Levels:
    import cv2

    flags = {
        1: cv2.IMREAD_COLOR_RGB,
        2: cv2.IMREAD_REDUCED_COLOR_2,
        4: cv2.IMREAD_REDUCED_COLOR_4,
    }
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags[scale])
    assert picture is not None
    levels = picture if scale == 1 else cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    return np.asarray(levels, np.uint8)


def _torchvision(data: bytes, scale: int) -> Levels:
    import torch
    from torchvision.io import ImageReadMode, decode_image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        picture = decode_image(
            torch.frombuffer(bytearray(data), dtype=torch.uint8), ImageReadMode.RGB
        )
    return np.asarray(picture.permute(1, 2, 0).numpy())


def _by_pillow(picture: Levels, size: tuple[int, int]) -> Levels:
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))


def _by_torch(picture: Levels, size: tuple[int, int]) -> Levels:
    import torch

    writable = np.require(picture, requirements=["C", "W"])
    levels = torch.from_numpy(writable).permute(2, 0, 1)[None]
    resized = torch.nn.functional.interpolate(levels, size[::-1], mode="bicubic", antialias=True)
    return np.asarray(resized[0].permute(1, 2, 0).numpy())


def _by_opencv(picture: Levels, size: tuple[int, int]) -> Levels:
    import cv2

    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


TORCHVISION = "torchvision"
READERS: dict[str, Reader] = {"Pillow": _pillow, "OpenCV": _opencv, TORCHVISION: _torchvision}
RESIZERS: dict[str, Resizer] = {"Pillow": _by_pillow, "torch": _by_torch, "OpenCV": _by_opencv}
