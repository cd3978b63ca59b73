"""What a file is that was given as a zip and cannot be read as one, and what to do about it."""

from __future__ import annotations

import os
import re
import struct
from typing import BinaryIO, Final

from featclass import images

UNUSUAL_METHODS: Final = {
    1: "Shrink", 2: "Reduce", 3: "Reduce", 4: "Reduce", 5: "Reduce", 6: "Implode", 9: "Deflate64",
    10: "Implode", 12: "BZip2", 14: "LZMA", 16: "CMPSC", 18: "TERSE", 19: "LZ77", 20: "Zstandard",
    93: "Zstandard", 94: "MP3", 95: "XZ", 96: "JPEG", 97: "WavPack", 98: "PPMd", 99: "AES",
}  # fmt: skip
"""Of packing, by their numbers in a zip; featclass unpacks none of them."""

SPLIT: Final = (
    "is one part of an archive that was split: put all its parts in one folder, unpack them"
    " together (7-Zip does), and give the folder that comes out"
)
_PACK_ANEW: Final = "unpack it and give the folder, or pack it anew as a zip"
_AGAIN: Final = "download or copy it again"

_PART: Final = re.compile(r"\.(z\d\d|(zip|7z|rar)\.\d{3}|part\d+\.rar|r\d\d)$", re.IGNORECASE)
_FIRST: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK00PK\x03\x04")
_FIRST_OF_PARTS: Final = b"PK\x07\x08"
_END: Final = b"PK\x05\x06"
_END_64: Final = b"PK\x06\x07"
_LONGEST_END: Final = 22 + 65535
_START: Final = 512
_ISO_AT: Final = 0x8001


def is_split(file: BinaryIO) -> bool:
    """Whether a file is the last part of a zip in several, which looks like a whole one."""
    end = _end_of(file)
    at = end.rfind(_END)
    if at < 0 or len(end) < at + 8:
        return False
    disks = struct.unpack_from("<HH", end, at + 4)
    locator = end[max(at - 20, 0) : at]
    if locator.startswith(_END_64) and len(locator) == 20:
        return int.from_bytes(locator[16:], "little") > 1
    return any(disk not in (0, 0xFFFF) for disk in disks)


def why_no_zip(file: BinaryIO, name: str) -> str:
    """Say in a sentence what a file is that cannot be opened as a zip.

    Args:
        file: At any place; where it is left does not matter.
        name: For the start of the sentence.
    """
    file.seek(0)
    start = file.read(_START)
    if not start:
        return f"{name} is empty (0 bytes); {_AGAIN}."
    if start.startswith(_FIRST_OF_PARTS) or _PART.search(name) or is_split(file):
        return f"{name} {SPLIT}."
    if start.startswith(_FIRST):
        if _END not in _end_of(file):
            return f"{name} is a zip of which the end is missing; {_AGAIN}."
        return f"{name} is not a zip, or it is damaged; pack it again."
    file.seek(_ISO_AT)
    if file.read(5) == b"CD001":
        return f"{name} is the image of a disc (.iso), not a zip; {_PACK_ANEW}."
    try:
        kind = f"a picture ({images.recognise(start)}); give the folder of the class folders"
    except images.Unreadable:
        kind = images.kind_of(start) or ""
    if not kind and _END in _end_of(file):
        return f"{name} {SPLIT}."
    if not kind or kind == "text":
        looks = " (it looks like text)" if kind else ""
        return f"{name} is not a zip, or it is damaged{looks}; pack it again."
    what, _, remedy = kind.replace("the picture", "the zip").partition("; ")
    if "archive" in what:
        remedy = _PACK_ANEW
    if "the zip" not in what:
        what += ", not a zip"
    return f"{name} is {what}; {remedy or 'give a folder or a zip'}."


def why_not_unpacked(method: int) -> str:
    """Say of an entry that it is packed in another way than nearly all zips are."""
    called = UNUSUAL_METHODS.get(method, f"method {method}")
    if called == "Deflate64":
        called += ", as Windows packs what is large"
    return (
        f"it is packed in an unusual way ({called}); unpack the zip and give the folder, or pack"
        " it anew with Deflate, the usual setting"
    )


def _end_of(file: BinaryIO) -> bytes:
    file.seek(0, os.SEEK_END)
    file.seek(max(file.tell() - _LONGEST_END - 20, 0))
    return file.read(_LONGEST_END + 20)
