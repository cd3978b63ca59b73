"""From a picture to the pixels a network takes: resized, and its middle cut out. Without torch.

The scale of its colours is the network's own first step, where it runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from featclass.encoders.resizing import Bytes, Range, resized


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Resize, crop the centre, and normalise each colour, as a network was trained."""

    resize: int | tuple[int, int]
    """What the shorter side becomes; or the height and width, whatever the proportions."""
    crop: tuple[int, int] | None
    """Height and width of the centre that is kept."""
    interpolation: str
    """`bicubic` or `bilinear`."""
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def side(self) -> int:
        """What the shorter side of a picture becomes; of a fixed height and width, the larger."""
        return self.resize if isinstance(self.resize, int) else max(self.resize)

    def pixels(self, picture: Image.Image) -> Bytes:
        """Return 8 bits of an RGB picture, shape (height, width, 3)."""
        size = self._resized_size(picture.size)
        offsets, wanted = self._cut(size)
        rows, columns = (
            (max(offset, 0), min(offset + count, side))
            for offset, count, side in zip(offsets, wanted, size, strict=True)
        )
        levels = self._resized(np.array(picture), size, (rows, columns))
        if levels.shape[:2] == wanted:
            return levels
        padded = np.zeros((*wanted, 3), np.uint8)  # a crop beyond the picture is black there
        top, left = (max(-offset, 0) for offset in offsets)
        padded[top : top + levels.shape[0], left : left + levels.shape[1]] = levels
        return padded

    def _resized(
        self, levels: Bytes, size: tuple[int, int], kept: tuple[Range, Range]
    ) -> NDArray[np.uint8]:
        return resized(levels, size, kept, self.interpolation)

    def _resized_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return (height, width) to resize (width, height) to, rounded down as torchvision does."""
        if not isinstance(self.resize, int):
            return self.resize
        width, height = size
        longer = int(self.resize * max(width, height) / min(width, height))
        return (longer, self.resize) if width <= height else (self.resize, longer)

    def _cut(self, size: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return where the centre of (height, width) begins, and its height and width.

        As torchvision rounds; a crop beyond the picture is padded, the odd pixel at the end.
        """
        wanted = self.crop or size
        top, left = (
            round((side - count) / 2) if count <= side else -((count - side) // 2)
            for side, count in zip(size, wanted, strict=True)
        )
        return (top, left), wanted

    def kept(self, size: tuple[int, int]) -> tuple[float, float, float, float]:
        """Return what `pixels` keeps of a picture of (width, height): left, top, right, bottom.

        In shares of width and height; beyond 0 and 1 where the crop is larger than the picture.
        """
        height, width = self._resized_size(size)
        (top, left), (rows, columns) = self._cut((height, width))
        return left / width, top / height, (left + columns) / width, (top + rows) / height
