"""Pictures that come smaller than they are: huge, far too long, small for show, or by scale."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from featclass import images
from featclass.images import colour as colours
from featclass.images import shapes
from featclass.server.thumbnails import Thumbnails
from tests.images.encoded import LIMIT, RED, decode, encoded, noise, two_halves


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
    monkeypatch.setattr("featclass.server.thumbnails._VERSION", "-v6")
    red = encoded(Image.new("RGB", (64, 32), RED), "PNG")
    assert kept.of(digest, red, 160) == images.thumbnail(red, size=160, max_pixels=LIMIT) != made
    kept.purge(keep={digest})
    assert [path.name for path in tmp_path.rglob("*.jpg")] == [f"{digest}-160-v6.jpg"]
    (tmp_path / "ab" / f"{digest}-160.jpg").write_bytes(made)
    kept.purge(keep={digest})
    assert [path.name for path in tmp_path.rglob("*.jpg")] == [f"{digest}-160-v6.jpg"]


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
        assert picture.info == {}


def test_a_picture_too_large_to_be_kept_whole_is_reduced_only_beyond_that() -> None:
    data = encoded(Image.new("L", (8000, 6400), 9), "JPEG")
    for side, size in ((None, (4000, 3200)), (256, (2000, 1600))):
        with images.decoded(data, max_pixels=10**8, side=side) as picture:
            assert picture.size == size


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
