"""TIFFs of every layout, written on the spot, and what they come out as."""

from __future__ import annotations

import lzma
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from featclass import images

Values = NDArray[Any]
BatchRequest = Literal["<", ">"]
Tags = dict[int, tuple[int, list[int] | bytes]]
_CODES = {1: "B", 2: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}


@dataclass
class Page:
    """One picture; values of shape (height, width) or (height, width, samples)."""

    values: Values
    photometric: int = 1
    compression: int = 1
    predictor: int = 1
    is_planar: bool = False
    rows: int | None = None
    tile: tuple[int, int] | None = None
    """Width and height."""
    bits: int | None = None
    """Packed without regard to bytes, where it is not that of the values."""
    is_bit_reversed: bool = False
    lost: int = 0
    """So many bytes are missing at the end of each block."""
    tags: Tags = field(default_factory=dict)
    """Tag -> (type, values), over what the page has anyway."""
    below: list[Page] = field(default_factory=list)
    """Pages that only tag 330 points to."""


def tiff(*pages: Page, big_endian: bool = False, is_big: bool = False) -> bytes:
    """Return a file of these pages; `is_big`: a BigTIFF."""
    order: BatchRequest = ">" if big_endian else "<"
    start = struct.pack(
        order + ("HHHQ" if is_big else "HI"), *((43, 8, 0, 16) if is_big else (42, 8))
    )
    file = bytearray((b"MM" if big_endian else b"II") + start)
    pointer = 8 if is_big else 4
    for page in pages:
        at = _add(file, page, order, is_big)
        word = "Q" if is_big else "I"
        struct.pack_into(order + word, file, pointer, at)
        count = struct.unpack_from(order + ("Q" if is_big else "H"), file, at)[0]
        pointer = at + (8 + 20 * count if is_big else 2 + 12 * count)
    return bytes(file)


def tiff_of(
    values: Values, *, big_endian: bool = False, is_big: bool = False, **page: Any
) -> bytes:
    """Return a file of one page."""
    return tiff(Page(values, **page), big_endian=big_endian, is_big=is_big)


def _add(file: bytearray, page: Page, order: BatchRequest, is_big: bool) -> int:
    """Append blocks and directory; return where that begins."""
    values = page.values if page.values.ndim == 3 else page.values[:, :, None]
    height, width, samples = values.shape
    code = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    bits = page.bits or values.dtype.itemsize * 8
    tags: Tags = {
        256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * samples),
        259: (3, [page.compression]), 262: (3, [page.photometric]), 277: (3, [samples]),
        284: (3, [1 + page.is_planar]), 339: (3, [code] * samples),
    }  # fmt: skip
    if page.is_bit_reversed:
        tags[266] = (3, [2])
    if page.predictor > 1:
        tags[317] = (3, [page.predictor])
    offsets, sizes = [], []
    for block in _blocks(page, values):
        data = _packed(page, block, order)
        data = data[: len(data) - page.lost]
        if page.is_bit_reversed:
            data = data.translate(bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256)))
        file += bytes(len(file) % 2)
        offsets.append(len(file))
        sizes.append(len(data))
        file += data
    if page.tile:
        tags |= {322: (4, [page.tile[0]]), 323: (4, [page.tile[1]])}
        tags |= {324: (4, offsets), 325: (4, sizes)}
    else:
        tags |= {273: (4, offsets), 278: (4, [page.rows or height]), 279: (4, sizes)}
    if page.below:
        tags[330] = (4, [_add(file, other, order, is_big) for other in page.below])
    return _add_directory(file, tags | page.tags, order, is_big)


def _blocks(page: Page, values: Values) -> list[Values]:
    height, width, samples = values.shape
    planes = [values[:, :, [i]] for i in range(samples)] if page.is_planar else [values]
    blocks = []
    for plane in planes:
        if page.tile is None:
            rows = page.rows or height
            blocks += [plane[top : top + rows] for top in range(0, height, rows)]
            continue
        wide, high = page.tile
        padded = np.pad(plane, ((0, -height % high), (0, -width % wide), (0, 0)), mode="edge")
        for top in range(0, height, high):
            for left in range(0, width, wide):
                blocks.append(padded[top : top + high, left : left + wide])
    return blocks


def _packed(page: Page, block: Values, order: BatchRequest) -> bytes:
    if page.bits is not None:
        shifts = np.arange(page.bits)[::-1]
        flat = block.reshape(len(block), -1, 1)
        bits = (flat >> shifts.astype(block.dtype) & 1).astype(np.uint8).reshape(len(block), -1)
        raw = np.packbits(bits, axis=1).tobytes()
    elif page.predictor == 2:
        whole = np.ascontiguousarray(block).view(f"u{block.dtype.itemsize}")
        differences = np.diff(whole, axis=1, prepend=np.zeros_like(whole[:, :1]))
        raw = differences.astype(whole.dtype.newbyteorder(order)).tobytes()
    elif page.predictor == 3:
        high, wide, samples = block.shape
        bytes_ = block.astype(block.dtype.newbyteorder(">")).view(np.uint8)
        ranks = bytes_.reshape(high, wide * samples, -1).swapaxes(1, 2).reshape(high, -1, samples)
        differences = np.diff(ranks, axis=1, prepend=np.zeros_like(ranks[:, :1]))
        raw = differences.astype(np.uint8).tobytes()
    else:
        raw = block.astype(block.dtype.newbyteorder(order)).tobytes()
    if page.compression in (8, 32946):
        return zlib.compress(raw)
    if page.compression == 34925:
        return lzma.compress(raw, check=lzma.CHECK_NONE)
    return {5: _lzw, 32773: _pack_bits}.get(page.compression, bytes)(raw)


def _lzw(raw: bytes) -> bytes:
    """Return codes of 9 bits, the table cleared before it would need longer ones."""
    codes: list[int] = []
    for start in range(0, len(raw), 200):
        codes += [256, *raw[start : start + 200]]
    text = "".join(f"{code:09b}" for code in [*codes, 257])
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big")


def _pack_bits(raw: bytes) -> bytes:
    pieces = [raw[start : start + 128] for start in range(0, len(raw), 128)]
    return b"".join(bytes([len(piece) - 1]) + piece for piece in pieces)


def _add_directory(file: bytearray, tags: Tags, order: str, is_big: bool) -> int:
    word, inline = ("Q", 8) if is_big else ("I", 4)
    entries = b""
    for tag, (kind, numbers) in sorted(tags.items()):
        raw = struct.pack(f"{order}{len(numbers)}{_CODES[kind]}", *numbers)
        if len(raw) > inline:
            file += bytes(len(file) % 2)
            place = struct.pack(order + word, len(file))
            file += raw
            raw = place
        entries += struct.pack(f"{order}HH{word}", tag, kind, len(numbers)) + raw.ljust(
            inline, b"\0"
        )
    file += bytes(len(file) % 2)
    at = len(file)
    file += struct.pack(order + ("Q" if is_big else "H"), len(tags)) + entries + bytes(inline)
    return at


def shades(size: tuple[int, int] = (96, 72), seed: int = 0) -> NDArray[np.uint8]:
    """A smooth random colour picture that has both black and white, shape (height, width, 3)."""
    levels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    picture = np.array(Image.fromarray(levels).resize(size, Image.Resampling.BICUBIC))
    picture[:4, :4], picture[:4, 4:8] = 0, 255
    return picture


COLOUR = shades()
GREY: NDArray[np.uint8] = np.asarray(Image.fromarray(COLOUR).convert("L"))

LIMIT = 100 * 10**6
Pixels = NDArray[np.int16]


def pixels(data: bytes, max_pixels: int = LIMIT) -> Pixels:
    with images.decoded(data, max_pixels=max_pixels) as picture:
        return np.asarray(picture).astype(np.int16)


def reason(data: bytes) -> str:
    with pytest.raises(images.Unreadable) as refused:
        pixels(data)
    return str(refused.value)


def is_like(data: bytes, right: Values, most: int = 1) -> bool:
    wide = np.dstack([right] * 3) if right.ndim == 2 else right
    return bool(np.abs(pixels(data) - wide.astype(np.int16)).max() <= most)


def deep(values: Values, kind: str) -> Values:
    """0 to 255 as 0 to the greatest of this type, or as 0 to 1."""
    dtype = np.dtype(kind)
    if dtype.kind == "f":
        return (values / 255).astype(dtype)
    high = np.iinfo(dtype).max
    low = -high if dtype.kind == "i" else 0
    return (values.astype(object) * (high - low) // 255 + low).astype(dtype)
