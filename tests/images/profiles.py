"""Colour profiles made on the spot, and pictures in their colours, as phones and printers save."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float64]

D50 = np.array([0.9642, 1.0, 0.8249])
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
INKS = np.array([[0.0, 0.60, 0.88], [0.90, 0.05, 0.50], [1.0, 0.92, 0.05], [0.08, 0.08, 0.08]])
"""The light, as linear sRGB, that a full layer of cyan, magenta, yellow, black lets through."""
GRID = 7
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


@dataclass(frozen=True, slots=True)
class Space:
    """Three primaries and the white, as x and y, and a gamma, or five numbers as sRGB's curve."""

    name: str
    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]
    white: tuple[float, float] = (0.3127, 0.3290)
    curve: float | tuple[float, ...] = SRGB_CURVE

    def to_xyz(self) -> Floats:
        """Return the matrix from linear values to XYZ under D50."""
        corners = np.array([[x, y, 1 - x - y] for x, y in (self.red, self.green, self.blue)]).T
        white = np.array([self.white[0], self.white[1], 1 - sum(self.white)]) / self.white[1]
        matrix = corners * np.linalg.solve(corners, white)
        cones = np.diag((BRADFORD @ D50) / (BRADFORD @ white))
        return np.asarray(np.linalg.inv(BRADFORD) @ cones @ BRADFORD @ matrix)

    def linear(self, values: Floats) -> Floats:
        """Return 0 to 1 as stored as light."""
        if isinstance(self.curve, float):
            return np.asarray(values**self.curve)
        gamma, a, b, slope, start = self.curve
        return np.where(values >= start, (a * values + b) ** gamma, slope * values)

    def stored(self, light: Floats) -> Floats:
        """Return light as it is stored, 0 to 1."""
        steps = np.linspace(0, 1, 4097)
        return np.interp(light, self.linear(steps), steps)

    def profile(self) -> bytes:
        """Return an ICC profile of version 2 or, for a curve of five numbers, 4."""
        if isinstance(self.curve, float):
            curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(self.curve * 256)) + b"\0\0"
        else:
            curve = b"para\0\0\0\0\0\3\0\0" + b"".join(map(_fixed, self.curve))
        columns = [b"XYZ \0\0\0\0" + b"".join(map(_fixed, each)) for each in self.to_xyz().T]
        tags = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True))
        tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
        return icc(b"RGB ", b"XYZ ", tags, 2 if isinstance(self.curve, float) else 4)

    def of(self, picture: Image.Image) -> Image.Image:
        """Return an sRGB picture in these colours."""
        matrix = np.linalg.solve(self.to_xyz(), SRGB.to_xyz()).T
        return _in_bands(picture, lambda band: self.stored((SRGB.linear(band) @ matrix).clip(0, 1)))


SRGB = Space("sRGB", (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
DISPLAY_P3 = Space("Display P3", (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE_RGB = Space("Adobe RGB", (0.64, 0.33), (0.21, 0.71), (0.15, 0.06), curve=563 / 256)
PROPHOTO = Space(
    "ProPhoto", (0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), (0.3457, 0.3585), 1.8
)
SPACES = (DISPLAY_P3, ADOBE_RGB, PROPHOTO)


def grey_profile(gamma: float) -> bytes:
    """Return the profile of a grey picture."""
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    return icc(b"GRAY", b"XYZ ", {b"kTRC": curve}, 2)


def cmyk_profile() -> bytes:
    """Return the profile of a printer with the inks of `INKS`: a table of its colours in Lab."""
    levels = np.linspace(0, 1, GRID)
    grid = np.stack(np.meshgrid(*[levels] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    lab = _lab(_printed(grid))
    table = np.stack([lab[:, 0] * 652.8, (lab[:, 1] + 128) * 256, (lab[:, 2] + 128) * 256], axis=-1)
    head = struct.pack(">4s4x4B", b"mft2", 4, 3, GRID, 0)
    head += b"".join(_fixed(value) for value in np.eye(3).ravel()) + struct.pack(">2H", 2, 2)
    ends = struct.pack(">2H", 0, 65535)
    values = table.round().clip(0, 65535).astype(">u2").tobytes()
    lut = head + ends * 4 + values + ends * 3
    return icc(b"CMYK", b"Lab ", {b"A2B0": lut}, 2, b"prtr")


def printed(picture: Image.Image) -> Image.Image:
    """Return an sRGB picture in inks that come near its colours: the best of some, by trial."""
    wanted = SRGB.linear(np.asarray(picture.convert("RGB")) / 255).reshape(-1, 3)
    inks = np.concatenate([1 - wanted.clip(0.02, 1), np.zeros((len(wanted), 1))], axis=1)
    for _ in range(60):
        off = _printed(inks) / wanted.clip(0.02, 1)
        inks[:, :3] = (inks[:, :3] + 0.3 * np.log(off.clip(0.2, 5))).clip(0, 1)
    shape = (picture.height, picture.width, 4)
    return Image.frombytes("CMYK", picture.size, _bytes(inks).reshape(shape).tobytes())


def as_printed(inks: Image.Image) -> Image.Image:
    """Return the colours that the inks make on paper, as sRGB."""
    return _in_bands(inks, lambda band: SRGB.stored(_printed(band)))


def icc(
    space: bytes, between: bytes, tags: dict[bytes, bytes], version: int, kind: bytes = b"mntr"
) -> bytes:
    """Return a profile: header, table of tags, tags."""
    xyz = b"".join(map(_fixed, D50))
    text = b"text\0\0\0\0made on the spot\0"
    words = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"made\0" + bytes(78)
    tags = {b"desc": words, b"cprt": text, b"wtpt": b"XYZ \0\0\0\0" + xyz} | tags
    start = 128 + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, tag in tags.items():
        table += name + struct.pack(">2I", start + len(data), len(tag))
        data += tag + bytes(-len(tag) % 4)
    head = struct.pack(">I4sI4s4s4s12x4s", start + len(data), b"none", version << 24, kind, space,
                       between, b"acsp")  # fmt: skip
    return (head + bytes(28) + xyz).ljust(128, b"\0") + table + data


def _in_bands(picture: Image.Image, turned: Callable[[Floats], Floats]) -> Image.Image:
    """Apply to some rows at a time what takes and gives values of 0 to 1; that saves memory."""
    values = np.asarray(picture)
    bands = [_bytes(turned(values[top : top + 64] / 255)) for top in range(0, picture.height, 64)]
    return Image.fromarray(np.concatenate(bands))


def _printed(inks: Floats) -> Floats:
    return np.asarray(np.prod(1 - inks[..., None] * (1 - INKS), axis=-2))


def _lab(light: Floats) -> Floats:
    xyz = (light @ SRGB.to_xyz().T) / D50
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _bytes(values: Floats) -> NDArray[np.uint8]:
    return np.asarray((values * 255).round().clip(0, 255), np.uint8)


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))
