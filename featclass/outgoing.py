"""A zip that is made while it is sent: it is never whole anywhere on this machine."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from time import localtime
from typing import Final

CHUNK: Final = 2**18


class _Outgoing(io.RawIOBase):
    """What a zip was written to, until it is taken away; it has no beginning to go back to."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        """Say that it can be written."""
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # any buffer in typeshed
        """Take bytes."""
        self._waiting += data
        return len(data)

    def taken(self) -> bytes:
        """Return what was written since."""
        data = bytes(self._waiting)
        self._waiting.clear()
        return data

    def __len__(self) -> int:
        return len(self._waiting)


def zip_of(entries: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """Yield a zip of (place, content) in pieces; one entry is held at a time."""
    out = _Outgoing()
    # Pictures are compressed already.
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for place, content in entries:
            entry = zipfile.ZipInfo(place, localtime()[:6])
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
            if len(out) >= CHUNK:
                yield out.taken()
    yield out.taken()
