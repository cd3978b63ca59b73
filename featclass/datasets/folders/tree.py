"""The folders with pictures, below each other, and how many pictures each holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from featclass.base import clean_path
from featclass.datasets.folders import splits

Folder = tuple[str, ...]
"""The names of the folders down to one."""


class FilePath(NamedTuple):
    """A path below the folder, the zip or the drop that was given."""

    folder: Folder
    file: str
    """Empty where it is a folder's."""

    @classmethod
    def of(cls, path: str) -> FilePath:
        """Divide a path with slashes."""
        *folders, file = path.split("/")
        return cls(tuple(part for part in folders if part not in ("", ".", "..")), file)

    @property
    def path(self) -> str:
        """As it is shown."""
        return clean_path("/".join((*self.folder, self.file)))


_DEEPEST: Final = 64
"""Folders below each other that are told apart: more, and whoever made the paths means harm."""


def nearest_above(folder: Folder, among: Mapping[Folder, object]) -> Folder | None:
    """Return the nearest of some folders that another lies in, or is."""
    lengths = range(min(len(folder), _DEEPEST), -1, -1) if among else ()
    return next((folder[:length] for length in lengths if folder[:length] in among), None)


class Tree:
    """The folders with pictures, and how many each holds."""

    def __init__(self, folders: Iterable[Folder]) -> None:
        self._direct = Counter(folder[:_DEEPEST] for folder in folders)
        self._below: Counter[Folder] = Counter()
        self._children: defaultdict[Folder, set[str]] = defaultdict(set)
        for folder, count in self._direct.items():
            for length in range(len(folder) + 1):
                self._below[folder[:length]] += count
                if length < len(folder):
                    self._children[folder[:length]].add(folder[length])

    def children(self, folder: Folder) -> list[str]:
        """Return the names of the subfolders with pictures, sorted."""
        return sorted(self._children.get(folder, ()))

    def direct(self, folder: Folder) -> int:
        """Return how many pictures lie in the folder itself."""
        return self._direct[folder]

    def below(self, folder: Folder) -> int:
        """Return how many pictures lie in the folder and its subfolders."""
        return self._below[folder]

    def at(self, depth: int) -> list[Folder]:
        """Return the folders at a depth, sorted."""
        return sorted(folder for folder in self._below if len(folder) == depth)

    @property
    def depth(self) -> int:
        """How deep the deepest pictures lie."""
        return max(map(len, self._direct), default=0)

    def inside(self, part: Folder) -> Folder:
        """Go down what merely wraps what is in a part of a split: seg_train/seg_train/, say."""
        while not self.direct(part) and len(children := self.children(part)) == 1:
            name = children[0]
            if not (splits.is_neutral(name) or name == part[-1] or splits.parts([name])):
                break
            part = (*part, name)
        return part

    def unwrapped(self, folder: Folder) -> Folder:
        """Go down to the first folder that holds pictures itself, or several folders."""
        while not self.direct(folder) and len(children := self.children(folder)) == 1:
            inner = (*folder, children[0])
            if not self.children(inner):
                break
            folder = inner
        return folder

    def merged(self, copies: Mapping[Folder, object], into: Folder) -> Tree:
        """Return the tree with what lies in some folders moved to another one."""
        folders: list[Folder] = []
        for folder, count in self._direct.items():
            copy = nearest_above(folder, copies)
            moved = folder if copy is None else (*into, *folder[len(copy) :])
            folders += [moved] * count
        return Tree(folders)
