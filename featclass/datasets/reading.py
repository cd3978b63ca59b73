"""A folder or a zip as one dataset: each of its files an image, or rejected with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from featclass.datasets.classes import class_name, read_paths
from featclass.datasets.conflicts import without_conflicts
from featclass.datasets.folders import files_of_folder, identified_files
from featclass.datasets.identification import Identified, Unusable, identified
from featclass.datasets.paths import clean_path, is_skipped
from featclass.datasets.sources import FileSource
from featclass.datasets.zips import MAX_UNPACKED, ZipListing, files_of_zip, name_of_zip
from featclass.errors import DatasetError
from featclass.records import Dataset, Image, Rejected, Source


def read(
    path: Path | str,
    *,
    classes_at: int | None = None,
    zip_names: str | None = None,
    max_unpacked: int = MAX_UNPACKED,
) -> Dataset:
    """Read a folder or a zip, by what it is; see `read_folder` and `read_zip`.

    Raises:
        DatasetError: Neither is there, or it holds no subfolders with pictures.
    """
    path = Path(path)
    if not path.is_file():
        return read_folder(path, classes_at)
    return read_zip(path, classes_at, zip_names=zip_names, max_unpacked_bytes=max_unpacked)


def read_folder(path: Path | str, classes_at: int | None = None) -> Dataset:
    """Read a folder with one subfolder per class; deeper folders belong to the class above them.

    Where the folder holds only one other that in turn holds the classes, that one is read. Links
    are followed to files inside the folder only.

    Raises:
        DatasetError: There is no such folder, or it holds no subfolders with pictures.
    """
    root = Path(path)
    files, found, rejected = _found_in(root)
    dataset = _dataset(found, rejected, str(root), classes_at)
    return replace(dataset, empty=_empty_beside(root, files, dataset))


def _found_in(
    root: Path,
) -> tuple[list[Path], list[tuple[str, Source, Identified]], list[Rejected]]:
    """Return the files of a folder, each by its name with its digest; and what cannot be read."""
    if not root.is_dir():
        raise DatasetError(f"There is no folder {root}. {_expected(str(root))}")
    files, rejected = files_of_folder(root)
    outcomes = identified_files(files, root)
    found: list[tuple[str, Source, Identified]] = [
        (clean_path(file.relative_to(root).as_posix()), FileSource(file), outcome)
        for file, outcome in zip(files, outcomes, strict=True)
    ]
    return files, found, rejected


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file as it lies there, whatever it is; its picture may be a copy of another's."""

    file: Image | Rejected
    label: str | None
    """The class of its folder; None where it is in none, or set aside."""


@dataclass(frozen=True, slots=True)
class FileListing:
    """All files of a folder or a zip."""

    files: tuple[ListedFile, ...]
    """In the order of their names."""
    aside: tuple[Rejected, ...]
    """What is no file, such as a folder that cannot be entered."""
    notes: tuple[str, ...]
    """As `Dataset.notes`."""


def list_files(
    path: Path | str,
    *,
    classes_at: int | None = None,
    zip_names: str | None = None,
    max_unpacked: int = MAX_UNPACKED,
) -> FileListing:
    """List every file of a folder or a zip, with its class where there are any.

    Raises:
        DatasetError: Neither is there, or its folders can be read in two ways.
    """
    path = Path(path)
    zipped, aside = ZipListing(()), list[Rejected]()
    if path.is_file():
        zipped = files_of_zip(path, names=zip_names, max_unpacked_bytes=max_unpacked)
        found: list[tuple[str, Source, Identified]] = [
            (name, source, identified(source.open)) for name, source in zipped.files
        ]
    else:
        _, found, aside = _found_in(path)
    reading = read_paths([name for name, _, _ in found], classes_at=classes_at)
    files = [
        ListedFile(
            Rejected(name, outcome.reason)
            if isinstance(outcome, Unusable)
            else Image(name, outcome, source, label or None),
            label or None,
        )
        for (name, source, outcome), label in zip(found, reading.labels, strict=True)
    ]
    if zipped.rejected:
        files += [ListedFile(rejected, None) for rejected in zipped.rejected]
        files.sort(key=lambda listed: listed.file.name)
    return FileListing(tuple(files), (*aside, *reading.rejected), zipped.notes + reading.notes)


def _empty_beside(root: Path, files: Sequence[Path], dataset: Dataset) -> tuple[str, ...]:
    """Return the classes whose folders hold nothing, where classes lie right below the root."""
    if any(image.name.split("/")[0] != image.label for image in dataset.images):
        return ()
    full = {file.relative_to(root).parts[0] for file in files}
    empty = (
        folder.name
        for folder in root.iterdir()
        if folder.is_dir() and not folder.is_symlink() and folder.name not in full
        if not is_skipped(folder.name)
    )
    return tuple(sorted(set(map(class_name, empty)) - {*dataset.classes}))


def read_zip(
    path: Path | str | BinaryIO,
    classes_at: int | None = None,
    *,
    zip_names: str | None = None,
    max_unpacked_bytes: int = MAX_UNPACKED,
) -> Dataset:
    """Read a zip of a folder with one subfolder per class, without unpacking it to disk.

    The zip stays open for as long as its images are in use.

    Raises:
        DatasetError: Not a zip, damaged, too large, or without subfolders with pictures.
    """
    listing = files_of_zip(path, names=zip_names, max_unpacked_bytes=max_unpacked_bytes)
    found = [(entry, source, identified(source.open)) for entry, source in listing.files]
    dataset = _dataset(found, [*listing.rejected], name_of_zip(path), classes_at)
    return replace(dataset, notes=listing.notes + dataset.notes)


def _dataset(
    found: Sequence[tuple[str, Source, Identified]],
    rejected: list[Rejected],
    where: str,
    classes_at: int | None = None,
) -> Dataset:
    """Label what was found by its folders."""
    labelled: list[Image] = []
    reading = read_paths([name for name, _, _ in found], classes_at=classes_at)
    for (name, source, outcome), label, split in zip(
        found, reading.labels, reading.splits, strict=True
    ):
        if isinstance(outcome, Unusable):
            rejected.append(Rejected(name, outcome.reason))
        elif label:
            labelled.append(Image(name, outcome, source, label, split=split))
        else:
            rejected.append(Rejected(name, "lies outside the class folders"))
    if not labelled:
        raise DatasetError(
            f"{where} holds no subfolders with pictures{_found_instead(rejected)}."
            f" {_expected(where)}"
        )
    kept, conflicts = without_conflicts(sorted(labelled, key=lambda image: image.name))
    rejected = sorted(rejected + conflicts, key=lambda each: each.name)
    return Dataset(tuple(kept), tuple(rejected), notes=reading.notes)


def _found_instead(rejected: list[Rejected]) -> str:
    if not rejected:
        return " (it is empty)"
    first = min(rejected, key=lambda each: each.name)
    return f" (files found there: {len(rejected):,}; the first, {first.name}, {first.reason})"


def _expected(where: str) -> str:
    return f"featclass expects one subfolder per class, like {where}/cats/1.jpg."
