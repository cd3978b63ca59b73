"""Where the files of a drop belong: the sets they go to, and what is said or asked of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final, TypedDict

from featclass import datasets
from featclass.datasets import ZipListing
from featclass.errors import DatasetError, FoldersAmbiguous, UploadRefused
from featclass.records import Rejected
from featclass.studio import studio

TRY, NEW = "try", "new"
Target = int | str | None
"""The id of a set, "try", or None for a file that is skipped."""

MOST_SETS: Final = 1000
LONGEST_ID: Final = 18
ALL_INTO_ONE: Final = 0
"""Answers "how deep are the classes?" with: there are none, all goes into the set dropped on."""

_SHOWN_CLASSES: Final = 100
_FIRST_NAMES: Final = 3
_MOST_REASONS: Final = 4


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
    """What was set aside, or is named in a table and not there; `notes` tell of it in short."""
    zips: tuple[int, ...] = ()
    """Where the drop holds a zip for each class: their places among the paths."""
    ids: Mapping[str, int] = field(default_factory=dict)
    """The set of each class."""


def place(
    token: str,
    target: str,
    paths: Sequence[str],
    *,
    classes_at: int | None = None,
    tables: Mapping[str, bytes] | None = None,
    folders: Sequence[str] = (),
    alone: str = "",
) -> Placement:
    """Say which set each path of a drop belongs to, making the sets that are missing.

    Args:
        token: Of the workspace.
        target: The id of the set that it was dropped on, "try", or "new".
        paths: With slashes, of the files.
        classes_at: The answer to the question of an earlier call.
        tables: The bytes of those of `paths` that may hold labels.
        folders: Paths of folders that hold nothing.
        alone: What to call a set of files that no folder names; "" for "Set N".

    Raises:
        FoldersAmbiguous: They can be read in two ways; `question` asks which is meant.
        FeatclassError: There is no such set, or they cannot be read.
    """
    if target == TRY or (classes_at == ALL_INTO_ONE and target != NEW):
        to: Target = TRY if target == TRY else set_id_of(target)
        return Placement(tuple(None if datasets.is_skipped(path) else to for path in paths))
    if zips := _zips_of_classes(paths):
        return Placement((None,) * len(paths), zips=zips)
    marked = [*paths, *(f"{folder.rstrip('/')}/" for folder in folders)]
    reading = datasets.read_paths(marked, classes_at=classes_at, tables=tables)
    labels = reading.labels[: len(paths)]
    notes = reading.notes + _set_aside(reading.rejected)
    named = sorted({label for label in labels if label})
    # One folder dropped on a set fills that set; several folders are sets of their own.
    if target != NEW and len(named) < 2:
        to = set_id_of(target)
        targets = tuple(None if label is None else to for label in labels)
        return Placement(targets, (), notes, reading.rejected)
    if len(named) > MOST_SETS:
        raise UploadRefused(
            f"that would make {len(named):,} sets, and {MOST_SETS:,} is the most; each folder"
            " directly inside the dropped one becomes a set"
        )
    store = studio().workspaces
    ids = {name: store.set_named(token, name) for name in named}
    kept = labels
    if "" in labels and named:
        kept, beside = _without_others(paths, labels)
        notes += beside
    if "" in kept:
        ids[""] = _set_of_loose(token, target, "" if named else alone)
    made = (alone,) if "" in kept and alone and not named else tuple(named)
    targets = tuple(None if label is None else ids[label] for label in kept)
    return Placement(targets, made, notes, reading.rejected, ids=ids)


def _zips_of_classes(paths: Sequence[str]) -> tuple[int, ...]:
    """Return the places of the zips where they are all that may hold pictures."""
    if any(datasets.is_named_as_picture(path) and not datasets.is_skipped(path) for path in paths):
        return ()
    zips = (i for i, path in enumerate(paths) if path.lower().endswith(".zip"))
    return tuple(i for i in zips if not datasets.is_skipped(paths[i]))


def _set_aside(rejected: Sequence[Rejected]) -> tuple[str, ...]:
    """Tell in few lines what was set aside and why."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for item in rejected:
        names[item.reason].append(item.name)
    lines = [f"{first_of(names[reason])}: {reason}." for reason in [*names][:_MOST_REASONS]]
    if more := sum(map(len, [*names.values()][_MOST_REASONS:])):
        lines.append(f"And {more:,} more, which are listed with the set.")
    return tuple(lines)


def _without_others(
    paths: Sequence[str], labels: Sequence[str | None]
) -> tuple[tuple[str | None, ...], tuple[str, ...]]:
    """Leave out files beside the class folders that are no pictures by their names, and say so.

    A set of their own would be a class without a picture.
    """
    beside = [
        path
        for path, label in zip(paths, labels, strict=True)
        if label == "" and not datasets.is_named_as_picture(path)
    ]
    if not beside:
        return tuple(labels), ()
    left = {*beside}
    kept = tuple(None if path in left else label for path, label in zip(paths, labels, strict=True))
    return kept, (f"Left out, as no folder of a class holds {_it(beside)}: {first_of(beside)}.",)


def _it(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"


def first_of(names: Sequence[str]) -> str:
    """Return the first few of many names, and how many more there are."""
    shown = names if len(names) <= _FIRST_NAMES + 1 else names[:_FIRST_NAMES]
    more = [f"{len(names) - len(shown):,} more"] if len(shown) < len(names) else []
    *first, last = *shown, *more
    return f"{', '.join(first)} and {last}" if first else last


def _set_of_loose(token: str, target: str, alone: str) -> int:
    if target != NEW:
        return set_id_of(target)
    store = studio().workspaces
    return store.set_named(token, alone) if alone else store.add_set(token)


def set_id_of(target: str) -> int:
    """Return the id of the set that something was dropped on; raises `UploadRefused`."""
    if not target.isdecimal() or len(target) > LONGEST_ID:
        raise UploadRefused("there is no such set; load the page again")
    return int(target)


def question(ambiguous: FoldersAmbiguous, name: str, target: str) -> Question:
    """Return what to ask of a drop called `name`: on a set, whether all of it goes there, too."""
    choices = [
        Choice(classes_at=depth, classes=[*classes[:_SHOWN_CLASSES]], number=len(classes))
        for depth, classes in sorted(ambiguous.choices.items())
    ]
    outer, *inner = choices
    within = "; ".join(first_of(choice["classes"]) for choice in inner)
    sentence = (
        f"{name} can be read in two ways: {first_of(outer['classes'])} hold folders of the same"
        f" names ({within}). Which of them are the sets?"
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

    Args:
        token: Of the workspace.
        zip_name: As its owner knows it.
        listing: Of the zip.
        placement: Of its files.
        before: The names of the sets that were there before.
        classes_at: As it was read.
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
    return NamesRead(code=code, title=title, names=sorted(names.items()))


def _names_of(
    paths: Sequence[str], placement: Placement, made: Mapping[int, str], classes_at: int | None
) -> dict[int, str] | None:
    """Return the names of the same sets by other paths; None where they would be other sets."""
    try:
        labels = datasets.read_paths(paths, classes_at=classes_at).labels
    except DatasetError:
        return None
    names: defaultdict[int, set[str]] = defaultdict(set)
    for target, label in zip(placement.targets, labels, strict=True):
        if isinstance(target, int) and target in made:
            names[target].add(label or "")
    single = {set_id: next(iter(given)) for set_id, given in names.items() if len(given) == 1}
    if len(single) < len(made) or len({*single.values()}) < len(made) or "" in single.values():
        return None
    return single


def zip_stem(name: str) -> str:
    """Return the class that a zip without folders is named for, as Teachable Machine names it."""
    return PurePosixPath(name).stem.removesuffix("-samples").strip()
