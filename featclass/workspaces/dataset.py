"""The labelled sets of a workspace as a dataset to learn from."""

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
