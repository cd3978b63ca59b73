"""Pictures of 16 bits that are no TIFF: PNG and PPM, whose greys Pillow keeps, and colours not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile

from featclass.images.depths import (
    SAMPLE,
    Range,
    evenly,
    range_of_16_bits,
    range_of_opacity,
)

if TYPE_CHECKING:
    from PIL.ImageFile import _Tile as ImageFileTile

_STRIP: Final = 2 * 10**6
_GREATEST: Final = 65_535
_DARK: Final = 64
"""Greater than any upper byte of 14 bits, and as great as one that a PPM rounds up."""
_NEARLY_ALL: Final = 0.999
_LOWER: Final = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L", "LA;16B": "RGBA"}
"""What unpacks the lower byte of each sample; of LA all four bytes, two samples, come as RGBA."""


def loaded(picture: ImageFile) -> Image.Image:
    """Decode; return the picture with 8 bits a sample, brought there as `depths` says.

    Pictures of 8 bits are returned as Pillow decodes them.
    """
    tile, file = picture.tile[0] if picture.tile else None, picture.fp
    picture.load()
    if picture.mode.startswith("I"):
        # A PPM that tells another greatest value than 65535 comes scaled by it.
        return _grey(picture, is_scaled=tile is not None and tile.codec_name.startswith("ppm"))
    halves = _halves(tile) if tile is not None and file is not None else None
    if halves is None or not (_is_dark(picture) or "transparency" in picture.info):
        return picture
    upper, lower = (
        picture if half is None else _again(picture, cast(BinaryIO, file), half) for half in halves
    )
    is_grey = tile is not None and tile.args == "LA;16B"
    return _colour(picture, upper, lower, [1, 1, 1, 3] if is_grey else [0, 1, 2, 3])


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


def _again(picture: ImageFile, file: BinaryIO, tile: ImageFileTile) -> Image.Image:
    file.seek(0)
    other = type(picture)(file)
    other.tile = [tile]
    other.load()
    return other


def _strips(picture: Image.Image) -> Iterator[tuple[int, int, int, int]]:
    width, height = picture.size
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        yield 0, top, width, min(top + rows, height)


def _grey(picture: Image.Image, *, is_scaled: bool) -> Image.Image:
    """Bring 16 bits to 8, with opacity where one value is told to be transparent."""
    step = max(1, picture.width * picture.height // SAMPLE)
    values = Range(0, _GREATEST)
    if not is_scaled:
        sample = [evenly(_array(picture.crop(box)), step) for box in _strips(picture)]
        values = range_of_16_bits(np.concatenate(sample))
    clear = picture.info.get("transparency")
    shallow = Image.new("L" if clear is None else "LA", picture.size)
    for box in _strips(picture):
        strip = _array(picture.crop(box))
        levels = values.to_8_bits(strip)
        if clear is not None:
            levels = np.dstack([levels, np.where(strip == clear, 0, 255).astype(np.uint8)])
        shallow.paste(Image.fromarray(levels), box)
    return _with_info(shallow, picture)


def _array(picture: Image.Image) -> NDArray[np.uint16]:
    return np.asarray(picture).astype(np.uint16)


def _is_dark(picture: Image.Image) -> bool:
    """Whether the upper bytes leave it open that the picture has 12 or 14 bits."""
    step = max(1, picture.width * picture.height * 3 // SAMPLE)
    sample = np.concatenate(
        [evenly(np.asarray(picture.crop(box))[..., :3], step) for box in _strips(picture)]
    )
    return bool(np.count_nonzero(sample <= _DARK) >= _NEARLY_ALL * sample.size)


def _colour(
    picture: Image.Image, upper: Image.Image, lower: Image.Image, places: list[int]
) -> Image.Image:
    """Bring colours of 16 bits to 8.

    Args:
        picture: As Pillow decodes it.
        upper: Of the upper bytes.
        lower: Of the lower ones.
        places: Where red, green, blue and opacity stand in `lower`.
    """
    step = max(1, picture.width * picture.height * 3 // SAMPLE)
    shades, opacities = [], []
    for box in _strips(picture):
        strip = _joined(upper, lower, places, box)
        shades.append(evenly(strip[..., :3], step))
        if strip.shape[2] > 3:
            opacities.append(evenly(strip[..., 3], step))
    values = range_of_16_bits(np.concatenate(shades))
    opacity = range_of_opacity(np.concatenate(opacities), values) if opacities else values
    clear = picture.info.get("transparency")
    if values.white == _GREATEST and clear is None:
        return picture
    shallow = Image.new("RGB" if picture.mode == "RGB" and clear is None else "RGBA", picture.size)
    for box in _strips(picture):
        strip = _joined(upper, lower, places, box)
        levels = [values.to_8_bits(strip[..., :3]), opacity.to_8_bits(strip[..., 3:])]
        if clear is not None:
            is_clear = (strip == np.array(clear)).all(axis=2, keepdims=True)
            levels[1] = np.where(is_clear, 0, 255).astype(np.uint8)
        shallow.paste(Image.fromarray(np.concatenate(levels, axis=2)), box)
    return _with_info(shallow, picture)


def _joined(
    upper: Image.Image, lower: Image.Image, places: list[int], box: tuple[int, int, int, int]
) -> NDArray[np.uint16]:
    high, low = (np.asarray(half.crop(box)).astype(np.uint16) for half in (upper, lower))
    return high * np.uint16(256) + low[..., places[: high.shape[2]]]


def _with_info(shallow: Image.Image, picture: Image.Image) -> Image.Image:
    shallow.info = {key: value for key, value in picture.info.items() if key != "transparency"}
    return shallow
