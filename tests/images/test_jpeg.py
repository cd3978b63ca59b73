from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from featclass import images
from featclass.images import decoding, jpeg, shapes
from featclass.images import formats as headers

LIMIT = 100 * 10**6
KINDS: dict[str, dict[str, object]] = {
    "baseline": {},
    "4:4:4": {"subsampling": 0},
    "optimised": {"optimize": True},
    "restarts": {"restart_marker_blocks": 3},
    "progressive": {"progressive": True},
    "progressive, restarts": {"progressive": True, "restart_marker_rows": 1},
}


def photo(size: tuple[int, int] = (333, 217), noise: float = 5) -> Image.Image:
    chance = np.random.default_rng(3)
    small = Image.fromarray(chance.integers(0, 256, (6, 8, 3), np.uint8))
    smooth = np.asarray(small.resize(size, Image.Resampling.BICUBIC), np.float64)
    return Image.fromarray(
        (smooth + chance.normal(0, noise, smooth.shape)).clip(0, 255).astype("u1")
    )


def saved(picture: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", **options)
    return file.getvalue()


def decode(data: bytes, side: int | None = None) -> NDArray[np.int16]:
    with images.decoded(data, max_pixels=LIMIT, side=side) as picture:
        return np.asarray(picture).astype(np.int16)


def is_cut_off(data: bytes) -> bool:
    try:
        decode(data)
    except images.Unreadable as refused:
        return "cut off" in str(refused)
    return False


@pytest.mark.parametrize(
    ("marker", "bits", "reason"),
    [
        (0xC1, 12, "it is a JPEG of 12 bits a sample; export it as 8 bits"),
        (0xC2, 12, "it is a JPEG of 12 bits a sample; export it as 8 bits"),
        (0xC3, 16, "it is a lossless JPEG of 16 bits a sample; export it as 8 bits"),
        (0xF7, 8, "it is a JPEG-LS picture; export it as JPEG or PNG"),
        (0xF7, 16, "it is a JPEG-LS picture; export it as JPEG or PNG"),
    ],
)
def test_a_jpeg_of_samples_that_are_not_read_is_refused_by_name(
    marker: int, bits: int, reason: str
) -> None:
    data = saved(photo((64, 48)), exif=b"Exif\0\0" + b"\xff\xc1\0\x08\x0c" * 9)
    data = data.replace(b"\xff\xc0\0\x11\x08", bytes((0xFF, marker, 0, 17, bits)))
    with pytest.raises(images.Unreadable) as refused:
        images.check(data, max_pixels=LIMIT)
    assert str(refused.value) == reason
    with pytest.raises(images.Unreadable, match=reason):
        decode(data)


@pytest.mark.parametrize("bits", [0, 200])
def test_a_jpeg_that_is_damaged_is_not_given_the_name_of_another_kind(bits: int) -> None:
    data = saved(photo((64, 48))).replace(b"\xff\xc0\0\x11\x08", bytes((255, 192, 0, 17, bits)))
    with pytest.raises(images.Unreadable, match="damaged, cut off, or of an unusual kind"):
        decode(data)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("missing", [1, 2])
@pytest.mark.parametrize("after", [b"", bytes(37)])
def test_a_jpeg_that_lacks_only_its_end_marker_is_decoded_as_the_whole(
    kind: str, missing: int, after: bytes
) -> None:
    whole = saved(photo(), quality=92, **KINDS[kind])
    assert whole.endswith(b"\xff\xd9")
    assert (decode(whole[:-missing] + after) == decode(whole)).all()
    small = images.thumbnail(whole, size=64, max_pixels=LIMIT)
    assert images.thumbnail(whole[:-missing] + after, size=64, max_pixels=LIMIT) == small


def test_a_large_jpeg_without_its_end_marker_is_decoded_at_reduced_scale_alike() -> None:
    whole = saved(photo((2400, 1600)))
    assert decode(whole, 224).shape == (800, 1200, 3)
    assert (decode(whole[:-2], 224) == decode(whole, 224)).all()
    with pytest.raises(images.Unreadable, match="cut off"):
        decode(whole[:-1000], 224)


@pytest.mark.parametrize("kind", KINDS)
def test_a_jpeg_cut_anywhere_else_is_the_same_or_refused(kind: str) -> None:
    whole = saved(photo(), quality=85, **KINDS[kind])
    for cut in (3, 4, 6, 10, 33, 100, len(whole) // 4, len(whole) // 2, len(whole) * 3 // 4):
        for after in (b"", bytes(cut)):
            if cut >= 10 or is_cut_off(whole[:-cut] + after):
                assert is_cut_off(whole[:-cut] + after)
            else:
                assert np.abs(decode(whole[:-cut] + after) - decode(whole)).max() <= 2


@pytest.mark.parametrize("kind", KINDS)
def test_no_grey_bottom_passes_where_the_cut_is_in_a_grey_part(kind: str) -> None:
    picture = Image.new("RGB", (320, 240), (128, 128, 128))
    picture.paste(photo((320, 100)), (0, 140))
    whole = saved(picture, **KINDS[kind])
    assert all(is_cut_off(whole[:-cut]) for cut in range(20, len(whole) - 1000, 211))


def test_a_jpeg_cut_where_it_starts_anew_is_cut_off() -> None:
    for rows in range(10, 18):  # so that the last start has each of the eight numbers once
        whole = saved(photo((24, 8 * rows)).convert("L"), restart_marker_blocks=3)
        starts = [found.start() for found in re.finditer(rb"\xff[\xd0-\xd7]", whole)]
        assert len(starts) == rows - 1
        assert all(is_cut_off(whole[:start]) for start in starts)
        assert all(is_cut_off(whole[: start + 2]) for start in starts)


def test_a_jpeg_filled_with_zeros_where_its_rest_was_never_copied_is_cut_off() -> None:
    whole = saved(photo(), quality=95)
    half = len(whole) // 2
    assert is_cut_off(whole[:half] + bytes(half))
    assert is_cut_off(whole[:half] + bytes(5 * half))


def test_zeros_of_the_picture_itself_are_not_taken_for_filling() -> None:
    whole = saved(Image.new("RGB", (640, 480), "white"), optimize=True)
    assert whole.endswith(bytes(20) + b"\xff\xd9")
    assert (decode(whole[:-2]) == decode(whole)).all()


def test_a_progressive_jpeg_without_its_last_scans_is_cut_off() -> None:
    whole = saved(photo(), progressive=True)
    last = whole.rindex(b"\xff\xda")
    assert is_cut_off(whole[:last])
    assert is_cut_off(whole[: whole.rindex(b"\xff\xda", 0, last)])


@pytest.mark.parametrize("trailer", [b"MotionPhoto_Data" + bytes(9000), b"SEFT\0\0", b"\xff\xd9\0"])
def test_what_phones_append_changes_nothing(trailer: bytes) -> None:
    whole = saved(photo())
    assert (decode(whole + trailer) == decode(whole)).all()


def test_pillow_is_left_as_strict_as_it_was() -> None:
    whole = saved(photo())
    decode(whole[:-2])
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(whole[:-2])).load()


def test_a_file_without_its_end_has_less_work_before_it_is_out_of_proportion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = saved(photo(), progressive=True)
    monkeypatch.setattr(headers, "_MOST_SCANNED", whole.count(b"\xff\xda") * 333 * 217)
    decode(whole)
    with pytest.raises(images.Unreadable, match="busy"):
        decode(whole[:-2])


@pytest.mark.parametrize(
    ("size", "scale"),
    [
        ((4000, 3000), 1),
        ((5000, 5000), 1),
        ((5001, 5000), 2),
        ((10_000, 10_000), 2),
        ((12_000, 9_000), 4),
        ((16_320, 12_240), 4),
        ((30_000, 20_000), 8),
        ((60_000, 60_000), 8),
    ],
)
def test_a_jpeg_is_decoded_at_the_scale_that_leaves_as_much_as_is_kept(
    size: tuple[int, int], scale: int
) -> None:
    assert jpeg.scale(size) == scale


def test_a_photo_of_108_megapixels_is_decoded_everywhere() -> None:
    data = saved(Image.new("L", (12_000, 9_000), 128), quality=20)
    assert images.check(data, max_pixels=LIMIT) == (12_000, 9_000)
    with images.decoded(data, max_pixels=LIMIT, side=224) as picture:
        assert picture.size == (3000, 2250)
        assert picture.getextrema() == ((128, 128),) * 3
        look = images.appearance(picture, data, max_pixels=LIMIT)
    assert (look.width, look.height) == (12_000, 9_000)
    assert images.thumbnail(data, size=64, max_pixels=LIMIT)


def refusal(data: bytes, max_pixels: int) -> str:
    with pytest.raises(images.Unreadable) as refused:
        images.check(data, max_pixels=max_pixels)
    with (
        pytest.raises(images.Unreadable, match=r"too large"),
        images.decoded(data, max_pixels=max_pixels, side=224),
    ):
        pass
    return str(refused.value)


def test_a_jpeg_of_gigapixels_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shapes, "FULL_SIZE", 10 * 10)
    data = saved(photo((400, 200)))
    assert images.check(data, max_pixels=400 * 200 // 16) == (400, 200)
    assert "and the limit for JPEG is 0.07998; " in refusal(data, 400 * 200 // 16 - 1)


def test_what_counts_of_a_jpeg_is_what_is_decoded_after_scaling(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shapes, "FULL_SIZE", 100 * 100)
    data = saved(photo((400, 200)))
    assert images.check(data, max_pixels=100 * 50) == (400, 200)
    with images.decoded(data, max_pixels=100 * 50) as picture:
        assert picture.size == (100, 50)
    assert refusal(data, 100 * 50 - 1).endswith(
        "0.08 megapixels, and the limit for JPEG is 0.07998; FEATCLASS_MAX_MEGAPIXELS raises it"
    )


@pytest.mark.parametrize(
    ("subsampling", "samples"), [(0, 3.0), (1, 2.0), (2, 1.5)], ids=["4:4:4", "4:2:2", "4:2:0"]
)
def test_the_coefficients_that_a_progressive_jpeg_keeps_count_whatever_the_scale(
    monkeypatch: pytest.MonkeyPatch, subsampling: int, samples: float
) -> None:
    monkeypatch.setattr(shapes, "FULL_SIZE", 100 * 100)
    data = saved(photo((400, 200)), progressive=True, subsampling=subsampling)
    cost = 100 * 50 + int(400 * 200 * samples / 4)
    assert images.check(data, max_pixels=cost) == (400, 200)
    assert "which is kept whole in memory, is 0.0" in refusal(data, cost - 1)


def test_a_jpeg_whose_colours_come_in_scans_of_their_own_counts_as_kept_whole() -> None:
    data = saved(photo(), subsampling=0)
    assert jpeg.kept_whole(JpegImageFile(io.BytesIO(data))) == 0
    header = data.index(b"\xff\xda\0\x0c\3")
    apart = (
        data[:header] + b"\xff\xda\0\x08\1" + data[header + 5 : header + 7] + data[header + 11 :]
    )
    assert jpeg.kept_whole(JpegImageFile(io.BytesIO(apart))) == 333 * 217 * 3 // 4


def test_a_progressive_jpeg_up_to_the_limit_itself_is_decoded_as_ever() -> None:
    data = saved(photo(), progressive=True, subsampling=0)
    with images.decoded(data, max_pixels=333 * 217) as picture:
        assert picture.size == (333, 217)


def test_what_a_progressive_jpeg_keeps_counts_against_the_budget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = []

    class Budget(images.PixelBudget):
        @contextmanager
        def taking(self, pixels: int) -> Iterator[None]:
            taken.append(pixels)
            with super().taking(pixels):
                yield

    monkeypatch.setattr(decoding, "PIXEL_BUDGET", Budget(LIMIT))
    for options in ({}, {"progressive": True}):
        decode(saved(photo((400, 200)), subsampling=0, **options))
    assert taken == [400 * 200, 400 * 200 + 400 * 200 * 3 // 4]


def test_formats_without_scaled_decoding_keep_their_limit() -> None:
    file = io.BytesIO()
    Image.new("L", (300, 200)).save(file, "PNG")
    assert "and the limit is 0.05; FEATCLASS_MAX" in refusal(file.getvalue(), 50_000)
    file = io.BytesIO()
    Image.new("L", (300, 200)).save(file, "WEBP")
    assert "and the limit for WebP is 0.05; FEATC" in refusal(file.getvalue(), 100_000)
