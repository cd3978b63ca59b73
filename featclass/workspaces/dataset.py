"""What a workspace learns from: its labelled sets, and the pictures that are none of these."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from featclass.base import Dataset, Image, Rejected
from featclass.datasets import without_conflicts
from featclass.workspaces.records import LabelledSet, Picture, Workspace
from featclass.workspaces.store import Workspaces


def image_name(labelled: LabelledSet, picture: Picture) -> str:
    """Return what a picture of a set is called in reports."""
    return f"{labelled.name}/{picture.name}"


def dataset(store: Workspaces, workspace: Workspace) -> Dataset:
    """Return the pictures of all sets that count; one that stands in two is rejected."""
    counted, rejected = without_conflicts(_images(store, workspace))
    return Dataset(tuple(counted), tuple(rejected))


def conflicts(store: Workspaces, workspace: Workspace) -> tuple[Rejected, ...]:
    """Return the pictures of sets that do not count as they stand in two, as the sets are called.

    The first of what embedding `dataset` rejects.
    """
    return tuple(without_conflicts(_images(store, workspace))[1])


def _images(store: Workspaces, workspace: Workspace) -> list[Image]:
    return [
        Image(
            image_name(labelled, picture),
            picture.digest,
            store.source(picture.digest),
            labelled.name,
            picture.burst,
        )
        for labelled in workspace.sets
        for picture in labelled.counted
    ]


def without_own(sets: Sequence[LabelledSet]) -> Mapping[int, tuple[LabelledSet, ...]]:
    """Return the filled sets that teach nothing, as each of their pictures stands in another too.

    By id, with the others that hold their pictures.
    """
    places: defaultdict[str, set[int]] = defaultdict(set)
    for labelled in sets:
        for picture in labelled.counted:
            places[picture.digest].add(labelled.id)
    shared = {}
    for labelled in sets:
        holders = [places[picture.digest] for picture in labelled.counted]
        if holders and all(len(ids) > 1 for ids in holders):
            others = set().union(*holders) - {labelled.id}
            shared[labelled.id] = tuple(other for other in sets if other.id in others)
    return shared


def strangers(store: Workspaces, workspace: Workspace) -> Dataset:
    """Return the pictures that are none of these, without a label.

    One that stands in a set too, brought back there by undoing, is what the set says.
    """
    in_sets = {picture.digest for labelled in workspace.sets for picture in labelled.counted}
    images = (
        Image(picture.name, picture.digest, store.source(picture.digest))
        for picture in workspace.strangers
        if picture.digest not in in_sets
    )
    return Dataset(tuple(images))
