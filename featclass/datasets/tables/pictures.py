"""Which picture a table means by a cell: a path, a file name, a name without its ending."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from featclass.base import clean_path
from featclass.datasets.folders.tree import FilePath, Folder, nearest_above


class PictureIndex:
    """Finds the pictures, which are numbered, by what a table calls them."""

    def __init__(self, pictures: Mapping[int, FilePath], among: Iterable[int]) -> None:
        self._pictures = pictures
        self._by_name: defaultdict[str, list[int]] = defaultdict(list)
        self._in_folder: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self._names: dict[int, str] = {}
        for number in among:
            folder = pictures[number].folder
            file = _plain(pictures[number].file)
            self._names[number] = file
            for name in {file, file.rpartition(".")[0] or file}:
                self._by_name[name].append(number)
                if folder:
                    self._in_folder[_plain(folder[-1]), name].append(number)

    @property
    def size(self) -> int:
        """How many pictures there are."""
        return len(self._names)

    def path(self, number: int) -> str:
        """Return the path of a picture, as it is shown."""
        return self._pictures[number].path

    def find(self, cell: str) -> list[int]:
        """Return the pictures that a cell may mean."""
        folders: list[str] = []
        name = cell.casefold()
        if not cell.isascii() or "/" in cell or "\\" in cell:  # else nothing to clean: most cells
            *folders, name = clean_path(cell.replace("\\", "/")).casefold().split("/")
        candidates = self._by_name.get(name, [])
        if len(candidates) < 2:
            return candidates
        if folders and (near := self._in_folder.get((folders[-1], name))):
            shared = {number: self._shared(number, folders) for number in near}
            best = max(shared.values())
            candidates = [number for number in near if shared[number] == best]
        # The whole name before one without its ending.
        return [n for n in candidates if self._names[n] == name] or candidates

    def is_whole(self, cell: str, number: int) -> bool:
        """Whether a cell has the name of the picture with its ending."""
        name = self._names[number]
        return "." in name and cell.casefold().endswith(name)

    def _shared(self, number: int, folders: Sequence[str]) -> int:
        own = [_plain(part) for part in self._pictures[number].folder]
        pairs = zip(reversed(own), reversed(folders), strict=False)
        return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(own), len(folders)))


class PicturesOfTables:
    """Gives each table the pictures that it may be about; tables about the same ones share them."""

    def __init__(self, pictures: Mapping[int, FilePath], flat: Mapping[Folder, str | None]) -> None:
        self.pictures, self._flat = pictures, flat
        self._by_folder: defaultdict[Folder, list[int]] = defaultdict(list)
        for number, picture in pictures.items():
            self._by_folder[picture.folder].append(number)
        self._indices: dict[tuple[Folder, ...], PictureIndex] = {}

    def about(self, folder: Folder, part: str | None) -> PictureIndex:
        """Return those of a table in `folder`, whose name says that it is of a part of a split."""
        folders = list(self._by_folder)
        below = [other for other in folders if other[: len(folder)] == folder] or folders
        parts = dict.fromkeys(root for root, name in self._flat.items() if name and name == part)
        of_part = [other for other in below if nearest_above(other, parts) is not None]
        scope = tuple(of_part or below)
        if scope not in self._indices:
            among = (number for other in scope for number in self._by_folder[other])
            self._indices[scope] = PictureIndex(self.pictures, among)
        return self._indices[scope]

    def part_of(self, number: int) -> str | None:
        """Return the part of a split that a picture's folder is."""
        above = nearest_above(self.pictures[number].folder, self._flat)
        return self._flat[above] if above is not None else None


def _plain(name: str) -> str:
    """Return what a table has to call it, in any writing."""
    return clean_path(name).casefold()
