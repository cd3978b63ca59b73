"""Which picture of a TIFF is meant, and which file is a raw photo."""

from __future__ import annotations

import numpy as np
import pytest

from featclass import images
from tests.images.tiffs import (
    COLOUR,
    GREY,
    LIMIT,
    Page,
    Tags,
    deep,
    is_like,
    pixels,
    reason,
    tiff,
    tiff_of,
)

THUMBNAIL = Page(COLOUR, photometric=2, tags={254: (4, [1])})
SENSOR = Page(GREY.repeat(2, 0).repeat(2, 1), photometric=32803)
RAW_PHOTOS = {
    "a thumbnail alone": tiff(THUMBNAIL),
    "nef": tiff(Page(COLOUR, 2, tags={254: (4, [1])}, below=[THUMBNAIL, SENSOR])),
    "big-endian": tiff(Page(COLOUR, 2, tags={254: (4, [1])}, below=[SENSOR]), big_endian=True),
    "dng": tiff(Page(COLOUR, 2, tags={254: (4, [1]), 50706: (1, [1, 4, 0, 0])}, below=[SENSOR])),
    "linear dng": tiff(
        Page(COLOUR, 2, tags={254: (4, [1])}, below=[Page(COLOUR.repeat(2, 0), photometric=34892)])
    ),
    "arw": tiff(Page(COLOUR, 2, below=[Page(SENSOR.values, compression=32767)])),
    "pef": tiff(Page(SENSOR.values, compression=65535), THUMBNAIL),
    "a larger preview": tiff(Page(COLOUR[::2, ::2], 2, tags={254: (4, [1])}, below=[THUMBNAIL])),
    "a sensor's page behind others": tiff(THUMBNAIL, THUMBNAIL, THUMBNAIL, SENSOR),
}


@pytest.mark.parametrize("name", RAW_PHOTOS)
def test_item_13_a_raw_photo_is_named_and_not_used_as_its_thumbnail(name: str) -> None:
    assert "a raw photo of a camera; export it as JPEG" in reason(RAW_PHOTOS[name])


@pytest.mark.parametrize(
    "start",
    [
        b"II*\0\x10\0\0\0CR\x02\0", b"IIRO\x08\0\0\0", b"IIRS\x08\0\0\0", b"MMOR\0\0\0\x08",
        b"IIU\0\x18\0\0\0", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", b"FUJIFILMCCD-RAW 0201",
        b"FOVb\1\0\2\0", b"\0MRM\0\0\1\2", b"II\x1a\0\0\0HEAPCCDR",
    ],
)  # fmt: skip
def test_item_13_raw_photos_are_known_by_their_first_bytes(start: bytes) -> None:
    assert "a raw photo of a camera; export it as JPEG" in reason(start + bytes(600))


def test_item_13_ordinary_tiffs_are_no_raw_photos() -> None:
    half = COLOUR[::2, ::2]
    reduced = Page(half, photometric=2, tags={254: (4, [1])})
    other = Page(half, photometric=2)
    camera: Tags = {
        271: (2, b"Canon\0"), 272: (2, b"EOS\0"), 34665: (4, [8])
    }  # fmt: skip
    for data in (
        tiff(Page(COLOUR, photometric=2), other),
        tiff(Page(COLOUR, photometric=2), reduced),
        tiff(Page(COLOUR, photometric=2, below=[reduced])),
        tiff(Page(deep(COLOUR, "u2"), photometric=2, below=[reduced])),
        tiff(Page(COLOUR, photometric=2, tags={254: (4, [2])}), other),
        tiff(Page(COLOUR, photometric=2, tags=camera)),
        tiff(Page(COLOUR, photometric=2, tags={50706: (1, [1, 4, 0, 0])})),
    ):
        assert is_like(data, COLOUR)


@pytest.mark.parametrize("kind", ["u1", "u2"])
def test_pixels_that_spell_the_mark_of_a_raw_photo_are_pixels(kind: str) -> None:
    marked = COLOUR.copy()
    marked[0, 0] = list(b"CR\2")
    values = deep(marked, kind)
    if kind == "u2":
        values[0, 0] = np.frombuffer(b"CR\2\0\0\0", np.uint16)
    data = tiff_of(values, photometric=2)
    assert data[8:11] == b"CR\2"
    assert np.abs(pixels(data) - COLOUR)[1:].max() <= 1


@pytest.mark.parametrize("subfile", [1, 3])
@pytest.mark.parametrize("kind", ["u1", "u2"])
def test_a_level_of_a_pyramid_is_a_picture_of_its_own(kind: str, subfile: int) -> None:
    wide = COLOUR.repeat(6, 0).repeat(6, 1)
    level = Page(deep(wide, kind), photometric=2, tags={254: (4, [subfile])})
    smaller = Page(deep(COLOUR, kind), photometric=2, tags={254: (4, [subfile])})
    label = Page(deep(GREY, kind))
    for pages in ((level,), (level, smaller), (smaller, level), (level, label)):
        assert is_like(tiff(*pages), wide)


def test_a_page_of_several_is_no_thumbnail_however_small() -> None:
    page = Page(COLOUR, photometric=2, tags={254: (4, [3])})
    assert is_like(tiff(page), COLOUR)
    assert is_like(tiff(page, page), COLOUR)


@pytest.mark.parametrize("tags", [{330: (4, [8])}, {50706: (1, [1, 4, 0, 0])}])
def test_a_large_preview_of_a_raw_photo_is_no_picture_of_its_own(tags: Tags) -> None:
    wide = COLOUR.repeat(6, 0).repeat(6, 1)
    data = tiff(Page(wide, photometric=2, tags={254: (4, [1]), **tags}))
    assert "a raw photo" in reason(data)


@pytest.mark.parametrize("kind", ["u1", "u2"])
@pytest.mark.parametrize("is_big", [False, True])
def test_a_small_copy_in_front_gives_way_to_the_whole_picture(kind: str, is_big: bool) -> None:
    small = deep(COLOUR[::2, ::2], kind)
    whole = Page(deep(COLOUR, kind), photometric=2)
    reduced = {254: (4, [1])}
    for pages in (
        (Page(small, photometric=2, tags=dict(reduced)), whole),
        (Page(small, photometric=2, tags=dict(reduced), below=[whole]),),
    ):
        data = tiff(*pages, is_big=is_big)
        assert is_like(data, COLOUR)
        assert images.check(data, max_pixels=LIMIT) == (96, 72)


def test_directories_that_lead_back_to_themselves_end() -> None:
    page = Page(deep(GREY, "u2"), tags={330: (4, [8])})
    data = bytearray(tiff(page))
    start = int.from_bytes(data[4:8], "little")
    data[-4:] = start.to_bytes(4, "little")
    assert is_like(bytes(data), GREY)
