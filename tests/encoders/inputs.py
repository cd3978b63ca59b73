"""What a library's own transform makes of a picture, beside what featclass makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import Normalize, ToTensor

from featclass.encoders import Pixels


def input_of(pixels: Pixels, transform: Any) -> torch.Tensor:
    """Convert as the library does what featclass resized and cropped."""
    if pixels.dtype == np.float32:
        return torch.from_numpy(pixels)
    [normalise] = [step for step in transform.transforms if isinstance(step, Normalize)]
    converted: torch.Tensor = normalise(ToTensor()(Image.fromarray(pixels)))
    return converted


def assert_alike(ours: torch.Tensor, theirs: torch.Tensor, transform: Any) -> None:
    """Pillow and torch apply the same filter and round twice, in another order.

    No value is more than two of 255 levels away, and not one in a thousand more than one.
    """
    [normalise] = [step for step in transform.transforms if isinstance(step, Normalize)]
    levels = (ours - theirs).abs() * torch.as_tensor(normalise.std).view(3, 1, 1) * 255
    assert ours.shape == theirs.shape
    assert levels.max() < 2.01
    assert (levels > 1.01).double().mean() < 1e-3
