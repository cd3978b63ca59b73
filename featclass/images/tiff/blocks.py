"""The values of a TIFF, band after band: its strips or tiles unpacked and put side by side."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from featclass.images.sample_ranges import Bytes, Values
from featclass.images.tiff.layout import CMYK, UNCOMPRESSED, Layout
from featclass.images.unreadable import Unreadable, silence_libtiff

_BAND_BYTES: Final = 8 * 2**20
_MOST_BYTES: Final = 900 * 10**6
"""A compressed strip, or a row of tiles, is in memory as a whole."""
_CUT_OFF: Final = "the file is cut off: it ends before the picture does"
_REVERSED: Final = np.array([int(f"{byte:08b}"[::-1], 2) for byte in range(256)], np.uint8)

_Rows = Bytes | Image.Image
"""Rows of unpacked bytes, as an array or as a grey picture."""


class Blocks:
    """The strips or tiles of one picture."""

    def __init__(self, layout: Layout, data: memoryview) -> None:
        """Find the blocks.

        Args:
            layout: How the values lie.
            data: The whole file.

        Raises:
            Unreadable: There are fewer blocks than the picture has, or one is too large.
        """
        self._layout, self._data = layout, data
        across, down = layout.grid
        planes = layout.samples if layout.is_planar else 1
        count = planes * down * across
        offsets, sizes = (
            _whole_numbers(layout, tag, count)
            for tag in ((324, 325) if layout.is_tiled else (273, 279))
        )
        most = layout.row_bytes * layout.block[1]
        if offsets.size < count:
            raise Unreadable(_CUT_OFF)
        # Maps leave out the blocks that hold nothing but zeros.
        is_stored = offsets > 0
        if sizes.size >= count:
            is_stored |= sizes > 0
        if layout.compression == UNCOMPRESSED:
            sizes = np.full(count, most)
        elif sizes.size < count:  # files of one strip may leave it out
            sizes = np.full(count, len(data))
        if layout.is_tiled or layout.compression != UNCOMPRESSED:
            _refuse_large_pieces(most * across * planes, len(data))
        # No packing makes anything twice as long: no size leads to more work than the picture is.
        self._sizes = sizes.clip(0, 2 * most + 4096).reshape(planes, down, across)
        self._offsets = offsets.reshape(planes, down, across)
        self._is_stored = is_stored.reshape(planes, down, across)

    def bands(self, most_groups: int | None = None) -> Iterator[tuple[int, Values]]:
        """Yield the first row of each band and its values, shape (rows, width, samples).

        A band has some megabytes, or one row of tiles. Samples after the opacity are left out.

        Args:
            most_groups: Of so many groups of strips, or rows of tiles, spread over the picture;
                of all if None.

        Raises:
            Unreadable: The file ends before the picture does.
        """
        layout = self._layout
        across, down = layout.grid
        height = layout.block[1]
        planes = range(min(layout.samples, layout.colours + 1) if layout.is_planar else 1)
        row_bytes = layout.row_bytes * across * len(planes)
        if layout.bits not in (8, 16, 32, 64):
            row_bytes *= 8
        most = max(1, _BAND_BYTES // row_bytes)
        step = max(1, most // height)
        every = 1 if most_groups is None else math.ceil(math.ceil(down / step) / most_groups)
        for first in range(0, down, step * every):
            last = min(first + step, down)
            top, rows = first * height, min(last * height, layout.height) - first * height
            if layout.is_tiled:
                shape = (last - first, across, height, layout.row_bytes)
                raws = [
                    _array(self._unpacked(plane, first, last, (last - first) * across * height))
                    for plane in planes
                ]
                yield top, _joined([raw.reshape(shape) for raw in raws], layout)[:rows]
                continue
            strips = [self._unpacked(plane, first, last, rows) for plane in planes]
            for start in range(0, rows, most):
                stop = min(start + most, rows)
                parts = [_array(strip, start, stop)[None, None] for strip in strips]
                yield top + start, _joined(parts, layout)

    def _unpacked(self, plane: int, first: int, last: int, rows: int) -> _Rows:
        """Return the bytes of some rows of blocks, one block below the other."""
        layout = self._layout
        is_stored = self._is_stored[plane, first:last].ravel()
        offsets = self._offsets[plane, first:last].ravel()
        sizes = self._sizes[plane, first:last].ravel()
        if is_stored.all():
            return self._stored(offsets.tolist(), sizes.tolist(), rows)
        unpacked = np.zeros((rows, layout.row_bytes), np.uint8)
        is_filled = np.repeat(is_stored, layout.block[1])[:rows]
        if is_filled.any():
            places, lengths = offsets[is_stored].tolist(), sizes[is_stored].tolist()
            unpacked[is_filled] = _array(self._stored(places, lengths, int(is_filled.sum())))
        return unpacked

    def _stored(self, offsets: list[int], sizes: list[int], rows: int) -> _Rows:
        layout = self._layout
        if layout.compression != UNCOMPRESSED:
            packed = [
                self._data[offset : offset + size]
                for offset, size in zip(offsets, sizes, strict=True)
            ]
            return _unpacked_by_libtiff(packed, layout, rows)
        if len(offsets) == 1:  # it may be the whole picture: not copied
            sizes = [rows * layout.row_bytes]
        elif not layout.is_tiled:  # the last strip may be shorter
            sizes[-1] = (rows - (len(sizes) - 1) * layout.block[1]) * layout.row_bytes
        if any(
            offset + size > len(self._data) for offset, size in zip(offsets, sizes, strict=True)
        ):
            raise Unreadable(_CUT_OFF)
        pieces = [
            self._data[offset : offset + size] for offset, size in zip(offsets, sizes, strict=True)
        ]
        joined = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        raw = np.frombuffer(joined, np.uint8).reshape(rows, layout.row_bytes)
        return _REVERSED[raw] if layout.is_bit_reversed else raw


def _refuse_large_pieces(piece_bytes: int, file_bytes: int) -> None:
    # The piece twice over, the picture, and the file with a copy of what is unpacked.
    if 2.7 * piece_bytes + 2 * file_bytes > _MOST_BYTES:
        raise Unreadable(
            f"it is a TIFF in pieces of {piece_bytes // 10**6} MB;"
            " save it uncompressed, or in smaller strips or tiles"
        )


def _whole_numbers(layout: Layout, tag: int, count: int) -> NDArray[np.int64]:
    values = layout.directory.numbers(tag, count)
    if values is None or values.dtype.kind != "u":
        return np.zeros(0, np.int64)
    return values.astype(np.uint64).clip(0, 2**62).astype(np.int64)


def _array(rows: _Rows, start: int = 0, stop: int | None = None) -> Bytes:
    if isinstance(rows, Image.Image):
        stop = rows.height if stop is None else stop
        return np.asarray(rows.crop((0, start, rows.width, stop))).reshape(stop - start, -1)
    return rows[start:stop]


def _unpacked_by_libtiff(packed: list[memoryview], layout: Layout, rows: int) -> Image.Image:
    """Return the bytes of blocks, given to libtiff as strips of a picture of 8 bits.

    It is grey, or of four inks where that fits, since Pillow limits the pixels and not the bytes.
    So it unpacks and knows nothing of what the bytes mean, which Pillow gets wrong for many kinds.
    """
    order = "<" if layout.directory.header.order == "little" else ">"
    inks = 4 if layout.row_bytes % 4 == 0 and not layout.is_bit_reversed else 1
    offsets, position = [], 8
    for block in packed:
        offsets.append(position)
        position += len(block)
    tags = [
        (256, [layout.row_bytes // inks]), (257, [rows]), (258, [8] * inks),
        (259, [layout.compression]), (262, [1 if inks == 1 else CMYK]),
        (266, [2 if layout.is_bit_reversed else 1]), (273, offsets), (277, [inks]),
        (278, [layout.block[1]]), (279, [len(block) for block in packed]),
    ]  # fmt: skip
    directory, longer = struct.pack(order + "H", len(tags)), b""
    longer_at = position + 2 + 12 * len(tags) + 4
    for tag, numbers in tags:
        raw = struct.pack(f"{order}{len(numbers)}I", *numbers)
        if len(numbers) > 1:
            longer += raw
            raw = struct.pack(order + "I", longer_at + len(longer) - len(raw))
        directory += struct.pack(order + "HHI", tag, 4, len(numbers)) + raw
    header = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", position)
    silence_libtiff()
    picture = TiffImageFile(BytesIO(b"".join((header, *packed, directory, bytes(4), longer))))
    picture.load()
    return picture


def _joined(raws: list[Bytes], layout: Layout) -> Values:
    """Return values of shape (rows, width, samples).

    Args:
        raws: The bytes of each plane, shape (down, across, rows of a block, bytes of its row).
        layout: How the values lie in them.
    """
    planes = []
    for raw in raws:
        values = _typed(raw, layout)
        down, across, height, width, samples = values.shape
        beside = values.transpose(0, 2, 1, 3, 4).reshape(down * height, across * width, samples)
        planes.append(beside[:, : layout.width])
    return planes[0] if len(planes) == 1 else np.concatenate(planes, axis=2)


def _typed(raw: Bytes, layout: Layout) -> Values:
    """Return values of shape (down, across, rows, width, samples), the predictor undone."""
    shape = (*raw.shape[:3], layout.block[0], layout.block_samples)
    order, bits = layout.directory.header.order, layout.bits
    if layout.predictor == 3:
        return _of_differences_of_bytes(raw, layout).reshape(shape)
    if bits not in (8, 16, 32, 64):
        return _of_bits(raw, layout).reshape(shape)
    if layout.predictor == 2:
        whole = np.dtype(f"u{bits // 8}")
        values = np.ascontiguousarray(raw).view(whole.newbyteorder(order)).reshape(shape)
        return np.cumsum(values, axis=3, dtype=whole).view(layout.dtype)
    values = np.ascontiguousarray(raw).view(layout.dtype.newbyteorder(order))
    return values.astype(layout.dtype, copy=False).reshape(shape)


def _of_differences_of_bytes(raw: Bytes, layout: Layout) -> Values:
    """Undo the predictor of floats: bytes of equal rank together, each less its neighbour."""
    samples = layout.block_samples
    sums = np.cumsum(raw.reshape(*raw.shape[:3], -1, samples), axis=3, dtype=np.uint8)
    ranks = sums.reshape(*raw.shape[:3], layout.bits // 8, -1)
    whole = np.ascontiguousarray(ranks.swapaxes(3, 4))  # the highest first, in either byte order
    return whole.view(layout.dtype.newbyteorder(">")).astype(layout.dtype)


def _of_bits(raw: Bytes, layout: Layout) -> Values:
    """Return values that are packed without regard to bytes, the highest bit first."""
    count = layout.block[0] * layout.block_samples
    bits = np.unpackbits(raw, axis=-1)[..., : count * layout.bits]
    weights = (1 << np.arange(layout.bits)[::-1]).astype(np.uint16)
    values: Values = (bits.reshape(*raw.shape[:3], count, layout.bits) * weights).sum(
        -1, dtype=np.uint16
    )
    return values
