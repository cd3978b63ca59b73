"""Pictures encoded on the spot, and what decoding makes of them."""

from __future__ import annotations

import io
import random
import struct
import zlib

import pytest
from PIL import Image

from featclass import images

LIMIT = 100 * 10**6


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def noise(width: int, height: int) -> Image.Image:
    values = random.Random(7).randbytes(width * height * 3)
    return Image.frombytes("RGB", (width, height), values)


def decode(data: bytes, max_pixels: int = LIMIT) -> Image.Image:
    with images.decoded(data, max_pixels=max_pixels) as picture:
        return picture.copy()


def pixel(picture: Image.Image, x: int, y: int) -> tuple[int, int, int]:
    value = picture.getpixel((x, y))
    assert isinstance(value, tuple)
    red, green, blue = value
    return int(red), int(green), int(blue)


def near(found: tuple[int, int, int], wanted: tuple[int, int, int], tolerance: int = 12) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(found, wanted, strict=True))


def png_claiming(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    checked = struct.pack(">I", len(header)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + checked + struct.pack(">I", 10) + b"IDAT" + bytes(14)


def reason(data: bytes, max_pixels: int = LIMIT) -> str:
    """The reason, which `decoded` and `thumbnail` give alike."""
    with (
        pytest.raises(images.Unreadable) as refused,
        images.decoded(data, max_pixels=max_pixels),
    ):
        pass
    with pytest.raises(images.Unreadable, match=r".") as again:
        images.thumbnail(data, size=64, max_pixels=max_pixels)
    assert str(again.value) == str(refused.value)
    return str(refused.value)


RED, BLUE = (200, 30, 40), (20, 40, 220)


def two_halves(width: int = 64, height: int = 32) -> Image.Image:
    picture = Image.new("RGB", (width, height), BLUE)
    picture.paste(RED, (0, 0, width // 2, height))
    return picture
