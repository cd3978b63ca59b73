"""PNG and PNM with any number of bits, and what decoding makes of them."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from featclass import images

LIMIT = 100 * 10**6


def pixels(data: bytes) -> NDArray[np.int16]:
    with images.decoded(data, max_pixels=LIMIT) as picture:
        return np.asarray(picture).astype(np.int16)


def is_like(data: bytes, right: NDArray[Any], most: int = 1) -> bool:
    wide = np.dstack([right] * 3) if right.ndim == 2 else right
    return bool(np.abs(pixels(data) - np.round(wide).astype(np.int16)).max() <= most)


def of_bits(values: NDArray[np.uint8], bits: int) -> NDArray[np.uint16]:
    return np.asarray((values * ((2**bits - 1) / 255)).round(), np.uint16)


def png(
    values: NDArray[np.uint16], clear: tuple[int, ...] = (), bits: int = 0, profile: bytes = b""
) -> bytes:
    """A PNG of 16 bits; `clear`: the colour that is transparent; `bits`: those that count."""
    height, width = values.shape[:2]
    samples = 1 if values.ndim == 2 else values.shape[2]
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[samples]
    rows = values.astype(">u2").reshape(height, -1)
    body = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0))]
    if profile:
        chunks.append((b"iCCP", b"its name\0\0" + zlib.compress(profile)))
    if bits:
        chunks.append((b"sBIT", bytes([bits] * samples)))
    if clear:
        chunks.append((b"tRNS", struct.pack(f">{len(clear)}H", *clear)))
    chunks += [(b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def pnm(values: NDArray[np.uint16], greatest: int = 65_535) -> bytes:
    magic, (height, width) = ("P5" if values.ndim == 2 else "P6"), values.shape[:2]
    return f"{magic} {width} {height} {greatest}\n".encode() + values.astype(">u2").tobytes()
