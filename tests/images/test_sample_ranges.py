from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from featclass import images
from featclass.images import sample_ranges
from tests.images.bits import is_like, of_bits, pixels, png, pnm
from tests.images.tiffs import COLOUR, GREY, Values, tiff_of


def with_hot_pixels(values: Values, value: float, count: int = 3) -> Values:
    changed = values.copy()
    changed.reshape(-1)[50 : 50 + count] = value
    return changed


def is_like_but_for(data: bytes, right: NDArray[np.uint8], count: int, most: int = 1) -> bool:
    difference = np.abs(pixels(data) - (np.dstack([right] * 3) if right.ndim == 2 else right))
    return bool((difference.max(axis=2) > most).sum() <= count)


def tif(values: NDArray[np.uint16]) -> bytes:
    return tiff_of(values, photometric=2 if values.ndim == 3 else 1)


@pytest.mark.parametrize("write", [tif, png, pnm], ids=["TIFF", "PNG", "PPM"])
@pytest.mark.parametrize("bits", [12, 14, 16])
@pytest.mark.parametrize("right", [GREY, COLOUR], ids=["grey", "colour"])
def test_item_12_cameras_of_12_and_14_bits_are_as_bright_as_those_of_16(
    write: Any, bits: int, right: NDArray[np.uint8]
) -> None:
    values = of_bits(right, bits)
    assert is_like(write(values), right)
    assert is_like_but_for(write(with_hot_pixels(values, 65_535)), right, 3)


@pytest.mark.parametrize("write", [tif, png, pnm], ids=["TIFF", "PNG", "PPM"])
@pytest.mark.parametrize("right", [GREY, COLOUR], ids=["grey", "colour"])
def test_item_12_a_picture_of_16_bits_is_never_brightened(
    write: Any, right: NDArray[np.uint8]
) -> None:
    dark = (right * (20_000 / 255)).astype(np.uint16)
    assert is_like(write(dark), right * (20_000 / 65_535))


def test_item_12_one_pixel_in_a_hundred_is_no_hot_pixel() -> None:
    values = with_hot_pixels(of_bits(GREY, 12), 65_535, 70)
    assert pixels(tif(values)).mean() < 20


def test_item_12_the_greatest_value_is_believed_where_it_can_be_true() -> None:
    def told(values: Values, greatest: int) -> bytes:
        return tiff_of(values, tags={281: (3, [greatest])})

    assert is_like(told(of_bits(GREY, 10), 1023), GREY)
    assert is_like(tif(of_bits(GREY, 10)), GREY / 4)
    assert is_like(told(of_bits(GREY, 12), 65_535), GREY / 16)
    assert is_like(told(of_bits(GREY, 16), 1023), GREY)
    assert is_like(told(of_bits(GREY, 12), 1), GREY)
    assert is_like(told(GREY // np.uint16(5), 51), GREY / 5 / 16)


def test_item_12_a_pgm_that_tells_another_greatest_value_is_scaled_by_it() -> None:
    assert is_like(pnm(of_bits(GREY, 10), 1023), GREY)
    assert is_like(pnm(of_bits(GREY // 20, 12), 4095), GREY // 20)


@pytest.mark.parametrize("bits", [12, 16])
def test_item_12_deep_pictures_with_opacity_are_laid_on_white(bits: int) -> None:
    opacity = np.linspace(0, 255, GREY.size).reshape(GREY.shape).astype(np.uint8)
    for right in (GREY[..., None], COLOUR):
        values = of_bits(np.dstack([right, opacity]), bits)
        on_white = right * (opacity[..., None] / 255) + (255 - opacity[..., None])
        wide = np.broadcast_to(on_white, COLOUR.shape)
        assert is_like(png(values), wide, 2)
        samples = tiff_of(values, photometric=1 if right.shape[2] == 1 else 2, tags={338: (3, [2])})
        assert is_like(samples, wide, 2)
    full = np.dstack([of_bits(COLOUR, 12), np.full_like(GREY, 65_535, np.uint16)])
    assert is_like(png(full), COLOUR)


@pytest.mark.parametrize("bits", [12, 16])
def test_item_12_a_transparent_colour_of_16_bits_is_white(bits: int) -> None:
    for right in (GREY, COLOUR):
        values = of_bits(right, bits)
        clear = values[30, 30]
        wide = np.dstack([right] * 3)[..., :3] if right.ndim == 2 else right
        is_clear = values == clear if right.ndim == 2 else (values == clear).all(axis=2)
        wanted = np.where(is_clear[..., None], 255, wide)
        data = png(values, tuple(int(value) for value in np.atleast_1d(clear)))
        assert is_like(data, wanted)


def test_colour_of_16_bits_keeps_the_upper_byte_as_before() -> None:
    values = np.random.default_rng(0).integers(0, 65_536, (40, 50, 3)).astype(np.uint16)
    for write in (tif, png):
        assert np.array_equal(pixels(write(values)), values >> 8)


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
@pytest.mark.parametrize("white", [1, 255, 65_535])
def test_item_12_floats_keep_their_range_whatever_single_pixels_hold(kind: str, white: int) -> None:
    if kind == "f2" and white > 255:  # half floats end at 65504
        white = 60_000
    values = (GREY.astype(np.float64) * (white / 255)).astype(kind)
    right = GREY * (white / 65_535) if white == 60_000 else GREY
    assert is_like(tiff_of(values), right)
    odd: list[float] = [np.nan, np.inf, -np.inf, -9999]
    odd += [1.004 * white, 1e30] if kind != "f2" else []
    for value in odd:
        difference = np.abs(pixels(tiff_of(with_hot_pixels(values, value)))[..., 0] - right)
        assert (difference > 1).sum() <= 3
    dark = (values.astype(np.float64) * 0.3).astype(kind)
    assert is_like(tiff_of(dark), right * 0.3)


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
@pytest.mark.parametrize("white", [1, 255, 65_535])
def test_colours_of_floats_are_as_bright_as_greys(kind: str, white: int) -> None:
    share = min(white, 60_000) / white  # half floats end at 65504
    values = (COLOUR * (white * share / 255)).astype(kind)
    opaque = np.dstack([values, np.full(GREY.shape, white * share, kind)])
    assert is_like(tiff_of(values, photometric=2), COLOUR * share)
    assert pixels(tiff_of(opaque, photometric=2, tags={338: (3, [2])})).std() > 40


def test_item_12_no_data_is_black_and_changes_nothing_else() -> None:
    values = GREY.astype(np.float32) * 20 - 1000
    for value in (np.nan, -9999, -3.4028234663852886e38, np.inf):
        holed = values.copy()
        holed[20:50, 20:60] = value
        got = pixels(tiff_of(holed))[..., 0]
        assert got[20:50, 20:60].max() == 0
        got[20:50, 20:60] = GREY[20:50, 20:60]
        assert np.abs(got - GREY).max() <= 1
    heights = GREY.astype(np.int16) * 10
    heights[20:50, 20:60] = -500
    got = pixels(tiff_of(heights, tags={42113: (2, b"-500\0")}))[..., 0]
    assert got[30, 30] == 0
    assert np.abs(np.delete(got - GREY, np.s_[20:50], 0)).max() <= 1
    deep_values = with_hot_pixels(of_bits(GREY, 12), 65_535, 500)
    assert is_like_but_for(tiff_of(deep_values, tags={42113: (2, b"65535\0")}), GREY, 500)
    white_is_zero = (1 - GREY / 255).astype(np.float32)
    white_is_zero[40, 40] = np.nan
    assert pixels(tiff_of(white_is_zero, photometric=0))[40, 40].max() == 0


@pytest.mark.parametrize("kind", ["i2", "i4", "u4", "i8", "f4"])
def test_item_12_other_numbers_are_stretched_and_one_odd_value_does_not_matter(kind: str) -> None:
    values = (GREY.astype(np.float64) * 100 - (0 if kind == "u4" else 5000)).astype(kind)
    assert is_like(tiff_of(values), GREY)
    greatest = 2.0**14 if kind == "i2" else 2.0**30
    assert is_like_but_for(tiff_of(with_hot_pixels(values, greatest)), GREY, 3)


def test_floats_that_use_next_to_nothing_of_a_range_are_stretched_and_not_black() -> None:
    assert is_like(tiff_of((GREY / 255 * 3).astype(np.float32)), GREY)
    assert is_like(tiff_of((GREY / 255 * 40 + 270).astype(np.float32)), GREY)
    assert is_like(tiff_of((GREY / 255 * 55 - 20).astype(np.float32)), GREY)


def test_floats_that_sharpening_led_a_little_beyond_keep_their_range() -> None:
    for white in (1, 255):
        sharpened = (GREY / 255 * 1.06 - 0.03).astype(np.float32) * white
        assert is_like(tiff_of(sharpened), (GREY * 1.06 - 0.03 * 255).clip(0, 255))


@pytest.mark.parametrize(("low", "high"), [(253, 278), (240, 279), (250, 400), (1.02, 1.09)])
def test_floats_beyond_a_range_of_which_they_have_no_black_are_stretched(
    low: float, high: float
) -> None:
    values = (GREY / 255 * (high - low) + low).astype(np.float64)
    assert is_like(tiff_of(values), GREY)


def test_floats_far_from_black_keep_the_range_of_16_bits() -> None:
    values = GREY / 255 * 10_000
    assert is_like(tiff_of(values + 30_000), (values + 30_000) / 257)
    assert is_like(tiff_of(values + 3000), (values + 3000) / 257)


@pytest.mark.parametrize("kind", ["i2", "i4", "u4"])
def test_what_less_than_a_thousandth_shows_is_not_lost_on_a_plain_ground(kind: str) -> None:
    for ground, spot, count in ((0, 30_000, 42), (500, 1000, 9), (500, 0, 9)):
        values = np.full((300, 300), ground, kind)
        values[100, 50 : 50 + count] = spot
        decoded = pixels(tiff_of(values))
        assert abs(decoded[100, 50, 0] - decoded[0, 0, 0]) == 255
        assert (decoded[..., 0] != decoded[0, 0, 0]).sum() == count


@pytest.mark.parametrize("kind", ["i2", "i4", "u4", "f4", "f8"])
def test_a_plain_picture_of_numbers_is_grey_and_black_where_they_are_zero(kind: str) -> None:
    for size in ((1, 1), (3, 3), (40, 40)):
        for value, level in ((0, 0), (700, 128), (30_000, 128)):
            assert (pixels(tiff_of(np.full(size, value, kind))) == level).all()
    if kind != "u4":
        assert (pixels(tiff_of(np.full((5, 5), -700, kind))) == 128).all()


@pytest.mark.parametrize("kind", ["i2", "i4", "u4"])
def test_one_hot_pixel_of_a_small_picture_does_not_rule_it(kind: str) -> None:
    for side in (4, 20, 31):
        right = np.linspace(0, 255, side**2).round().astype(np.uint8).reshape(side, side)
        values = (right.astype(np.float64) * 4).astype(kind)
        values[2, 2] = 30_000
        decoded = pixels(tiff_of(values))
        assert np.median(np.abs(decoded[..., 0] - right)) <= 12


def test_floats_of_a_12_bit_camera_are_as_bright_as_its_integers() -> None:
    assert is_like(tiff_of(of_bits(GREY, 12).astype(np.float32)), GREY)


def test_nothing_but_no_data_is_refused() -> None:
    for value in (np.nan, np.inf, -9999):
        with pytest.raises(images.Unreadable, match="infinite or not numbers"):
            pixels(tiff_of(np.full((5, 5), value, np.float32)))


def test_numbers_that_no_arithmetic_knows_are_black_or_white() -> None:
    for pattern, kind in ((0x7FA00000, "f4"), (0x7FF4000000000000, "f8")):
        values = GREY.astype(kind) / 255
        values.view(f"u{values.dtype.itemsize}")[40, 40] = pattern  # a NaN that signals
        assert is_like_but_for(tiff_of(values), GREY, 1)
    vast = (GREY.astype(np.float64) - 128) * 1.3e306
    assert pixels(tiff_of(vast)).shape == COLOUR.shape


@pytest.mark.parametrize("kind", ["u2", "i2", "u4", "f4"])
def test_a_plain_picture_and_a_single_pixel_have_pixels(kind: str) -> None:
    for size in ((1, 1), (1, 30), (30, 1), (40, 40)):
        assert pixels(tiff_of(np.full(size, 7).astype(kind))).shape == (*size, 3)


def test_a_sample_of_a_large_picture_meets_all_its_columns_and_colours() -> None:
    values = np.zeros((600, 600, 3), np.uint16)
    values[:, ::6] = 1
    for step in (2, 3, 6, 12, 100):
        assert sample_ranges.evenly(values, step).mean() == pytest.approx(1 / 6, abs=0.01)


def test_a_sample_of_no_columns_or_colours_is_empty() -> None:
    for shape in ((9, 0), (9, 7, 0), (0, 7, 3), (0,)):
        for step in (1, 2, 6):
            assert sample_ranges.evenly(np.zeros(shape, np.uint16), step).size == 0


def test_a_sample_does_not_keep_what_it_was_taken_from() -> None:
    assert sample_ranges.evenly(np.zeros((600, 600), np.uint16), 7).base is None
