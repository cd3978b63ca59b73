"""Pictures of 16 bits that are no TIFF: PNG and PPM, whose greys Pillow keeps, and colours not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile

from featclass.images.sample_ranges import (
    SAMPLE,
    Bytes,
    Range,
    evenly,
    range_of_16_bits,
    range_of_opacity,
)

if TYPE_CHECKING:
    from PIL.ImageFile import _Tile as ImageFileTile

_STRIP: Final = 2**18
"""Pixels that are brought to 8 bits at once: a larger picture is never held another time."""
_GREATEST: Final = 65_535
_DARK: Final = 64
"""Greater than any upper byte of 14 bits, and as great as one that a PPM rounds up."""
_NEARLY_ALL: Final = 0.999
_LOWER: Final = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L", "LA;16B": "RGBA"}
"""What unpacks the lower byte of each sample; of LA all four bytes, two samples, come as RGBA."""
_LEAST_BITS: Final = 10
_LONGEST_HEADER: Final = 100

_Box = tuple[int, int, int, int]


def loaded(picture: ImageFile) -> Image.Image:
    """Decode; return the picture with 8 bits a sample, brought there as `sample_ranges` says.

    Pictures of 8 bits are returned as Pillow decodes them.
    """
    tile, file = picture.tile[0] if picture.tile else None, picture.fp
    is_grey = tile is not None and tile.args == "LA;16B"
    halves = _halves(tile) if tile is not None and file is not None else None
    is_deep = halves is not None or picture.mode.startswith("I")
    bits = _stated_bits(cast(BinaryIO, file)) if is_deep and picture.format == "PNG" else 0
    picture.load()
    if picture.mode.startswith("I"):
        # A PPM that tells another greatest value than 65535 comes scaled by it.
        return _grey(picture, bits, is_scaled=tile is not None and tile.codec_name[:3] == "ppm")
    if halves is not None and ("transparency" in picture.info or _is_dark(picture, bits)):
        parts = [
            picture if half is None else _again(picture, cast(BinaryIO, file), half)
            for half in halves
        ]
        _shallow(picture, _Halves(parts, is_grey), bits)
        del parts  # there is no room for another copy beside them
    return picture.convert("LA") if is_grey else picture


def _stated_bits(file: BinaryIO) -> int:
    """Return how many bits of each colour a PNG says are significant; 0 if it does not say."""
    position = file.tell()
    file.seek(8)
    bits = 0
    for _ in range(_LONGEST_HEADER):
        start = file.read(8)
        size, name = int.from_bytes(start[:4], "big"), start[4:]
        if name in (b"", b"IDAT"):
            break
        if name == b"sBIT":
            bits = max(file.read(min(size, 3))[: 1 if size < 3 else 3], default=0)
            break
        file.seek(size + 4, 1)
    file.seek(position)
    return bits


def _range(sample: NDArray[np.uint16], bits: int) -> Range:
    """Return the range; what a PNG says itself is taken, or its values are of all 16 bits."""
    stated = 2**bits - 1 if bits >= _LEAST_BITS else _GREATEST
    values = range_of_16_bits(sample, stated if bits else 0)
    return values if not bits or values.white == stated else Range(0, _GREATEST)


def _halves(tile: ImageFileTile) -> tuple[ImageFileTile | None, ImageFileTile] | None:
    """Return how the upper bytes of each sample are unpacked, if otherwise, and the lower ones."""
    arguments = tile.args if isinstance(tile.args, tuple) else (tile.args,)
    if tile.codec_name == "ppm" and arguments == ("RGB", _GREATEST):
        upper, lower = (
            tile._replace(codec_name="raw", args=(mode, 0, 1)) for mode in ("RGB;16B", "RGB;16L")
        )
        return upper, lower
    if tile.codec_name == "zip" and arguments[0] in _LOWER:
        return None, tile._replace(args=_LOWER[cast(str, arguments[0])])
    return None


def _again(picture: ImageFile, file: BinaryIO, tile: ImageFileTile) -> ImageFile:
    file.seek(0)
    other = type(picture)(file)
    other.tile = [tile]
    other.load()
    return other


def _strips(picture: Image.Image) -> Iterator[_Box]:
    width, height = picture.size
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        yield 0, top, width, min(top + rows, height)


def _step(picture: Image.Image) -> int:
    return max(1, picture.width * picture.height // SAMPLE)


def _grey(picture: Image.Image, bits: int, *, is_scaled: bool) -> Image.Image:
    """Bring 16 bits to 8, with opacity where one value is told to be transparent."""
    step = _step(picture)
    values = Range(0, _GREATEST)
    if not is_scaled:
        sample = [evenly(_array(picture.crop(box)), step) for box in _strips(picture)]
        values = _range(np.concatenate(sample), bits)
    clear = picture.info.get("transparency")
    shallow = Image.new("L" if clear is None else "LA", picture.size)
    for box in _strips(picture):
        strip = _array(picture.crop(box))
        levels = values.to_8_bits(strip)
        if clear is not None:
            levels = np.dstack([levels, np.where(strip == clear, 0, 255).astype(np.uint8)])
        shallow.paste(Image.fromarray(levels), box)
    shallow.info = {key: value for key, value in picture.info.items() if key != "transparency"}
    return shallow


def _array(picture: Image.Image) -> NDArray[np.uint16]:
    return np.asarray(picture).astype(np.uint16)


def _is_dark(picture: Image.Image, bits: int) -> bool:
    """Whether the upper bytes leave it open that the picture has 12 or 14 bits."""
    if bits and not _LEAST_BITS <= bits < 16:
        return False
    sample = np.concatenate(
        [_evenly(np.asarray(picture.crop(box)), _step(picture)) for box in _strips(picture)]
    )[:, :3]
    return bool(np.count_nonzero(sample <= _DARK) >= _NEARLY_ALL * sample.size)


def _evenly(strip: Bytes, step: int) -> Bytes:
    """Return about one of `step` pixels, shape (pixels, samples)."""
    samples = strip.shape[2]
    pixels = evenly(np.ascontiguousarray(strip).view(f"V{samples}")[..., 0], step)
    return pixels.view(np.uint8).reshape(-1, samples)


class _Halves:
    """A picture's upper and lower bytes, each as a picture of its own."""

    def __init__(self, parts: list[ImageFile], is_grey: bool) -> None:
        self._parts, self._is_grey = parts, is_grey

    def strip(self, box: _Box, step: int = 0) -> NDArray[np.uint16]:
        """Return the samples of some rows, or of about one of `step` pixels of them."""
        high, low = (np.asarray(half.crop(box)) for half in self._parts)
        if step:
            high, low = _evenly(high, step), _evenly(low, step)
        if self._is_grey:  # Pillow repeats the grey, but not in its lower bytes
            high, low = high[..., 2:], low[..., 1::2]
        joined = high[..., : low.shape[-1]].astype(np.uint16)
        joined <<= 8
        joined |= low
        return joined


def _shallow(picture: Image.Image, halves: _Halves, bits: int) -> None:
    """Bring colours of 16 bits to 8, in place."""
    step = _step(picture)
    sample = np.concatenate([halves.strip(box, step) for box in _strips(picture)])
    colours = 3 if sample.shape[1] >= 3 else 1
    values = _range(sample[:, :colours], bits)
    opacity = range_of_opacity(sample[:, colours:], values)
    clear = picture.info.pop("transparency", None)
    if values.white == _GREATEST and clear is None:
        return
    if clear is not None:
        picture.putalpha(255)  # needs no other place: colours have four bytes anyway
    for box in _strips(picture):
        strip = halves.strip(box)
        levels = values.to_8_bits(strip)
        if clear is not None:
            shades = levels
            levels = np.full((*shades.shape[:2], 4), 255, np.uint8)
            levels[..., :3] = shades
            red, green, blue = (strip[..., place] == clear[place] for place in range(3))
            levels[red & green & blue, 3] = 0
        elif opacity != values:
            levels[..., colours:] = opacity.to_8_bits(strip[..., colours:])
        picture.paste(Image.fromarray(levels), box)
