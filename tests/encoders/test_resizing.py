from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from featclass.encoders.resizing import Range, resized


def of_torch(
    levels: NDArray[np.uint8],
    size: tuple[int, int],
    kept: tuple[Range, Range],
    interpolation: str,
) -> NDArray[np.uint8]:
    tensor = torch.from_numpy(levels).permute(2, 0, 1)[None]
    whole = torch.nn.functional.interpolate(tensor, size, mode=interpolation, antialias=True)[0]
    rows, columns = (slice(*side) for side in kept)
    return whole[:, rows, columns].permute(1, 2, 0).numpy()


def part(generator: np.random.Generator, side: int) -> Range:
    first = int(generator.integers(0, side))
    return first, int(generator.integers(first + 1, side + 1))


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("seed", range(40))
def test_every_part_of_every_size_is_torchs_to_the_last_bit(interpolation: str, seed: int) -> None:
    generator = np.random.default_rng(seed)
    height, width = generator.integers(1, 700, 2)
    levels = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
    if seed % 3 == 0:  # black and white: sums beyond what 8 bits hold
        levels = (levels // 128 * 255).astype(np.uint8)
    rows, columns = (int(side) for side in generator.integers(1, 400, 2))
    rows = int(height) if seed % 5 == 0 else rows
    columns = int(width) if seed % 7 == 0 else columns
    kept = part(generator, rows), part(generator, columns)
    ours = resized(levels, (rows, columns), kept, interpolation)
    np.testing.assert_array_equal(ours, of_torch(levels, (rows, columns), kept, interpolation))


def test_a_twelve_megapixel_picture_is_torchs_but_for_a_level_in_ten_thousand_values() -> None:
    levels = np.random.default_rng(0).integers(0, 256, (3000, 4000, 3), dtype=np.uint8)
    kept = (16, 240), (58, 282)
    ours = resized(levels, (256, 341), kept, "bicubic").astype(int)
    apart = np.abs(ours - of_torch(levels, (256, 341), kept, "bicubic"))
    assert apart.max() <= 1
    assert (apart > 0).mean() < 1e-4
