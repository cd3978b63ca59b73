"""The pictures behind the paths that a person gave: files, folders, zips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from featclass.base import config
from featclass.cli.output import note

if TYPE_CHECKING:
    from featclass.base import Dataset, Image, Rejected
    from featclass.datasets import ZipSource

Input = Callable[[], "Image | Rejected"]
"""Reads one file through to its digest, when its turn comes."""


def list_inputs(
    paths: Iterable[Path], *, but: Sequence[Path] = (), zip_names: str | None = None
) -> list[Input]:
    """List what lies behind the paths, in order; `but` are the command's own outputs."""
    from featclass.datasets import code_page, image_of_file

    if zip_names is not None:
        code_page(zip_names)  # refused also where there is no zip
    inputs: list[Input] = []
    for path in paths:
        if path.suffix.lower() == ".zip" and path.is_file():
            inputs += _entries(path, zip_names)
        else:
            inputs += [partial(image_of_file, file) for file in below(path, but)]
    return inputs


def labelled(directory: Path, classes_at: int | None, zip_names: str | None) -> Dataset:
    """Read the labelled pictures, and say where they could be taken otherwise."""
    from featclass import datasets

    limit = config.load().max_upload_bytes
    dataset = datasets.read(
        directory, classes_at=classes_at, zip_names=zip_names, max_unpacked=limit
    )
    for sentence in dataset.notes:
        note(sentence)
    return dataset


def below(path: Path, but: Sequence[Path]) -> list[Path]:
    """List the files of a folder without what the command itself writes there."""
    from featclass.datasets import files_below

    files, own = files_below(path), [other.resolve() for other in but]
    if not own:
        return files
    # A link may lead to where the command writes, by another path.
    real = {folder: folder.resolve() for folder in {file.parent for file in files}}
    return [
        file
        for file in files
        if not any((real[file.parent] / file.name).is_relative_to(each) for each in own)
    ]


def _entries(path: Path, zip_names: str | None) -> list[Input]:
    from featclass.base.records import Rejected
    from featclass.datasets import files_of_zip

    limit = config.load().max_upload_bytes
    listing = files_of_zip(path, names=zip_names, max_unpacked_bytes=limit)
    for sentence in listing.notes:
        note(sentence)
    refused = [Rejected(f"{path}/{each.name}", each.reason) for each in listing.rejected]
    return [
        *(partial(_entry, f"{path}/{name}", source) for name, source in listing.files),
        *(partial(_as_it_is, each) for each in refused),
    ]


def _entry(name: str, source: ZipSource) -> Image | Rejected:
    from featclass.datasets import image_of

    return image_of(source, name)


def _as_it_is(rejected: Rejected) -> Rejected:
    return rejected
