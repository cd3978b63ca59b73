"""The picture of a TIFF, by Pillow where it reads it rightly, else read here or refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import numpy as np
from PIL import ExifTags, Image, ImagePalette
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from featclass.images.sample_ranges import (
    SAMPLE,
    Bytes,
    Range,
    Values,
    evenly,
    range_of_16_bits,
    range_of_numbers,
    range_of_opacity,
)
from featclass.images.tiff.blocks import Blocks
from featclass.images.tiff.directory import (
    COMPRESSION,
    ORIENTATION,
    PHOTOMETRIC,
    Directory,
    later_pages,
    picture_directory,
)
from featclass.images.tiff.layout import (
    BITS,
    EXTRA,
    LAB,
    PLANAR,
    PROFILE,
    SAMPLE_FORMAT,
    UNCOMPRESSED,
    UNPACKED,
    WEBP,
    WHITE_IS_ZERO,
    YCBCR,
    Layout,
    block_size,
    layout_of,
)
from featclass.images.unreadable import Unreadable, silence_libtiff

if TYPE_CHECKING:
    from PIL._imaging import PixelAccess

_COLOUR_MAP: Final = 320
_OFFSETS: Final = (273, 324)
_SIZES: Final = (279, 325)
_MOST_BLOCKS: Final = 2**20
_LONGEST_PROFILE: Final = 16 * 2**20
_MODES: Final = {1: "L", 3: "RGB", 4: "CMYK"}
_KEPT_BYTES: Final = 64 * 2**20
"""Larger pictures are unpacked anew for their pixels, after a part of them has told the range."""
_SAMPLED_GROUPS: Final = 12


def open_tiff(file: BinaryIO) -> ImageFile:
    """Return the picture of a TIFF, not yet decoded.

    Raises:
        Unreadable: A raw photo, or of a kind that would come out wrong.
    """
    silence_libtiff()
    directory = picture_directory(file)
    is_for_pillow = directory is None or _is_for_pillow(directory)
    file.seek(0)
    if directory is None:
        return TiffImageFile(file)
    if not is_for_pillow:
        return TiffPicture(file)
    try:
        is_first = directory.position == directory.header.first
        picture = TiffImageFile(file if is_first else _starting_at(directory))
    except (SyntaxError, KeyError):  # it has no mode for such pixels
        return TiffPicture(file)  # or names them, where featclass cannot read them either
    _widen_palette(picture, directory)
    return picture


def open_later_pages(file: BinaryIO, most: int) -> Iterator[ImageFile]:
    """Yield the pages after that of `open_tiff`, not yet decoded; raises as that."""
    directory = picture_directory(file)
    for page in later_pages(directory, most) if directory else ():
        yield open_tiff(_starting_at(page))


def _is_for_pillow(directory: Directory) -> bool:
    """Whether Pillow can be trusted: it reads many kinds wrongly and says nothing."""
    block_size(directory)
    header = directory.header
    if header.big and header.order == "big":
        return False
    if directory.number(PHOTOMETRIC, 0) == YCBCR:
        _refuse_subsampled(directory)
    compression = directory.number(COMPRESSION, UNCOMPRESSED)
    if compression == WEBP or (compression in UNPACKED and _is_beyond_pillow(directory)):
        return False
    return directory.number(BITS, 1) in (1, 2, 4, 8) and directory.number(SAMPLE_FORMAT, 1) in (
        1,
        4,
    )


def _is_beyond_pillow(directory: Directory) -> bool:
    """Whether opacity lies apart from the colours, or blocks are left out as maps do."""
    is_apart = directory.number(PLANAR, 1) == 2 and EXTRA in directory.entries
    offsets = [directory.numbers(tag, _MOST_BLOCKS) for tag in _OFFSETS]
    has_holes = any(places is not None and not places.all() for places in offsets)
    return has_holes or (is_apart and directory.number(PHOTOMETRIC, 0) in (0, 1, 2))


def _refuse_subsampled(directory: Directory) -> None:
    """Refuse colours kept for several pixels together, of which Pillow would make noise."""
    pixels = directory.pixels
    if directory.number(COMPRESSION, UNCOMPRESSED) != UNCOMPRESSED or pixels > 2**40:
        return
    sizes = [directory.numbers(tag, _MOST_BLOCKS) for tag in _SIZES]
    stored = sum(int(size.astype(np.uint64).sum()) for size in sizes if size is not None)
    if stored and stored < 3 * pixels:  # the tag itself may be absent
        raise Unreadable("it is a TIFF of subsampled YCbCr without compression; save it as RGB")


def _starting_at(directory: Directory) -> BytesIO:
    """Return the file with another directory as its first."""
    header = directory.header
    header.file.seek(0)
    copy = BytesIO(header.file.read())
    size = 8 if header.big else 4
    copy.seek(size)
    copy.write(directory.position.to_bytes(size, header.order))
    copy.seek(0)
    return copy


def _widen_palette(picture: TiffImageFile, directory: Directory) -> None:
    """Take a colour map that ends at 255 for one of 8 bits, as libtiff does."""
    colours = directory.numbers(_COLOUR_MAP, 3 * 256)
    if picture.mode in ("P", "PA") and colours is not None and colours.max() < 256:
        picture.palette = ImagePalette.raw("RGB;L", colours.astype(np.uint8).tobytes())


class TiffPicture(ImageFile):
    """A picture whose values featclass reads itself and brings to 8 bits."""

    format = "TIFF"
    format_description = "TIFF that Pillow does not read, or not rightly"

    def _open(self) -> None:
        assert self.fp is not None
        directory = picture_directory(cast(BinaryIO, self.fp))
        assert directory is not None
        self._layout = layout = layout_of(directory)
        self._size = layout.width, layout.height
        self._mode = _mode(layout)
        profile = directory.data(PROFILE, _LONGEST_PROFILE)
        if profile:
            self.info["icc_profile"] = profile
        self.getexif()[ExifTags.Base.Orientation] = directory.number(ORIENTATION, 1)

    def load(self) -> PixelAccess | None:
        """Decode, band after band."""
        if self._im is None:
            assert self.fp is not None
            self.fp.seek(0)
            self.im = _decoded(self._layout, memoryview(self.fp.read())).im
        return super().load()


def _mode(layout: Layout) -> str:
    mode = "LAB" if layout.photometric == LAB else _MODES[layout.colours]
    return mode + ("A" if layout.alpha != "none" else "")


def _decoded(layout: Layout, data: memoryview) -> Image.Image:
    blocks = Blocks(layout, data)
    values_bytes = layout.width * layout.height * layout.samples * layout.dtype.itemsize
    bands = list(blocks.bands()) if values_bytes <= _KEPT_BYTES else None
    colours, opacity = _ranges(layout, bands or blocks.bands(_SAMPLED_GROUPS))
    picture = Image.new(_mode(layout), (layout.width, layout.height))
    for top, values in bands or blocks.bands():
        levels = _levels(values, layout, colours, opacity)
        size = levels.shape[1], levels.shape[0]
        band = Image.frombuffer(picture.mode, size, levels.tobytes(), "raw", picture.mode, 0, 1)
        picture.paste(band, (0, top))
    return picture


def _ranges(layout: Layout, bands: Iterable[tuple[int, Values]]) -> tuple[Range, Range]:
    """Return the ranges of the colours, all of them together, and of the opacity."""
    agreed = _agreed_range(layout)
    if agreed and layout.alpha == "none":
        return agreed, agreed
    step = max(1, layout.width * layout.height * layout.colours // SAMPLE)
    shades, opacities = [], []
    for _, values in bands:
        shades.append(evenly(values[..., : layout.colours], step))
        if layout.alpha != "none":
            opacities.append(evenly(values[..., layout.colours], step))
    colours = agreed or _range_of(np.concatenate(shades), layout)
    opacity = range_of_opacity(np.concatenate(opacities), colours) if opacities else colours
    if layout.photometric == WHITE_IS_ZERO:
        colours = replace(colours, black=colours.white, white=colours.black)
    return colours, opacity


def _agreed_range(layout: Layout) -> Range | None:
    """Return the range of values whose bits alone tell it."""
    if layout.colours == 4 or layout.photometric == LAB:
        return Range(0, 2**layout.bits - 1)
    is_told = layout.kind == "u" and layout.bits < 16 and layout.photometric != WHITE_IS_ZERO
    return Range(0, 2**layout.bits - 1) if is_told else None


def _range_of(sample: Values, layout: Layout) -> Range:
    if layout.kind == "u" and layout.bits < 16:
        return Range(0, 2**layout.bits - 1)
    if layout.kind == "u" and layout.bits == 16:
        return range_of_16_bits(sample, layout.greatest, layout.no_data)
    return range_of_numbers(sample, layout.no_data)


def _levels(values: Values, layout: Layout, colours: Range, opacity: Range) -> Bytes:
    """Return the samples that the picture keeps, as 8 bits, shape (rows, width, samples)."""
    shades = values[..., : layout.colours]
    is_16_bits = layout.kind == "u" and layout.bits == 16 and colours == Range(0, 65_535)
    if layout.photometric == LAB or (layout.colours > 1 and is_16_bits):
        # The upper byte, as Pillow takes it; of Lab also because a and b are signed.
        levels = (shades.astype(np.uint16) >> (layout.bits - 8)).astype(np.uint8)
    else:
        levels = colours.to_8_bits(shades)
    if layout.alpha == "none":
        return levels
    opacities = opacity.to_8_bits(values[..., layout.colours :][..., :1])
    if layout.alpha == "multiplied":
        wide = levels.astype(np.uint16) * 255 + opacities // 2
        levels = np.minimum(wide // np.maximum(opacities, 1), 255).astype(np.uint8)
    return np.concatenate([levels, opacities], axis=2)
