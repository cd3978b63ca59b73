"""Pictures as embeddings: those of a dataset for learning, those of a folder one by one."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from featclass.base import Dataset, Image, Progress, Rejected, no_progress
from featclass.embedding import Embeddings, Engine

SLICE = 2048
"""Files embedded at once, of many: so many vectors are held, and no more."""


@dataclass(frozen=True, slots=True)
class EmbeddedFiles:
    """Some files in the order they were given, and what became of each."""

    reasons: tuple[str | None, ...]
    """Why each could not be used; None where it could."""
    vectors: NDArray[np.float32]
    """A row for each that could, in order: shape (those, dimensions)."""


@dataclass(frozen=True, slots=True)
class EmbeddedDataset(Embeddings):
    """The embeddings of a dataset, and what else there is to know before learning from them."""

    empty_classes: tuple[str, ...] = ()
    """Classes of which no image could be used, sorted."""
    strangers: Embeddings | None = None
    """Of images that a person called none of the classes."""
    seconds: float = 0.0
    """That embedding took."""


def embed(
    engine: Engine,
    dataset: Dataset,
    *,
    strangers: Dataset | None = None,
    progress: Progress = no_progress,
) -> EmbeddedDataset:
    """Embed a dataset; what the dataset had rejected already leads the list of rejections.

    The images come back in the order of their digests, so that no result depends on file names,
    and with their appearances. `strangers` are embedded after them, and `progress` is told of all.
    """
    started = time.perf_counter()
    others = strangers.images if strangers is not None else ()
    first, total = len(dataset.images), len(dataset.images) + len(others)
    embedded = engine.embed(
        _ordered(dataset.images), progress=lambda done, _: progress(done, total), describe=True
    )
    of_others = None
    if others:  # whether they are copies of each other matters to nobody: no appearances
        of_others = engine.embed(
            _ordered(others), progress=lambda done, _: progress(first + done, total)
        )
    shown = {image.label for image in embedded.images}
    return EmbeddedDataset(
        embedded.images,
        embedded.vectors,
        (*dataset.rejected, *embedded.rejected),
        embedded.appearances,
        empty_classes=tuple(sorted({*dataset.empty, *dataset.classes} - shown)),
        strangers=of_others,
        seconds=time.perf_counter() - started,
    )


def _ordered(images: Sequence[Image]) -> list[Image]:
    return sorted(images, key=lambda image: image.digest)


def embed_files(
    engine: Engine,
    files: Iterable[Image | Rejected],
    *,
    total: int = 0,
    progress: Progress = no_progress,
) -> Iterator[EmbeddedFiles]:
    """Embed any number of files in order, copies included: a slice of them at a time.

    `progress` is told of all (of `total`, 0 while it is not known), and may raise to stop.
    """
    for part, images, advance in in_slices(files, SLICE, total=total, progress=progress):
        embedded = engine.embed(images, progress=advance, describe=True)
        used = {image.digest for image in embedded.images}
        why = {rejected.name: rejected.reason for rejected in embedded.rejected}
        yield EmbeddedFiles(tuple(_reason(file, used, why) for file in part), embedded.vectors)


def in_slices(
    files: Iterable[Image | Rejected], size: int, *, total: int, progress: Progress
) -> Iterator[tuple[list[Image | Rejected], list[Image], Progress]]:
    """Yield so many files at a time, the images among them, and what to tell of each done."""
    rest, before = iter(files), 0
    while part := list(itertools.islice(rest, size)):
        images = [file for file in part if isinstance(file, Image)]
        before += len(part)

        def advance(done: int, images: int, start: int = before) -> None:
            progress(start - images + done, total)

        yield part, images, advance


def _reason(file: Image | Rejected, used: set[str], why: dict[str, str]) -> str | None:
    if isinstance(file, Rejected):
        return file.reason
    return None if file.digest in used else why[file.name]
