"""Pictures of 16 bits that are no TIFF: PNG and PPM, whose greys Pillow keeps, and colours not."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile

from featclass.images.sample_ranges import Range, range_of_16_bits, range_of_opacity
from featclass.images.shapes import sampled

_STRIP: Final = 2**18
"""Pixels that are brought to 8 bits at once: a larger picture is never held another time."""
_SAMPLE: Final = 1024
"""Pixels a side, of which the range is told."""
_GREATEST: Final = 65_535
_DARK: Final = 64
"""Greater than any upper byte of 14 bits."""
_NEARLY_ALL: Final = 0.999
_LEAST_BITS: Final = 10
_Arguments = tuple[Any, ...] | str | None
_UNPACKED: Final[dict[tuple[str, _Arguments], tuple[str, _Arguments, _Arguments]]] = {
    ("zip", "RGB;16B"): ("zip", "RGB;16B", "RGB;16L"),
    ("zip", "RGBA;16B"): ("zip", "RGBA;16B", "RGBA;16L"),
    ("zip", "LA;16B"): ("zip", "LA;16B", "RGBA"),
    ("ppm", ("RGB", _GREATEST)): ("raw", ("RGB;16B", 0, 1), ("RGB;16L", 0, 1)),
}
"""How Pillow would decode colours -> decoder, and what unpacks the upper byte of each sample, and
the lower one; of grey with opacity all four bytes come as RGBA."""


def loaded(picture: ImageFile) -> Image.Image:
    """Decode; return the picture with 8 bits a sample, brought there as `sample_ranges` says.

    Pictures of 8 bits are returned as Pillow decodes them.
    """
    tile, file = picture.tile[0] if picture.tile else None, picture.fp
    unpacked = _UNPACKED.get((tile.codec_name, tile.args)) if tile else None
    is_png, is_grey = picture.format == "PNG", tile is not None and tile.args == "LA;16B"
    is_deep = unpacked is not None or picture.mode.startswith("I")
    bits = _stated_bits(picture) if is_deep else 0
    if tile is None or unpacked is None:
        picture.load()
        return _levelled([picture], bits) if is_deep else picture
    upper, lower = (tile._replace(codec_name=unpacked[0], args=mode) for mode in unpacked[1:])
    picture.tile = [upper]
    picture.load()
    if not is_png or "transparency" in picture.info or _is_dark(picture, bits):
        assert file is not None
        file.seek(0)
        other = type(picture)(file)
        other.tile = [lower]
        other.load()
        _levelled([picture, other], bits, is_grey=is_grey, is_kept=is_png)
    return picture.convert("LA") if is_grey else picture


def _stated_bits(picture: ImageFile) -> int:
    """Return how many bits of each colour a file says are significant; 0 if it does not say."""
    if picture.mode.startswith("I") and picture.tile and picture.tile[0].codec_name[:3] == "ppm":
        return 16  # a PPM that tells another greatest value than 65535 comes scaled by it
    if picture.format != "PNG" or not isinstance(picture.fp, BytesIO):
        return 0
    header = picture.fp.getvalue()[: picture.tile[0].offset]
    start = header.find(b"sBIT")
    samples = int.from_bytes(header[max(0, start - 4) : start], "big")
    return max(header[start + 4 :][: 1 if samples < 3 else 3], default=0) if start > 0 else 0


def _is_dark(picture: Image.Image, bits: int) -> bool:
    """Whether the upper bytes leave it open that the picture has 12 or 14 bits."""
    if bits and not _LEAST_BITS <= bits < 16:
        return False
    sample = np.asarray(sampled(picture, _SAMPLE))[..., :3]
    return bool(np.count_nonzero(sample < _DARK) >= _NEARLY_ALL * sample.size)


def _range(sample: NDArray[np.uint16], bits: int) -> Range:
    """Return the range; what a PNG says itself is taken, or its values are of all 16 bits."""
    stated = 2**bits - 1 if bits >= _LEAST_BITS else _GREATEST
    values = range_of_16_bits(sample, stated if bits else 0)
    return values if not bits or values.white == stated else Range(0, _GREATEST)


def _levelled(
    parts: list[Image.Image], bits: int, *, is_grey: bool = True, is_kept: bool = False
) -> Image.Image:
    """Bring 16 bits to 8, with opacity where one value is told to be transparent.

    Args:
        parts: Greys of 16 bits; or upper and lower bytes of colours, the first changed in place.
        bits: As `_stated_bits` says.
        is_grey: The bytes are those of grey with opacity.
        is_kept: The upper bytes stay as they are where all 16 bits are used.
    """
    sample = _values([sampled(part, _SAMPLE) for part in parts], is_grey)
    colours = 3 if sample.shape[2] > 2 else 1
    shades = _range(sample[..., :colours], bits)
    opacity = range_of_opacity(sample[..., colours:], shades)
    shallow, clear = parts[0], parts[0].info.pop("transparency", None)
    if is_kept and shades.white == _GREATEST and clear is None:
        return shallow
    if len(parts) == 1:
        shallow = Image.new("L" if clear is None else "LA", shallow.size)
        shallow.info = parts[0].info
    elif clear is not None:
        shallow.putalpha(255)  # needs no other place: colours have four bytes anyway
    width, height = shallow.size
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        box = 0, top, width, min(top + rows, height)
        values = _values([part.crop(box) for part in parts], is_grey)
        levels = [shades.to_8_bits(values[..., :colours]), opacity.to_8_bits(values[..., colours:])]
        if clear is not None:
            is_clear = (values == clear).all(axis=2, keepdims=True)
            levels[1] = np.where(is_clear, np.uint8(0), np.uint8(255))
        strip = np.concatenate(levels, axis=2)
        shallow.paste(Image.fromarray(strip if strip.shape[2] > 1 else strip[..., 0]), box)
    return shallow


def _values(parts: list[Image.Image], is_grey: bool) -> NDArray[np.uint16]:
    """Return the samples of a part of the picture, shape (height, width, samples)."""
    high, *lower = (np.asarray(part) for part in parts)
    if not lower:
        return high.astype(np.uint16)[..., None]
    low = lower[0][..., 1::2] if is_grey else lower[0]
    # Pillow repeats a grey before its opacity; colours may have one already that they lacked.
    joined = (high[..., 2:] if is_grey else high[..., : low.shape[2]]).astype(np.uint16)
    joined <<= 8
    joined |= low
    return joined
