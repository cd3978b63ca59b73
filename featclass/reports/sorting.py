"""Where predicted pictures go when they are sorted into folders, on disk or in a zip.

The zip is made while it is being sent: it is never whole anywhere on this machine.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import localtime
from typing import Final

from featclass.base import Distinct, Prediction, Source, safe, safe_file_name
from featclass.reports import prediction_csv

DOUBTFUL_FOLDER: Final = "doubtful"
UNKNOWN_FOLDER: Final = "none of these"
UNUSABLE_FILE: Final = "could not be used.csv"


class Folders:
    """The folder of each prediction, made of the names of the classes, which are hostile text."""

    def __init__(self, classes: Iterable[str]) -> None:
        distinct = Distinct((DOUBTFUL_FOLDER, UNKNOWN_FOLDER, UNUSABLE_FILE))
        self._of = {name: distinct(safe(name)) for name in classes}

    def of(self, prediction: Prediction) -> str | None:
        """Return the folder with slashes; None where the picture could not be used."""
        if prediction.label is None:
            return None
        if not prediction.known:
            return UNKNOWN_FOLDER
        folder = self._of[prediction.label]
        return f"{DOUBTFUL_FOLDER}/{folder}" if prediction.is_doubtful else folder


class SortedPaths:
    """The place of each picture in a folder to be made: no two pictures have the same."""

    def __init__(self, classes: Iterable[str]) -> None:
        self._folders = Folders(classes)
        self._names: dict[str, Distinct] = {}

    def of(self, prediction: Prediction) -> str | None:
        """Return folder and file name; None where the picture could not be used."""
        folder = self._folders.of(prediction)
        if folder is None:
            return None
        distinct = self._names.setdefault(folder, Distinct())
        return f"{folder}/{distinct(safe_file_name(prediction.path))}"


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


GONE: Final = "it is no longer where it was"


def sorted_zip(
    predictions: Iterable[Prediction], sources: Mapping[str, Source], classes: Sequence[str]
) -> Iterator[bytes]:
    """Yield the zip in pieces; one picture is held at a time.

    `CLASS/`, `doubtful/CLASS/`, `none of these/`, and `could not be used.csv` where any could not.
    """
    return zip_of(_entries(predictions, sources, classes))


def _entries(
    predictions: Iterable[Prediction], sources: Mapping[str, Source], classes: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    places = SortedPaths(classes)
    unusable: list[str] = []
    for said in predictions:
        place = places.of(said)
        data = None if place is None else _read(sources.get(said.path))
        if place is None or data is None:
            unusable.append(prediction_csv.line([said.path, said.rejected or GONE]))
        else:
            yield place, data
    if unusable:
        head = prediction_csv.MARK + prediction_csv.line(["path", "reason"])
        yield UNUSABLE_FILE, "".join([head, *unusable]).encode()


def _read(source: Source | None) -> bytes | None:
    try:
        return source.read() if source else None
    except OSError:
        return None
