"""Zips as other programs write them, byte for byte."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence


def picture(number: int) -> bytes:
    """Bytes that begin as a JPEG does: whether they decode is for others to find out."""
    return b"\xff\xd8\xff" + struct.pack(">I", number) + bytes(100)


def zip_of(
    names: Sequence[bytes | str],
    *,
    extras: Mapping[int, bytes] | None = None,
    attributes: Mapping[int, int] | None = None,
    empty: Sequence[int] = (),
) -> bytes:
    """Pack pictures by these names: bytes as they are, without saying how they are written.

    Args:
        names: Of the entries; those that are text are flagged as UTF-8 where they are not ASCII.
        extras: The extra fields of entries, by their place.
        attributes: What systems note of entries, by their place.
        empty: The places of entries that hold nothing.
    """
    out = io.BytesIO()
    fillers = [f"Q{i:04d}".ljust(max(len(name), 6), "x") for i, name in enumerate(names)]
    with zipfile.ZipFile(out, "w") as archive:
        for i, (name, filler) in enumerate(zip(names, fillers, strict=True)):
            info = zipfile.ZipInfo("-")
            info.filename = info.orig_filename = name if isinstance(name, str) else filler
            info.extra = (extras or {}).get(i, b"")
            info.external_attr = (attributes or {}).get(i, 0)
            archive.writestr(info, b"" if i in empty else picture(i))
    data = out.getvalue()
    for name, filler in zip(names, fillers, strict=True):
        if isinstance(name, bytes):
            assert len(name) == len(filler), "a raw name has six bytes at least"
            data = data.replace(filler.encode(), name)
    return data


def repacked(data: bytes, method: int) -> bytes:
    """Say of all entries that they are packed in another way."""
    for signature, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        pieces = data.split(signature)
        changed = [p[: at - 4] + struct.pack("<H", method) + p[at - 2 :] for p in pieces[1:]]
        data = signature.join([pieces[0], *changed])
    return data
