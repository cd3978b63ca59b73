from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from featclass.audit.registration import (
    AGREEING,
    Features,
    agreement,
    composed,
    inverse,
    registration,
)
from tests.audit.drawings import photo, scene

Change = Callable[[Image.Image], Image.Image]
SIZE = (160, 120)
SEEDS = range(12)


def affine(*numbers: float) -> Change:
    return lambda picture: picture.transform(
        picture.size, Image.Transform.AFFINE, numbers, Image.Resampling.BICUBIC
    )


def covered(picture: Image.Image) -> Image.Image:
    changed = picture.copy()
    changed.paste((0, 0, 0), (10, 10, 58, 46))
    changed.paste((127, 127, 127), (90, 60, 138, 96))
    return changed


def several(picture: Image.Image) -> Image.Image:
    turned = picture.rotate(-9, Image.Resampling.BICUBIC)
    moved = affine(0.9, 0.05, 12, 0, 0.9, -6)(turned)
    return ImageEnhance.Brightness(ImageOps.mirror(moved)).enhance(0.8)


CHANGES: dict[str, Change] = {
    "cropped to 80 %": lambda picture: picture.crop((20, 6, 148, 102)),
    "shifted by a tenth": affine(1, 0, 16, 0, 1, -12),
    "tilted by 12 degrees": lambda picture: picture.rotate(12, Image.Resampling.BICUBIC),
    "turned by 35 degrees": lambda picture: picture.rotate(35, Image.Resampling.BICUBIC),
    "turned by a quarter and cropped": lambda picture: picture.transpose(
        Image.Transpose.ROTATE_90
    ).crop((8, 12, 116, 140)),
    "upside down and shifted": lambda picture: affine(1, 0, 16, 0, 1, -12)(ImageOps.flip(picture)),
    "sheared": affine(1, 0.2, -12, 0, 1, 0),
    "partly covered": covered,
    "zoomed in": affine(0.8, 0, 16, 0, 0.8, 12),
    "zoomed out": affine(1.25, 0, -20, 0, 1.25, -15),
    "mirrored": ImageOps.mirror,
    "half as large": lambda picture: picture.resize((80, 60), Image.Resampling.LANCZOS),
    "several at once": several,
}


def features(picture: Image.Image) -> Features:
    grey = picture.convert("L")
    grey.thumbnail((112, 112), Image.Resampling.BOX)
    return Features.of(np.asarray(grey))


def are_the_same(one: Image.Image, other: Image.Image) -> bool:
    return registration(features(one), features(other)) is not None


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_copy_is_known_whichever_is_asked_first(change: Change) -> None:
    pairs = [(photo(seed), change(photo(seed))) for seed in SEEDS]
    known = [are_the_same(one, other) and are_the_same(other, one) for one, other in pairs]
    assert np.mean(known) >= 0.9, known


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_many_changed_copies_of_drawings_with_few_corners_are_known(change: Change) -> None:
    known = [are_the_same(scene(seed), change(scene(seed))) for seed in SEEDS]
    assert np.mean(known) >= 0.5, known


def test_different_pictures_are_not_the_same() -> None:
    drawn = [features(draw(seed)) for draw in (photo, scene) for seed in range(20)]
    pairs = [(one, other) for row, one in enumerate(drawn) for other in drawn[:row]]
    assert not any(registration(one, other) is not None for one, other in pairs)


def with_object(ground: Image.Image, seed: int) -> Image.Image:
    """Put a picture of a third of the area on a ground, where all such pictures have it."""
    together = ground.copy()
    together.paste(photo(1000 + seed).resize((92, 70)), (34, 25))
    return together


def in_frame(frame: Image.Image, seed: int) -> Image.Image:
    together = frame.copy()
    together.paste(photo(2000 + seed).resize((112, 84)), (24, 18))
    return together


def with_writing(seed: int) -> Image.Image:
    written = photo(3000 + seed)
    pen = ImageDraw.Draw(written)
    for line in range(3):
        pen.text((8, 12 + 36 * line), "all rights reserved", fill="white")
    return written


def letterboxed(seed: int) -> Image.Image:
    boxed = Image.new("RGB", SIZE)
    boxed.paste(photo(4000 + seed).resize((160, 70)), (0, 25))
    pen = ImageDraw.Draw(boxed)
    pen.text((10, 5), "CHANNEL 4 NEWS TONIGHT", fill="white")
    pen.text((10, 103), "live from the studio", fill="white")
    return boxed


def screenshot(seed: int) -> Image.Image:
    shot = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(shot)
    for row in range(9):
        pen.text((4, 2 + 13 * row), ("File", "Edit", "View", "Help")[row % 4], fill="black")
        pen.rectangle((40, 4 + 13 * row, 46, 10 + 13 * row), outline="blue")
    shot.paste(photo(5000 + seed).resize((104, 106)), (52, 10))
    return shot


def digit(seed: int) -> Image.Image:
    """Draw a ring of 8 x 8 pixels, as a handwritten nought is, enlarged."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((8, 8)) - 3.5 + rng.normal(0, 0.3, (2, 1, 1))
    ring = np.exp(-(((rows / rng.uniform(2.4, 3.2)) ** 2 + (columns / 2) ** 2 - 1) ** 2) * 2)
    grey = (16 * ring + rng.normal(0, 0.8, (8, 8))).clip(0, 16) * 15.9
    return Image.fromarray(grey.astype(np.uint8)).resize((160, 160))


OPPOSITES: dict[str, Callable[[int], Image.Image]] = {
    "one ground": lambda seed: with_object(photo(77), seed),
    "one frame": lambda seed: in_frame(scene(78), seed),
    "one watermark": with_writing,
    "one letterbox with captions": letterboxed,
    "one program": screenshot,
    "one digit": digit,
}


@pytest.mark.parametrize("draw", OPPOSITES.values(), ids=OPPOSITES.keys())
def test_different_pictures_with_something_in_common_are_not_the_same(
    draw: Callable[[int], Image.Image],
) -> None:
    drawn = [features(draw(seed)) for seed in range(10)]
    pairs = [(one, other) for row, one in enumerate(drawn) for other in drawn[:row]]
    assert not any(registration(one, other) is not None for one, other in pairs)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (112, 1), (112, 112)])
def test_pictures_without_corners_are_never_the_same(size: tuple[int, int]) -> None:
    even = Features.of(np.full(size[::-1], 90, np.uint8))
    assert registration(even, even) is None
    assert registration(even, features(photo(0))) is None


def test_a_registration_says_where_each_position_lies() -> None:
    picture = photo(3, (112, 84))
    moved = affine(1, 0, 10, 0, 1, 6)(picture)
    change = registration(features(picture), features(moved))
    assert change is not None
    np.testing.assert_allclose(change, [[1, 0, -10], [0, 1, -6]], atol=0.6)
    np.testing.assert_allclose(composed(change, inverse(change)), np.eye(2, 3), atol=1e-9)


def test_a_mirrored_registration_is_mirrored() -> None:
    picture = photo(4, (112, 84))
    change = registration(features(picture), features(ImageOps.mirror(picture)))
    assert change is not None
    np.testing.assert_allclose(change, [[-1, 0, 111], [0, 1, 0]], atol=0.6)


def test_pictures_agree_in_other_light_and_not_when_one_is_moved_away() -> None:
    grey = np.asarray(photo(5, (112, 84)).convert("L"))
    darker = (grey * 0.6 + 20).astype(np.uint8)
    assert agreement(grey, darker, np.eye(2, 3)) > AGREEING
    assert agreement(grey, darker, np.array([[1.0, 0, 8], [0, 1, 0]])) < AGREEING
    assert agreement(grey, darker, np.array([[1.0, 0, 80], [0, 1, 0]])) == 0
    smooth = Image.fromarray(grey).filter(ImageFilter.GaussianBlur(1))
    assert agreement(grey, np.asarray(smooth), np.eye(2, 3)) > AGREEING
