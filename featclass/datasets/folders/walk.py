"""The files of a folder and its subfolders."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from featclass.base import Rejected, clean_path
from featclass.datasets.paths import is_skipped
from featclass.datasets.sources import why

FolderKey = tuple[int, int] | str


def files_below(path: Path) -> list[Path]:
    """List the files of a folder and its subfolders, hidden ones left out, sorted.

    Links are followed. Anything but a folder is returned as it is, so that whoever reads it can
    say what is wrong.
    """
    return list(Walk.through(path, follow=True).files) if path.is_dir() else [path]


@dataclass(slots=True)
class Walk:
    """What there is below a folder."""

    root: Path
    files: list[Path] = field(default_factory=list)
    """Sorted."""
    rejected: list[Rejected] = field(default_factory=list)
    """Subfolders that cannot be entered, by their paths below the root."""
    hollow: list[Path] = field(default_factory=list)
    """Folders that hold nothing."""
    _entered: dict[FolderKey, Path] = field(default_factory=dict)

    @classmethod
    def through(cls, root: Path, *, follow: bool) -> Walk:
        """Go through a folder; with `follow`, through what links lead to, wherever it lies.

        Never `follow` in what strangers sent or named: a link of theirs would lead to what is not
        theirs. Each folder is gone through once, by its own path before any link, so that loops
        end.
        """
        walk = cls(root)
        links = walk._enter(root)
        above = {_key(folder): folder for folder in Path(os.path.realpath(root)).parents}
        while links:
            further: list[Path] = []
            for link in sorted(links):
                if not follow:
                    walk._reject(link, "a link to a folder, which is not followed here")
                elif _key(link) in above:
                    walk._reject(link, "a link back to a folder that holds all of this")
                else:
                    further += walk._enter(link)
            links = further
        walk.files.sort()
        return walk

    def _enter(self, top: Path) -> list[Path]:
        """Take in the files below a folder; returns the links to folders that are met."""
        links: list[Path] = []

        def unreadable(error: OSError) -> None:
            self._reject(Path(error.filename), why(error))

        for folder, subfolders, names in os.walk(top, onerror=unreadable):
            inside, key = Path(folder), _key(Path(folder))
            first = self._entered.setdefault(key, inside)
            if first != inside:
                subfolders.clear()
                self._reject(inside, f"the same folder as {self._name(first)}, by a link")
                continue
            subfolders[:] = sorted(name for name in subfolders if not is_skipped(f"{name}/"))
            links += [inside / name for name in subfolders if (inside / name).is_symlink()]
            files = [inside / name for name in names if not is_skipped(name)]
            self.files += files
            if not files and not subfolders:
                self.hollow.append(inside)
        return links

    def _reject(self, folder: Path, reason: str) -> None:
        self.rejected.append(Rejected(self._name(folder), reason))

    def _name(self, folder: Path) -> str:
        return clean_path(folder.relative_to(self.root).as_posix()) or str(self.root)


def _key(folder: Path) -> FolderKey:
    """Return the same for a folder however it was reached."""
    try:
        status = folder.stat()
    except OSError:
        return str(folder)
    # Some file systems have no numbers.
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(folder)
