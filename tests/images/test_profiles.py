from __future__ import annotations

import io
import random
import struct
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from featclass import images
from featclass.images import colour as profiles
from tests.images import profiles as spaces

LIMIT = 100 * 10**6
NEARLY_SRGB = spaces.Space("odd", (0.6402, 0.33), (0.3, 0.6001), (0.15, 0.06))


def photo(size: tuple[int, int] = (160, 120)) -> Image.Image:
    levels = np.random.default_rng(1).integers(40, 216, (6, 8, 3), np.uint8)
    return Image.fromarray(levels).resize(size, Image.Resampling.BICUBIC)


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def decode(data: bytes, side: int | None = None) -> NDArray[np.int16]:
    with images.decoded(data, max_pixels=LIMIT, side=side) as picture:
        assert picture.mode == "RGB"
        return np.asarray(picture).astype(np.int16)


def off(data: bytes, wanted: Image.Image) -> float:
    return float(np.abs(decode(data) - np.asarray(wanted)).mean())


@pytest.mark.parametrize(
    ("space", "stored"),
    [
        (spaces.DISPLAY_P3, (234, 51, 35)),
        (spaces.ADOBE_RGB, (219, 0, 0)),
        (spaces.PROPHOTO, (179, 70, 26)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_red_of_srgb_is_red_in_whatever_colours_it_was_saved(
    space: spaces.Space, stored: tuple[int, int, int]
) -> None:
    data = saved(Image.new("RGB", (8, 8), stored), icc_profile=space.profile())
    assert np.abs(decode(data)[4, 4] - (255, 0, 0)).max() <= 4


@pytest.mark.parametrize("space", spaces.SPACES, ids=lambda space: space.name)
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("TIFF", {}),
        ("JPEG", {"quality": 98, "subsampling": 0}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {"quality": 100, "subsampling": "4:4:4"}),
    ],
)
def test_pictures_with_a_profile_come_in_srgb_whatever_their_format(
    space: spaces.Space, kind: str, options: dict[str, object]
) -> None:
    picture = photo()
    stored, profile = space.of(picture), space.profile()
    assert off(saved(stored, kind, **options), picture) > 4
    assert off(saved(stored, kind, icc_profile=profile, **options), picture) < 2


def test_a_heic_with_a_profile_comes_in_srgb() -> None:
    import pillow_heif

    file = io.BytesIO()
    stored = spaces.DISPLAY_P3.of(photo())
    stored.info["icc_profile"] = spaces.DISPLAY_P3.profile()
    pillow_heif.from_pillow(stored).save(file, quality=98, chroma=444)
    assert off(file.getvalue(), photo()) < 1.5


@pytest.mark.parametrize(("kind", "options"), [("TIFF", {}), ("JPEG", {"quality": 98})])
def test_inks_come_as_they_look_on_paper(kind: str, options: dict[str, object]) -> None:
    inks = spaces.printed(photo())
    profile = spaces.cmyk_profile()
    assert off(saved(inks, kind, **options), spaces.as_printed(inks)) > 20
    data = saved(inks, kind, icc_profile=profile, **options)
    assert off(data, spaces.as_printed(inks)) < 4


def test_grey_with_a_profile_comes_as_light_as_it_was_meant() -> None:
    data = saved(Image.new("L", (8, 8), 128), icc_profile=spaces.grey_profile(1.0))
    assert decode(data)[4, 4].tolist() == [188] * 3


@pytest.mark.parametrize("mode", ["L", "LA"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("space", spaces.SPACES, ids=lambda space: space.name)
def test_grey_with_a_profile_of_colours_comes_as_light_as_they_mean_it(
    space: spaces.Space, kind: str, mode: str
) -> None:
    picture = Image.new("L", (8, 8), 60)
    stored = picture.convert("L" if kind == "JPEG" else mode)
    wanted = 255 * spaces.SRGB.stored(space.linear(np.full(1, 60 / 255)))[0]
    levels = decode(saved(stored, kind, icc_profile=space.profile()))[4, 4]
    assert np.abs(levels - wanted).max() <= 1
    plain = decode(saved(stored, kind, icc_profile=spaces.SRGB.profile()))[4, 4]
    assert plain.tolist() == [60] * 3


def pale(monkeypatch: pytest.MonkeyPatch, inks: float, paper: tuple[float, float, float]) -> bytes:
    """The profile of a printer; `inks`: of the light, how much the fullest layer lets through."""
    monkeypatch.setattr(spaces, "INKS", inks + (1 - inks) * spaces.INKS)
    printed = spaces._printed
    monkeypatch.setattr(spaces, "_printed", lambda values: printed(values) * paper)
    return spaces.cmyk_profile()


@pytest.mark.parametrize("paper", [(1, 1, 1), (0.63, 0.60, 0.54)], ids=["white", "as it is"])
def test_the_pale_inks_of_a_newspaper_are_heeded(
    monkeypatch: pytest.MonkeyPatch, paper: tuple[float, float, float]
) -> None:
    profile = pale(monkeypatch, 0.36, paper)
    levels = np.random.default_rng(2).integers(0, 256, (6, 8, 4), np.uint8)
    inks = Image.frombytes("CMYK", (8, 6), levels.tobytes()).resize((96, 72))
    light = spaces._printed(np.asarray(inks) / 255)
    # The darkest that the paper can show becomes black, and all else as much darker.
    darkest = float(spaces._printed(np.ones((1, 4)))[0] @ (0.2126, 0.7152, 0.0722))
    deep = spaces.SRGB.stored(((light - darkest) / (1 - darkest)).clip(0, 1)) * 255
    wanted = Image.fromarray(deep.round().astype(np.uint8))
    assert off(saved(inks, "TIFF"), wanted) > 20
    assert off(saved(inks, "TIFF", icc_profile=profile), wanted) < 4


def test_a_profile_without_a_black_is_not_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = photo((32, 24)).convert("CMYK")
    plain = decode(saved(picture, "TIFF"))
    profile = pale(monkeypatch, 0.7, (1, 1, 1))
    assert decode(saved(picture, "TIFF", icc_profile=profile)).tobytes() == plain.tobytes()


def test_a_transparent_picture_in_other_colours_still_lies_on_white() -> None:
    picture = Image.new("RGBA", (8, 8), (234, 51, 35, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 4, 8))
    found = decode(saved(picture, icc_profile=spaces.DISPLAY_P3.profile()))
    assert found[4, 1].tolist() == [255] * 3
    assert np.abs(found[4, 6] - (255, 0, 0)).max() <= 4


def test_thumbnails_and_reduced_pictures_have_the_same_colours() -> None:
    stored = Image.new("RGB", (2400, 1600), (234, 51, 35))
    data = saved(stored, "JPEG", quality=95, icc_profile=spaces.DISPLAY_P3.profile())
    assert decode(data, 224).shape == (800, 1200, 3)
    assert np.abs(decode(data, 224)[4, 4] - (255, 0, 0)).max() <= 4
    small = Image.open(io.BytesIO(images.thumbnail(data, size=64, max_pixels=LIMIT)))
    assert np.abs(np.asarray(small).astype(int)[4, 4] - (255, 0, 0)).max() <= 6


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize(
    "profile", [None, spaces.SRGB.profile(), NEARLY_SRGB.profile()], ids=["no", "sRGB", "nearly"]
)
def test_pictures_in_srgb_stay_the_same_to_the_bit(kind: str, profile: bytes | None) -> None:
    picture = photo()
    options = {"icc_profile": profile} if profile else {}
    assert (
        decode(saved(picture, kind, **options)).tobytes() == decode(saved(picture, kind)).tobytes()
    )
    assert profiles._transform(Image.open(io.BytesIO(saved(picture, kind, **options)))) is None


@pytest.mark.parametrize(
    ("mode", "profile"),
    [
        ("RGB", spaces.grey_profile(1.0)),
        ("RGB", spaces.cmyk_profile()),
        ("P", spaces.grey_profile(1.0)),
        ("CMYK", spaces.PROPHOTO.profile()),
    ],
)
def test_a_profile_for_another_kind_of_picture_is_not_heeded(mode: str, profile: bytes) -> None:
    picture = photo().convert(mode)
    with_it = decode(saved(picture, "TIFF", icc_profile=profile))
    assert with_it.tobytes() == decode(saved(picture, "TIFF")).tobytes()


def black(profile: bytes) -> bytes:
    """The profile with primaries of hardly any light."""
    for name in (b"rXYZ", b"gXYZ", b"bXYZ"):
        start = struct.unpack_from(">I", profile, profile.index(name) + 4)[0] + 8
        profile = profile[:start] + bytes((0, 0, 0, 9)) * 3 + profile[start + 12 :]
    return profile


@pytest.mark.parametrize(
    "profile",
    [
        b"no profile at all",
        spaces.PROPHOTO.profile()[:200],
        spaces.PROPHOTO.profile()[:128] + bytes(900),
        spaces.PROPHOTO.profile().replace(b"acsp", b"ACSP"),
        spaces.PROPHOTO.profile().replace(b"mntr", b"link"),
        spaces.PROPHOTO.profile().replace(b"rTRC", b"xTRC"),
        black(spaces.PROPHOTO.profile()),
        spaces.PROPHOTO.profile() + bytes(profiles.LARGEST_PROFILE),
    ],
    ids=["text", "cut", "emptied", "unsigned", "a link", "no curve", "black", "huge"],
)
def test_a_profile_that_is_damaged_or_hostile_does_not_cost_the_picture(profile: bytes) -> None:
    picture = photo((32, 24))
    assert (decode(saved(picture, "TIFF", icc_profile=profile)) == np.asarray(picture)).all()


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "L"])
def test_whatever_bytes_of_a_profile_are_damaged_a_picture_comes(mode: str) -> None:
    whole = {
        "RGB": spaces.DISPLAY_P3.profile(),
        "CMYK": spaces.cmyk_profile(),
        "L": spaces.grey_profile(2.2),
    }[mode]
    picture = photo((32, 24)).convert(mode)
    chance = random.Random(mode)
    for _ in range(60):
        profile = bytearray(whole)
        for _ in range(chance.choice((1, 3, 9))):
            profile[chance.randrange(min(len(profile), 700))] = chance.randrange(256)
        assert decode(saved(picture, "TIFF", icc_profile=bytes(profile))).shape == (24, 32, 3)


def test_no_more_than_a_few_profiles_are_kept() -> None:
    for number in range(profiles._MOST_KEPT + 5):
        profile = spaces.grey_profile(1.0 + number / 64)
        decode(saved(Image.new("L", (8, 8), 128), icc_profile=profile))
    assert profiles._made.cache_info().currsize == profiles._MOST_KEPT


def test_threads_share_a_profile() -> None:
    pictures = [photo((160, 100 + number)) for number in range(8)]
    profile = spaces.DISPLAY_P3.profile()
    data = [saved(spaces.DISPLAY_P3.of(picture), icc_profile=profile) for picture in pictures]
    alone = [decode(each).tobytes() for each in data]
    with ThreadPoolExecutor(8) as pool:
        together = [found.tobytes() for found in pool.map(decode, data * 5)]
    assert together == alone * 5
