"""The pictures of a batch in folders by class, as a zip that is made while it is being sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from featclass import prediction_csv
from featclass.outgoing import zip_of
from featclass.records import Prediction, Source
from featclass.sorting import UNUSABLE_FILE, Places

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
    places = Places(classes)
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
