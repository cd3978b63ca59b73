"""The values of a TIFF, band after band: its strips or tiles unpacked and put side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator
from io import BytesIO
from itertools import accumulate
from typing import Final

import numpy as np
from PIL import Image
from PIL.ExifTags import Base as Tag
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from featclass.images.sample_ranges import Bytes, Values
from featclass.images.tiff.layout import BLACK_IS_ZERO, UNCOMPRESSED, Layout
from featclass.images.unreadable import CUT_OFF, Unreadable, silence_libtiff

_BAND_BYTES: Final = 8 * 2**20
_MOST_BYTES: Final = 900 * 10**6
"""A compressed strip, or a row of tiles, is in memory as a whole."""
_REVERSED: Final = np.packbits(
    np.unpackbits(np.arange(256, dtype=np.uint8)).reshape(256, 8), bitorder="little"
)


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
        count, most = planes * down * across, layout.row_bytes * layout.block[1]
        tags = (Tag.StripOffsets, Tag.StripByteCounts)
        if layout.is_tiled:
            tags = (Tag.TileOffsets, Tag.TileByteCounts)
        offsets, sizes = (layout.directory.numbers(tag, count) for tag in tags)
        if offsets.size < count:
            raise Unreadable(CUT_OFF)
        # Maps leave out the blocks that hold nothing but zeros.
        self._is_stored = offsets.reshape(planes, down, across) > 0
        if sizes.size == count:
            self._is_stored |= sizes.reshape(planes, down, across) > 0
        else:  # files of one strip may leave it out
            sizes = np.full(count, len(data))
        if layout.is_tiled or layout.compression != UNCOMPRESSED:
            _refuse_large_pieces(most * across * planes, len(data))
        # No packing makes anything twice as long: no size leads to more work than the picture is.
        self._sizes = sizes.clip(0, 2 * most + 4096).reshape(planes, down, across)
        if layout.compression == UNCOMPRESSED:
            self._sizes[:] = most
            if not layout.is_tiled:
                self._sizes[:, -1] -= (down * layout.block[1] - layout.height) * layout.row_bytes
        self._offsets = offsets.reshape(planes, down, across)

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
        high = layout.block[1]
        planes = range(min(layout.samples, layout.colours + 1) if layout.is_planar else 1)
        row_bytes = layout.row_bytes * across * len(planes)
        if layout.bits not in (8, 16, 32, 64):
            row_bytes *= 8
        most = max(1, _BAND_BYTES // row_bytes)
        step = max(1, most // high)
        every = 1 if most_groups is None else math.ceil(math.ceil(down / step) / most_groups)
        for first in range(0, down, step * every):
            last = min(first + step, down)
            top, rows = first * high, min(last * high, layout.height) - first * high
            shape = (last - first, across, high) if layout.is_tiled else (1, 1, rows)
            raws = [
                self._unpacked(plane, first, last, math.prod(shape)).reshape(*shape, -1)
                for plane in planes
            ]
            for start in range(0, min(rows, shape[2]), most):
                parts = [raw[:, :, start : start + most] for raw in raws]
                yield top + start, _joined(parts, layout)[: rows - start]

    def _unpacked(self, plane: int, first: int, last: int, rows: int) -> Bytes:
        """Return the bytes of some rows of blocks, one block below the other."""
        layout, place = self._layout, np.s_[plane, first:last]
        is_stored = self._is_stored[place].ravel()
        pairs = zip(self._offsets[place].flat, self._sizes[place].flat, strict=True)
        packed = [
            self._data[offset : offset + size]
            for (offset, size), is_there in zip(pairs, is_stored, strict=True)
            if is_there
        ]
        is_filled = np.repeat(is_stored, layout.block[1])[:rows]
        if is_filled.all():
            return self._stored(packed, rows)
        unpacked = np.zeros((rows, layout.row_bytes), np.uint8)
        if packed:
            unpacked[is_filled] = self._stored(packed, int(is_filled.sum()))
        return unpacked

    def _stored(self, packed: list[memoryview], rows: int) -> Bytes:
        layout = self._layout
        if layout.compression != UNCOMPRESSED:
            return _unpacked_by_libtiff(packed, layout, rows)
        joined = packed[0] if len(packed) == 1 else b"".join(packed)  # it may be the whole picture
        if len(joined) < rows * layout.row_bytes:
            raise Unreadable(CUT_OFF)
        raw = np.frombuffer(joined, np.uint8).reshape(rows, layout.row_bytes)
        return _REVERSED[raw] if layout.is_bit_reversed else raw


def _refuse_large_pieces(piece_bytes: int, file_bytes: int) -> None:
    # The piece twice over, the picture, and the file with a copy of what is unpacked.
    if 2.7 * piece_bytes + 2 * file_bytes > _MOST_BYTES:
        raise Unreadable(
            f"it is a TIFF in pieces of {piece_bytes // 10**6} MB;"
            " save it uncompressed, or in smaller strips or tiles"
        )


def _unpacked_by_libtiff(packed: list[memoryview], layout: Layout, rows: int) -> Bytes:
    """Return the bytes of blocks, given to libtiff as strips of a grey picture of 8 bits.

    So it unpacks and knows nothing of what the bytes mean, which Pillow gets wrong for many kinds.
    """
    sizes = [len(block) for block in packed]
    tags = {
        Tag.ImageWidth: layout.row_bytes, Tag.ImageLength: rows, Tag.BitsPerSample: 8,
        Tag.Compression: layout.compression, Tag.PhotometricInterpretation: BLACK_IS_ZERO,
        Tag.FillOrder: 2 if layout.is_bit_reversed else 1, Tag.RowsPerStrip: layout.block[1],
        Tag.StripOffsets: (*accumulate(sizes[:-1], initial=0),), Tag.StripByteCounts: (*sizes,),
    }  # fmt: skip
    directory = ImageFileDirectory_v2()
    for tag, value in tags.items():
        directory[tag] = value
    file = BytesIO()
    directory.save(file)
    file.write(b"".join(packed))  # to whose start Pillow adds the offsets
    file.seek(0)
    silence_libtiff()
    picture = TiffImageFile(file)
    picture.im = Image.new("L", picture.size).im  # Pillow limits the pixels of one it makes
    picture.load()
    raw = np.empty((rows, layout.row_bytes), np.uint8)
    step = max(1, _BAND_BYTES // layout.row_bytes)
    for top in range(0, rows, step):
        box = 0, top, layout.row_bytes, min(top + step, rows)
        raw[top : top + step] = np.asarray(picture.crop(box))
    return raw


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
