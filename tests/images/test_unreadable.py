"""Bytes that are no picture, or none that should be decoded, and what is said of them."""

from __future__ import annotations

import io
import random
import struct
import warnings
import zlib

import pytest
from PIL import Image, PngImagePlugin

from featclass import images
from tests.images.encoded import LIMIT, decode, encoded, noise, png_claiming, reason, two_halves


def hostile_scans() -> bytes:
    data = encoded(noise(2000, 1000), "JPEG", progressive=True, quality=1)
    return data[:-2] + b"\xff\xda\x00\x00" * 2100 + b"\xff\xd9"


def test_brightness_that_is_infinite_everywhere_is_rejected() -> None:
    picture = Image.new("F", (2, 1), float("inf"))
    assert "infinite" in reason(encoded(picture, "TIFF"))


def test_the_pixel_guard_reads_only_the_header() -> None:
    bomb = png_claiming(20_000, 20_000)
    wanted = "the picture is too large: 20000 x 20000 is 400 megapixels, and the limit is 100;"
    wanted += " FEATCLASS_MAX_MEGAPIXELS raises it"
    assert reason(bomb) == wanted
    with pytest.raises(images.Unreadable, match="400 megapixels"):
        images.check(bomb, max_pixels=LIMIT)


def test_the_limit_itself_is_allowed() -> None:
    data = encoded(two_halves(), "PNG")
    assert decode(data, max_pixels=64 * 32).size == (64, 32)
    assert "too large" in reason(data, max_pixels=64 * 32 - 1)


def test_formats_decoded_in_several_copies_have_half_the_limit() -> None:
    data = encoded(two_halves(), "WEBP")
    assert decode(data, max_pixels=2 * 64 * 32).size == (64, 32)
    assert "limit for WebP is" in reason(data, max_pixels=2 * 64 * 32 - 1)


def test_a_picture_of_one_endless_column_is_rejected() -> None:
    assert "too long: 1 x 90000000" in reason(png_claiming(1, 90_000_000))


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", "the file is empty"),
        (b"hello, these are notes\n", "it looks like text"),
        ("Grüße, 你好\n".encode(), "not a picture"),
        (b"%PDF-1.7\n", "a document"),
        (b'<?xml version="1.0"?><svg>', "an SVG drawing"),
        (b"PK\x03\x04" + bytes(30), "a zip archive"),
        (b"\0\0\0\x18ftypmp42" + bytes(30), "a film"),
        (b"\0\0\1\0\1\0" + bytes(30), "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "a document"),
        (b"\xff\xd8\xff\xe0", "cut off"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "damaged"),
        (b"P6 10 10 255\nabc", "cut off"),
    ],
)
def test_what_is_no_picture_is_rejected_in_words(data: bytes, wanted: str) -> None:
    said = reason(data)
    assert wanted in said
    assert "Error" not in said
    assert "b'" not in said
    assert said[0].islower()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "PPM"])
def test_a_file_that_is_cut_off_is_rejected(kind: str) -> None:
    data = encoded(noise(64, 64), kind)
    assert "cut off" in reason(data[: len(data) * 2 // 3])


def test_libtiff_writes_nothing_on_the_console(capfd: pytest.CaptureFixture[str]) -> None:
    data = encoded(noise(64, 64), "TIFF", compression="tiff_lzw")
    with pytest.raises(images.Unreadable):
        decode(data[:8] + bytes(600) + data[608:])
    assert capfd.readouterr() == ("", "")


def test_work_out_of_all_proportion_is_refused() -> None:
    assert "busy" in reason(hostile_scans())
    assert "busy" in reason(b"P2 9 9 255\n" + b"#\n" * 200)
    assert "this kind of PPM" in reason(b"P6 3000 3000 100\n" + bytes(100))


def test_text_bombs_in_png_are_rejected_and_small_texts_are_not() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "a" * 2_000_000, zip=True)
    assert "damaged" in reason(encoded(two_halves(), "PNG", pnginfo=notes))
    fine = PngImagePlugin.PngInfo()
    fine.add_text("Comment", "a" * 2_000, zip=True)
    assert decode(encoded(two_halves(), "PNG", pnginfo=fine)).size == (64, 32)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "PPM"])
def test_whatever_bytes_are_damaged_the_answer_is_a_picture_or_unreadable(
    kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(kind)
    whole = encoded(two_halves(), kind)
    outcomes = set()
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 3, 9))):
            data[chance.randrange(len(data))] = chance.choice((0, 1, 127, 128, 255))
        try:
            outcomes.add(decode(bytes(data), max_pixels=10**6).mode)
        except images.Unreadable:
            outcomes.add("unreadable")
    assert outcomes <= {"RGB", "unreadable"}
    assert capfd.readouterr() == ("", "")


def test_warnings_of_pillow_neither_show_nor_break_a_picture() -> None:
    # An acTL chunk of a broken APNG, which Pillow warns of and reads as a plain PNG.
    data = encoded(two_halves(), "PNG")
    chunk = b"acTL" + bytes(8)
    broken = struct.pack(">I", 8) + chunk + struct.pack(">I", zlib.crc32(chunk))
    data = data[:33] + broken + data[33:]
    with pytest.warns(UserWarning, match="APNG"):
        Image.open(io.BytesIO(data))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode(data).size == (64, 32)


def test_what_the_caller_raises_inside_is_not_taken_for_a_bad_picture() -> None:
    with (
        pytest.raises(ValueError, match="mine"),
        images.decoded(encoded(two_halves(), "PNG"), max_pixels=LIMIT),
    ):
        raise ValueError("mine")
