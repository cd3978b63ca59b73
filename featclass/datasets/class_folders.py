"""Which folders are the classes: told from how the pictures lie in folders, or asked."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from featclass.datasets import splits
from featclass.datasets.class_names import listed, shown
from featclass.errors import DatasetError, FoldersAmbiguous

Folder = tuple[str, ...]
"""The names of the folders down to one."""

_DEEPEST: Final = 64
"""Folders below each other that are told apart: more, and whoever made the paths means harm."""
_FEW: Final = 0.1
"""Share of the pictures: so many that lie beside the folders are strays."""


@dataclass(frozen=True, slots=True)
class ClassFolders:
    """Where the class folders lie: they are the children of `roots`."""

    roots: Mapping[Folder, str | None]
    """With the part of a split that each is, None where it is none; empty: no folder can be."""
    inner: Mapping[str, str] = field(default_factory=dict)
    """The parts of a split inside the class folders, by their names."""
    aside: Mapping[Folder, int] = field(default_factory=dict)
    """Parts of a split without classes, and how many pictures they hold."""
    flat: Mapping[Folder, str | None] = field(default_factory=dict)
    """As `roots`, where the pictures may lie without class folders: a table would say more."""
    notes: tuple[str, ...] = ()
    deeper_at: int | None = None
    """As `Reading.deeper_at`."""


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


def class_folders(tree: Tree) -> ClassFolders:
    """Tell from the folders of the pictures which are the classes.

    Raises:
        FoldersAmbiguous: They can be read in two ways.
    """
    base = _base(tree)
    if isinstance(base, ClassFolders):
        return base
    roots: dict[Folder, str | None] = {base: None}
    aside: dict[Folder, int] = {}
    while parts := _parts_below(tree, roots):
        deep = {
            _inside(tree, part): name for part, name in parts.items() if _is_deep(tree, part, name)
        }
        if not deep and roots.keys() == {base}:
            return ClassFolders({}, flat=parts)
        if not deep:
            break
        aside |= {
            part: tree.below(part) for part, name in parts.items() if not _is_deep(tree, part, name)
        }
        roots = deep
    inner = _inner_parts(tree, roots)
    if not inner:
        _refuse_ambiguous(tree, roots)
    deeper = [] if inner else _note_of_deeper(tree, roots)
    notes = (
        *_note_of_split(tree, roots, len(base)),
        *([_note_of_inner(inner)] if inner else deeper),
    )
    flat = {} if any(roots.values()) or inner else _flat(tree, base)
    deeper_at = Counter(map(len, roots)).most_common(1)[0][0] + 2 if deeper else None
    return ClassFolders(roots, inner, aside, flat, notes, deeper_at)


def class_folders_at(tree: Tree, depth: int) -> ClassFolders:
    """Take the folders at a depth for the classes, 1 for those of the folder that was given.

    Raises:
        DatasetError: No picture lies so deep.
    """
    there = tree.at(depth)
    if not there:
        raise DatasetError(
            f"There is no folder with pictures at depth {depth}:"
            + (
                f" the deepest pictures lie at depth {tree.depth}. Choose a depth from 1 to"
                f" {tree.depth}."
                if tree.depth
                else " the pictures lie in no folder. Make one folder per class."
            )
        )
    roots: dict[Folder, str | None] = {folder[:-1]: None for folder in there}
    for level in range(depth - 1):
        names = {root[level] for root in roots}
        parts = splits.parts(names) if len(names) > 1 else None
        if parts:
            roots = {root: parts[root[level]] for root in roots}
            break
    return ClassFolders(roots, _inner_parts(tree, roots))


def _base(tree: Tree) -> Folder | ClassFolders:
    """Return the folder that holds several; or, where there is none, the one class or no class."""
    end: Folder = ()
    first: Folder | None = None  # of those that hold pictures beside a lone folder
    strays = 0
    while len(children := tree.children(end)) == 1:
        if tree.direct(end) and first is None:
            first = end
        strays += tree.direct(end)
        end = (*end, children[0])
    if len(children) > 1 and strays <= _FEW * tree.below(()):
        return end
    lone = end if first is None else first
    flat: Mapping[Folder, str | None] = {}
    if tree.direct(lone) > tree.below(()) / 2 or not tree.children(lone):
        flat = {lone: None}
    return ClassFolders({lone[:-1]: None}, flat=flat)


def _parts_below(tree: Tree, roots: Mapping[Folder, str | None]) -> dict[Folder, str | None]:
    """Return the folders right below the roots where all of them are parts of a split."""
    names = {name for root in roots for name in tree.children(root)}
    parts = splits.parts(names) if len(names) > 1 else None
    if not parts or set(parts.values()) == {splits.UNLABELLED}:
        return {}
    return {
        (*root, name): part or parts[name]
        for root, part in roots.items()
        for name in tree.children(root)
    }


def _inside(tree: Tree, part: Folder) -> Folder:
    """Go down the folders that a part of a split merely wraps: seg_train/seg_train/, say."""
    while not tree.direct(part) and len(children := tree.children(part)) == 1:
        name = children[0]
        if not (splits.is_neutral(name) or name == part[-1] or splits.parts([name])):
            break
        part = (*part, name)
    return part


def _is_deep(tree: Tree, part: Folder, name: str | None) -> bool:
    return name != splits.UNLABELLED and bool(tree.children(_inside(tree, part)))


def _inner_parts(tree: Tree, roots: Mapping[Folder, str | None]) -> dict[str, str]:
    """Return the folders inside the class folders where all are parts of a split, by name."""
    if any(roots.values()):
        return {}
    names = {name for names in _inside_classes(tree, roots).values() for name in names}
    parts = splits.parts(names) if len(names) > 1 else None
    return parts if parts and splits.UNLABELLED not in parts.values() else {}


def _inside_classes(
    tree: Tree, roots: Mapping[Folder, str | None]
) -> defaultdict[str, Counter[str]]:
    """Return, by class folder, how many pictures each of its subfolders holds; all parts alike."""
    inside: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for root in roots:
        for top in tree.children(root):
            for name in tree.children((*root, top)):
                inside[top][name] += tree.below((*root, top, name))
    return inside


def _refuse_ambiguous(tree: Tree, roots: Mapping[Folder, str | None]) -> None:
    """Raise `FoldersAmbiguous` where the class folders may be photographers, days, machines."""
    spelling: dict[str, str] = {}
    holders: defaultdict[str, set[str]] = defaultdict(set)
    for top, names in _inside_classes(tree, roots).items():
        for name in names:
            if not splits.is_neutral(name):
                spelling[name.casefold()] = name
                holders[name.casefold()].add(top)
    shared = sorted(name for name, tops in holders.items() if len(tops) > 1)
    if len(shared) < 2 and not (len(holders) > 1 and 2 * len(shared) >= len(holders)):
        return
    sharing = sorted({top for name in shared for top in holders[name]})
    held = [(*root, top) for root in roots for top in sharing]
    if sum(map(tree.direct, held)) > _FEW * sum(map(tree.below, held)):
        return
    classes = sorted({name for root in roots for name in tree.children(root)})
    depth = Counter(map(len, roots)).most_common(1)[0][0] + 1
    names_at = {depth: classes, depth + 1: sorted(spelling.values())}
    choices = {at: tuple(dict.fromkeys(map(shown, names))) for at, names in names_at.items()}
    same = [spelling[name] for name in shared]
    raise FoldersAmbiguous(_ambiguous(sharing, same, choices), choices)


def _ambiguous(
    sharing: Sequence[str], shared: Sequence[str], choices: Mapping[int, Sequence[str]]
) -> str:
    readings = " or ".join(
        f"--classes-at {depth} for {listed(names)}" for depth, names in choices.items()
    )
    in_python = " or ".join(f"classes_at={depth}" for depth in choices)
    same = "folders of the same names" if len(shared) > 1 else "a folder of the same name"
    return (
        f"These folders can be read in two ways: {listed(sharing)} hold {same} ({listed(shared)})."
        f" Say which are the classes: {readings} (in Python {in_python})."
    )


def _note_of_split(tree: Tree, roots: Mapping[Folder, str | None], level: int) -> list[str]:
    if not any(roots.values()):
        return []
    names = sorted({root[level] for root in roots}, key=splits.in_order)
    classes = sorted({name for root in roots for name in tree.children(root)})
    read = "are read as parts" if len(names) > 1 else "is read as a part"
    within = "them" if len(names) > 1 else "it"
    return [
        f"{listed(names)} {read} of a split; the classes are the folders in {within}:"
        f" {listed(classes)}."
    ]


def _note_of_inner(inner: Mapping[str, str]) -> str:
    names = sorted(inner, key=splits.in_order)
    return f"{listed(names)} inside the class folders are read as parts of a split."


def _note_of_deeper(tree: Tree, roots: Mapping[Folder, str | None]) -> list[str]:
    deeper = [
        f"{top}/{name}"
        for top, names in sorted(_inside_classes(tree, roots).items())
        for name in sorted(names)
        if not splits.is_neutral(name)
    ]
    if not deeper:
        return []
    return [f"What lies deeper ({listed(deeper)}) counts to the class folder above it."]


def _flat(tree: Tree, base: Folder) -> dict[Folder, str | None]:
    """Return where the pictures lie that a table may label, although there are folders."""
    if tree.direct(base) > tree.below(()) / 2:
        return {base: None}
    # "images_part_1", "images_part_2": a download in pieces.
    pieces = {re.sub(r"\d+", "", name) for name in tree.children(base)}
    numbered = all(re.search(r"\d", name) for name in tree.children(base))
    if len(pieces) == 1 and numbered and any(map(str.isalpha, *pieces)):
        return {(*base, name): None for name in tree.children(base)}
    return {}
