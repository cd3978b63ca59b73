"""The files of a folder and its subfolders, and each of them as an image."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from featclass.datasets.identification import Identified, Unusable, identified, why
from featclass.datasets.paths import clean_path, is_skipped
from featclass.datasets.sources import FileSource
from featclass.records import Image, Rejected

_HASHERS: Final = min(4, os.cpu_count() or 1)
_WORTH_A_THREAD: Final = 2**18


def files_below(path: Path) -> list[Path]:
    """List the files of a folder and its subfolders, hidden ones left out, sorted.

    Anything but a folder is returned as it is, so that whoever reads it can say what is wrong.
    """
    return files_of_folder(path)[0] if path.is_dir() else [path]


def image_of_file(path: Path) -> Image | Rejected:
    """Read one file as an image without a label, named by its path as given."""
    found = identified_file(path)
    if isinstance(found, Unusable):
        return Rejected(str(path), found.reason)
    return Image(str(path), found, FileSource(path))


def files_of_folder(root: Path) -> tuple[list[Path], list[Rejected]]:
    """List the files below a folder, sorted, and the subfolders that cannot be entered."""
    rejected: list[Rejected] = []

    def reject(folder: Path, reason: str) -> None:
        name = clean_path(folder.relative_to(root).as_posix())
        rejected.append(Rejected(name or str(root), reason))

    def unreadable(error: OSError) -> None:
        reject(Path(error.filename), why(error))

    files: list[Path] = []
    for folder, subfolders, names in os.walk(root, onerror=unreadable):
        inside = Path(folder)
        subfolders[:] = sorted(name for name in subfolders if not is_skipped(name))
        for name in subfolders:
            if (inside / name).is_symlink():
                reject(inside / name, "a link to a folder, which featclass does not follow")
        files += [inside / name for name in names if not is_skipped(name)]
    return sorted(files), rejected


def identified_files(files: Sequence[Path], root: Path) -> list[Identified]:
    """Return the digest of each file inside the folder `root`, in order."""
    large = [file for file in files if _size_of(file) >= _WORTH_A_THREAD]
    with ThreadPoolExecutor(_HASHERS) as pool:
        outcomes = pool.map(lambda file: identified_file(file, root), large)
        found = dict(zip(large, outcomes, strict=True))
    # Threads that read small files wait for each other at every step: five times as long.
    return [found.get(file) or identified_file(file, root) for file in files]


def _size_of(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def identified_file(file: Path, root: Path | None = None) -> Identified:
    """Return the digest of a file; with `root`, of one inside that folder only."""
    try:
        if root and file.is_symlink() and not _is_inside(file, root):
            return Unusable("a link that leads out of the folder")
        # Opening a named pipe or a terminal would wait for ever.
        if not stat.S_ISREG(file.stat().st_mode):
            return Unusable("not a file that holds anything")
    except OSError as error:
        return Unusable(why(error))
    return identified(FileSource(file).open)


def _is_inside(file: Path, root: Path) -> bool:
    return Path(os.path.realpath(file)).is_relative_to(os.path.realpath(root))
