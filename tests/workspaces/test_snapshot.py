"""Reading a workspace anew only where it changed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from featclass.base.errors import WorkspaceRemoved
from featclass.workspaces import Workspaces, snapshot
from tests.workspaces.stored import add, names, set_ids


def test_a_workspace_is_read_anew_only_where_somebody_changed_it(
    store: Workspaces, token: str, tmp_path: Path
) -> None:
    first = store.open(token)
    assert store.open(token) is first
    with Workspaces(tmp_path / "data") as of_another_server:
        add(of_another_server, token, set_ids(store, token)[0], "a.png")
        assert names(store.open(token).sets[0].pictures) == ["a.png"]
        of_another_server.remove_workspace(token)
        with pytest.raises(WorkspaceRemoved):
            store.open(token)


def test_a_version_that_was_counted_twice_is_not_taken_for_the_same(
    store: Workspaces, token: str, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.sqlite"
    file = tmp_path / "data" / "workspaces.sqlite"
    with sqlite3.connect(file) as db, sqlite3.connect(copy) as kept:
        db.backup(kept)
    store.rename(token, "One")
    assert store.open(token).name == "One"
    with sqlite3.connect(file) as db, sqlite3.connect(copy) as kept:
        kept.backup(db)  # put back into the same file
    store.rename(token, "Other")
    assert (store.open(token).name, store.open(token).version) == ("Other", 1)


def test_few_workspaces_are_kept_as_they_were_read(
    store: Workspaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "KEPT_PICTURES", 1)
    tokens = [store.create() for _ in range(3)]
    for token in tokens:
        add(store, token, None, "a.png")
    read = [store.open(token) for token in tokens]
    assert store.open(tokens[2]) is read[2]
    assert store.open(tokens[0]) == read[0]
    assert store.open(tokens[0]) is not read[0]
