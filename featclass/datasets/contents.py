"""What a folder or a zip holds, before it is known what it counts to."""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from featclass.base import DatasetError, Image, Rejected, clean_path, enumerated
from featclass.datasets.folders.splits import is_neutral
from featclass.datasets.folders.tree import Folder, Tree
from featclass.datasets.folders.walk import Walk
from featclass.datasets.paths import is_named_as_picture, is_table
from featclass.datasets.sources import FileSource, image_of
from featclass.datasets.tables.rows import LARGEST_TABLE
from featclass.datasets.zips.files import MAX_UNPACKED, ZipListing, ZipSource, files_of_zip

_HASHERS: Final = min(4, os.cpu_count() or 1)
_WORTH_A_THREAD: Final = 2**18

MOST_ZIPS: Final = 300
"""Each stays open for as long as its pictures are in use."""
_MOST_TABLES: Final = 100
MOST_OF_TABLES: Final = 64 * 10**6
"""Bytes of all tables together."""

# The samples of a class as Teachable Machine gives them, the second time with a number.
_SAMPLES: Final = re.compile(r"-samples( \(\d+\))?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class File:
    """A file, which may become an image."""

    name: str
    """As it is shown."""
    source: FileSource | ZipSource

    def is_large(self) -> bool:
        """Whether it is worth a thread to read it."""
        if not isinstance(self.source, FileSource):
            return False
        try:
            return self.source.path.stat().st_size >= _WORTH_A_THREAD
        except OSError:
            return False

    def start(self, size: int) -> bytes:
        """Return so many bytes at most; none where it cannot be read, which is told elsewhere."""
        # Opening a named pipe would wait for ever.
        if isinstance(self.source, FileSource) and not self.source.path.is_file():
            return b""
        try:
            with self.source.open() as file:
                return file.read(size)
        except OSError:
            return b""


@dataclass(frozen=True, slots=True)
class Entry:
    """What lies at a path."""

    path: str
    """What says which class it belongs to; below the folder or zip that was given. It ends with a
    slash where it is all that there is of a class: an empty folder, or a zip that is damaged."""
    file: File | Rejected | None
    """None for an empty folder."""
    archive: str | None = None
    """The zip that it lies in, one of several in a folder."""


@dataclass(slots=True)
class Contents:
    """What a folder or a zip holds."""

    entries: list[Entry] = field(default_factory=list)
    shut: list[Rejected] = field(default_factory=list)
    """Folders that cannot be entered."""
    notes: list[str] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        """What `read_paths` is to read."""
        return [entry.path for entry in self.entries]

    @property
    def rejected(self) -> list[Rejected]:
        """What cannot be had at all."""
        refused = (entry.file for entry in self.entries if isinstance(entry.file, Rejected))
        return [*self.shut, *refused]

    @property
    def tables(self) -> Mapping[str, bytes]:
        """The tables among the files, read when they are asked for."""
        return _Tables(
            {
                entry.path: entry.file
                for entry in self.entries
                if isinstance(entry.file, File) and is_table(entry.path)
            }
        )


class _Tables(Mapping[str, bytes]):
    def __init__(self, files: Mapping[str, File]) -> None:
        shallow_first = sorted(files, key=lambda path: (path.count("/"), path))
        self._files = {path: files[path] for path in shallow_first[:_MOST_TABLES]}
        self._left = MOST_OF_TABLES

    def __getitem__(self, path: str) -> bytes:
        data = self._files[path].start(LARGEST_TABLE + 1)
        self._left -= len(data)
        if self._left < 0:
            raise DatasetError(
                f"The tables beside the pictures hold more than {MOST_OF_TABLES / 10**6:,.0f} MB"
                " together. Leave only those of the classes."
            )
        return data

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def in_folder(root: Path, max_unpacked: int = MAX_UNPACKED) -> Contents:
    """List the files of a folder, links followed.

    A zip stands for a folder of its pictures where none lie outside zips: where some do, most
    often it is what they were unpacked from.
    """
    walk = Walk.through(root, follow=True)
    contents = Contents(shut=walk.rejected)
    zips: list[Path] = []
    for file in walk.files:
        if file.suffix.lower() == ".zip":
            zips.append(file)
            continue
        path = _below(root, file)
        contents.entries.append(Entry(path, File(clean_path(path), FileSource(file))))
    if any(is_named_as_picture(path, of_any_kind=True) for path in contents.paths):
        _leave_out(contents, [_below(root, file) for file in zips])
    elif len(zips) > MOST_ZIPS:
        raise DatasetError(
            f"{root} holds {len(zips):,} zips of pictures, and the limit is {MOST_ZIPS}. Unpack"
            " them into one folder per class."
        )
    else:
        for file in zips:
            _add_zip(contents, root, file, max_unpacked)
    hollow = (path for folder in walk.hollow if (path := _below(root, folder)) != ".")
    contents.entries += [Entry(f"{path}/", None) for path in hollow]
    return contents


def in_zip(listing: ZipListing) -> Contents:
    """Take over the files of a zip."""
    entries = [Entry(path, File(path, source)) for path, source in listing.files]
    entries += [Entry(refused.name, refused) for refused in listing.rejected]
    paths = sorted(entry.path for entry in entries)
    for folder in sorted({*listing.folders}):
        after = bisect_left(paths, f"{folder}/")
        if after == len(paths) or not paths[after].startswith(f"{folder}/"):
            entries.append(Entry(f"{folder}/", None))
    return Contents(entries, notes=list(listing.notes))


def _below(root: Path, file: Path) -> str:
    return file.relative_to(root).as_posix()


def _leave_out(contents: Contents, zips: Sequence[str]) -> None:
    """Reject the zips beside pictures, and say so: one of them may have been meant for a class."""
    reason = "a zip beside the pictures; unpack it into a folder if it is a class"
    names = [clean_path(path) for path in zips]
    contents.entries += [
        Entry(path, Rejected(name, reason)) for path, name in zip(zips, names, strict=True)
    ]
    if len(names) == 1:
        contents.notes.append(
            f"{names[0]} lies beside the pictures and was left out; unpack it into a folder if it"
            " is a class."
        )
    elif names:
        contents.notes.append(
            f"{enumerated(names)} lie beside the pictures and were left out; unpack each into a"
            " folder if it is a class."
        )


def _add_zip(contents: Contents, root: Path, file: Path, max_unpacked: int) -> None:
    """Add a zip as the class of its name."""
    path = _below(root, file)
    name = clean_path(path)
    label = class_of_zip(file.name)
    virtual = _below(root, file.parent / label)
    try:
        listing = files_of_zip(file, max_unpacked_bytes=max_unpacked)
    except DatasetError as error:
        reason = str(error).removeprefix(f"{file} ").rstrip(".")
        contents.entries.append(Entry(f"{virtual}/", Rejected(name, reason), name))
        return
    inside: list[tuple[str, File | Rejected]] = [
        *((path, File(f"{name}/{path}", source)) for path, source in listing.files),
        *((r.name, Rejected(f"{name}/{r.name}", r.reason)) for r in listing.rejected),
    ]
    tree = Tree(tuple(entry.split("/")[:-1]) for entry, _ in inside if is_named_as_picture(entry))
    if folders := _folders_in(tree):
        reason = f"a zip of folders ({enumerated(folders)}): give it by itself, or unpack it"
        contents.entries.append(Entry(path, Rejected(name, reason)))
        contents.notes.append(f"{name} is {reason}.")
        return
    wrapper = "".join(f"{folder}/" for folder in _wrapper(tree, {label, file.stem}))
    contents.entries += [
        Entry(f"{virtual}/{entry.removeprefix(wrapper)}", held, name) for entry, held in inside
    ]
    if not listing.files:
        contents.entries.append(Entry(f"{virtual}/", None, name))


def class_of_zip(name: str) -> str:
    """Return the class that a zip of pictures without folders stands for, by its file name."""
    return _SAMPLES.sub("", Path(name).stem)


def _folders_in(tree: Tree) -> list[str]:
    """Return the folders that may be classes of their own inside a zip."""
    folder: Folder = ()
    while len(children := tree.children(folder)) == 1:
        folder = (*folder, children[0])
    return children


def _wrapper(tree: Tree, names: Iterable[str]) -> Folder:
    """Return the folder around all pictures of a zip that says no more than the zip's name does.

    Explorer and macOS pack a folder so: "cat/1.jpg" in "cat.zip".
    """
    own = {clean_path(name).casefold() for name in names}
    folder: Folder = ()
    while not tree.direct(folder) and len(children := tree.children(folder)) == 1:
        if children[0].casefold() not in own and not is_neutral(children[0]):
            break
        folder = (*folder, children[0])
    return folder


def images_of(files: Sequence[File]) -> list[Image | Rejected]:
    """Return each file as an image without a label, or rejected with the reason, in order."""
    large = [i for i, file in enumerate(files) if file.is_large()]
    with ThreadPoolExecutor(_HASHERS) as pool:
        outcomes = pool.map(lambda i: image_of(files[i].source, files[i].name), large)
        known = dict(zip(large, outcomes, strict=True))
    # Threads that read small files wait for each other at every step: five times as long.
    return [known.get(i) or image_of(file.source, file.name) for i, file in enumerate(files)]
