"""The picture of a TIFF, by Pillow where it reads it rightly, else read here or refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImagePalette
from PIL.ExifTags import Base as Tag
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from featclass.images.colour import LARGEST_PROFILE
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
from featclass.images.tiff.directory import Directory, later_pages, picture_directory
from featclass.images.tiff.layout import (
    LAB,
    UNCOMPRESSED,
    UNPACKED,
    WEBP,
    WHITE_IS_ZERO,
    YCBCR,
    Layout,
    block_size,
    layout_of,
)
from featclass.images.unreadable import CUT_OFF, Unreadable, silence_libtiff

if TYPE_CHECKING:
    from PIL._imaging import PixelAccess

_MOST_BLOCKS: Final = 2**20
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
    if directory is None:
        raise Unreadable(CUT_OFF)
    if not _is_for_pillow(directory):
        return TiffPicture(file)
    is_first = directory.position == directory.header.first
    file.seek(0)
    try:
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
    photometric = directory.number(Tag.PhotometricInterpretation, 0)
    if photometric == YCBCR:
        _refuse_subsampled(directory)
    compression = directory.number(Tag.Compression, UNCOMPRESSED)
    if compression == WEBP:
        return False
    if compression in UNPACKED:
        is_planar = directory.number(Tag.PlanarConfiguration, 1) == 2
        if is_planar and Tag.ExtraSamples in directory.entries and photometric in (0, 1, 2):
            return False  # opacity lies apart from the colours
        offsets = _numbers(directory, Tag.StripOffsets, Tag.TileOffsets)
        if not offsets.all():
            return False  # blocks are left out, as maps do
    bits, kind = directory.number(Tag.BitsPerSample, 1), directory.number(Tag.SampleFormat, 1)
    return bits in (1, 2, 4, 8) and kind in (1, 4)


def _refuse_subsampled(directory: Directory) -> None:
    """Refuse colours kept for several pixels together, of which Pillow would make noise."""
    if directory.number(Tag.Compression, UNCOMPRESSED) != UNCOMPRESSED:
        return
    stored = _numbers(directory, Tag.StripByteCounts, Tag.TileByteCounts).sum()
    if 0 < stored < 3 * directory.pixels:  # the tag itself may be absent
        raise Unreadable("it is a TIFF of subsampled YCbCr without compression; save it as RGB")


def _numbers(directory: Directory, *tags: int) -> NDArray[np.int64]:
    return np.concatenate([directory.numbers(tag, _MOST_BLOCKS) for tag in tags])


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
    colours = directory.numbers(Tag.ColorMap, 3 * 256)
    if picture.mode in ("P", "PA") and colours.max(initial=0) < 256:
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
        profile = directory.data(Tag.InterColorProfile, LARGEST_PROFILE + 1)
        if profile:
            self.info["icc_profile"] = profile
        self.getexif()[Tag.Orientation] = directory.number(Tag.Orientation, 1)

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
    step = max(1, layout.width * layout.height * layout.colours // SAMPLE)
    shades, opacities = [], []
    for _, values in bands:
        shades.append(evenly(values[..., : layout.colours], step))
        opacities.append(evenly(values[..., layout.colours :][..., :1], step))
    colours = _range_of(np.concatenate(shades), layout)
    opacity = range_of_opacity(np.concatenate(opacities), colours)
    if layout.photometric == WHITE_IS_ZERO:
        colours = replace(colours, black=colours.white, white=colours.black)
    return colours, opacity


def _range_of(sample: Values, layout: Layout) -> Range:
    if (
        layout.colours == 4
        or layout.photometric == LAB
        or (layout.kind == "u" and layout.bits < 16)
    ):
        return Range(0, 2**layout.bits - 1)  # their bits alone tell it
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
