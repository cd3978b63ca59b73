from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from featclass import images
from featclass.images.appearance import SIZE, Appearance, appearance
from tests.audit.drawings import MAX_PIXELS, look, saved, scene


def test_bytes_keep_everything() -> None:
    data = saved(scene(0), "JPEG")
    kept = look(data).to_bytes()
    again = Appearance.from_bytes(kept)
    assert again is not None
    assert len(kept) == SIZE + len(again.grey) < 6000
    np.testing.assert_array_equal(again.small(), look(data).small())
    assert again.to_bytes() == kept
    assert (again.format, again.width, again.height) == ("JPEG", 160, 120)
    assert again.file_bytes == len(data)
    np.testing.assert_array_equal(again.thumbnail, look(data).thumbnail)


@pytest.mark.parametrize("damage", [b"", b"\x00", b"x" * SIZE], ids=["none", "short", "version"])
def test_bytes_of_another_version_are_nothing(damage: bytes) -> None:
    assert Appearance.from_bytes(damage) is None


def test_bytes_of_the_version_before_are_not_misread() -> None:
    before = look(saved(scene(0))).to_bytes()
    assert before[0] == 4
    assert Appearance.from_bytes(b"\x03" + before[1:]) is None
    assert Appearance.from_bytes(b"\x03" + before[1:SIZE]) is None


@pytest.mark.parametrize(
    ("size", "small"), [((160, 120), (112, 84)), ((50, 90), (50, 90)), ((640, 20), (112, 4))]
)
def test_the_grey_copy_is_as_large_as_comparing_needs(
    size: tuple[int, int], small: tuple[int, int]
) -> None:
    assert look(saved(scene(0, size))).small().shape == small[::-1]


def test_bytes_keep_where_a_picture_is_lost() -> None:
    clear = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
    clear.paste("white", (9, 9, 40, 40))
    again = Appearance.from_bytes(look(saved(clear)).to_bytes())
    assert again is not None
    assert again.lost is images.Lost.ON_WHITE


def test_numbers_of_a_plain_picture_are_known() -> None:
    picture = Image.new("RGB", (64, 32), (200, 200, 200))
    picture.paste((0, 0, 0), (0, 0, 32, 32))
    found = look(saved(picture))
    assert found.percentiles == (0, 0, 0, 200, 200)
    assert found.contrast == pytest.approx(100)
    assert found.borders[2].tolist() == [0, 0, 0]
    assert found.borders[3].tolist() == [200, 200, 200]
    assert found.spreads.tolist() == [100, 100, 0, 0]
    assert [int(corner.mean()) for corner in found.corners] == [0, 200, 0, 200]
    assert found.thumbnail[:, :8].max() == 0
    assert found.thumbnail[:, 8:].min() == 200


def test_the_scale_of_decoding_hardly_matters() -> None:
    large = scene(3, (2400, 1800)).filter(ImageFilter.GaussianBlur(6))
    data = saved(large, "JPEG")
    found = []
    for side in (None, 224):
        with images.decoded(data, max_pixels=10**7, side=side) as picture:
            found.append((picture.size, appearance(picture, data, max_pixels=10**7)))
    (size, whole), (reduced, quick) = found
    assert reduced[0] < size[0]
    assert (quick.width, quick.height) == (whole.width, whole.height) == (2400, 1800)
    assert np.abs(quick.thumbnail.astype(int) - whole.thumbnail).max() <= 2
    assert quick.detail == pytest.approx(whole.detail, rel=0.1)


def test_width_and_height_are_those_of_the_upright_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = scene(0, (160, 100))
    from io import BytesIO

    file = BytesIO()
    picture.save(file, "JPEG", exif=exif)
    found = look(file.getvalue())
    assert (found.width, found.height) == (100, 160)


def test_blur_takes_the_detail() -> None:
    sharp, blurred = (
        look(saved(scene(0))),
        look(saved(scene(0).filter(ImageFilter.GaussianBlur(4)))),
    )
    assert sharp.detail > 5 * blurred.detail


@pytest.mark.parametrize("size", [(1, 1), (2, 700), (3, 3), (700, 1)])
def test_tiny_and_thin_pictures_have_an_appearance(size: tuple[int, int]) -> None:
    data = saved(Image.new("RGB", size, (10, 20, 30)))
    with images.decoded(data, max_pixels=MAX_PIXELS) as picture:
        found = appearance(picture, data, max_pixels=MAX_PIXELS)
    assert (found.width, found.height) == size
    assert found.thumbnail.reshape(-1, 3).tolist() == [[10, 20, 30]] * 256
