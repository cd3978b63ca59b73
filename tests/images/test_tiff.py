from __future__ import annotations

import io
import itertools
from typing import Any

import numpy as np
import pytest
from PIL import Image

from featclass import images
from tests.images.tiffs import (
    COLOUR,
    GREY,
    LIMIT,
    Page,
    Tags,
    Values,
    deep,
    is_like,
    pixels,
    reason,
    tiff,
    tiff_of,
)

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
    from featclass.images.tiff import blocks
    from featclass.images.tiff import picture as module

    monkeypatch.setattr(module, "_KEPT_BYTES", 0)
    monkeypatch.setattr(blocks, "_BAND_BYTES", 1500)
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
    from featclass.images.tiff import blocks

    unpack, copied = blocks._unpacked_by_libtiff, []

    def counting(packed: list[memoryview], *rest: Any) -> Values:
        copied.append(sum(map(len, packed)))
        return unpack(packed, *rest)

    monkeypatch.setattr(blocks, "_unpacked_by_libtiff", counting)
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


def test_a_profile_of_a_deep_tiff_is_handed_on() -> None:
    from featclass.images.formats import opened_for_decoding

    data = tiff_of(deep(COLOUR, "u2"), photometric=2, tags={34675: (1, b"profile")})
    assert opened_for_decoding(data, LIMIT).picture.info["icc_profile"] == b"profile"
