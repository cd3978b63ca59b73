"""Preprocessing as a library's own transform gives it, done by torch where that is loaded anyway.

torch resizes a large picture up to four times as fast as `resizing` does, to the same levels, and
up to ten times as fast as Pillow. The filter is Pillow's; there one value in two hundred is rounded
otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torchvision.transforms import functional
from torchvision.transforms import transforms as known

from featclass.encoders.preprocessing import Preprocessing
from featclass.encoders.resizing import Range

Transform = Callable[[Image.Image], torch.Tensor]

_FILTERS: Final = {
    functional.InterpolationMode.BICUBIC: "bicubic",
    functional.InterpolationMode.BILINEAR: "bilinear",
}
# What stands between the steps in open_clip and timm and does nothing to an RGB picture.
_CONVERSIONS: Final = ("_convert_to_rgb", "MaybeConvertMode", "ToTensor", "MaybeToTensor")


class TorchPreprocessing(Preprocessing):
    """The same pixels by torch's faster resize; and the scale of colours, on a torch device."""

    def _resized(
        self, levels: NDArray[np.uint8], size: tuple[int, int], kept: tuple[Range, Range]
    ) -> NDArray[np.uint8]:
        tensor = torch.from_numpy(levels).permute(2, 0, 1)[None]
        whole = torch.nn.functional.interpolate(
            tensor, size, mode=self.interpolation, antialias=True
        )[0]
        (top, bottom), (left, right) = kept
        # Channels last, as they came: the layout a batch needs.
        part = whole[:, top:bottom, left:right].permute(1, 2, 0)
        return np.ascontiguousarray(part.numpy())

    def normalise(self, levels: torch.Tensor) -> torch.Tensor:
        """Scale levels of 0 to 255, shape (n, 3, height, width), to the network's input."""
        mean, std = (
            torch.tensor(values, device=levels.device).view(1, 3, 1, 1)
            for values in (self.mean, self.std)
        )
        return levels.to(torch.float32).div_(255).sub_(mean).div_(std)


def recognised(transform: Transform) -> TorchPreprocessing | None:
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
    return TorchPreprocessing(
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
