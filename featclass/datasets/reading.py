"""A folder or a zip as one dataset: each of its files an image, or rejected with the reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from featclass.base import Dataset, DatasetError, Image, Rejected, bounded
from featclass.datasets.classes.labelling import Reading, read_paths
from featclass.datasets.contents import (
    Contents,
    Entry,
    File,
    images_of,
    in_folder,
    in_zip,
)
from featclass.datasets.paths import is_named_as_picture
from featclass.datasets.zips.code_pages import CODE_PAGES, code_page
from featclass.datasets.zips.files import MAX_UNPACKED, files_of_zip, name_of_zip


def without_conflicts(labelled: Iterable[Image]) -> tuple[list[Image], list[Rejected]]:
    """Keep each picture once, and none that is in two classes; say so of all the others."""
    labelled = list(labelled)
    copies: defaultdict[str, list[Image]] = defaultdict(list)
    for image in labelled:
        copies[image.digest].append(image)
    kept: list[Image] = []
    rejected: list[Rejected] = []
    for image in labelled:
        first, *_ = same = copies[image.digest]
        others = sorted({str(copy.label) for copy in same if copy.label != image.label})
        if others:
            where = f"also in class {' and '.join(others)}"
            reason = f"{where}: the same picture cannot be two classes"
            rejected.append(Rejected(image.name, reason))
        elif image is not first:
            reason = f"the same picture as {first.name}"
            if image.split != first.split:
                reason += ", which is in another part of the split"
            rejected.append(Rejected(image.name, reason))
        else:
            kept.append(_with_splits(image, same))
    return kept, rejected


def _with_splits(image: Image, copies: Iterable[Image]) -> Image:
    """Return an image that tells of its copies in other parts of a split, though they are gone."""
    others = {copy.split for copy in copies if copy.split is not None} - {image.split}
    return replace(image, other_splits=tuple(sorted(others))) if others else image


_MOST_SENTENCES: Final = 20
_NAMES_LOOK_WRONG: Final = (
    "If they look wrong, say how to read them with --zip-names CODE (zip_names in Python), such as"
    f" {', '.join(CODE_PAGES)}."
)


def read(
    path: Path | str,
    *,
    classes_at: int | None = None,
    zip_names: str | None = None,
    max_unpacked: int = MAX_UNPACKED,
) -> Dataset:
    """Read a folder or a zip, by what it is; see `read_folder` and `read_zip`.

    Raises:
        DatasetError: Neither is there, or it holds no subfolders with pictures; or there is no
            such code page.
    """
    contents = _contents(Path(path), zip_names, max_unpacked)
    return _dataset(contents, str(path), classes_at)


def read_folder(
    path: Path | str, classes_at: int | None = None, *, max_unpacked_bytes: int = MAX_UNPACKED
) -> Dataset:
    """Read a folder with one subfolder per class; deeper folders belong to the class above them.

    Where the folder holds only one other that in turn holds the classes, that one is read; so are
    the parts of a split, labels in a table beside the pictures, and one zip per class. Links are
    followed.

    Args:
        path: The folder.
        classes_at: Depth of the class folders, 1 for the folder's own subfolders; None to tell it
            from the folders.
        max_unpacked_bytes: Of a zip in it that stands for a class.

    Raises:
        DatasetError: There is no such folder, or it holds no subfolders with pictures.
        FoldersAmbiguous: The folders can be read in two ways.
    """
    return _dataset(_contents_of_folder(Path(path), max_unpacked_bytes), str(path), classes_at)


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
    contents = _contents_of_zip(path, zip_names, max_unpacked_bytes)
    return _dataset(contents, name_of_zip(path), classes_at)


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file as it lies there, whatever it is; it may be a copy of another."""

    file: Image | Rejected
    label: str | None
    """The class of its folder; None where it is in none, or set aside."""


@dataclass(frozen=True, slots=True)
class FileListing:
    """All files of a folder or a zip."""

    files: tuple[ListedFile, ...]
    """In the order of their names, folder by folder."""
    aside: tuple[Rejected, ...]
    """Folders that cannot be entered, and all that is told of files beside their class."""
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

    Where the folders can be read in two ways, no file has a class, and a note says so.

    Raises:
        DatasetError: Neither is there, or there is no such code page.
    """
    contents = _contents(Path(path), zip_names, max_unpacked)
    reading = _reading(contents, classes_at)
    labelled = [
        (entry.file, label or None)
        for entry, label in zip(contents.entries, reading.labels, strict=True)
        if entry.file is not None
    ]
    images = iter(images_of([file for file, _ in labelled if isinstance(file, File)]))
    files = [
        ListedFile(next(images) if isinstance(file, File) else file, label)
        for file, label in labelled
    ]
    return FileListing(
        tuple(sorted(files, key=lambda listed: listed.file.name.split("/"))),
        (*contents.shut, *reading.rejected),
        (*contents.notes, *reading.notes),
    )


def _reading(contents: Contents, classes_at: int | None) -> Reading:
    """Return the classes of all files, or that they have none, where no folders surely are any."""
    try:
        return read_paths(contents.paths, classes_at=classes_at, tables=contents.tables)
    except DatasetError as error:
        if classes_at is not None:
            raise
        nothing: tuple[str | None, ...] = (None,) * len(contents.entries)
        return Reading(nothing, nothing, (str(error),))


def _contents(path: Path, zip_names: str | None, max_unpacked: int) -> Contents:
    if zip_names is not None:
        code_page(zip_names)  # refused also where no name needs it
    if path.is_file():
        return _contents_of_zip(path, zip_names, max_unpacked)
    return _contents_of_folder(path, max_unpacked)


def _contents_of_folder(path: Path, max_unpacked: int) -> Contents:
    if not path.is_dir():
        raise DatasetError(f"There is no folder {path}. Check the path.")
    return in_folder(path, max_unpacked)


def _contents_of_zip(path: Path | str | BinaryIO, names: str | None, max_unpacked: int) -> Contents:
    listing = files_of_zip(path, names=names, max_unpacked_bytes=max_unpacked)
    contents = in_zip(listing)
    contents.notes = [f"{note} {_NAMES_LOOK_WRONG}" for note in listing.notes]
    return contents


def _dataset(contents: Contents, where: str, classes_at: int | None) -> Dataset:
    """Label the files by their folders, or by a table."""
    reading = read_paths(contents.paths, classes_at=classes_at, tables=contents.tables)
    files = [
        (entry.file, label, split)
        for entry, label, split in zip(
            contents.entries, reading.labels, reading.splits, strict=True
        )
        if isinstance(entry.file, File) and label is not None
    ]
    images = images_of([file for file, _, _ in files])
    rejected = [*contents.rejected, *reading.rejected]
    labelled: list[Image] = []
    for image, (_, label, split) in zip(images, files, strict=True):
        if isinstance(image, Rejected):
            rejected.append(image)
        elif label:
            labelled.append(replace(image, label=label, split=split))
        else:
            rejected.append(Rejected(image.name, "lies outside the class folders"))
    if not labelled:
        nothing = f"{where} holds no subfolders with pictures{_found_instead(rejected)}."
        raise DatasetError(" ".join((nothing, *reading.notes, _expected(where))))
    kept, conflicts = without_conflicts(sorted(labelled, key=lambda image: image.name))
    rejected = sorted(rejected + conflicts, key=lambda file: file.name)
    empty, sentences = _empty(contents, reading, {image.label for image in kept})
    notes = (*contents.notes, *reading.notes, *_of_deeper(reading), *sentences)
    return Dataset(tuple(kept), tuple(rejected), empty, notes)


def _of_deeper(reading: Reading) -> list[str]:
    """Say how to read it the other way; where it is read for a page, that has its own words."""
    depth = reading.deeper_at
    if depth is None:
        return []
    return [
        f"To make the deeper folders the classes, use --classes-at {depth} (in Python"
        f" classes_at={depth})."
    ]


def _empty(
    contents: Contents, reading: Reading, filled: Set[str | None]
) -> tuple[tuple[str, ...], list[str]]:
    """Return the classes without a picture that can be used, and a sentence for each."""
    lacking: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry, label in zip(contents.entries, reading.labels, strict=True):
        if label and label not in filled:
            lacking[label].append(entry)
    sentences: list[str] = []
    empty: list[str] = []
    for label, entries in sorted(lacking.items()):
        if any(map(_is_of_class, entries)):
            empty.append(label)
            sentences.append(f"{label} is a class without pictures: {_why_empty(entries)}.")
        else:
            sentences.append(f"{label} holds no pictures, so it is no class.")
    return tuple(empty), bounded(sentences, _MOST_SENTENCES, "folders")


def _is_of_class(entry: Entry) -> bool:
    return entry.path.endswith("/") or is_named_as_picture(entry.path, of_any_kind=True)


def _why_empty(entries: Sequence[Entry]) -> str:
    archives = {entry.archive for entry in entries}
    archive = archives.pop() if len(archives) == 1 else None
    files = [entry.file for entry in entries if entry.file is not None]
    if not files:
        return f"{archive or 'its folder'} is empty"
    if len(files) > 1:
        return f"none of the {len(files):,} files in {archive or 'its folder'} can be used"
    [file] = files
    if isinstance(file, Rejected) and file.name == archive:
        return f"{file.name} {file.reason}"
    return f"the only file in {archive or 'its folder'} cannot be used"


def _found_instead(rejected: list[Rejected]) -> str:
    if not rejected:
        return " (it is empty)"
    # A zip among other files is what the pictures are in.
    zips = [file for file in rejected if file.name.lower().endswith(".zip")]
    which = "among them" if zips else "the first"
    example = min(zips or rejected, key=lambda file: file.name)
    return f" (files found there: {len(rejected):,}; {which}, {example.name}, {example.reason})"


def _expected(where: str) -> str:
    return f"featclass expects one subfolder per class, like {where}/cats/1.jpg."
