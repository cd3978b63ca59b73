"""Brightness values of more than 8 bits, or of another kind, brought to 0 to 255.

Which value is white is told by few files. The rules here look at nearly all values and never at
the single greatest one: a hot pixel, or one that marks "no data", changes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from featclass.images.unreadable import Unreadable

Bytes = NDArray[np.uint8]
Values = NDArray[np.integer[Any] | np.floating[Any]]

SAMPLE: Final = 2**20
"""So many values of a picture, taken evenly, tell its range; all of them where it has fewer."""

_NEARLY_ALL: Final = 0.999
_CAMERA_BITS: Final = (12, 14)
_GREATEST: Final = 65_535
_FLOAT_WHITES: Final = {1: 1.1, 255: 280.0, 4095: 4095.0, 16_383: 16_383.0, _GREATEST: 72_000.0}
"""White of floats, and up to which value: sharpening and resizing lead a little beyond."""
_UNDERSHOOT: Final = 0.05
_NEAR_BLACK: Final = 0.1
"""Only from there up to white, as a share of it, do values that lead beyond white belong to it."""
_USED: Final = 1 / 64
"""Who uses less than this share of a range, four levels of 255, means another one."""
_FEW: Final = 10
"""Of fewer values none is odd."""
_NO_DATA: Final = (-9999.0, -99_999.0, -32_768.0, float(np.finfo(np.float32).max),
                   float(np.finfo(np.float32).min))  # fmt: skip
"""Values that maps put where they know nothing."""
_STEP: Final = 2**20


@dataclass(frozen=True, slots=True)
class Range:
    """What is black and what is white, and a value that means neither."""

    black: float
    white: float
    no_data: float | None = None

    def to_8_bits(self, values: Values) -> Bytes:
        """Return the values as 0 to 255; what is not finite, or no data, is black."""
        if values.dtype.kind == "u" and values.dtype.itemsize <= 2:
            return np.asarray(_table(self, values.dtype.newbyteorder("="))[values])
        flat = values.reshape(-1)
        levels = np.empty(flat.shape, np.uint8)
        for start in range(0, flat.size, _STEP):
            levels[start : start + _STEP] = self._scaled(flat[start : start + _STEP])
        return levels.reshape(values.shape)

    def _scaled(self, values: Values) -> Bytes:
        with np.errstate(all="ignore"):  # files hold numbers that no arithmetic knows
            numbers = values.astype(np.float64)
            usable = _is_data(numbers, values.dtype, self.no_data)
            scaled = (numbers - self.black) * 255 / ((self.white - self.black) or math.inf) + 0.5
        usable &= ~np.isnan(scaled)
        return np.where(usable, scaled, 0).clip(0, 255).astype(np.uint8)


@lru_cache(maxsize=16)
def _table(values: Range, dtype: np.dtype[Any]) -> Bytes:
    return values._scaled(np.arange(256**dtype.itemsize, dtype=dtype))


def range_of_16_bits(sample: Values, greatest: int = 0, no_data: float | None = None) -> Range:
    """Return the range of unsigned values of 16 bits.

    Cameras of 12 and 14 bits leave the upper ones empty. All 16 are never brightened, so that the
    pictures of one camera stay comparable.

    Args:
        sample: Some of the values.
        greatest: What the file says is the greatest value; 0 if nothing. Not taken where the
            values contradict it.
        no_data: A value that counts for nothing.
    """
    known = sample if no_data is None else sample[sample != no_data]
    stated = [greatest] if greatest >= 255 else []
    for white in stated + [2**bits - 1 for bits in _CAMERA_BITS]:
        if np.count_nonzero(known <= white) >= _NEARLY_ALL * known.size:
            return Range(0, white, no_data)
    return Range(0, 65_535, no_data)


def range_of_numbers(sample: Values, no_data: float | None = None) -> Range:
    """Return the range of floats, and of integers that have no agreed one.

    Floats from 0 to 1, to 255 or to 65535 keep that range, the last as if they were integers of
    16 bits. All others are stretched from the value that a thousandth stays below, or a single
    one, to the one that as many exceed; where these are the same, from the least to the greatest.

    Raises:
        Unreadable: There is no finite value.
    """
    with np.errstate(all="ignore"):
        numbers = sample.astype(np.float64)
    numbers = numbers[_is_data(numbers, sample.dtype, no_data)]
    if not numbers.size:
        raise Unreadable("its brightness values are all infinite or not numbers")
    tail = max(int(numbers.size * (1 - _NEARLY_ALL)), 1 if numbers.size >= _FEW else 0)
    low, high = np.partition(numbers, (tail, -1 - tail))[[tail, -1 - tail]].tolist()
    white = _white_of_floats(low, high) if sample.dtype.kind == "f" else None
    if white is not None:
        return Range(0, white, no_data)
    if low == high:
        low, high = float(numbers.min()), float(numbers.max())
    if low == high:  # it is plain: grey, what is less or greater darker or lighter; 0 is black
        low, high = min(2 * low, 0.0), max(2 * high, 0.0) or float(not low)
    return Range(low, high, no_data)


def _white_of_floats(low: float, high: float) -> float | None:
    """Return the white of the range that floats lie in, if it is one of those agreed upon."""
    whites = [white for white, most in _FLOAT_WHITES.items() if high <= most]
    if not whites or (high > whites[0] and low > whites[0] * _NEAR_BLACK):
        return None
    if whites[0] == 1:
        return 1 if low >= -_UNDERSHOOT else None
    if whites[0] == 255:
        return 255 if high > 255 * _USED and low >= -_UNDERSHOOT * high else None
    for white in whites:
        is_from_black = 0 <= low < white * _USED or (white == _GREATEST and low > 0)
        if is_from_black and high - low > white * _USED:
            return white
    return None


def _is_data(
    numbers: NDArray[np.float64], dtype: np.dtype[Any], no_data: float | None
) -> NDArray[np.bool]:
    usable = np.isfinite(numbers)
    for value in _NO_DATA if dtype.kind in "if" else ():
        usable &= numbers != value
    if no_data is not None:
        usable &= numbers != no_data
    return usable


def range_of_opacity(sample: Values, colours: Range) -> Range:
    """Return the range of opacity: that of the colours, where no value exceeds it."""
    greatest = float(sample.max(initial=0))
    whites: tuple[float, ...] = (max(1.0, greatest),)
    if sample.dtype.kind == "f":
        whites = 1.0, 255.0, 65_535.0
    elif sample.dtype.kind == "u" and sample.dtype.itemsize <= 2:
        whites = colours.white, 256.0**sample.dtype.itemsize - 1
    return Range(0, next((white for white in whites if greatest <= white), whites[-1]))


def evenly(values: Values, step: int) -> Values:
    """Return about one of `step` values, spread over all rows, columns and colours."""
    row = math.prod(values.shape[1:])
    while row and math.gcd(step, row) > 1:  # it would meet the same columns in every row
        step += 1
    return values.reshape(-1)[::step].copy()  # what it was taken from is not kept alive
