from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from featclass import images
from featclass.images import Lost
from featclass.images.tiff.directory import later_pages, picture_directory
from tests.audit.drawings import look, scene
from tests.images.tiffs import GREY, Page, tiff

Colour = tuple[int, ...] | str


def drawing(ink: Colour, ground: Colour = (0, 0, 0, 0), width: int = 5) -> Image.Image:
    picture = Image.new("RGBA", (160, 120), ground)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((30, 20, 110, 100), outline=ink, width=width)
    pen.line((10, 110, 150, 15), fill=ink, width=width)
    return picture


def saved(picture: Image.Image, kind: str = "PNG", *later: Image.Image) -> bytes:
    file = io.BytesIO()
    options = {"save_all": True, "append_images": later} if later else {}
    picture.save(file, kind, **({"lossless": True} if kind == "WEBP" else {}), **options)
    return file.getvalue()


def of(data: bytes) -> Lost:
    return look(data).lost


@pytest.mark.parametrize("ink", ["white", (245, 245, 240, 255), (255, 255, 255, 190)])
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_a_light_drawing_on_a_transparent_ground_is_lost_on_white(kind: str, ink: Colour) -> None:
    assert of(saved(drawing(ink), kind)) is Lost.ON_WHITE


def test_a_light_drawing_is_lost_in_grey_and_in_a_palette_too() -> None:
    assert of(saved(drawing("white").convert("LA"))) is Lost.ON_WHITE
    palette = Image.new("P", (160, 120), 0)
    palette.putpalette([0, 0, 0, 255, 255, 255])
    palette.paste(1, (40, 40, 100, 90))
    file = io.BytesIO()
    palette.save(file, "GIF", transparency=0)
    assert of(file.getvalue()) is Lost.ON_WHITE


@pytest.mark.parametrize(
    "picture",
    [
        drawing("black"),
        drawing((200, 30, 40, 255)),
        drawing("black", width=1),
        drawing("white", ground=(20, 20, 90, 255)),
        drawing("white", ground=(255, 255, 255, 255)),
        drawing((240, 240, 240, 255), ground=(255, 255, 255, 255)),
        drawing("white", ground=(0, 0, 0, 128)),
        drawing("white", ground=(250, 250, 250, 250)),
        scene(1).convert("RGBA"),
        Image.new("RGBA", (160, 120), (0, 0, 0, 0)),
        Image.new("RGBA", (160, 120), "white"),
    ],
    ids=[
        "black", "red", "thin", "on blue", "white on white", "product", "on half black",
        "nearly opaque", "photo", "nothing at all", "opaque white",
    ],
)  # fmt: skip
def test_pictures_that_stay_to_be_seen_are_not_lost(picture: Image.Image) -> None:
    assert of(saved(picture)) is Lost.NOT


def shape(*fills: Colour, outline: Colour | None = None) -> Image.Image:
    """Ellipses on a clear ground, each over most of the one before."""
    picture = Image.new("RGBA", (400, 300), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    for inset, fill in enumerate(fills):
        pen.ellipse((20 + 8 * inset, 20 + 8 * inset, 330, 270), fill=fill, outline=outline)
    return picture


def with_clear_corners(pixels: int, dark: tuple[int, int, int, int]) -> Image.Image:
    """A white window with something dark in it, of which so many pixels of a corner are clear."""
    picture = Image.new("RGBA", (400, 300), "white")
    ImageDraw.Draw(picture).rectangle(dark, fill=(30, 30, 30, 255))
    picture.paste((0, 0, 0, 0), (0, 0, pixels, pixels))
    return picture


@pytest.mark.parametrize("pixels", [1, 5, 80])
def test_a_white_window_with_clear_corners_and_something_small_in_it_is_not_lost(
    pixels: int,
) -> None:
    assert of(saved(with_clear_corners(pixels, (200, 100, 219, 117)))) is Lost.NOT
    assert of(saved(with_clear_corners(pixels, (20, 150, 379, 150)))) is Lost.NOT


def test_a_white_thing_is_seen_by_its_soft_shadow_and_by_a_thin_outline() -> None:
    assert of(saved(shape((0, 0, 0, 110), "white"))) is Lost.NOT
    assert of(saved(shape("white", outline="black"))) is Lost.NOT
    assert of(saved(shape("white", outline=(90, 90, 90, 255)))) is Lost.NOT
    assert of(saved(shape((0, 0, 0, 20), "white"))) is Lost.ON_WHITE


def test_glass_that_lets_the_white_through_is_lost_and_smoked_glass_is_not() -> None:
    assert of(saved(shape((255, 255, 255, 100)))) is Lost.ON_WHITE
    assert of(saved(shape((255, 255, 255, 30)))) is Lost.ON_WHITE
    assert of(saved(shape((120, 120, 120, 30)))) is Lost.ON_WHITE
    assert of(saved(shape((120, 120, 120, 100)))) is Lost.NOT
    assert of(saved(shape((255, 255, 255, 10)))) is Lost.NOT


def test_a_white_badge_with_dark_letters_is_not_lost() -> None:
    badge = Image.new("RGBA", (160, 120), (0, 0, 0, 0))
    pen = ImageDraw.Draw(badge)
    pen.ellipse((20, 10, 120, 110), fill="white")
    pen.rectangle((50, 50, 90, 65), fill="black")
    assert of(saved(badge)) is Lost.NOT


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_whose_first_frame_is_blank_is_lost(kind: str) -> None:
    blank = Image.new("RGB", (160, 120), "white")
    assert of(saved(blank, kind, scene(1))) is Lost.IN_LATER_FRAME
    assert of(saved(Image.new("RGB", (160, 120)), kind, scene(1))) is Lost.IN_LATER_FRAME
    grey = Image.new("RGB", (160, 120), (250, 250, 250))
    assert of(saved(blank, kind, grey, scene(1))) is Lost.IN_LATER_FRAME


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_with_a_real_first_frame_or_none_is_not_lost(kind: str) -> None:
    blank = Image.new("RGB", (160, 120), "white")
    assert of(saved(scene(1), kind, blank)) is Lost.NOT
    assert of(saved(blank, kind)) is Lost.NOT
    assert of(saved(blank, kind, Image.new("RGB", (160, 120), (252, 252, 252)))) is Lost.NOT


def test_a_first_page_that_is_blank_is_told_from_one_that_is_not() -> None:
    blank = Image.new("RGB", (160, 120), "white")
    assert of(saved(blank, "TIFF", scene(1))) is Lost.ON_LATER_PAGE
    assert of(saved(scene(1), "TIFF", blank)) is Lost.NOT
    assert of(saved(blank, "TIFF")) is Lost.NOT


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
@pytest.mark.parametrize("white", [0, 1])
@pytest.mark.parametrize("compression", [1, 8])
def test_a_blank_first_page_of_more_than_8_bits_is_told_too(
    kind: type[np.uint16 | np.float32], white: int, compression: int
) -> None:
    greatest = 65_535 if kind is np.uint16 else 1
    full = Page((GREY / 255 * greatest).astype(kind), compression=compression)
    blank = Page(np.full_like(full.values, white * greatest), compression=compression)
    copy = Page(full.values, tags={254: (4, [1])})
    assert of(tiff(blank, full)) is Lost.ON_LATER_PAGE
    assert of(tiff(blank, blank, copy, blank, full)) is Lost.ON_LATER_PAGE
    assert of(tiff(full, blank)) is Lost.NOT
    assert of(tiff(blank, blank)) is Lost.NOT
    assert of(tiff(blank, copy)) is Lost.NOT


def test_pages_that_lead_back_to_one_another_are_looked_at_once() -> None:
    white = Page(np.full((30, 40), 65_535, np.uint16))
    data = bytearray(tiff(white, white))
    first = int.from_bytes(data[4:8], "little")
    data[-4:] = first.to_bytes(4, "little")
    assert of(bytes(data)) is Lost.NOT
    directory = picture_directory(io.BytesIO(data))
    assert directory is not None
    assert len(list(later_pages(directory, 12))) == 1


def test_a_dot_on_the_first_page_is_something() -> None:
    page = Image.new("RGB", (1200, 800), "white")
    page.putpixel((777, 555), (0, 0, 0))
    assert of(saved(page, "TIFF", scene(1))) is Lost.NOT


def test_a_later_page_that_is_damaged_or_huge_is_no_reason_to_refuse_the_first() -> None:
    data = saved(Image.new("RGB", (160, 120), "white"), "TIFF", scene(1))
    assert of(data[:-200]) is Lost.NOT
    later = Image.new("1", (6000, 6000))
    later.paste(1, (0, 0, 3000, 6000))
    huge = saved(Image.new("1", (16, 12), 1), "TIFF", later)
    with images.decoded(huge, max_pixels=10**8) as picture:
        assert picture.info == {}


def test_looking_for_later_frames_leaves_the_picture_as_it_is() -> None:
    with images.decoded(
        saved(Image.new("RGB", (160, 120), "white"), "TIFF", scene(1)), max_pixels=10**6
    ) as picture:
        assert picture.getextrema() == ((255, 255),) * 3
        assert picture.info == {images.LOST: Lost.ON_LATER_PAGE}
