"""How a TIFF keeps the values of a picture, so far as featclass reads them itself."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from PIL.ExifTags import Base as Tag

from featclass.images.tiff.directory import Directory
from featclass.images.unreadable import Unreadable

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, YCBCR, LAB = 0, 1, 2, 5, 6, 8
"""Photometric interpretations."""
UNCOMPRESSED: Final = 1
WEBP: Final = 50001
UNPACKED: Final = (1, 5, 8, 32773, 32946, 34925, 50000)
"""No compression, LZW, Deflate, PackBits, Deflate by its older number, LZMA, Zstandard."""

_COMPRESSIONS: Final = {
    6: "JPEG of the old kind", 7: "JPEG", 32844: "LogLuv", 34676: "LogL", 34677: "LogLuv",
    33003: "JPEG 2000", 33004: "JPEG 2000", 33005: "JPEG 2000", 34712: "JPEG 2000",
    34887: "LERC", 34933: "PNG", WEBP: "WebP", 50002: "JPEG XL", 52546: "JPEG XL",
}  # fmt: skip
_COLOURS: Final = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, CMYK: 4, LAB: 3}
_NAMES: Final = {
    3: "palette", 4: "mask", YCBCR: "YCbCr", 9: "ICC Lab", 10: "ITU Lab", 32844: "LogL",
    32845: "LogLuv", CMYK: "CMYK", LAB: "Lab",
}  # fmt: skip
_KINDS: Final[dict[int, Literal["u", "i", "f"]]] = {1: "u", 2: "i", 3: "f", 4: "u"}
_KIND_NAMES: Final = {2: "signed ", 3: "float ", 5: "complex ", 6: "complex "}
_NO_DATA: Final = 42113
_MOST_SAMPLES: Final = 64
_LONGEST_TILE: Final = 65_535
_SPARE_PIXELS: Final = 16 * 10**6
_REMEDY: Final = "save it with 8 or 16 bits"

Alpha = Literal["none", "straight", "multiplied"]


@dataclass(frozen=True, slots=True)
class Layout:
    """How the values lie in the file, checked so far as the tags tell."""

    directory: Directory
    width: int
    height: int
    kind: Literal["u", "i", "f"]
    """Unsigned, signed, floating point."""
    bits: int
    samples: int
    """Values a pixel, those that mean nothing to featclass included."""
    colours: int
    """How many of them are colours: the first ones."""
    alpha: Alpha
    """Whether the value after the colours is opacity, and the colours are multiplied by it."""
    photometric: int
    compression: int
    predictor: int
    is_planar: bool
    """Each sample has blocks of its own."""
    is_bit_reversed: bool
    is_tiled: bool
    block: tuple[int, int]
    """Width and height of a strip or a tile."""

    @property
    def block_samples(self) -> int:
        """Values a pixel within one block."""
        return 1 if self.is_planar else self.samples

    @property
    def row_bytes(self) -> int:
        """Of one row of a block."""
        return math.ceil(self.block[0] * self.block_samples * self.bits / 8)

    @property
    def grid(self) -> tuple[int, int]:
        """How many blocks stand beside each other, and how many below."""
        width, height = self.block
        return math.ceil(self.width / width), math.ceil(self.height / height)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the values in the machine's own byte order."""
        bits = self.bits if self.bits in (8, 16, 32, 64) else 16
        return np.dtype(f"{self.kind}{bits // 8}")

    @property
    def greatest(self) -> int:
        """What the file says is the greatest value; 0 if nothing."""
        return int(self.directory.numbers(Tag.MaxSampleValue, self.samples).max(initial=0))

    @property
    def no_data(self) -> float | None:
        """The value that GDAL says means nothing."""
        text = self.directory.data(_NO_DATA, 64).split(b"\0")[0].decode("ascii", "replace").strip()
        if not re.fullmatch(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?", text):
            return None
        return float(np.array(float(text)).astype(self.dtype)) if self.kind == "f" else float(text)


def layout_of(directory: Directory) -> Layout:
    """Return how the values of a picture lie.

    Raises:
        Unreadable: featclass does not read this kind itself; it is named.
    """
    kind, bits = _values(directory)
    photometric, colours, samples, alpha = _channels(directory, kind, bits)
    compression = directory.number(Tag.Compression, UNCOMPRESSED)
    if compression not in UNPACKED:
        name = _COMPRESSIONS.get(compression, f"a compression of its own ({compression})")
        raise Unreadable(f"it is a TIFF of {bits} bits packed with {name}; {_REMEDY}, uncompressed")
    return Layout(
        directory, *directory.size, kind, bits, samples, colours, alpha, photometric, compression,
        _predictor(directory, compression, kind, bits),
        directory.number(Tag.PlanarConfiguration, 1) == 2,
        directory.number(Tag.FillOrder, 1) == 2,
        Tag.TileWidth in directory.entries, block_size(directory),
    )  # fmt: skip


def _values(directory: Directory) -> tuple[Literal["u", "i", "f"], int]:
    """Return the kind of the values and their bits, both the same for all samples."""
    all_bits, formats = (
        directory.numbers(tag, _MOST_SAMPLES).tolist() or [1]
        for tag in (Tag.BitsPerSample, Tag.SampleFormat)
    )
    bits, code = all_bits[0], formats[0]
    if len(set(all_bits)) > 1:
        described = ", ".join(map(str, all_bits[:4]))
        raise Unreadable(f"it is a TIFF of {described} bits a colour; {_REMEDY} a colour")
    kind = _KINDS.get(code)
    is_known = bits in {"u": (*range(1, 17), 32, 64), "i": (8, 16, 32, 64), "f": (16, 32, 64)}.get(
        kind or "", ()
    )
    if kind is None or not is_known or len(set(formats)) > 1:
        name = _KIND_NAMES.get(code, "" if code in _KINDS else "unknown ")
        raise Unreadable(f"it is a TIFF of {name}{bits} bits; {_REMEDY}")
    return kind, bits


def _channels(directory: Directory, kind: str, bits: int) -> tuple[int, int, int, Alpha]:
    """Return the photometric interpretation, and what the samples of a pixel are."""
    photometric = directory.number(Tag.PhotometricInterpretation, BLACK_IS_ZERO)
    colours = _COLOURS.get(photometric)
    is_print = photometric in (CMYK, LAB)
    if colours is None or (is_print and (kind == "f" or bits not in (8, 16))):
        name = _NAMES.get(photometric, f"colours of its own kind ({photometric})")
        raise Unreadable(f"it is a TIFF of {bits} bits in {name}; save it as grey or RGB")
    samples = directory.number(Tag.SamplesPerPixel, 1)
    extra = directory.number(Tag.ExtraSamples, -1)
    if not colours <= samples <= _MOST_SAMPLES:
        raise Unreadable(f"it is a TIFF of {samples} channels, which its colours do not fit")
    if colours == 1 and samples > 2:
        raise Unreadable(
            f"it is a TIFF of {samples} channels; save one of them as grey, or three as RGB"
        )
    if samples == colours or is_print:
        return photometric, colours, samples, "none"
    if extra == -1 and colours == 1:
        raise Unreadable("it is a TIFF of 2 channels; save one of them as grey")
    known: dict[int, Alpha] = {0: "none", 1: "multiplied"}
    return photometric, colours, samples, known.get(extra, "straight")


def _predictor(directory: Directory, compression: int, kind: str, bits: int) -> int:
    # Only these compressions have one; elsewhere the tag is a remnant, and libtiff passes over it.
    if compression in (UNCOMPRESSED, 32773):
        return 1
    predictor = directory.number(Tag.Predictor, 1)
    is_known = predictor == 1 or (predictor == 2 and bits in (8, 16, 32, 64))
    if not (is_known or (predictor == 3 and kind == "f")):
        raise Unreadable(
            f"it is a TIFF of {bits} bits with predictor {predictor}; save it uncompressed"
        )
    return predictor


def block_size(directory: Directory) -> tuple[int, int]:
    """Return width and height of a strip or a tile.

    Raises:
        Unreadable: Unpacking it would take memory out of all proportion to the picture.
    """
    width, height = directory.size
    if width < 1 or height < 1:
        raise Unreadable("it is a TIFF that does not say its size; save it anew")
    if Tag.TileWidth not in directory.entries:
        return width, min(directory.number(Tag.RowsPerStrip, 0) or height, height)
    wide, high = directory.number(Tag.TileWidth, 0), directory.number(Tag.TileLength, 0)
    if min(wide, high) > 0:
        area = wide * high * math.ceil(width / wide) * math.ceil(height / high)
        if max(wide, high) <= _LONGEST_TILE and area <= 4 * width * height + _SPARE_PIXELS:
            return wide, high
    raise Unreadable("it is a TIFF in tiles that do not fit its size; save it anew")
