from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import (
    CenterCrop,
    ColorJitter,
    Compose,
    InterpolationMode,
    Normalize,
    Pad,
    Resize,
    ToTensor,
)

from featclass.encoders.transforms import recognised
from tests.encoders.inputs import assert_alike, input_of

BICUBIC = InterpolationMode.BICUBIC
NORMALISE = Normalize((0.48, 0.46, 0.41), (0.27, 0.26, 0.28))


def smooth(width: int, height: int) -> Image.Image:
    noise = np.random.default_rng(width).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)


@pytest.mark.parametrize(
    "steps",
    [
        [Resize(32, BICUBIC), CenterCrop(32)],
        [Resize(36, BICUBIC), CenterCrop((32, 32))],
        [Resize((32, 32), BICUBIC)],
        [Resize([32], InterpolationMode.BILINEAR), CenterCrop(24)],
        [Resize((40, 20), BICUBIC), CenterCrop(16)],
    ],
)
@pytest.mark.parametrize("size", [(640, 480), (333, 517), (40, 30), (7, 210), (32, 32)])
def test_pixels_are_those_of_the_librarys_own_transform(
    steps: list[Any], size: tuple[int, int]
) -> None:
    transform = Compose([*steps, ToTensor(), NORMALISE])
    preprocessing = recognised(transform)
    assert preprocessing is not None
    picture = smooth(*size)
    pixels = preprocessing.pixels(picture)
    assert_alike(input_of(pixels, transform), transform(picture), transform)


def test_normalising_is_the_librarys_own_to_the_last_bit() -> None:
    transform = Compose([Resize(8, BICUBIC), CenterCrop(8), ToTensor(), NORMALISE])
    preprocessing = recognised(transform)
    assert preprocessing is not None
    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    levels = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    expected = torch.stack([input_of(each, transform) for each in pixels])
    assert torch.equal(preprocessing.normalise(levels), expected)


@pytest.mark.parametrize(
    "steps",
    [
        [Resize(32, BICUBIC), Pad(4), CenterCrop(32), ToTensor(), NORMALISE],
        [Resize(32, BICUBIC), ColorJitter(), ToTensor(), NORMALISE],
        [Resize(32, InterpolationMode.LANCZOS), CenterCrop(32), ToTensor(), NORMALISE],
        [Resize(32, BICUBIC, max_size=40), CenterCrop(32), ToTensor(), NORMALISE],
        [CenterCrop(32), ToTensor(), NORMALISE],
        [Resize(32, BICUBIC), CenterCrop(32), ToTensor()],
        [],
    ],
)
def test_a_transform_that_does_anything_else_is_not_recognised(steps: list[Any]) -> None:
    assert recognised(Compose(steps)) is None


@pytest.mark.parametrize(("resize", "side"), [(256, 256), ([224], 224), ((384, 320), 384)])
def test_the_side_is_what_the_shorter_side_becomes(resize: Any, side: int) -> None:
    preprocessing = recognised(Compose([Resize(resize, BICUBIC), ToTensor(), NORMALISE]))
    assert preprocessing is not None
    assert preprocessing.side == side
