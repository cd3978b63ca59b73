"""The pictures of a batch in folders by class, as a zip that is made while it is being sent."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import localtime
from typing import Final

from featclass import prediction_csv
from featclass.records import Prediction, Source
from featclass.sorting import UNUSABLE_FILE, Places

CHUNK: Final = 2**18
GONE: Final = "it is no longer where it was"


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


def sorted_zip(
    predictions: Iterable[Prediction], sources: Mapping[str, Source], classes: Sequence[str]
) -> Iterator[bytes]:
    """Yield the zip in pieces; one picture is held at a time.

    `CLASS/`, `doubtful/CLASS/`, `none of these/`, and `could not be used.csv` where any could not.
    """
    out, places = _Outgoing(), Places(classes)
    unusable: list[str] = []
    # Pictures are compressed already.
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for said in predictions:
            place = places.of(said)
            data = None if place is None else _read(sources.get(said.path))
            if place is None or data is None:
                unusable.append(prediction_csv.line([said.path, said.rejected or GONE]))
                continue
            archive.writestr(_entry(place), data)
            if len(out) >= CHUNK:
                yield out.taken()
        if unusable:
            head = prediction_csv.MARK + prediction_csv.line(["path", "reason"])
            text = "".join([head, *unusable])
            archive.writestr(_entry(UNUSABLE_FILE), text)
    yield out.taken()


def _entry(place: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(place, localtime()[:6])
    entry.external_attr = 0o644 << 16
    return entry


def _read(source: Source | None) -> bytes | None:
    try:
        return source.read() if source else None
    except OSError:
        return None
