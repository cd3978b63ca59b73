"""Which class each of many paths belongs to, by their folders or by a table beside them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from featclass.base import ClassNames, FoldersAmbiguous, Rejected, clean_path, enumerated
from featclass.datasets.classes.folders import ClassFolders, class_folders, class_folders_at
from featclass.datasets.folders import splits
from featclass.datasets.folders.tree import FilePath, Folder, Tree, nearest_above
from featclass.datasets.paths import is_named_as_picture, is_skipped, is_table
from featclass.datasets.tables.labels import TableLabels, labels_of_tables
from featclass.datasets.tables.rows import is_of_another_program

# A project of Teachable Machine, which is a zip: "manifest.json", and "Class 1-!-0", "Class 1-!-1".
_MANIFEST: Final = "manifest.json"
_SAMPLE: Final = re.compile(r"(.+)-!-\d+(\.\w+)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reading:
    """How the paths of a folder divide into classes: an entry a path, in order."""

    labels: tuple[str | None, ...]
    """"" for a file that is in no class folder, None for one to be skipped: a system's own, one
    that `rejected` speaks of, or a table that was read."""
    splits: tuple[str | None, ...]
    """As `Image.split`."""
    notes: tuple[str, ...] = ()
    """As `Dataset.notes`."""
    rejected: tuple[Rejected, ...] = ()
    """What was set aside, by the paths as they are shown: a part of a split without classes (one
    for the folder), pictures without a row in the table, rows without a picture."""
    deeper_at: int | None = None
    """Depth of folders inside the class folders that may be the classes; a note speaks of them."""


def read_paths(
    paths: Sequence[str],
    *,
    classes_at: int | None = None,
    tables: Mapping[str, bytes] | None = None,
) -> Reading:
    """Say which class each of the paths of one folder, zip or drop belongs to.

    The class is the first folder below those that all pictures share, and below those that are
    parts of a split; a shared folder counts as the class itself where it holds pictures and has
    not at least two subfolders.

    Args:
        paths: With slashes, below the folder that was given; one that ends with a slash is a
            folder, which may be a class without any file.
        classes_at: Depth of the class folders, 1 for the shallowest; None to tell it from `paths`.
        tables: The bytes of those of `paths` that may hold the labels where no folder is a class.

    Raises:
        FoldersAmbiguous: They can be read in two ways.
        DatasetError: They cannot be read at all, such as where no folder lies so deep.
    """
    places = [FilePath.of(path) for path in paths]
    visible = _visible(paths, places)
    files = [i for i in visible if places[i].file]
    if classes_at is None and (reading := _samples(places, files)):
        return reading
    voters = _voters(places, files)
    tree = Tree(places[i].folder for i in voters)
    folders = class_folders(tree) if classes_at is None else class_folders_at(tree, classes_at)
    notes: tuple[str, ...] = ()
    if classes_at is None and folders.flat:
        stated = labels_of_tables({i: places[i] for i in voters}, folders.flat, tables or {})
        if stated.labels:
            return _by_table(places, files, folders, stated)
        notes = (*stated.notes, *_note_of_other_tables([places[i].path for i in files]))
    if not folders.roots:
        raise _flat_parts(folders, notes)
    return _by_folders(places, visible, folders, notes)


def _visible(paths: Sequence[str], places: Sequence[FilePath]) -> list[int]:
    """Return the numbers of what is neither a system's own nor in a hidden folder.

    A folder that begins with a dot is hidden unless it holds pictures: then it may be a class.
    """
    visible = [i for i, path in enumerate(paths) if not is_skipped(path)]
    dotted = {i: _to_first_dot(places[i].folder) for i in visible}
    classes = {dotted[i] for i in visible if is_named_as_picture(places[i].file, of_any_kind=True)}
    return [i for i in visible if dotted[i] is None or dotted[i] in classes]


def _voters(places: Sequence[FilePath], files: Sequence[int]) -> Sequence[int]:
    """Return the files that tell what the classes are: no stray text file beside pictures."""
    pictures = [i for i in files if is_named_as_picture(places[i].file)]
    return pictures or [i for i in files if not is_table(places[i].file)] or files


def _to_first_dot(folder: Folder) -> Folder | None:
    """Return the outermost folder whose name begins with a dot; None where there is none."""
    places = (i for i, name in enumerate(folder, 1) if name.startswith("."))
    return next((folder[:place] for place in places), None)


def _by_folders(
    places: Sequence[FilePath],
    visible: Iterable[int],
    folders: ClassFolders,
    notes: Sequence[str],
) -> Reading:
    labels: list[str | None] = [None] * len(places)
    parts: list[str | None] = [None] * len(places)
    for i in visible:
        folder = places[i].folder
        if nearest_above(folder, folders.aside) is not None:
            continue
        root = nearest_above(folder, folders.roots)
        below = folder[len(root) :] if root is not None else ()
        labels[i] = below[0] if below else ""
        if root is not None and below:
            parts[i] = folders.roots[root] or folders.inner.get(below[1] if below[1:] else "")
    names = ClassNames(label for label in labels if label)
    return Reading(
        tuple(names.of[label] if label else label for label in labels),
        tuple(parts),
        (*folders.notes, *notes, *names.notes()),
        tuple(_set_aside(folder, count) for folder, count in folders.aside.items()),
        folders.deeper_at,
    )


def _set_aside(folder: Folder, count: int) -> Rejected:
    pictures = "1 picture" if count == 1 else f"{count:,} pictures"
    return Rejected(
        clean_path("/".join(folder)),
        f"holds {pictures} in no class folder, so it was set aside: once there is a classifier,"
        " `featclass predict` says what they are",
    )


def _by_table(
    places: Sequence[FilePath],
    files: Sequence[int],
    folders: ClassFolders,
    stated: TableLabels,
) -> Reading:
    names = ClassNames(stated.labels.values())
    labels: list[str | None] = [None] * len(places)
    aside = _without_labels(places, files, folders, stated)
    without: list[str] = []
    for i in files:
        folder, file = places[i]
        if i in stated.labels:
            labels[i] = names.of[stated.labels[i]]
        elif i in stated.faulty or nearest_above(folder, aside) is not None or is_table(file):
            continue  # it is told elsewhere
        elif is_named_as_picture(file):
            without.append(places[i].path)
        else:
            labels[i] = ""
    rejected = (
        *stated.rejected,
        *(_set_aside(folder, count) for folder, count in aside.items()),
        *(Rejected(path, "has no row in the table of the classes") for path in without),
    )
    notes = [*stated.notes, *names.notes()]
    if without:
        notes.append(f"Pictures without a row in the table: {enumerated(without)}.")
    if stated.absent:
        notes.append(f"Rows without a picture: {enumerated(stated.absent)}.")
    parts = tuple(stated.splits.get(i) if labels[i] else None for i in range(len(places)))
    return Reading(tuple(labels), parts, tuple(notes), rejected)


def _note_of_other_tables(paths: Iterable[str]) -> list[str]:
    """Say how to bring the classes that may stand in a file that is not read."""
    tables = sorted(filter(is_of_another_program, paths))
    if not tables:
        return []
    holds = "hold" if len(tables) > 1 else "holds"
    return [
        f"If {enumerated(tables)} {holds} the classes, save the table as CSV: a column of file"
        " names and a column called label."
    ]


def _without_labels(
    places: Sequence[FilePath],
    files: Iterable[int],
    folders: ClassFolders,
    stated: TableLabels,
) -> dict[Folder, int]:
    """Return the folders of which no picture has a label, where others have, and their pictures."""
    if len(folders.flat) < 2:
        return {}
    counts: Counter[Folder] = Counter()
    labelled: set[Folder] = set()
    for i in files:
        folder = nearest_above(places[i].folder, folders.flat)
        if folder is not None and is_named_as_picture(places[i].file):
            counts[folder] += 1
            labelled |= {folder} if i in stated.labels or i in stated.faulty else set()
    return {folder: count for folder, count in counts.items() if folder not in labelled}


def _samples(places: Sequence[FilePath], files: Sequence[int]) -> Reading | None:
    """Read what Teachable Machine saves as a project; None where it is something else."""
    rest = [i for i in files if places[i] != ((), _MANIFEST)]
    if not rest or len(rest) == len(files):
        return None
    whole = {i: "/".join((*places[i].folder, places[i].file)) for i in rest}
    matches = {i: match[1] for i, path in whole.items() if (match := _SAMPLE.fullmatch(path))}
    if len(matches) < len(rest):
        return None
    names = ClassNames(matches.values())
    labels = tuple(names.of[matches[i]] if i in matches else None for i in range(len(places)))
    note = "This is a project of Teachable Machine: its classes are kept."
    return Reading(labels, (None,) * len(labels), (note, *names.notes()))


def _flat_parts(folders: ClassFolders, notes: Sequence[str]) -> FoldersAmbiguous:
    names = sorted({folder[-1] for folder in folders.flat}, key=splits.in_order)
    depth = len(next(iter(folders.flat)))
    reason = (
        f"{enumerated(names)} look like parts of a split, but the pictures lie directly in them,"
        " and no table beside them says their classes"
    )
    sentence = " ".join(
        (
            f"{reason}.",
            *notes,
            "Put the pictures into one folder per class; if these are the classes, use"
            f" --classes-at {depth} (in Python classes_at={depth}).",
        )
    )
    return FoldersAmbiguous(sentence, {depth: tuple(names)}, reason)
