"""What a workspace learns from: its labelled sets, and the pictures that are none of these."""

from __future__ import annotations

from featclass.datasets import without_conflicts
from featclass.records import Dataset, Image
from featclass.workspaces.records import LabelledSet, Picture, Workspace
from featclass.workspaces.store import Workspaces


def image_name(labelled: LabelledSet, picture: Picture) -> str:
    """Return what a picture of a set is called in reports."""
    return f"{labelled.name}/{picture.name}"


def dataset(store: Workspaces, workspace: Workspace) -> Dataset:
    """Return the pictures of all sets that count; one that stands in two is rejected."""
    images = [
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
    kept, conflicts = without_conflicts(images)
    return Dataset(tuple(kept), tuple(conflicts))


def strangers(store: Workspaces, workspace: Workspace) -> Dataset:
    """Return the pictures that are none of these, without a label.

    One that stands in a set too, brought back there by undoing, is what the set says.
    """
    in_sets = {picture.digest for found in workspace.sets for picture in found.counted}
    images = (
        Image(picture.name, picture.digest, store.source(picture.digest))
        for picture in workspace.strangers
        if picture.digest not in in_sets
    )
    return Dataset(tuple(images))
