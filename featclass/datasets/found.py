"""What was found in a folder or a zip, before it is known what it counts to."""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from featclass.datasets.class_names import listed
from featclass.datasets.folder_tree import Folder, Tree
from featclass.datasets.folders import Walk, identified_file
from featclass.datasets.identification import Identified, Unusable, identified
from featclass.datasets.paths import clean_path, is_named_as_picture, is_table
from featclass.datasets.sources import FileSource
from featclass.datasets.tables import LARGEST_TABLE
from featclass.datasets.zips import MAX_UNPACKED, ZipListing, ZipSource, files_of_zip
from featclass.errors import DatasetError
from featclass.records import Rejected

_HASHERS: Final = min(4, os.cpu_count() or 1)
_WORTH_A_THREAD: Final = 2**18

MOST_ZIPS: Final = 300
"""Each stays open for as long as its pictures are in use."""
_MOST_TABLES: Final = 100

# The samples of a class as Teachable Machine gives them, the second time with a number.
_SAMPLES: Final = re.compile(r"-samples( \(\d+\))?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file, which may become an image."""

    path: str
    """What says which class it belongs to; below the folder or zip that was given."""
    name: str
    """As it is shown."""
    source: FileSource | ZipSource
    archive: str | None = None
    """The zip that it lies in, one of several in a folder."""

    def is_large(self) -> bool:
        """Whether it is worth a thread to read it."""
        if not isinstance(self.source, FileSource):
            return False
        try:
            return self.source.path.stat().st_size >= _WORTH_A_THREAD
        except OSError:
            return False

    def identified(self) -> Identified:
        """Read the file through to its digest."""
        if isinstance(self.source, FileSource):
            return identified_file(self.source.path)
        return identified(self.source.open)


@dataclass(slots=True)
class Found:
    """The files of a folder or a zip, those that cannot be had, and folders that hold nothing."""

    files: list[FoundFile] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    shut: frozenset[str] = frozenset()
    """Names of those of the rejected that are folders."""
    lost: list[str] = field(default_factory=list)
    """Paths of those of the rejected that are files."""
    hollow: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        """What `read_paths` is to read: files, then what cannot be had, then empty folders."""
        folders = (f"{folder}/" for folder in self.hollow)
        return [*(file.path for file in self.files), *self.lost, *folders]

    @property
    def tables(self) -> Mapping[str, bytes]:
        """The tables among the files, read when they are asked for."""
        return _Tables(file for file in self.files if is_table(file.path))


class _Tables(Mapping[str, bytes]):
    def __init__(self, files: Iterable[FoundFile]) -> None:
        shallow_first = sorted(files, key=lambda file: (file.path.count("/"), file.path))
        self._files = {file.path: file for file in shallow_first[:_MOST_TABLES]}

    def __getitem__(self, path: str) -> bytes:
        try:
            with self._files[path].source.open() as file:
                return file.read(LARGEST_TABLE + 1)
        except OSError:  # told where the file is rejected
            return b""

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def in_folder(root: Path, max_unpacked: int = MAX_UNPACKED) -> Found:
    """Find the files of a folder, links followed; a zip of pictures stands for a folder of them."""
    walk = Walk.through(root, follow=True)
    shut = frozenset(each.name for each in walk.rejected)
    found = Found(rejected=walk.rejected, shut=shut)
    found.hollow = [path for folder in walk.hollow if (path := _below(root, folder)) != "."]
    zips: list[Path] = []
    with_pictures = {file.parent for file in walk.files if is_named_as_picture(file.name)}
    for file in walk.files:
        if file.suffix.lower() == ".zip" and file.parent not in with_pictures:
            zips.append(file)
        else:
            path = _below(root, file)
            found.files.append(FoundFile(path, clean_path(path), FileSource(file)))
    if len(zips) > MOST_ZIPS:
        raise DatasetError(
            f"{root} holds {len(zips):,} zips of pictures, and the limit is {MOST_ZIPS}. Unpack"
            " them into one folder per class."
        )
    for file in zips:
        _add_zip(found, root, file, max_unpacked)
    return found


def in_zip(listing: ZipListing) -> Found:
    """Take over the files of a zip."""
    found = Found(rejected=list(listing.rejected), notes=list(listing.notes))
    found.files = [FoundFile(path, path, source) for path, source in listing.files]
    found.lost = [each.name for each in listing.rejected]
    paths = sorted(found.paths)
    for folder in sorted({*listing.folders}):
        after = bisect_left(paths, f"{folder}/")
        if after == len(paths) or not paths[after].startswith(f"{folder}/"):
            found.hollow.append(folder)
    return found


def _below(root: Path, file: Path) -> str:
    return file.relative_to(root).as_posix()


def _add_zip(found: Found, root: Path, file: Path, max_unpacked: int) -> None:
    """Add a zip beside others, or beside folders, as the class of its name."""
    path = _below(root, file)
    try:
        listing = files_of_zip(file, max_unpacked_bytes=max_unpacked)
    except DatasetError as error:
        reason = str(error).removeprefix(f"{file} ").rstrip(".")
        found.rejected.append(Rejected(clean_path(path), reason))
        return
    inside = [name for name, _ in listing.files if is_named_as_picture(name)]
    if folders := _folders_in(inside):
        reason = f"a zip of folders ({listed(folders)}): give it by itself, or unpack it"
        found.rejected.append(Rejected(clean_path(path), reason))
        return
    folder = file.parent / class_of_zip(file.name)
    virtual, name = _below(root, folder), clean_path(path)
    found.files += [
        FoundFile(f"{virtual}/{entry}", f"{name}/{entry}", source, name)
        for entry, source in listing.files
    ]
    found.rejected += [Rejected(f"{name}/{each.name}", each.reason) for each in listing.rejected]
    found.lost += [f"{virtual}/{each.name}" for each in listing.rejected]
    if not listing.files:
        found.hollow.append(virtual)


def class_of_zip(name: str) -> str:
    """Return the class that a zip of pictures without folders stands for, by its file name."""
    return _SAMPLES.sub("", Path(name).stem)


def _folders_in(paths: Sequence[str]) -> list[str]:
    """Return the folders that may be classes of their own inside a zip."""
    tree = Tree(tuple(path.split("/")[:-1]) for path in paths)
    folder: Folder = ()
    while len(children := tree.children(folder)) == 1:
        folder = (*folder, children[0])
    return children


def identified_files(files: Sequence[FoundFile]) -> list[Identified]:
    """Return the digest of each file, in order."""
    large = [i for i, file in enumerate(files) if file.is_large()]
    with ThreadPoolExecutor(_HASHERS) as pool:
        outcomes = pool.map(lambda i: files[i].identified(), large)
        known = dict(zip(large, outcomes, strict=True))
    # Threads that read small files wait for each other at every step: five times as long.
    return [known.get(i) or file.identified() for i, file in enumerate(files)]


def without_copied_zips(
    files: Sequence[FoundFile], outcomes: Mapping[int, Identified]
) -> tuple[set[int], list[Rejected]]:
    """Return which files lie in a zip of which all is beside it too, and that zip as rejected."""
    loose = {outcome for i, outcome in outcomes.items() if files[i].archive is None}
    members: dict[str, list[int]] = {}
    for i, outcome in outcomes.items():
        archive = files[i].archive
        if archive is not None and not isinstance(outcome, Unusable):
            members.setdefault(archive, []).append(i)
    copied: set[int] = set()
    rejected: list[Rejected] = []
    for archive, numbers in members.items():
        if all(outcomes[i] in loose for i in numbers):
            copied |= {i for i in outcomes if files[i].archive == archive}
            rejected.append(Rejected(archive, "a zip of pictures that are all beside it too"))
    return copied, rejected
