"""PNG and PPM of 16 bits: in place, in strips, with what they say of themselves."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL.PngImagePlugin import PngImageFile

from featclass.images import sample_ranges, sixteen_bits
from tests.images.bits import is_like, of_bits, pixels, png, pnm
from tests.images.profiles import grey_profile
from tests.images.tiffs import COLOUR, GREY


@pytest.mark.parametrize("right", [GREY, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize("has_opacity", [False, True])
def test_the_bits_that_a_png_says_are_significant_tell_what_is_white(
    right: NDArray[np.uint8], has_opacity: bool
) -> None:
    def file(values: NDArray[np.uint16], bits: int) -> bytes:
        full = np.full(GREY.shape, 65_535, np.uint16)
        return png(np.dstack([values, full]) if has_opacity else values, bits=bits)

    assert is_like(file(of_bits(right, 12), 0), right)
    assert is_like(file(of_bits(right, 12), 12), right)
    assert is_like(file(of_bits(right, 10), 10), right)
    assert is_like(file(of_bits(right, 10), 12), right / 4)
    for bits in (8, 10, 16):  # it is a dark picture, or its bits are spread over all 16
        assert is_like(file(of_bits(right, 12), bits), right / 16)
    assert is_like(file(of_bits(right, 16), 12), right)


def test_dark_colours_are_brightened_where_they_are_and_not_beside() -> None:
    for values in (COLOUR, np.dstack([COLOUR, GREY])):
        picture = PngImageFile(io.BytesIO(png(of_bits(values, 12))))
        assert sixteen_bits.loaded(picture) is picture
        clear = PngImageFile(io.BytesIO(png(of_bits(COLOUR, 12), (1, 2, 3))))
        assert sixteen_bits.loaded(clear) is clear


@pytest.mark.parametrize("bits", [12, 16])
def test_greys_of_16_bits_with_opacity_are_grey_to_their_profile(bits: int) -> None:
    opaque = np.dstack([of_bits(GREY, bits), np.full(GREY.shape, 65_535, np.uint16)])
    grey = grey_profile(1.0)
    wanted = pixels(png(of_bits(GREY, 16), profile=grey))
    assert np.abs(wanted[..., 0] - GREY).max() > 20
    assert np.abs(pixels(png(opaque, profile=grey)) - wanted).max() <= 1


def test_deep_pictures_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sixteen_bits, "_STRIP", 400)
    for right in (GREY, COLOUR):
        for write in (png, pnm):
            assert is_like(write(of_bits(right, 12)), right)


def test_dark_colours_of_more_than_a_sample_come_to_an_end_and_out_right() -> None:
    right = np.tile(COLOUR, (13, 9, 1))
    assert right.size > 2 * sample_ranges.SAMPLE
    values = of_bits(right, 12)
    opaque = np.dstack([values, np.full(values.shape[:2], 65_535, np.uint16)])
    for data in (png(values), pnm(values), png(opaque)):
        assert is_like(data, right)
    clear = tuple(int(value) for value in values[30, 30])
    is_clear = (values == clear).all(axis=2, keepdims=True)
    assert is_like(png(values, clear), np.where(is_clear, 255, right))


def test_8_bits_are_as_pillow_decodes_them() -> None:
    from PIL import Image

    for mode in ("L", "RGB", "RGBA", "LA", "P", "1"):
        file = io.BytesIO()
        picture = Image.fromarray(COLOUR).convert("RGB" if mode == "P" else mode)
        picture = picture.quantize(16) if mode == "P" else picture
        picture.save(file, "PNG")
        assert np.array_equal(pixels(file.getvalue()), np.asarray(picture.convert("RGB")))
