"""Resizing what was decoded at reduced scale, as if it had been decoded in full."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import torch

BAND: Final = 32
"""Rows made by one multiplication: what they draw on stays in a processor's cache."""


@dataclass(frozen=True, slots=True)
class Band:
    """Some neighbouring values to be made, and the neighbouring values they are made of."""

    made: slice
    read: slice
    weights: torch.Tensor
    """Shape (made, read)."""


def resize_reduced(
    levels: torch.Tensor, size: tuple[int, int], *, interpolation: str, reduced: int
) -> torch.Tensor:
    """Resize, antialiased, less the blur of having been decoded at the scale 1 / n.

    There each pixel is the mean of n x n. That blurs by the variance (1 - 1 / n^2) / 12 a side, in
    pixels of the reduced picture; taking half of it times the second difference off the weights
    undoes the blur to second order.

    Args:
        levels: 8 bits, shape (height, width, channels).
        size: Height and width to resize to.
        interpolation: `bicubic` or `bilinear`.
        reduced: n.

    Returns:
        8 bits, shape (*size, channels), rounded once.
    """
    height, width, channels = levels.shape
    rows, columns = size
    resized = torch.empty(rows, width * channels)
    for band in _bands(height, rows, interpolation, reduced):
        read = levels[band.read].reshape(-1, width * channels).to(torch.float32)
        torch.matmul(band.weights, read, out=resized[band.made])
    lines = resized.view(rows, width, channels).permute(1, 0, 2).reshape(width, -1)
    resized = torch.empty(columns, rows * channels)
    for band in _bands(width, columns, interpolation, reduced):
        torch.matmul(band.weights, lines[band.read], out=resized[band.made])
    rounded = resized.round_().clamp_(0, 255).to(torch.uint8)
    return rounded.view(columns, rows, channels).permute(1, 0, 2)


@functools.lru_cache(maxsize=64)
def _bands(length: int, resized: int, interpolation: str, reduced: int) -> tuple[Band, ...]:
    return tuple(_each_band(length, resized, _KERNELS[interpolation], reduced))


def _each_band(length: int, resized: int, kernel: Kernel, reduced: int) -> Iterator[Band]:
    scale = length / resized
    half_variance = (1 - 1 / reduced**2) / 24
    for start in range(0, resized, BAND):
        stop = min(start + BAND, resized)
        centres = (torch.arange(start, stop, dtype=torch.float64) + 0.5) * scale - 0.5
        low = max(0, int(centres[0] - 2 * scale - 1))
        high = min(length, int(centres[-1] + 2 * scale + 3))
        # One more at either end, for the differences.
        places = torch.arange(low - 1, high + 1, dtype=torch.float64)
        weights = kernel((places - centres[:, None]).abs() / scale)
        weights = weights[:, 1:-1] - half_variance * weights.diff(n=2)
        weights /= weights.sum(dim=1, keepdim=True)
        yield Band(slice(start, stop), slice(low, high), weights.to(torch.float32))


def _cubic(x: torch.Tensor) -> torch.Tensor:
    """Return the cubic convolution kernel of Keys (1981), a = -1/2, at distances `x`."""
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return torch.where(x < 1, near, torch.where(x < 2, far, 0.0))


def _triangle(x: torch.Tensor) -> torch.Tensor:
    return (1 - x).clamp(min=0)


Kernel = Callable[[torch.Tensor], torch.Tensor]
_KERNELS: Final[dict[str, Kernel]] = {"bicubic": _cubic, "bilinear": _triangle}
