from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from featclass.encoders.preprocessing import resize_reduced

SIZE = (60, 80)
FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


def texture(width: int, height: int, seed: int = 0) -> NDArray[np.float32]:
    """Return detail of all sizes, equally strong: shape (height, width, 3)."""
    rng = np.random.default_rng(seed)
    total = np.full((height, width, 3), 128.0)
    for cells in (4, 16, 64, 256):
        noise = rng.normal(size=(cells * 3 // 4, cells, 3))
        for colour in range(3):
            layer = Image.fromarray(noise[..., colour].astype(np.float32))
            resized = layer.resize((width, height), Image.Resampling.BICUBIC)
            total[..., colour] += 25 * np.asarray(resized)
    return total.clip(0, 255).astype(np.float32)


def shrunk(levels: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Return the mean of each factor x factor pixels, as libjpeg does."""
    height, width, channels = levels.shape
    blocks = levels.reshape(height // factor, factor, width // factor, factor, channels)
    return np.asarray(blocks.mean(axis=(1, 3)))


def bytes_of(levels: NDArray[np.float32]) -> torch.Tensor:
    return torch.from_numpy(np.rint(levels).astype(np.uint8))


@pytest.mark.parametrize("interpolation", FILTERS)
def test_where_nothing_was_reduced_the_filter_is_that_of_pillow(interpolation: str) -> None:
    levels = bytes_of(texture(320, 240))
    ours = resize_reduced(levels, SIZE, interpolation=interpolation, reduced=1).numpy()
    theirs = Image.fromarray(levels.numpy()).resize(SIZE[::-1], FILTERS[interpolation])
    difference = np.abs(ours.astype(int) - np.asarray(theirs).astype(int))
    assert difference.max() <= 1
    assert ours.shape == (*SIZE, 3)


@pytest.mark.parametrize("interpolation", FILTERS)
@pytest.mark.parametrize("factor", [2, 4])
def test_the_blur_of_decoding_at_reduced_scale_is_undone(interpolation: str, factor: int) -> None:
    full = texture(320 * factor, 240 * factor)
    reduced = bytes_of(shrunk(full, factor))
    wanted = resize_reduced(bytes_of(full), SIZE, interpolation=interpolation, reduced=1)
    errors = []
    for told in (1, factor):
        ours = resize_reduced(reduced, SIZE, interpolation=interpolation, reduced=told)
        errors.append(float((ours.double() - wanted.double()).square().mean().sqrt()))
    assert errors[1] < 0.8 * errors[0]
    assert errors[1] < 0.6  # of a level of 255


def test_edges_and_flat_pictures_stay_as_they_are() -> None:
    flat = torch.full((90, 120, 3), 201, dtype=torch.uint8)
    assert (resize_reduced(flat, (30, 40), interpolation="bicubic", reduced=4) == 201).all()
    steep = torch.zeros((90, 120, 3), dtype=torch.uint8)
    steep[:, 60:] = 255
    made = resize_reduced(steep, (30, 40), interpolation="bicubic", reduced=4)
    assert made.min() == 0
    assert made.max() == 255
