from __future__ import annotations

import io
import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from featclass import images
from tests.images.tiffs import COLOUR, GREY, Page, Tags, Values, tiff, tiff_of

LIMIT = 100 * 10**6
Pixels = NDArray[np.int16]


def pixels(data: bytes, max_pixels: int = LIMIT) -> Pixels:
    with images.decoded(data, max_pixels=max_pixels) as picture:
        return np.asarray(picture).astype(np.int16)


def reason(data: bytes) -> str:
    with pytest.raises(images.Unreadable) as refused:
        pixels(data)
    return str(refused.value)


def is_like(data: bytes, right: Values, most: int = 1) -> bool:
    wide = np.dstack([right] * 3) if right.ndim == 2 else right
    return bool(np.abs(pixels(data) - wide.astype(np.int16)).max() <= most)


def deep(values: Values, kind: str) -> Values:
    """0 to 255 as 0 to the greatest of this type, or as 0 to 1."""
    dtype = np.dtype(kind)
    if dtype.kind == "f":
        return (values / 255).astype(dtype)
    high = np.iinfo(dtype).max
    low = -high if dtype.kind == "i" else 0
    return (values.astype(object) * (high - low) // 255 + low).astype(dtype)


PACKINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "strips": {"rows": 17},
    "tiles": {"tile": (32, 48)},
    "lzw": {"compression": 5, "rows": 17},
    "deflate": {"compression": 8},
    "old deflate": {"compression": 32946, "tile": (64, 32)},
    "packbits": {"compression": 32773, "rows": 20},
    "lzma": {"compression": 34925},
    "lzw differences": {"compression": 5, "predictor": 2, "tile": (32, 48)},
    "deflate differences": {"compression": 8, "predictor": 2, "rows": 25},
    "deflate of bytes": {"compression": 8, "predictor": 3, "rows": 25},
    "planes": {"is_planar": True},
    "planes in packed tiles": {"is_planar": True, "tile": (32, 48), "compression": 8},
    "planes in packed strips": {"is_planar": True, "rows": 9, "compression": 5, "predictor": 2},
}
KINDS = ["u1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]


CASES = [
    (kind, packing)
    for kind, packing in itertools.product(KINDS, PACKINGS)
    if kind[0] == "f" or PACKINGS[packing].get("predictor") != 3
]


@pytest.mark.parametrize("big_endian", [False, True], ids=["little", "big"])
@pytest.mark.parametrize(("kind", "packing"), CASES)
def test_item_12_every_kind_of_number_comes_out_right_however_it_is_packed(
    kind: str, packing: str, big_endian: bool
) -> None:
    options = PACKINGS[packing]
    grey = tiff_of(deep(GREY, kind), big_endian=big_endian, **options)
    colour = tiff_of(deep(COLOUR, kind), photometric=2, big_endian=big_endian, **options)
    assert is_like(colour, COLOUR)
    assert is_like(grey, GREY)


@pytest.mark.parametrize("bits", [9, 10, 12, 14])
@pytest.mark.parametrize("photometric", [0, 1, 2])
def test_item_12_values_packed_without_regard_to_bytes_come_out_right(
    bits: int, photometric: int
) -> None:
    right = COLOUR if photometric == 2 else GREY
    values = (right * ((2**bits - 1) / 255)).round().astype(np.uint16)
    if photometric == 0:
        values = 2**bits - 1 - values
    packings: list[dict[str, Any]] = [{}, {"rows": 7, "compression": 5}, {"tile": (16, 16)}]
    for options in packings:
        data = tiff_of(values, photometric=photometric, bits=bits, big_endian=True, **options)
        assert is_like(data, right)


@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "f2", "f4"])
@pytest.mark.parametrize("big_endian", [False, True], ids=["little", "big"])
def test_item_12_white_is_zero_is_no_negative(kind: str, big_endian: bool) -> None:
    packings: list[dict[str, Any]] = [{}, {"compression": 8, "rows": 10}]
    for options in packings:
        data = tiff_of(deep(255 - GREY, kind), photometric=0, big_endian=big_endian, **options)
        assert is_like(data, GREY)


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_fax_is_black_on_white(is_packed: bool) -> None:
    picture = Image.fromarray(GREY).convert("1")
    file = io.BytesIO()
    picture.save(file, "TIFF", **({"compression": "group4"} if is_packed else {}))
    right = np.asarray(picture.convert("L"))
    assert is_like(file.getvalue(), right, 0)
    page = Page(np.asarray(picture.convert("L")), tags={254: (4, [2])})
    assert is_like(tiff(page), right, 0)


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
@pytest.mark.parametrize("extra", [0, 1, 2], ids=["unspecified", "multiplied", "straight"])
def test_item_12_opacity_is_laid_on_white_and_other_channels_are_left_out(
    kind: str, extra: int
) -> None:
    opacity = np.linspace(60, 255, GREY.size).reshape(GREY.shape)
    for right, photometric in ((COLOUR, 2), (GREY[..., None], 1)):
        stored = right * opacity[..., None] / 255 if extra == 1 else right.astype(float)
        values = np.dstack([stored, opacity])
        on_white = right * (opacity[..., None] / 255) + (255 - opacity[..., None])
        for is_planar, compression in itertools.product((False, True), (1, 8)):
            data = tiff_of(
                deep(values.round().astype(np.uint8), kind), photometric=photometric,
                is_planar=is_planar, compression=compression, tags={338: (3, [extra])},
            )  # fmt: skip
            wanted = right if extra == 0 else on_white
            assert is_like(data, np.broadcast_to(wanted, COLOUR.shape), 4)


def test_item_12_print_colours_of_16_bits_are_those_of_8() -> None:
    shallow = np.asarray(Image.fromarray(COLOUR).convert("CMYK")).copy()
    assert is_like(
        tiff_of(deep(shallow, "u2"), photometric=5), pixels(tiff_of(shallow, photometric=5)), 0
    )
    lab = np.dstack([GREY, COLOUR[..., 0] // 4, COLOUR[..., 1] // 4])
    wide = tiff_of(lab.astype(np.uint16) * 256, photometric=8, big_endian=True)
    assert is_like(wide, pixels(tiff_of(lab, photometric=8)), 0)


@pytest.mark.parametrize("big_endian", [False, True], ids=["little", "big"])
def test_big_tiffs_are_read_in_either_byte_order(big_endian: bool) -> None:
    for values, right in ((COLOUR, COLOUR), (deep(COLOUR, "u2"), COLOUR)):
        data = tiff_of(values, photometric=2, big_endian=big_endian, is_big=True, rows=30)
        assert is_like(data, right)
        assert images.check(data, max_pixels=LIMIT) == (96, 72)


def test_item_12_a_palette_that_ends_at_255_is_not_black() -> None:
    ramp = list(range(256))
    for scale in (1, 257):
        colours = [value * scale for value in ramp + ramp[::-1] + ramp]
        data = tiff_of(GREY, photometric=3, tags={320: (3, colours)})
        assert is_like(data, np.dstack([GREY, 255 - GREY, GREY]), 0)


@pytest.mark.parametrize("packing", ["plain", "strips", "tiles", "lzw", "deflate"])
def test_bytes_whose_bits_run_the_other_way_are_turned(packing: str) -> None:
    for kind in ("u1", "u2", "f4"):
        data = tiff_of(deep(GREY, kind), is_bit_reversed=True, **PACKINGS[packing])
        assert is_like(data, GREY)


def test_a_deep_tiff_is_turned_upright() -> None:
    for kind in ("u1", "u2", "f4"):
        data = tiff_of(deep(COLOUR, kind), photometric=2, tags={274: (3, [6])})
        assert is_like(data, np.rot90(COLOUR, -1))


def test_a_large_deep_tiff_is_shrunk_as_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    from featclass.images import shapes

    monkeypatch.setattr(shapes, "FULL_SIZE", GREY.size / 3)
    wide = pixels(tiff_of(deep(COLOUR, "u2"), photometric=2, tile=(16, 16), compression=8))
    assert wide.shape == (36, 48, 3)
    assert np.array_equal(wide, pixels(tiff_of(COLOUR, photometric=2)))


def test_bands_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    from featclass.images import tiff as module
    from featclass.images import tiff_blocks

    monkeypatch.setattr(module, "_KEPT_BYTES", 0)
    monkeypatch.setattr(tiff_blocks, "_BAND_BYTES", 1500)
    for kind, options in itertools.product(("u2", "f4"), PACKINGS.values()):
        if kind == "u2" and options.get("predictor") == 3:
            continue
        assert is_like(tiff_of(deep(COLOUR, kind), photometric=2, **options), COLOUR)


@pytest.mark.parametrize(
    "packing", ["lzw", "deflate", "lzw differences", "planes in packed strips"]
)
@pytest.mark.parametrize("kind", ["u1", "u2", "f2"])
def test_packed_rows_of_any_length_come_out_right(kind: str, packing: str) -> None:
    for width in (93, 94, 95, 96):
        right = np.ascontiguousarray(COLOUR[:, -width:])
        assert is_like(tiff_of(deep(right, kind), photometric=2, **PACKINGS[packing]), right)


def test_one_packed_strip_may_have_more_bytes_than_pillow_lets_a_picture_have_pixels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", GREY.size)  # it raises at twice that
    assert is_like(tiff_of(deep(COLOUR, "u2"), photometric=2, compression=8), COLOUR)


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


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
@pytest.mark.parametrize("packing", ["strips", "lzw", "tiles", "lzw differences"])
@pytest.mark.parametrize("holes", [[1], [0, 1], [-1], [0, 1, 2, 3]])
def test_blocks_that_a_map_leaves_out_are_zeros(kind: str, packing: str, holes: list[int]) -> None:
    options = PACKINGS[packing]
    data = tiff_of(deep(COLOUR, kind), photometric=2, **options)
    offsets, sizes = (324, 325) if "tile" in options else (273, 279)
    right, holed = COLOUR.copy(), bytearray(data)
    wide, high = options.get("tile", (96, options.get("rows")))
    count = -(-96 // wide) * -(-72 // high)
    for hole in holes:
        at = hole % count
        top, left = at // -(-96 // wide) * high, at % -(-96 // wide) * wide
        right[top : top + high, left : left + wide] = 0
        for tag in (offsets, sizes):
            blank(holed, tag, at)
    assert is_like(bytes(holed), right)


def blank(file: bytearray, tag: int, place: int) -> None:
    """Set one number of a tag of a little-endian file to zero."""
    directory = int.from_bytes(file[4:8], "little")
    for at in range(directory + 2, len(file), 12):
        if int.from_bytes(file[at : at + 2], "little") == tag:
            values = int.from_bytes(file[at + 8 : at + 12], "little")
            file[values + 4 * place : values + 4 * place + 4] = bytes(4)
            return


REFUSED = {
    "complex": (tiff_of(deep(GREY, "f4"), tags={339: (3, [6])}), "complex 32 bits"),
    "24 bits": (tiff_of(GREY.astype(np.uint8), tags={258: (3, [24])}), "24 bits"),
    "5 channels": (tiff_of(np.dstack([deep(GREY, "u2")] * 5)), "5 channels"),
    "two unnamed channels": (tiff_of(np.dstack([deep(GREY, "u2")] * 2)), "2 channels"),
    "JPEG 2000": (tiff_of(deep(GREY, "u2"), compression=33003), "JPEG 2000"),
    "JPEG of 12 bits": (tiff_of(deep(GREY, "u2"), compression=7), "JPEG"),
    "float CMYK": (tiff_of(np.dstack([deep(GREY, "f4")] * 4), photometric=5), "CMYK"),
    "565": (tiff_of(COLOUR, photometric=2, tags={258: (3, [5, 6, 5])}), "5, 6, 5 bits"),
    "logarithms": (tiff_of(deep(COLOUR, "f4"), photometric=32845), "LogLuv"),
    "uncompressed subsampled": (
        tiff_of(COLOUR, photometric=6, tags={530: (3, [2, 2]), 279: (4, [96 * 72 * 3 // 2])}),
        "YCbCr",
    ),
    "subsampled without saying so": (
        tiff_of(COLOUR, photometric=6, tags={279: (4, [96 * 72 * 3 // 2])}), "YCbCr",
    ),
    "WebP": (tiff_of(COLOUR, photometric=2, compression=50001), "WebP"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_item_12_what_is_not_read_is_refused_by_name(name: str) -> None:
    data, words = REFUSED[name]
    assert words in reason(data)
    assert "save" in reason(data)


@pytest.mark.parametrize("packing", ["lzw", "deflate", "old deflate", "packbits", "lzma"])
def test_a_deep_tiff_that_is_cut_off_is_refused(packing: str) -> None:
    options = PACKINGS[packing]
    for values in (deep(COLOUR, "u2"), deep(COLOUR, "f4")):
        assert reason(tiff_of(values, photometric=2, lost=300, **options))
        plain = tiff_of(values, photometric=2, rows=30)
        beyond: Tags = {273: (4, [8, 8, len(plain) - 99])}
        assert "cut off" in reason(tiff_of(values, photometric=2, rows=30, tags=beyond))
        assert "cut off" in reason(tiff_of(values, photometric=2, rows=30, tags={273: (4, [8, 8])}))


def test_sizes_that_a_header_lies_about_are_refused_at_once() -> None:
    deep_grey = deep(GREY, "u2")
    lies: list[Tags] = [
        {256: (4, [2**31])}, {257: (4, [0])}, {322: (4, [2**31]), 323: (4, [2**31])},
        {322: (4, [60_000]), 323: (4, [60_000]), 324: (4, [8]), 325: (4, [8])},
        {322: (4, [0]), 323: (4, [0])}, {277: (3, [60_000])}, {273: (4, [2**32 - 1])},
        {256: (4, [60_000]), 257: (4, [60_000])},
    ]  # fmt: skip
    for tags, compression, values in itertools.product(lies, (1, 8), (deep_grey, GREY)):
        assert reason(tiff_of(values, compression=compression, tags=tags))


def test_strips_that_claim_the_whole_file_are_not_copied_so_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from featclass.images import tiff_blocks

    unpack, copied = tiff_blocks._unpacked_by_libtiff, []

    def counting(packed: list[memoryview], *rest: Any) -> Image.Image:
        copied.append(sum(map(len, packed)))
        return unpack(packed, *rest)

    monkeypatch.setattr(tiff_blocks, "_unpacked_by_libtiff", counting)
    data = tiff_of(deep(COLOUR, "u2"), photometric=2, compression=5, rows=1)
    claims: Tags = {279: (4, [10**6] * 72)}
    plain = tiff_of(deep(COLOUR, "u2"), photometric=2, compression=5, rows=1, tags=claims)
    assert is_like(plain + bytes(10**6), COLOUR)
    assert sum(copied) < 12 * len(data)


def test_a_tile_far_larger_than_its_picture_is_not_unpacked() -> None:
    for compression, tile in itertools.product((5, 8), ((33_554_464, 48), (32, 16_777_264))):
        tags: Tags = {322: (4, [tile[0]]), 323: (4, [tile[1]])}
        data = tiff_of(COLOUR, photometric=2, tile=(32, 48), compression=compression, tags=tags)
        assert "tiles that do not fit" in reason(data)


def test_directories_that_lead_back_to_themselves_end() -> None:
    page = Page(deep(GREY, "u2"), tags={330: (4, [8])})
    data = bytearray(tiff(page))
    start = int.from_bytes(data[4:8], "little")
    data[-4:] = start.to_bytes(4, "little")
    assert is_like(bytes(data), GREY)


def test_a_profile_of_a_deep_tiff_is_handed_on() -> None:
    from featclass.images.headers import opened_for_decoding

    data = tiff_of(deep(COLOUR, "u2"), photometric=2, tags={34675: (1, b"profile")})
    assert opened_for_decoding(data, LIMIT).picture.info["icc_profile"] == b"profile"
