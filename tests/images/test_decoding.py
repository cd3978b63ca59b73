"""Every format of picture comes as RGB, upright."""

from __future__ import annotations

import hashlib
import io

import pytest
from PIL import Image, UnidentifiedImageError

from featclass import images
from featclass.base.records import digest_of
from tests.images.encoded import BLUE, LIMIT, RED, decode, encoded, near, pixel, two_halves


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


def test_the_digest_is_sha_256() -> None:
    assert digest_of(b"abc") == hashlib.sha256(b"abc").hexdigest()
