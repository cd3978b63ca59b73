"""Pictures put into a store and read back from it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from featclass.workspaces import (
    Act,
    LabelledSet,
    NewPicture,
    Picture,
    Workspaces,
)

A_MOMENT_AGO = timedelta(0)


def new(*names: str) -> list[NewPicture]:
    return [NewPicture(name, f"bytes of {name}".encode()) for name in names]


def names(pictures: Sequence[Picture | LabelledSet]) -> list[str]:
    return [picture.name for picture in pictures]


def set_ids(store: Workspaces, token: str) -> list[int]:
    return [labelled.id for labelled in store.open(token).sets]


def add(store: Workspaces, token: str, set_id: int | None, *files: str) -> list[int]:
    ids = [added.picture_id for added in store.add_pictures(token, set_id, new(*files))]
    return [id for id in ids if id is not None]


def blob_files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "data" / "blobs").glob("*/*")}


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def set_id(store: Workspaces, token: str, name: str) -> int:
    return next(labelled.id for labelled in store.open(token).sets if labelled.name == name)


def done(act: Act | None) -> Act:
    assert act is not None
    return act


def undo_last(store: Workspaces, token: str) -> None:
    act = store.last_act(token)
    assert act is not None
    store.undo(token, act.id)
