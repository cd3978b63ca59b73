"""Which folders are the classes: told from how the pictures lie in folders, or asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from featclass.base import DatasetError, enumerated
from featclass.datasets.classes.ambiguity import (
    FEW,
    folders_in_classes,
    refuse_shared_names,
    refuse_split_beside_others,
)
from featclass.datasets.folders import splits
from featclass.datasets.folders.tree import Folder, Tree


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


def class_folders(tree: Tree) -> ClassFolders:
    """Tell from the folders of the pictures which are the classes.

    Raises:
        FoldersAmbiguous: They can be read in two ways.
    """
    base = _base(tree)
    if isinstance(base, ClassFolders):
        return base
    if copies := _nested_copies(tree, base):
        merged = _class_folders_below(tree.merged(copies, base), base)
        return _with_copies(merged, tree, base, copies)
    return _class_folders_below(tree, base)


def _class_folders_below(tree: Tree, base: Folder) -> ClassFolders:
    roots: dict[Folder, str | None] = {base: None}
    aside: dict[Folder, int] = {}
    while parts := _parts_below(tree, roots):
        deep = {
            tree.inside(part): name for part, name in parts.items() if _is_deep(tree, part, name)
        }
        if not deep and roots.keys() == {base}:
            return ClassFolders({}, flat=parts)
        if not deep:
            break
        aside |= {
            part: tree.below(part) for part, name in parts.items() if not _is_deep(tree, part, name)
        }
        roots = deep
    refuse_split_beside_others(tree, roots)
    inner = _inner_parts(tree, roots)
    if not inner:
        refuse_shared_names(tree, roots)
    deeper = {} if inner else _deeper(tree, roots)
    notes = (
        *_note_of_split(tree, roots, len(base)),
        *([_note_of_inner(inner)] if inner else _note_of_deeper([*deeper])),
        *_note_of_split_classes({name for root in roots for name in tree.children(root)}),
    )
    flat = {} if any(roots.values()) or inner else _flat(tree, base)
    return ClassFolders(roots, inner, aside, flat, notes, min(deeper.values(), default=None))


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
        parts = splits.parts(names) or splits.parts(splits.among(names))
        if parts and len(names) > 1:
            roots = {root: parts.get(root[level]) for root in roots}
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
    if len(children) > 1 and strays <= FEW * tree.below(()):
        return end
    lone = end if first is None else first
    flat: Mapping[Folder, str | None] = {}
    if tree.direct(lone) > tree.below(()) / 2 or not tree.children(lone):
        flat = {lone: None}
    return ClassFolders({lone[:-1]: None}, flat=flat)


def _nested_copies(tree: Tree, base: Folder) -> dict[Folder, None]:
    """Return the folders that hold the same folders as lie beside them, unpacked twice.

    Args:
        tree: All folders.
        base: The folder whose subfolders are the classes, or parts of a split; a copy may hold
            another.
    """
    copies: dict[Folder, None] = {}
    ahead = [base]
    while ahead:
        inner = _copies_in(tree, ahead.pop())
        copies |= dict.fromkeys(inner)
        ahead += inner
    return copies


def _copies_in(tree: Tree, base: Folder) -> list[Folder]:
    names = {*tree.children(base)}
    inner = {name: tree.unwrapped((*base, name)) for name in names - {*splits.among(names)}}
    held = {
        name: {*tree.children(folder)} for name, folder in inner.items() if not tree.direct(folder)
    }
    like = {name for name in held if _are_most((held[name] & names) - {name}, held[name])}
    # Where each holds the names of all, as with one's own names and another's, none is a copy.
    copies = (name for name in sorted(like) if _are_most((held[name] & names) - like, held[name]))
    return [inner[name] for name in copies]


def _are_most(shared: set[str], held: set[str]) -> bool:
    return len(shared) > 1 and 2 * len(shared) > len(held)


def _note_of_copies(copies: Iterable[Folder]) -> str:
    """Say which folders were read as more of the same."""
    names = sorted("/".join(copy) for copy in copies)
    hold, both = ("hold", "all") if names[1:] else ("holds", "both")
    return (
        f"{enumerated(names)} {hold} the same folders again: {both} are read, and a picture that is"
        " in two of them counts once."
    )


def _with_copies(
    folders: ClassFolders, tree: Tree, base: Folder, copies: Mapping[Folder, None]
) -> ClassFolders:
    """Return where the class folders lie in the copies, too.

    Args:
        folders: Read from the tree that the copies are merged into.
        tree: As the folders really lie.
        base: What the copies lie in, and are copies of.
        copies: As `_nested_copies` gives them.
    """

    def places(folder: Folder) -> list[Folder]:
        if folder[: len(base)] != base:
            return [folder]
        moved = [(*copy, *folder[len(base) :]) for copy in copies]
        return [place for place in (folder, *moved) if tree.below(place)]

    return replace(
        folders,
        roots={place: part for root, part in folders.roots.items() for place in places(root)},
        aside={place: tree.below(place) for folder in folders.aside for place in places(folder)},
        flat={place: part for folder, part in folders.flat.items() for place in places(folder)},
        notes=(_note_of_copies(copies), *folders.notes),
    )


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


def _is_deep(tree: Tree, part: Folder, name: str | None) -> bool:
    return name != splits.UNLABELLED and bool(tree.children(tree.inside(part)))


def _inner_parts(tree: Tree, roots: Mapping[Folder, str | None]) -> dict[str, str]:
    """Return the folders inside the class folders where all are parts of a split, by name."""
    if any(roots.values()):
        return {}
    tops = [(*root, top) for root in roots for top in tree.children(root)]
    inside = {top: [(*top, name) for name in tree.children(top)] for top in tops}
    names = {part[-1] for parts in inside.values() for part in parts}
    parts = splits.parts(names) if len(names) > 1 else None
    if not parts or splits.UNLABELLED in parts.values():
        return {}
    are_few = 2 * sum(map(bool, inside.values())) <= len(tops)
    return {} if are_few else parts


def _note_of_split(tree: Tree, roots: Mapping[Folder, str | None], level: int) -> list[str]:
    if not any(roots.values()):
        return []
    names = sorted({root[level] for root in roots}, key=splits.in_order)
    classes = sorted({name for root in roots for name in tree.children(root)})
    read = "are read as parts" if len(names) > 1 else "is read as a part"
    within = "them" if len(names) > 1 else "it"
    return [
        f"{enumerated(names)} {read} of a split; the classes are the folders in {within}:"
        f" {enumerated(classes)}."
    ]


def _note_of_inner(inner: Mapping[str, str]) -> str:
    names = sorted(inner, key=splits.in_order)
    return f"{enumerated(names)} inside the class folders are read as parts of a split."


def _deeper(tree: Tree, roots: Mapping[Folder, str | None]) -> dict[str, int]:
    """Return what lies in the class folders, by its path below the roots, and at which depth."""
    return {
        "/".join(folder[len(class_folder) - 1 :]): len(folder)
        for class_folder, folders in sorted(folders_in_classes(tree, roots).items())
        for folder in folders
        if not splits.is_neutral(folder[-1])
    }


def _note_of_split_classes(classes: Iterable[str]) -> list[str]:
    names = splits.with_classes(classes)
    if not names:
        return []
    return [
        f"{enumerated(names)} look like a part of a split and a class in one name, and are read as"
        " a class each: if they are both, make one folder for each part, with the classes in it,"
        " such as train/cats."
    ]


def _note_of_deeper(paths: Sequence[str]) -> list[str]:
    if not paths:
        return []
    return [f"What lies deeper ({enumerated(paths)}) counts to the class folder above it."]


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
