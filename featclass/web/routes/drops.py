"""Where the files of a drop belong: the sets they go to, and what is said or asked of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypedDict

from featclass import datasets
from featclass.base import (
    DatasetError,
    FoldersAmbiguous,
    Rejected,
    UploadRefused,
    clean_path,
    enumerated,
)
from featclass.base.sentences import counted
from featclass.datasets import ZipListing
from featclass.server.studio import studio
from featclass.web.routes.requests import LONGEST
from featclass.workspaces import bounds

TRY, NEW = "try", "new"
Target = int | str | None
"""The id of a set, "try", or None for a file that is skipped."""

ALL_INTO_ONE: Final = 0
"""Answers "how deep are the classes?" with: there are none, all goes into the set dropped on."""

_SHOWN_CLASSES: Final = 100
_DEEPEST: Final = 64


class Choice(TypedDict):
    """One way to read the folders of a drop."""

    classes_at: int
    classes: list[str]
    """The first hundred."""
    number: int


class Question(TypedDict):
    """What only the owner of the folders can answer; the answer is a `classes_at`."""

    sentence: str
    choices: list[Choice]


class Asked(TypedDict):
    """What has to be answered first: nothing was done."""

    question: Question


class NamesRead(TypedDict):
    """The names of the sets that a zip made, in one code page."""

    code: str
    title: str
    names: list[tuple[int, str]]
    """By the ids of the sets."""


class Names(TypedDict):
    """How the names of a zip were read, and how else they can be."""

    zip: str
    code: str
    readings: list[NamesRead]
    """`code` first."""
    kept: list[str]
    """Sets that were there before the zip: they are not renamed."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What becomes of each file of a drop, in order."""

    targets: tuple[Target, ...]
    made: tuple[str, ...] = ()
    """The names of the sets that the drop itself names."""
    notes: tuple[str, ...] = ()
    """How it was read where that could be taken otherwise."""
    rejected: tuple[Rejected, ...] = ()
    """Pictures and rows of a table that do not match; `notes` tell of them in short."""
    zips: tuple[int, ...] = ()
    """Where the drop holds a zip for each class: their places among the paths."""
    ids: Mapping[str, int] = field(default_factory=dict)
    """The set of each class."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Files that were dropped on a workspace."""

    token: str
    target: str
    """The id of the set that it was dropped on, "try", or "new"."""
    paths: Sequence[str]
    """With slashes, of the files."""
    classes_at: int | None = None
    """The answer to the question of an earlier call."""
    tables: Mapping[str, bytes] = field(default_factory=dict)
    """The bytes of those of `paths` that may hold labels."""
    folders: Sequence[str] = ()
    """Paths of folders that hold nothing."""
    alone: str = ""
    """What to call a set of files that no folder names; "" for "Set N"."""
    is_one_of_several: bool = False
    """Whether `alone` stands before the name of a lone folder, too."""


def place(drop: Drop) -> Placement:
    """Say which set each path of a drop belongs to, making the sets that are missing.

    Raises:
        FoldersAmbiguous: They can be read in two ways; `question` asks which is meant.
        FeatclassError: There is no such set, or they cannot be read.
    """
    target, paths = drop.target, drop.paths
    if target == TRY or (drop.classes_at == ALL_INTO_ONE and target != NEW):
        to: Target = TRY if target == TRY else set_id_of(target)
        return Placement(tuple(None if datasets.is_skipped(path) else to for path in paths))
    if zips := _zips_of_classes(paths):
        return Placement((None,) * len(paths), zips=zips)
    reading = _read(drop)
    labels, notes = [*reading.labels[: len(paths)]], [*reading.notes]
    named = {label for label in labels if label}
    if drop.alone and drop.is_one_of_several and len(named) == 1:
        labels = [None if label is None else "" for label in labels]
    # One folder dropped on a set fills that set; several folders are sets of their own.
    if target != NEW and len(named) < 2:
        to = set_id_of(target)
        targets = tuple(None if label is None else to for label in labels)
        return Placement(targets, notes=tuple(notes), rejected=reading.rejected)
    notes += _without_pictures(paths, labels)
    notes += _empty_folders(labels, reading.labels[len(paths) :])
    ids = _sets_of(drop, labels)
    made = sorted(filter(None, ids)) or ([drop.alone] if drop.alone and ids else [])
    targets = tuple(None if label is None else ids[label] for label in labels)
    return Placement(targets, tuple(made), tuple(notes), reading.rejected, ids=ids)


def _read(drop: Drop) -> datasets.Reading:
    """Return the class of each path, then of each empty folder; what was set aside is a note."""
    paths = drop.paths
    marked = [*paths, *(f"{folder.rstrip('/')}/" for folder in drop.folders)]
    # Whoever drops a folder on a set says by that what is in it.
    tables = drop.tables if drop.target == NEW else None
    reading = datasets.read_paths(marked, classes_at=drop.classes_at, tables=tables)
    aside = _folders_aside(paths, reading.labels[: len(paths)], reading.rejected)
    return replace(
        reading,
        notes=(*reading.notes, *(f"{name} {reason}" for name, reason in aside.items())),
        rejected=tuple(item for item in reading.rejected if item.name not in aside),
    )


def _zips_of_classes(paths: Sequence[str]) -> tuple[int, ...]:
    """Return the places of the zips that are a class each: none, where pictures lie beside."""
    places = [i for i, path in enumerate(paths) if not datasets.is_skipped(path)]
    if any(datasets.is_named_as_picture(paths[i], of_any_kind=True) for i in places):
        return ()
    return tuple(i for i in places if paths[i].lower().endswith(".zip"))


def _folders_aside(
    paths: Sequence[str], labels: Sequence[str | None], rejected: Sequence[Rejected]
) -> dict[str, str]:
    """Return the folders that were set aside as a whole, each with what to do about it."""
    inside: Counter[str] = Counter()
    for path, label in zip(paths, labels, strict=True):
        if label is None and not datasets.is_skipped(path):
            *folders, _ = clean_path(path).split("/")
            inside.update(
                "/".join(folders[:depth]) for depth in range(1, len(folders[:_DEEPEST]) + 1)
            )
    return {
        item.name: f"holds {counted(count, 'picture', 'pictures')} in no folder of a set, so it was"
        f" set aside: drop it on “Try it” to see what {'it is' if count == 1 else 'they are'}."
        for item in rejected
        if (count := inside[item.name])
    }


def _without_pictures(paths: Sequence[str], labels: list[str | None]) -> list[str]:
    """Leave out what makes no set, in `labels`, and say so: it would be a class without a picture.

    That is a folder of other files only, and other files beside the folders of sets.
    """
    others: defaultdict[str, list[int]] = defaultdict(list)
    with_pictures: set[str] = set()
    for i, (path, label) in enumerate(zip(paths, labels, strict=True)):
        if label is not None and _is_no_picture(path):
            others[label].append(i)
        elif label is not None:
            with_pictures.add(label)
    if not any(with_pictures):
        return []
    notes = []
    for label, places in others.items():
        if label in with_pictures and (label or not any(labels)):
            continue  # rejected with its reason, in that set
        for i in places:
            labels[i] = None
        beside = [clean_path(paths[i]) for i in places]
        notes.append(
            f"{label} holds no pictures, so no set was made for it."
            if label
            else f"Left out, as they lie in no folder of a set: {enumerated(beside)}."
        )
        if any(path.lower().endswith(".zip") for path in beside):
            notes.append("Unpack a zip into a folder of its own if it is a set.")
    return notes


def _is_no_picture(path: str) -> bool:
    # A file without an ending may well be a picture.
    has_ending = "." in path.rpartition("/")[2].strip(".")
    return has_ending and not datasets.is_named_as_picture(path, of_any_kind=True)


def _empty_folders(labels: Sequence[str | None], empty: Sequence[str | None]) -> list[str]:
    names = sorted({label for label in empty if label} - {*labels})
    if not names:
        return []
    are, them = ("is an empty folder", "it") if len(names) == 1 else ("are empty folders", "them")
    return [f"{enumerated(names)} {are}, so no set was made for {them}."]


def _sets_of(drop: Drop, labels: Sequence[str | None]) -> dict[str, int]:
    """Return the set of each class, made where it is missing; "" for what no folder names."""
    named = sorted({label for label in labels if label})
    if len(named) > bounds.MOST_SETS:
        raise UploadRefused(
            f"that would make {len(named):,} sets, and {bounds.MOST_SETS:,} is the most; each"
            " folder directly inside the dropped one becomes a set"
        )
    store, token = studio().workspaces, drop.token
    ids = store.sets_named(token, named)
    if "" in labels:
        if drop.target != NEW:
            ids[""] = set_id_of(drop.target)
        elif drop.alone and not named:
            ids[""] = store.set_named(token, drop.alone)
        else:
            ids[""] = store.add_set(token)
    return ids


def set_id_of(target: str) -> int:
    """Return the id of the set that something was dropped on; raises `UploadRefused`."""
    if not target.isdecimal() or len(target) > LONGEST:
        raise UploadRefused("there is no such set; load the page again")
    return int(target)


def require(token: str, target: str) -> None:
    """Raise `FeatclassError` where a workspace has no such place, or can take nothing more there.

    Asked before anything is read of what is to come there.
    """
    if target == NEW:
        studio().workspaces.version(token)
    else:
        studio().workspaces.require_room(token, None if target == TRY else set_id_of(target))


def remember(
    token: str, target: str, targets: Iterable[Target], unusable: Sequence[Rejected]
) -> None:
    """Keep what could not be used where it was dropped, or at the first set that it made."""
    if not unusable:
        return
    first = next((place for place in targets if place is not None), "")
    where = target if target != NEW else str(first)
    set_id = None if where == TRY else set_id_of(where or str(studio().workspaces.add_set(token)))
    studio().workspaces.reject(token, set_id, unusable)


def question(ambiguous: FoldersAmbiguous, name: str, target: str) -> Question:
    """Return what to ask of a drop called `name`: on a set, whether all of it goes there, too."""
    choices = [
        Choice(classes_at=depth, classes=[*classes[:_SHOWN_CLASSES]], number=len(classes))
        for depth, classes in sorted(ambiguous.choices.items())
    ]
    sentence = (
        f"{name} can be read in two ways: {ambiguous.reason}. Which of them are the sets?"
        if len(choices) > 1
        else f"{name}: {ambiguous.reason}. Are they the sets?"
    )
    if target != NEW:
        choices.append(Choice(classes_at=ALL_INTO_ONE, classes=[], number=0))
    return Question(sentence=sentence, choices=choices)


def other_names(
    token: str,
    zip_name: str,
    listing: ZipListing,
    placement: Placement,
    before: frozenset[str],
    classes_at: int | None,
) -> Names | None:
    """Return how else the sets that a zip made may be called; None where that is not in doubt.

    `before` holds the names of the sets that were there before it.
    """
    ids = {set_id for label, set_id in placement.ids.items() if label}
    here = {s.id: s.name for s in studio().workspaces.open(token).sets if s.id in ids}
    made = {set_id: name for set_id, name in here.items() if name not in before}
    if not listing.alternatives or not made:
        return None
    readings = [_read_as(listing.code, made)]
    for code, paths in listing.alternatives.items():
        others = _names_of(paths, placement, made, classes_at)
        if others and all(_read_as(code, others)["names"] != known["names"] for known in readings):
            readings.append(_read_as(code, others))
    if len(readings) == 1:
        return None
    kept = sorted(name for name in here.values() if name in before)
    return Names(zip=zip_name, code=listing.code, readings=readings, kept=kept)


def _read_as(code: str, names: Mapping[int, str]) -> NamesRead:
    title = datasets.CODE_PAGES.get(code, code.upper())
    return {"code": code, "title": title, "names": sorted(names.items())}


def _names_of(
    paths: Sequence[str], placement: Placement, made: Mapping[int, str], classes_at: int | None
) -> dict[int, str] | None:
    """Return the names of the same sets by other paths; None where they would be other sets."""
    try:
        labels = datasets.read_paths(paths, classes_at=classes_at).labels
    except DatasetError:  # such as FoldersAmbiguous
        return None
    names: defaultdict[int, set[str]] = defaultdict(set)
    for target, label in zip(placement.targets, labels, strict=True):
        if isinstance(target, int) and target in made:
            names[target].add(label or "")
    single = {set_id: next(iter(read)) for set_id, read in names.items() if len(read) == 1}
    if len(single) < len(made) or len({*single.values()}) < len(made) or "" in single.values():
        return None
    return single
