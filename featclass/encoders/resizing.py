"""Pictures resized as torch resizes them, without torch.

The filter is Pillow's, antialiased (its support grows with what is made smaller), in 8 bits, the
weights in 16 (Yermilov 2016, pillow-simd; torch's `interpolate` with `antialias=True` of bytes): an
embedding is the same whoever resized. Rows and columns outside of what is kept are never made.
A few outputs at a time are one product of matrices of whole numbers. float32 adds them exactly
where a picture becomes some three times smaller; beyond, a level in ten thousand is another by 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Singles = NDArray[np.float32]
Doubles = NDArray[np.float64]
Range = tuple[int, int]
"""The first that is kept, and the first that is not any more."""

OUTPUTS: Final = 8
"""Made by one product: of fewer, products are many; of more, most of their weights are 0."""
SLACK: Final = 3
"""Inputs that a product may look at beyond its own, so that more of them lie evenly."""
ALONE: Final = 4 * 65536
"""Multiplications up to which OpenBLAS leaves a product to the thread that asked for it.

Other threads have pictures of their own.
"""
LINES: Final = 128
"""Held as float32 at once."""
HALF: Final = np.float32(0.5)


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
    down = _axis(height, size[0], rows, interpolation, 1)
    across = _axis(width, size[1], columns, interpolation, channels)
    top, bottom = (down.first, down.last) if down else rows
    lines = levels.reshape(height, width * channels)[top:bottom]
    narrow = _across(lines, across, down) if across else _cut(lines, columns, down)
    short = _down(narrow, down) if down else narrow
    made = short[: rows[1] - rows[0], : (columns[1] - columns[0]) * channels]
    return made.astype(np.uint8).reshape(rows[1] - rows[0], columns[1] - columns[0], channels)


@dataclass(frozen=True, slots=True)
class _Products:
    """Outputs as weighted sums of inputs, `OUTPUTS` a product, which lie evenly on the axis.

    All are one call of NumPy: threads that resize at once would wait for each other at every one.
    """

    start: int
    """The first input of the first product, counted from the axis' first."""
    step: int
    """From the first input of one product to that of the next."""
    outputs: slice
    weights: Singles
    """Shape (products, inputs, outputs): whole numbers, times a power of 2."""


@dataclass(frozen=True, slots=True)
class _Axis:
    first: int
    last: int
    """The inputs that are looked at: from the first to before the last."""
    inputs: int
    """Those, and as many more, of which nothing is taken, as the last product reaches beyond."""
    outputs: int
    """What is made: what is asked for, and what the last product makes beyond that."""
    products: tuple[_Products, ...]
    channels: int


@lru_cache(maxsize=64)
def _axis(size: int, resized: int, kept: Range, interpolation: str, channels: int) -> _Axis | None:
    """Return how an axis is resized; None where it stays as it is.

    Neighbours along a row are `channels` values apart: each channel has weights of its own.
    """
    if size == resized:
        return None
    starts, weights = _weights(size, resized, interpolation)
    starts, weights = starts[slice(*kept)], weights[slice(*kept)]
    ends = starts + weights.shape[1] - (weights[:, ::-1] != 0).argmax(axis=1)
    first, last = int(starts.min()), int(ends.max())
    starts -= first
    products = []
    begin, inputs = 0, last - first
    while begin < len(starts):
        even = _even(starts, ends - first, begin, OUTPUTS * size / resized)
        end = begin + OUTPUTS * len(even.firsts)
        dense = np.zeros((len(even.firsts), even.length, OUTPUTS), np.float32)
        for output in range(begin, min(end, len(starts))):
            number, place = divmod(output - begin, OUTPUTS)
            shift = int(starts[output]) - even.firsts[number]
            taps = weights[output, : even.length - shift]
            dense[number, shift : shift + len(taps), place] = taps
        each = np.kron(dense, np.eye(channels, dtype=np.float32))
        outputs = slice(begin * channels, end * channels)
        products.append(_Products(even.firsts.start, even.firsts.step, outputs, each))
        inputs = max(inputs, even.firsts[-1] + even.length)
        begin = end
    return _Axis(first, last, inputs, begin, tuple(products), channels)


@dataclass(frozen=True, slots=True)
class _Even:
    """Products that look at as many inputs each, at even distances."""

    firsts: range
    length: int


def _even(starts: NDArray[np.int64], ends: NDArray[np.int64], begin: int, stride: float) -> _Even:
    """Return as many products, from the output `begin` on, as `SLACK` allows; at least one."""
    step = max(1, math.floor(stride))
    least = None
    ahead, behind, count = 0, 0, 0
    for output in range(begin, len(starts), OUTPUTS):
        block = slice(output, output + OUTPUTS)
        offset = int(starts[begin]) + count * step
        here = int(starts[block].min()) - offset, int(ends[block].max()) - offset
        wider = min(ahead, here[0]), max(behind, here[1])
        least = least or wider[1] - wider[0]
        is_outside = starts[begin] + wider[0] < 0
        if count and (is_outside or wider[1] - wider[0] > least + SLACK):
            break
        (ahead, behind), count = wider, count + 1
    first = int(starts[begin]) + ahead
    return _Even(range(first, first + count * step, step), behind - ahead)


def _weights(size: int, resized: int, interpolation: str) -> tuple[NDArray[np.int64], Doubles]:
    """Return of each output its first input, and the weights from there on."""
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
    return starts, np.trunc(shares * 2**precision + np.copysign(0.5, shares)) * 2.0**-precision


def _across(lines: Bytes, axis: _Axis, then: _Axis | None) -> Singles:
    """Resize each line; some at a time, for all of them as float32 would take much memory."""
    count, channels = len(lines), axis.channels
    narrow = _empty(count, axis.outputs * channels, then)
    largest = max(products.weights[0].size for products in axis.products)
    step = max(8, min(LINES, ALONE // largest))
    wide = lines[:, axis.first * channels : axis.last * channels]
    part = np.zeros((min(step, count), axis.inputs * channels), np.float32)
    for begin in range(0, count, step):
        out = narrow[begin : min(begin + step, count)]
        part[: len(out), : wide.shape[1]] = wide[begin : begin + step]
        for products in axis.products:
            _, inputs, outputs = products.weights.shape
            windows = sliding_window_view(part[: len(out)], inputs, axis=1)
            windows = windows[:, products.start * channels :: products.step * channels]
            seen = windows.swapaxes(0, 1)[: len(products.weights)]
            made = out[:, products.outputs].reshape(len(out), -1, outputs).swapaxes(0, 1)
            np.matmul(seen, products.weights, out=made)
        out += HALF
        np.floor(out, out=out)
        np.clip(out, 0, 255, out=out)
    return narrow


def _cut(lines: Bytes, columns: Range, then: _Axis | None) -> Singles:
    """Return lines as they are, but for what is not kept of them."""
    kept = lines[:, 3 * columns[0] : 3 * columns[1]]
    narrow = _empty(len(kept), kept.shape[1], then)
    narrow[: len(kept)] = kept
    return narrow


def _empty(count: int, width: int, then: _Axis | None) -> Singles:
    """Return room for lines; with the further ones that the next axis reaches beyond them."""
    room = np.empty((max(count, then.inputs if then else 0), width), np.float32)
    room[count:] = 0
    return room


def _down(lines: Singles, axis: _Axis) -> Singles:
    """Resize each column."""
    short = np.empty((axis.outputs, lines.shape[1]), np.float32)
    largest = max(products.weights[0].size for products in axis.products)
    step = max(64, ALONE // largest)
    for begin in range(0, lines.shape[1], step):
        part, out = lines[:, begin : begin + step], short[:, begin : begin + step]
        for products in axis.products:
            count, inputs, outputs = products.weights.shape
            windows = sliding_window_view(part, inputs, axis=0)[products.start :: products.step]
            made = out[products.outputs].reshape(count, outputs, -1)
            weights = products.weights.swapaxes(1, 2)
            np.matmul(weights, windows[:count].swapaxes(1, 2), out=made)
    short += HALF
    np.floor(short, out=short)
    return np.clip(short, 0, 255, out=short)
