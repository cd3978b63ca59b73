"""JPEG files: without their end marker, of more pixels than are decoded, kept whole in memory."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO, Final

from PIL.JpegImagePlugin import JpegImageFile

from featclass.base import digest_of
from featclass.images.shapes import Size, whole_factor
from featclass.images.unreadable import CUT_OFF, Unreadable

TRIALS: Final = 7
"""How many times over a file without its end marker is decoded at most."""

_SCAN: Final = b"\xff\xda"
_LONGEST_SCAN_HEADER: Final = 16
_END: Final = b"\xff\xd9"
_SCALES: Final = (1, 2, 4, 8)
_COEFFICIENTS_A_PIXEL: Final = 4
"""A decoded pixel takes 4 bytes and a coefficient 2; but the pixel limit has always let in colour
pictures of so many pixels whose coefficients were kept too, at 6 bytes a pixel or 8."""
_OTHER_BITS: Final = frozenset(range(2, 17)) - {8}
_LONGEST_HEADER: Final = 2**20
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_LOSSLESS: Final = frozenset((0xC3, 0xC7, 0xCB, 0xCF))
_LS: Final = 0xF7
_NEXT_SEGMENT: Final = re.compile(rb"\xff(?=[^\0\xff\xd0-\xd7])")


def open_jpeg(file: BinaryIO) -> JpegImageFile:
    """Return the picture, not yet decoded.

    Raises:
        Unreadable: Its samples are kept as libjpeg does not read them.
        SyntaxError: It is damaged.
    """
    try:
        return JpegImageFile(file)
    except SyntaxError:
        file.seek(0)
        _refuse_by_name(file.read(_LONGEST_HEADER))
        raise


def _refuse_by_name(header: bytes) -> None:
    for marker, body in _segments(header):
        if marker == _LS:
            raise Unreadable("it is a JPEG-LS picture; export it as JPEG or PNG")
        if marker in _FRAMES and body and body[0] in _OTHER_BITS:
            name = "a lossless JPEG" if marker in _LOSSLESS else "a JPEG"
            raise Unreadable(f"it is {name} of {body[0]} bits a sample; export it as 8 bits")


def scale(size: Size) -> int:
    """Return n, where a JPEG this large is decoded at 1/n for as few pixels as are ever kept."""
    factor = whole_factor(size)
    return next((scale for scale in _SCALES if scale >= factor), _SCALES[-1])


def kept_whole(picture: JpegImageFile) -> int:
    """Return for how many decoded pixels the coefficients count that libjpeg keeps meanwhile.

    It keeps all of them, at whatever scale it decodes, where the picture comes in several scans.
    """
    if "progressive" not in picture.info and _of_first_scan(picture) == len(picture.layer):
        return 0
    samples = sum(across * down for _, across, down, _ in picture.layer)
    across = max((across for _, across, _, _ in picture.layer), default=1)
    down = max((down for _, _, down, _ in picture.layer), default=1)
    coefficients = picture.width * picture.height * samples // max(1, across * down)
    return coefficients // _COEFFICIENTS_A_PIXEL


def is_ended(picture: JpegImageFile) -> bool:
    """Tell whether an end marker follows the first scan of a picture that is not yet decoded."""
    file = _file(picture)
    return file.getvalue().rfind(_END, file.tell()) >= 0


def load(picture: JpegImageFile) -> None:
    """Decode; a file that lacks its end marker alone gives the pixels of the whole one.

    libjpeg makes up what is missing at the end, and does not tell. So such a file is decoded
    several times, each time continued by other bytes: where the picture depends on them, they
    stand for a part of it that is missing.

    Raises:
        Unreadable: The file is cut off.
        OSError: It is damaged.
    """
    if is_ended(picture):
        picture.load()
        return
    data = _file(picture).getvalue().rstrip(_END[:1])
    # Zeros may fill the place of what was never copied, or be the picture's own: its last.
    bare = data.rstrip(b"\0")
    bare += b"\0" if bare.endswith(b"\xff") else b""  # a byte 255 is written as 255 and 0
    is_whole = _has_all_scans(data) and (
        _holds_all(picture, bare)
        or (bare != data and not _holds_all(picture, data[:-1]) and _holds_all(picture, data))
    )
    if not is_whole:
        raise Unreadable(CUT_OFF)


def _file(picture: JpegImageFile) -> BytesIO:
    assert isinstance(picture.fp, BytesIO)
    return picture.fp


def _of_first_scan(picture: JpegImageFile) -> int:
    """Return the number of components in the first scan, whose header was just read."""
    file = picture.fp
    assert file is not None
    end = file.tell()
    file.seek(max(0, end - _LONGEST_SCAN_HEADER))
    header = file.read(_LONGEST_SCAN_HEADER)[:end]
    return header[header.rfind(_SCAN) + 4]


def _holds_all(picture: JpegImageFile, data: bytes) -> bool:
    """Decode these bytes as the picture; tell whether what may follow them changes nothing."""
    tiles, pictures = list(picture.tile), set()
    for continuation in _continuations():
        picture.tile, picture.fp = list(tiles), BytesIO(data + continuation + _END)
        picture.load()
        pictures.add(digest_of(picture.tobytes()))
        if len(pictures) > 1:
            picture.tile = tiles
            return False
    return True


def _continuations() -> Iterator[bytes]:
    """Yield bytes that begin with zeros or ones and mean something else in every part of a scan.

    The markers are for files that start anew every so many blocks. They count from different
    numbers, since one that comes shortly before its turn ends what it should start.
    """
    chance = random.Random(0)
    for first, turn in ((b"\xfe", 0), (b"\x55", 4)):
        pieces = [bytes(chance.choices(range(255), k=64)) for _ in range(64)]
        starts = [bytes((0xFF, 0xD0 + i % 8)) + piece for i, piece in enumerate(pieces, turn)]
        yield first + b"".join(pieces[:32] + starts[32:])
    yield b""  # last: what the picture stays


def _has_all_scans(data: bytes) -> bool:
    """Tell whether every coefficient is told of to its last bit, in whole scans or not."""
    missing: dict[int, set[int]] = {}
    for marker, body in _segments(data):
        if marker in _FRAMES and len(body) > 5:
            missing = {component: set(range(64)) for component in body[6 : 6 + 3 * body[5] : 3]}
        elif marker == 0xDA and len(body) == 4 + 2 * body[0]:
            first, last, bits = body[-3:]
            for component in body[1:-3:2]:
                if bits & 15 == 0 and component in missing:
                    missing[component] -= set(range(first, last + 1))
    return bool(missing) and not any(missing.values())


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the markers and what belongs to them; what a scan holds is passed by."""
    position = 2
    while segment := _NEXT_SEGMENT.search(data, position):
        start = segment.end() + 3
        position = segment.end() + 1 + int.from_bytes(data[start - 2 : start])
        yield data[segment.end()], data[start:position]
