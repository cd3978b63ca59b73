"""Pictures resized as torch resizes them, to the last bit, without torch.

The filter is Pillow's, antialiased (its support grows with what is made smaller), in 8 bits, the
weights in 16 (Yermilov 2016, pillow-simd; torch's `interpolate` with `antialias=True` of bytes): an
embedding is the same whoever resized. Rows and columns outside of what is kept are never made.
A few outputs at a time are one product of matrices of whole numbers, which float32 adds exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Singles = NDArray[np.float32]
Doubles = NDArray[np.float64]
Range = tuple[int, int]
"""The first that is kept, and the first that is not any more."""

OUTPUTS: Final = 8
"""Made by one product: of fewer, products are many; of more, most of their weights are 0."""
ALONE: Final = 4 * 65536
"""Multiplications up to which OpenBLAS leaves a product to the thread that asked for it.

Other threads have pictures of their own.
"""


def _bicubic(x: Doubles) -> Doubles:
    """Keys' kernel with a = -1/2 (Keys 1981, "Cubic convolution interpolation")."""
    near = (1.5 * x - 2.5) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * -0.5
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _bilinear(x: Doubles) -> Doubles:
    return np.maximum(1 - x, 0.0)


_KERNELS: Final[dict[str, tuple[Callable[[Doubles], Doubles], int]]] = {
    "bicubic": (_bicubic, 2),
    "bilinear": (_bilinear, 1),
}
"""The function of the distance from the middle, and beyond which it is 0."""


def resized(
    levels: Bytes,
    size: tuple[int, int],
    kept: tuple[Range, Range],
    interpolation: str,
) -> Bytes:
    """Resize levels, shape (height, width, 3), to `size`, and return what is kept of that.

    Args:
        levels: Of an RGB picture.
        size: Height and width that all of it would have.
        kept: Rows and columns, within `size`.
        interpolation: `bicubic` or `bilinear`.
    """
    height, width, channels = levels.shape
    rows, columns = kept
    down = _products(height, size[0], rows, interpolation, 1)
    across = _products(width, size[1], columns, interpolation, channels)
    top, bottom = (down.first, down.last) if down else rows
    lines = levels.reshape(height, width * channels)[top:bottom]
    narrow = _across(lines, across) if across else lines[:, slice(*(3 * x for x in columns))]
    short = _down(narrow, down) if down else narrow
    return short.astype(np.uint8).reshape(rows[1] - rows[0], columns[1] - columns[0], channels)


@dataclass(frozen=True, slots=True)
class _Product:
    """Some outputs as weighted sums of some inputs."""

    inputs: slice
    outputs: slice
    weights: Singles
    """Whole numbers, shape (inputs, outputs)."""


@dataclass(frozen=True, slots=True)
class _Products:
    """One axis: outputs from inputs, a few at a time."""

    first: int
    last: int
    """The inputs that are looked at."""
    count: int
    products: tuple[_Product, ...]
    """With inputs counted from `first`."""
    precision: int
    """Bits after the point in the weights."""


@lru_cache(maxsize=64)
def _products(
    size: int, resized: int, kept: Range, interpolation: str, channels: int
) -> _Products | None:
    """Return how an axis is resized; None where it stays as it is.

    Neighbours along a row are `channels` values apart: each channel has weights of its own.
    """
    if size == resized:
        return None
    starts, weights, precision = _weights(size, resized, interpolation)
    starts, weights = starts[slice(*kept)], weights[slice(*kept)]
    ends = starts + weights.shape[1] - (weights[:, ::-1] != 0).argmax(axis=1)
    first, count = int(starts.min()), len(starts)
    products = []
    for begin in range(0, count, OUTPUTS):
        block = slice(begin, min(begin + OUTPUTS, count))
        start, end = int(starts[block].min()), int(ends[block].max())
        dense = np.zeros((end - start, block.stop - begin), np.float32)
        for output in range(block.stop - begin):
            shift = int(starts[begin + output]) - start
            taps = weights[begin + output, : end - start - shift]
            dense[shift : shift + len(taps), output] = taps
        each = np.kron(dense, np.eye(channels, dtype=np.float32))
        inputs = slice((start - first) * channels, (end - first) * channels)
        products.append(_Product(inputs, slice(begin * channels, block.stop * channels), each))
    return _Products(first, int(ends.max()), count * channels, tuple(products), precision)


def _weights(size: int, resized: int, interpolation: str) -> tuple[NDArray[np.int64], Doubles, int]:
    """Return of each output its first input, the weights from there on, and their precision."""
    kernel, reach = _KERNELS[interpolation]
    scale = size / resized
    support = reach * max(scale, 1.0)
    middles = scale * (np.arange(resized) + 0.5)
    starts = np.maximum((middles - support + 0.5).astype(np.int64), 0)
    most = math.ceil(support) * 2 + 1
    counts = np.clip(np.minimum((middles + support + 0.5).astype(np.int64), size) - starts, 0, most)
    taps = np.arange(most)
    distances = np.abs(taps + starts[:, None] - middles[:, None] + 0.5) / max(scale, 1.0)
    shares = np.where(taps < counts[:, None], kernel(distances), 0.0)
    shares /= shares.sum(axis=1, keepdims=True)
    # As many bits as the largest weight leaves within 16, its sign included.
    largest = shares.max()
    precision = 0
    while precision < 22 and int(0.5 + largest * 2 ** (precision + 1)) < 2**15:
        precision += 1
    return starts, np.trunc(shares * 2**precision + np.copysign(0.5, shares)), precision


def _across(lines: Bytes, axis: _Products) -> Singles:
    """Resize each line; some at a time, for all of them as float32 would take much memory."""
    wide = lines[:, axis.first * 3 : axis.last * 3]
    narrow = np.empty((len(lines), axis.count), np.float32)
    largest = max(product.weights.size for product in axis.products)
    step = max(8, min(128, ALONE // largest))
    for begin in range(0, len(lines), step):
        part = wide[begin : begin + step].astype(np.float32)
        out = narrow[begin : begin + step]
        for product in axis.products:
            np.matmul(part[:, product.inputs], product.weights, out=out[:, product.outputs])
        _round(out, axis.precision)
    return narrow


def _down(lines: Singles | Bytes, axis: _Products) -> Singles:
    """Resize each column."""
    tall = lines.astype(np.float32, copy=False)
    short = np.empty((axis.count, lines.shape[1]), np.float32)
    largest = max(product.weights.size for product in axis.products)
    step = max(64, ALONE // largest)
    for begin in range(0, lines.shape[1], step):
        part = slice(begin, begin + step)
        for product in axis.products:
            weights = product.weights.T
            np.matmul(weights, tall[product.inputs, part], out=short[product.outputs, part])
    _round(short, axis.precision)
    return short


def _round(sums: Singles, precision: int) -> None:
    """Take the weights' scale off, in place, to the nearest level."""
    sums += np.float32(2 ** (precision - 1))
    sums *= np.float32(2.0**-precision)
    np.floor(sums, out=sums)
    np.clip(sums, 0, 255, out=sums)
