"""Folders that can be read in two ways: only their owner knows which is meant, and is asked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NoReturn

from featclass.base import FoldersAmbiguous, display_name, enumerated
from featclass.datasets.folders import splits
from featclass.datasets.folders.tree import Folder, Tree, nearest_above

Roots = Mapping[Folder, str | None]
"""The folders that hold the class folders, as `ClassFolders.roots`."""

FEW: Final = 0.1
"""Share of the pictures: so many that lie beside the folders are strays."""


def refuse_split_beside_others(tree: Tree, roots: Roots) -> None:
    """Raise `FoldersAmbiguous` where a split lies among, or in one of, what may be the classes."""
    for root in roots:
        tops = [(*root, name) for name in tree.children(root)]
        for folder in (root, *map(tree.unwrapped, tops)):
            if not (parts := _parts_with_classes(tree, folder)):
                continue
            inner = {tree.inside(part): None for part in parts}
            deepest = 1 + max(Counter(map(len, inner)).items(), key=lambda item: item[::-1])[0]
            _refuse(_of_split(tree, root, parts), _choices(tree, roots, deepest, inner))


def _of_split(tree: Tree, root: Folder, parts: Sequence[Folder]) -> str:
    paths = ["/".join(part[len(root) :]) for part in parts]
    others = [(*root, name) for name in tree.children(root) if (*root, name) not in parts]
    beside = [other[-1] for other in others if not _parts_with_classes(tree, tree.unwrapped(other))]
    reason = f"{enumerated(paths)} look like parts of a split"
    if beside:
        reason += f", and {enumerated(beside)} beside them {'do' if beside[1:] else 'does'} not"
    return reason


def refuse_shared_names(tree: Tree, roots: Roots) -> None:
    """Raise `FoldersAmbiguous` where the class folders may be photographers, days, machines."""
    spelling: dict[str, str] = {}
    holders: defaultdict[str, set[str]] = defaultdict(set)
    depths: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for class_folder, folders in folders_in_classes(tree, roots).items():
        for folder in folders:
            if not splits.is_neutral(folder[-1]):
                name = folder[-1].casefold()
                spelling[name] = folder[-1]
                holders[name].add(class_folder[-1])
                depths[name][len(folder)] += 1
    shared = sorted(name for name, tops in holders.items() if len(tops) > 1)
    if len(shared) < 2 and not (len(holders) > 1 and 2 * len(shared) >= len(holders)):
        return
    sharing = sorted({top for name in shared for top in holders[name]})
    held = [(*root, top) for root in roots for top in sharing]
    if sum(map(tree.direct, held)) > FEW * sum(map(tree.below, held)):
        return
    at: Counter[int] = sum((depths[name] for name in shared), Counter())
    deepest = max(at, key=lambda depth: (at[depth], depth))
    same = "folders of the same names" if len(shared) > 1 else "a folder of the same name"
    inside = enumerated([spelling[name] for name in shared])
    _refuse(f"{enumerated(sharing)} hold {same} ({inside})", _choices(tree, roots, deepest))


def folders_in_classes(tree: Tree, roots: Iterable[Folder]) -> dict[Folder, list[Folder]]:
    """Return, by class folder, the subfolders in it, below what merely wraps them."""
    inside: dict[Folder, list[Folder]] = {}
    for root in roots:
        for top in tree.children(root):
            folder = tree.unwrapped((*root, top))
            inside[*root, top] = [(*folder, name) for name in tree.children(folder)]
    return inside


def _parts_with_classes(tree: Tree, folder: Folder) -> list[Folder]:
    """Return the subfolders that look like parts of a split which holds folders of classes."""
    parts = [(*folder, name) for name in splits.among(tree.children(folder))]
    names = {name for part in parts for name in tree.children(tree.inside(part))}
    return parts if sum(not splits.is_neutral(name) for name in names) > 1 else []


def _choices(
    tree: Tree, roots: Roots, deepest: int, within: Mapping[Folder, None] | None = None
) -> dict[int, list[str]]:
    """Return the names at each depth that may be the one of the classes.

    Args:
        tree: All folders.
        roots: Of the class folders, where they are the shallowest that can be.
        deepest: The depth of the deepest that can be.
        within: Of these, only what lies in here.
    """
    shallowest = Counter(map(len, roots)).most_common(1)[0][0] + 1
    choices: dict[int, list[str]] = {}
    above: set[str] = set()
    for depth in range(shallowest, deepest + 1):
        among = within if within and depth == deepest else roots
        there = [folder for folder in tree.at(depth) if nearest_above(folder, among) is not None]
        names = {folder[-1] for folder in there}
        telling = {name for name in names if not splits.is_neutral(name)} - above
        if depth in (shallowest, deepest) or not (len(telling) < 2 or splits.among(names)):
            spelling = {name.casefold(): name for name in sorted(names)}
            choices[depth] = sorted(spelling.values() if above else names)
        above = names
    return choices


def _refuse(reason: str, names_at: Mapping[int, Sequence[str]]) -> NoReturn:
    choices = {at: tuple(dict.fromkeys(map(display_name, names))) for at, names in names_at.items()}
    readings = " or ".join(
        f"--classes-at {depth} for {enumerated(names)}" for depth, names in choices.items()
    )
    in_python = " or ".join(f"classes_at={depth}" for depth in choices)
    raise FoldersAmbiguous(
        f"These folders can be read in two ways: {reason}. Say which are the classes:"
        f" {readings} (in Python {in_python}).",
        choices,
        reason,
    )
