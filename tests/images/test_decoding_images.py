from __future__ import annotations

import hashlib
import io
import random
import struct
import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, PngImagePlugin, UnidentifiedImageError

from featclass import images
from featclass.base.records import digest_of
from featclass.images import colour as colours
from featclass.images import decoding, shapes
from featclass.images import decoding as thumbnails
from featclass.server.thumbnails import Thumbnails

LIMIT = 100 * 10**6
RED, BLUE = (200, 30, 40), (20, 40, 220)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def noise(width: int, height: int) -> Image.Image:
    values = random.Random(7).randbytes(width * height * 3)
    return Image.frombytes("RGB", (width, height), values)


def two_halves(width: int = 64, height: int = 32) -> Image.Image:
    picture = Image.new("RGB", (width, height), BLUE)
    picture.paste(RED, (0, 0, width // 2, height))
    return picture


def decode(data: bytes, max_pixels: int = LIMIT) -> Image.Image:
    with images.decoded(data, max_pixels=max_pixels) as picture:
        return picture.copy()


def pixel(picture: Image.Image, x: int, y: int) -> tuple[int, int, int]:
    value = picture.getpixel((x, y))
    assert isinstance(value, tuple)
    red, green, blue = value
    return int(red), int(green), int(blue)


def near(found: tuple[int, int, int], wanted: tuple[int, int, int], tolerance: int = 12) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(found, wanted, strict=True))


def png_claiming(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    checked = struct.pack(">I", len(header)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + checked + struct.pack(">I", 10) + b"IDAT" + bytes(14)


def reason(data: bytes, max_pixels: int = LIMIT) -> str:
    """The reason, which `decoded` and `thumbnail` give alike."""
    with (
        pytest.raises(images.Unreadable) as refused,
        images.decoded(data, max_pixels=max_pixels),
    ):
        pass
    with pytest.raises(images.Unreadable, match=r".") as again:
        images.thumbnail(data, size=64, max_pixels=max_pixels)
    assert str(again.value) == str(refused.value)
    return str(refused.value)


def hostile_scans() -> bytes:
    data = encoded(noise(2000, 1000), "JPEG", progressive=True, quality=1)
    return data[:-2] + b"\xff\xda\x00\x00" * 2100 + b"\xff\xd9"


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"quality": 95}),
        ("JPEG", {"quality": 95, "progressive": True}),
        ("PNG", {}),
        ("WEBP", {"quality": 95}),
        ("GIF", {}),
        ("BMP", {}),
        ("DIB", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("PPM", {}),
        ("AVIF", {"quality": 95}),
        ("MPO", {"quality": 95, "save_all": True, "append_images": [Image.new("RGB", (9, 9))]}),
    ],
)
def test_every_allowed_format_gives_its_first_picture_in_rgb(
    kind: str, options: dict[str, object]
) -> None:
    data = encoded(two_halves(), kind, **options)
    picture = decode(data)
    assert images.check(data, max_pixels=LIMIT) == (64, 32)
    assert images.check(io.BytesIO(data), max_pixels=LIMIT) == (64, 32)
    assert (picture.mode, picture.size) == ("RGB", (64, 32))
    assert near(pixel(picture, 10, 16), RED)
    assert near(pixel(picture, 54, 16), BLUE)


def test_heic_is_read_without_teaching_pillow_heic() -> None:
    import pillow_heif

    file = io.BytesIO()
    pillow_heif.from_pillow(two_halves()).save(file, quality=95)
    picture = decode(file.getvalue())
    assert near(pixel(picture, 10, 16), RED)
    with pytest.raises(UnidentifiedImageError):
        Image.open(io.BytesIO(file.getvalue()))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_once_and_forgotten(orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = two_halves()
    upright.paste((0, 255, 0), (0, 0, 16, 16))
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    for kind in ("PNG", "TIFF", "WEBP"):
        options = {"lossless": True} if kind == "WEBP" else {}
        picture = decode(encoded(stored, kind, exif=exif, **options))
        assert picture.tobytes() == upright.tobytes()
        assert picture.getexif().get(0x0112) is None
    small = Image.open(
        io.BytesIO(images.thumbnail(encoded(stored, "JPEG", exif=exif), size=32, max_pixels=LIMIT))
    )
    assert small.size == (64, 32)
    assert near(pixel(small, 6, 6), (0, 255, 0), 30)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damaged_exif_does_not_cost_the_picture(kind: str) -> None:
    for exif in (b"Exif\0\0this is no EXIF", b"Exif\0\0II*\0\x08\0\0\0\xff\xff"):
        assert decode(encoded(two_halves(), kind, exif=exif)).size == (64, 32)


def test_transparency_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    half = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
    grey = Image.new("LA", (8, 8), (0, 0))
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([9, 9, 9, 7, 7, 7])
    white = (255, 255, 255)
    assert pixel(decode(encoded(clear, "PNG")), 3, 3) == white
    assert pixel(decode(encoded(clear, "WEBP", lossless=True)), 3, 3) == white
    assert near(pixel(decode(encoded(half, "PNG")), 3, 3), (127, 127, 127), 1)
    assert pixel(decode(encoded(grey, "PNG")), 3, 3) == white
    assert pixel(decode(encoded(palette, "PNG", transparency=1)), 3, 3) == white
    assert pixel(decode(encoded(palette, "GIF", transparency=1)), 3, 3) == white
    assert pixel(decode(encoded(two_halves(), "PNG", transparency=RED)), 3, 3) == white


def test_more_than_8_bits_are_scaled_not_clipped() -> None:
    deep = Image.new("I;16", (3, 1))
    for x, value in enumerate((0, 32_896, 65_535)):
        deep.putpixel((x, 0), value)
    for kind in ("PNG", "TIFF", "PPM"):
        picture = decode(encoded(deep, kind))
        assert [pixel(picture, x, 0)[0] for x in range(3)] == [0, 128, 255]


def test_a_picture_of_a_12_bit_camera_is_not_black() -> None:
    deep = Image.new("I;16", (2, 1))
    deep.putpixel((1, 0), 4095)
    for kind in ("TIFF", "PNG", "PPM"):
        assert pixel(decode(encoded(deep, kind)), 1, 0) == (255, 255, 255)


@pytest.mark.parametrize(
    ("mode", "values", "wanted"),
    [
        ("F", (0.0, 0.5, 1.0), (0, 128, 255)),
        ("F", (0.0, 100.0, 255.0), (0, 100, 255)),
        ("F", (0.0, 32_896.0, 65_535.0), (0, 128, 255)),
        ("F", (-50.0, 0.0, 50.0), (0, 128, 255)),
        ("I", (-100, 0, 155), (0, 100, 255)),
        ("I", (0, 500_000, 1_000_000), (0, 128, 255)),
    ],
)
def test_values_without_an_agreed_range_are_brought_to_8_bits(
    mode: str, values: tuple[float, ...], wanted: tuple[int, ...]
) -> None:
    picture = Image.new(mode, (3, 1))
    for x, value in enumerate(values):
        picture.putpixel((x, 0), value)
    found = decode(encoded(picture, "TIFF"))
    assert tuple(pixel(found, x, 0)[0] for x in range(3)) == wanted


def test_brightness_that_is_infinite_everywhere_is_rejected() -> None:
    picture = Image.new("F", (2, 1), float("inf"))
    assert "infinite" in reason(encoded(picture, "TIFF"))


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"),
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("CMYK", "TIFF"),
        ("YCbCr", "JPEG"),
        ("P", "PNG"),
        ("LAB", "TIFF"),
    ],
)
def test_white_is_white_in_every_colour_space(mode: str, kind: str) -> None:
    white = Image.new("RGB", (16, 16), "white")
    if mode == "LAB":
        source = Image.new("LAB", (16, 16), (255, 0, 0))
        source = Image.merge("LAB", (source.getchannel(0), *[Image.new("L", (16, 16), 128)] * 2))
    else:
        source = white.convert(mode)
    assert near(pixel(decode(encoded(source, kind)), 8, 8), (255, 255, 255), 2)


def test_cmyk_colours_are_not_inverted() -> None:
    data = encoded(two_halves().convert("CMYK"), "JPEG", quality=95)
    assert near(pixel(decode(data), 10, 16), RED, 20)


def test_only_the_first_frame_of_an_animation_is_read() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE, BLUE)]
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert near(pixel(decode(data), 4, 4), RED)


def test_huge_pictures_come_shrunk_by_a_whole_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    source = noise(301, 203)
    monkeypatch.setattr(shapes, "FULL_SIZE", 301 * 203 / 4 + 200)
    monkeypatch.setattr(colours, "_STRIP", 3000)
    assert decode(encoded(source, "PNG")).tobytes() == source.reduce(2).tobytes()
    jpeg = encoded(source, "JPEG")
    while_decoding = Image.open(io.BytesIO(jpeg))
    while_decoding.draft(None, (150, 101))
    assert decode(jpeg).tobytes() == while_decoding.tobytes()


def test_strips_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    source = noise(61, 47).convert("RGBA")
    source.putalpha(Image.linear_gradient("L").resize((61, 47)))
    whole = decode(encoded(source, "PNG"))
    monkeypatch.setattr(colours, "_STRIP", 200)
    assert decode(encoded(source, "PNG")).tobytes() == whole.tobytes()


@pytest.mark.parametrize("length", [320, 321, 1000, 65_535])
def test_far_too_long_pictures_are_cut_to_their_middle(length: int) -> None:
    tall = noise(10, length)
    wide = tall.transpose(Image.Transpose.ROTATE_90)
    start = (length - 320) // 2
    for source, box in (
        (tall, (0, start, 10, start + 320)),
        (wide, (start, 0, start + 320, 10)),
    ):
        data = encoded(source, "PNG")
        found, wanted = decode(data), source.crop(box)
        assert (found.size, found.tobytes()) == (wanted.size, wanted.tobytes())
        assert images.check(data, max_pixels=LIMIT) == source.size


def test_far_too_long_pictures_are_shrunk_and_turned_before_they_are_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shapes, "FULL_SIZE", 5000)
    source = noise(1000, 20)
    exif = Image.Exif()
    exif[0x0112] = 3
    wanted = source.reduce(2).transpose(Image.Transpose.ROTATE_180).crop((90, 0, 410, 10))
    assert decode(encoded(source, "PNG", exif=exif)).tobytes() == wanted.tobytes()


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


def test_thumbnails_fill_a_square_and_carry_no_metadata() -> None:
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    data = encoded(noise(1200, 600), "JPEG", exif=exif, comment=b"private")
    made = images.thumbnail(data, size=128, max_pixels=LIMIT)
    small = Image.open(io.BytesIO(made))
    assert (small.format, small.mode, small.size) == ("JPEG", "RGB", (256, 128))
    assert b"where I live" not in made
    assert b"private" not in made
    assert "progressive" not in small.info


def test_thumbnails_never_enlarge_and_cut_what_is_far_too_long() -> None:
    def size_of(width: int, height: int) -> tuple[int, int]:
        data = encoded(Image.new("RGB", (width, height), RED), "PNG")
        made = images.thumbnail(data, size=100, max_pixels=LIMIT)
        return Image.open(io.BytesIO(made)).size

    assert size_of(20, 10) == (20, 10)
    assert size_of(1, 5000) == (1, 4)
    assert size_of(3000, 200) == (400, 100)


def test_thumbnails_kept_by_a_version_that_decoded_otherwise_are_made_anew_and_purged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, digest = encoded(two_halves(), "PNG"), "ab" * 32
    kept = Thumbnails(tmp_path, max_pixels=LIMIT)
    made = kept.of(digest, data, 160)
    assert kept.of(digest, b"", 160) == made
    monkeypatch.setattr("featclass.server.thumbnails._VERSION", "-v5")
    red = encoded(Image.new("RGB", (64, 32), RED), "PNG")
    assert kept.of(digest, red, 160) == images.thumbnail(red, size=160, max_pixels=LIMIT) != made
    kept.purge(keep={digest})
    assert [path.name for path in tmp_path.rglob("*.jpg")] == [f"{digest}-160-v5.jpg"]
    (tmp_path / "ab" / f"{digest}-160.jpg").write_bytes(made)
    kept.purge(keep={digest})
    assert [path.name for path in tmp_path.rglob("*.jpg")] == [f"{digest}-160-v5.jpg"]


def test_the_digest_is_sha_256() -> None:
    assert digest_of(b"abc") == hashlib.sha256(b"abc").hexdigest()


def test_pixels_over_budget_wait_until_others_are_freed() -> None:
    budget = images.PixelBudget(100)
    entered = threading.Event()

    def second() -> None:
        with budget.taking(60):
            entered.set()

    with ThreadPoolExecutor(1) as pool:
        with budget.taking(60):
            waiting = pool.submit(second)
            assert not entered.wait(0.05)
        waiting.result(10)
    assert entered.is_set()


def test_a_picture_larger_than_the_budget_is_let_in_alone_and_nothing_overtakes_it() -> None:
    budget = images.PixelBudget(100)
    order: list[str] = []

    def take(name: str, pixels: int) -> None:
        with budget.taking(pixels):
            order.append(name)

    with ThreadPoolExecutor(2) as pool:
        with budget.taking(10):
            large = pool.submit(take, "large", 1000)
            while not budget._turn.locked():
                pass
            small = pool.submit(take, "small", 5)
            assert order == []
        large.result(10)
        small.result(10)
    assert order == ["large", "small"]


def test_the_budget_is_given_back_when_decoding_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = images.PixelBudget(64 * 64)
    monkeypatch.setattr(decoding, "PIXEL_BUDGET", budget)
    monkeypatch.setattr(thumbnails, "PIXEL_BUDGET", budget)
    data = encoded(noise(64, 64), "JPEG")
    assert "cut off" in reason(data[: len(data) // 2])
    assert decode(data).size == (64, 64)


def test_many_threads_decode_at_once() -> None:
    data = [encoded(two_halves(64, 32 + i), "PNG") for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        sizes = [picture.size for picture in pool.map(decode, data * 5)]
    assert sizes == [(64, 32 + i) for i in range(8)] * 5


@pytest.mark.parametrize(
    ("size", "side", "scale"),
    [
        ((4000, 3000), 224, 4),
        ((4000, 3000), 256, 4),
        ((4000, 2960), 256, 2),
        ((5000, 4000), 224, 4),
        ((5002, 4002), 224, 2),  # neither a quarter nor
        ((5001, 4001), 224, 1),  # a half of it is whole pixels
        ((2000, 1500), 224, 1),
        ((2600, 1568), 224, 2),
        ((2600, 1566), 224, 1),
        ((4000, 3000), None, 1),
        ((3000, 4000), 1000, 1),
    ],
)
def test_a_jpeg_is_decoded_at_a_scale_that_leaves_enough_for_the_encoder(
    size: tuple[int, int], side: int | None, scale: int
) -> None:
    data = encoded(Image.new("RGB", size, "teal"), "JPEG")
    with images.decoded(data, max_pixels=LIMIT, side=side) as picture:
        assert picture.size == (size[0] // scale, size[1] // scale)
        assert picture.info == ({images.REDUCED: scale} if scale > 1 else {})


def test_a_picture_too_large_to_be_kept_whole_is_reduced_only_beyond_that() -> None:
    data = encoded(Image.new("L", (8000, 6400), 9), "JPEG")
    for side, size, info in ((None, (4000, 3200), {}), (256, (2000, 1600), {images.REDUCED: 2})):
        with images.decoded(data, max_pixels=10**8, side=side) as picture:
            assert picture.size == size
            assert picture.info == info


def test_a_format_without_scaled_decoding_comes_whole_whatever_the_encoder_needs() -> None:
    data = encoded(Image.new("RGB", (2600, 1300), "teal"), "PNG")
    with images.decoded(data, max_pixels=LIMIT, side=224) as picture:
        assert picture.size == (2600, 1300)


def test_a_jpeg_at_reduced_scale_shows_the_same_picture_turned_upright() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize((3600, 1800), Image.Resampling.BICUBIC)
    turned = Image.Exif()
    turned[ExifTags.Base.Orientation] = 6
    data = encoded(picture, "JPEG", exif=turned, quality=95)
    small = []
    for side in (None, 224):
        with images.decoded(data, max_pixels=LIMIT, side=side) as decoded:
            assert decoded.size[0] < decoded.size[1]
            small.append(np.asarray(decoded.resize((50, 100), Image.Resampling.BOX), np.float64))
    assert np.abs(small[0] - small[1]).max() < 3
