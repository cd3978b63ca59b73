"""A folder or a zip as one dataset: each of its files an image, or rejected with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from featclass.datasets.classes import Reading, read_paths
from featclass.datasets.code_pages import CODE_PAGES
from featclass.datasets.conflicts import without_conflicts
from featclass.datasets.found import Found, identified_files, in_folder, in_zip, without_copied_zips
from featclass.datasets.identification import Unusable
from featclass.datasets.paths import is_named_as_picture
from featclass.datasets.zips import MAX_UNPACKED, files_of_zip, name_of_zip
from featclass.errors import DatasetError, FoldersAmbiguous
from featclass.records import Dataset, Image, Rejected

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
        DatasetError: Neither is there, or it holds no subfolders with pictures.
    """
    path = Path(path)
    if not path.is_file():
        return read_folder(path, classes_at)
    return read_zip(path, classes_at, zip_names=zip_names, max_unpacked_bytes=max_unpacked)


def read_folder(path: Path | str, classes_at: int | None = None) -> Dataset:
    """Read a folder with one subfolder per class; deeper folders belong to the class above them.

    Where the folder holds only one other that in turn holds the classes, that one is read; so are
    the parts of a split, labels in a table beside the pictures, and one zip per class. Links are
    followed.

    Args:
        path: The folder.
        classes_at: Depth of the class folders, 1 for the folder's own subfolders; None to tell it
            from the folders.

    Raises:
        DatasetError: There is no such folder, or it holds no subfolders with pictures.
        FoldersAmbiguous: The folders can be read in two ways.
    """
    root = Path(path)
    if not root.is_dir():
        raise DatasetError(f"There is no folder {root}. {_expected(str(root))}")
    return _dataset(in_folder(root), str(root), classes_at)


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
    found = _found_in_zip(path, zip_names, max_unpacked_bytes)
    return _dataset(found, name_of_zip(path), classes_at)


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

    Raises:
        DatasetError: Neither is there.
        FoldersAmbiguous: The folders can be read in two ways.
    """
    path = Path(path)
    if path.is_file():
        found = _found_in_zip(path, zip_names, max_unpacked)
    elif path.is_dir():
        found = in_folder(path)
    else:
        raise DatasetError(f"There is no folder {path}. Check the path.")
    reading = _reading(found, classes_at)
    here, lost = reading.labels[: len(found.files)], reading.labels[len(found.files) :]
    files = [
        ListedFile(
            Rejected(file.name, outcome.reason)
            if isinstance(outcome, Unusable)
            else Image(file.name, outcome, file.source, _or_none(label)),
            _or_none(label),
        )
        for file, outcome, label in zip(
            found.files, identified_files(found.files), here, strict=True
        )
    ]
    refused = [each for each in found.rejected if each.name not in found.shut]
    if len(refused) != len(found.lost):  # a whole zip among them, which has no class
        lost = (None,) * len(refused)
    files += [ListedFile(*each) for each in zip(refused, map(_or_none, lost), strict=False)]
    shut = [each for each in found.rejected if each.name in found.shut]
    return FileListing(
        tuple(sorted(files, key=lambda listed: listed.file.name.split("/"))),
        (*shut, *reading.rejected),
        (*found.notes, *reading.notes),
    )


def _or_none(label: str | None) -> str | None:
    return label or None


def _reading(found: Found, classes_at: int | None) -> Reading:
    """Return the classes of all files, or that they have none, where no folders are any."""
    try:
        return read_paths(found.paths, classes_at=classes_at, tables=found.tables)
    except FoldersAmbiguous:
        raise
    except DatasetError as error:
        if classes_at is not None:
            raise
        nothing: tuple[str | None, ...] = (None,) * len(found.paths)
        return Reading(nothing, nothing, (str(error),))


def _found_in_zip(path: Path | str | BinaryIO, names: str | None, max_unpacked: int) -> Found:
    listing = files_of_zip(path, names=names, max_unpacked_bytes=max_unpacked)
    found = in_zip(listing)
    found.notes = [f"{note} {_NAMES_LOOK_WRONG}" for note in listing.notes]
    return found


def _dataset(found: Found, where: str, classes_at: int | None) -> Dataset:
    """Label what was found by its folders, or by a table."""
    reading = read_paths(found.paths, classes_at=classes_at, tables=found.tables)
    files, labels = found.files, reading.labels
    read = [i for i in range(len(files)) if labels[i] is not None]
    outcomes = dict(zip(read, identified_files([files[i] for i in read]), strict=True))
    copied, copies = without_copied_zips(files, outcomes)
    rejected = [*found.rejected, *reading.rejected, *copies]
    labelled: list[Image] = []
    for i in (i for i in read if i not in copied):
        file, outcome, label = files[i], outcomes[i], labels[i]
        if isinstance(outcome, Unusable):
            rejected.append(Rejected(file.name, outcome.reason))
        elif label:
            split = reading.splits[i]
            labelled.append(Image(file.name, outcome, file.source, label, split=split))
        else:
            rejected.append(Rejected(file.name, "lies outside the class folders"))
    if not labelled:
        nothing = f"{where} holds no subfolders with pictures{_found_instead(rejected)}."
        raise DatasetError(" ".join((nothing, *reading.notes, _expected(where))))
    kept, conflicts = without_conflicts(sorted(labelled, key=lambda image: image.name))
    rejected = sorted(rejected + conflicts, key=lambda each: each.name)
    filled = {image.label for image in kept} | {labels[i] for i in copied}
    empty, sentences = _empty(found, reading, filled)
    notes = (*found.notes, *reading.notes, *_of_deeper(reading), *sentences)
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
    found: Found, reading: Reading, filled: Set[str | None]
) -> tuple[tuple[str, ...], list[str]]:
    """Return the classes without a picture that can be used, and a sentence for each."""
    files: Counter[str] = Counter()
    pictured: set[str] = set()
    for path, label in zip(found.paths, reading.labels, strict=True):
        if not label or label in filled:
            continue
        is_folder = path.endswith("/")
        files[label] += not is_folder
        if is_folder or is_named_as_picture(path, of_any_kind=True):
            pictured.add(label)
    sentences = [
        _sentence(label, count, is_class=label in pictured)
        for label, count in sorted(files.items())
    ]
    if len(sentences) > _MOST_SENTENCES:
        more = len(sentences) - _MOST_SENTENCES
        sentences[_MOST_SENTENCES:] = [f"So it is with {more:,} more folders."]
    return tuple(sorted(pictured)), sentences


def _sentence(label: str, files: int, *, is_class: bool) -> str:
    if not is_class:
        return f"{label} holds no pictures, so it is no class."
    if not files:
        why = "its folder is empty"
    elif files == 1:
        why = "the only file in its folder cannot be used"
    else:
        why = f"none of the {files:,} files in its folder can be used"
    return f"{label} is a class without pictures: {why}."


def _found_instead(rejected: list[Rejected]) -> str:
    if not rejected:
        return " (it is empty)"
    first = min(rejected, key=lambda each: each.name)
    return f" (files found there: {len(rejected):,}; the first, {first.name}, {first.reason})"


def _expected(where: str) -> str:
    return f"featclass expects one subfolder per class, like {where}/cats/1.jpg."
