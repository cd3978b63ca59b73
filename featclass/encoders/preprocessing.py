"""From a picture to the pixels a network takes: resize, crop, and the scale of its colours.

A picture is resized by torch, up to ten times as fast as by Pillow. The filter is the same,
antialiased and in 8 bits; one value in two hundred is rounded to a neighbouring level.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torchvision.transforms import functional
from torchvision.transforms import transforms as known

Bytes = NDArray[np.uint8]
Transform = Callable[[Image.Image], torch.Tensor]

_FILTERS: Final = {
    functional.InterpolationMode.BICUBIC: "bicubic",
    functional.InterpolationMode.BILINEAR: "bilinear",
}
# What stands between the steps in open_clip and timm and does nothing to an RGB picture.
_CONVERSIONS: Final = ("_convert_to_rgb", "MaybeConvertMode", "ToTensor", "MaybeToTensor")


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
        levels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]
        size, how = self._resized_size(picture.size), self.interpolation
        resized = torch.nn.functional.interpolate(levels, size, mode=how, antialias=True)[0]
        if self.crop is not None:
            resized = functional.center_crop(resized, list(self.crop))
        # Channels last, as they came: the layout a batch needs.
        return np.ascontiguousarray(resized.permute(1, 2, 0).numpy())

    def _resized_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return (height, width) to resize (width, height) to, rounded down as torchvision does."""
        if not isinstance(self.resize, int):
            return self.resize
        width, height = size
        longer = int(self.resize * max(width, height) / min(width, height))
        return (longer, self.resize) if width <= height else (self.resize, longer)

    def kept(self, size: tuple[int, int]) -> tuple[float, float, float, float]:
        """Return what `pixels` keeps of a picture of (width, height): left, top, right, bottom.

        In shares of width and height; beyond 0 and 1 where the crop is larger than the picture.
        """
        height, width = self._resized_size(size)
        rows, columns = self.crop or (height, width)
        # As torchvision rounds; a crop beyond the picture is padded, the odd pixel at the end.
        top = round((height - rows) / 2) if rows <= height else -((rows - height) // 2)
        left = round((width - columns) / 2) if columns <= width else -((columns - width) // 2)
        return left / width, top / height, (left + columns) / width, (top + rows) / height

    def normalise(self, levels: torch.Tensor) -> torch.Tensor:
        """Scale levels of 0 to 255, shape (n, 3, height, width), to the network's input."""
        mean, std = (
            torch.tensor(values, device=levels.device).view(1, 3, 1, 1)
            for values in (self.mean, self.std)
        )
        return levels.to(torch.float32).div_(255).sub_(mean).div_(std)


def recognised(transform: Transform) -> Preprocessing | None:
    """Return what a torchvision transform for evaluation does, or None where it does more."""
    steps = [
        step
        for step in getattr(transform, "transforms", [])
        if getattr(step, "__name__", type(step).__name__) not in _CONVERSIONS
    ]
    if len(steps) not in (2, 3) or not isinstance(steps[0], known.Resize):
        return None
    resize, *crops, normalise = steps
    if not isinstance(normalise, known.Normalize) or resize.interpolation not in _FILTERS:
        return None
    if not all(isinstance(crop, known.CenterCrop) for crop in crops) or resize.max_size:
        return None
    return Preprocessing(
        _side_or_sides(resize.size),
        tuple(crops[0].size) if crops else None,
        _FILTERS[resize.interpolation],
        _three(normalise.mean),
        _three(normalise.std),
    )


def _side_or_sides(size: Any) -> int | tuple[int, int]:
    if isinstance(size, int):
        return size
    return size[0] if len(size) == 1 else (size[0], size[1])


def _three(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in torch.as_tensor(values))
