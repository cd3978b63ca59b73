"""What is deleted for good, and what never is."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from featclass.base.errors import FeatclassError, WorkspaceMissing
from featclass.workspaces import (
    Workspaces,
    tables,
)
from tests.workspaces.stored import A_MOMENT_AGO, add, blob_files, digest_of, new, set_ids


def test_purging_deletes_what_was_removed_and_keeps_what_is_referred_to(
    store: Workspaces, token: str, tmp_path: Path
) -> None:
    other = store.create()
    one, two = set_ids(store, token)
    gone, both, _ = add(store, token, one, "gone", "both", "kept")
    add(store, token, two, "in a set")
    add(store, token, None, "tried")
    add(store, other, None, "both")
    removals = [store.remove_picture(token, gone), store.remove_picture(token, both)]
    removals += [store.remove_set(token, two), store.clear_tried(token)]
    assert store.purge(older_than=timedelta(hours=1)) == 0
    store.undo(token, store.remove_set(token, one).id)
    before = store.open(token)
    assert store.purge(older_than=A_MOMENT_AGO, grace=A_MOMENT_AGO) == 3
    assert store.open(token) == before
    kept = {digest_of(b"bytes of kept"), digest_of(b"bytes of both")}
    assert blob_files(tmp_path) == kept
    assert store.read(other, digest_of(b"bytes of both")) == b"bytes of both"
    with pytest.raises(WorkspaceMissing):
        store.read(token, digest_of(b"bytes of gone"))
    for removal in removals:
        with pytest.raises(FeatclassError, match="deleted for good"):
            store.undo(token, removal.id)


def test_the_number_of_something_purged_never_means_something_else(
    store: Workspaces, token: str
) -> None:
    (picture,) = add(store, token, None, "a")
    removal = store.remove_picture(token, picture)
    new_set = store.add_set(token)
    store.remove_set(token, new_set)
    store.purge(older_than=A_MOMENT_AGO, grace=A_MOMENT_AGO)
    (other,) = add(store, token, None, "b")
    assert other > picture
    assert store.add_set(token) > new_set
    assert store.remove_picture(token, other).id > removal.id


def test_a_removed_workspace_is_purged_with_all_it_held(
    store: Workspaces, token: str, tmp_path: Path
) -> None:
    add(store, token, set_ids(store, token)[0], "a", "b")
    store.visit(token, "ann")
    store.remove_workspace(token)
    assert store.purge(older_than=A_MOMENT_AGO, grace=A_MOMENT_AGO) == 2
    with pytest.raises(WorkspaceMissing, match="No workspace has this link"):
        store.open(token)
    with sqlite3.connect(tmp_path / "data" / "workspaces.sqlite") as db:
        for table in tables.metadata.tables:
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
    db.close()


def test_workspaces_never_used_are_purged_after_a_day_unless_visited(
    store: Workspaces, tmp_path: Path
) -> None:
    young, old, visited, used = (store.create(name=name) for name in "abcd")
    store.rename(used, "used")
    with sqlite3.connect(tmp_path / "data" / "workspaces.sqlite") as db:
        two_days = timedelta(days=2).total_seconds()
        db.execute("UPDATE workspace SET changed = changed - ? WHERE name <> 'a'", (two_days,))
    db.close()
    store.visit(visited, "ann")
    store.purge(older_than=timedelta(days=30))
    for token in (young, visited, used):
        store.open(token)
    with pytest.raises(WorkspaceMissing):
        store.open(old)


def test_purging_leaves_files_that_are_not_pictures_and_sweeps_old_halves(
    store: Workspaces, token: str, tmp_path: Path
) -> None:
    blobs = tmp_path / "data" / "blobs"
    digest = store.add_pictures(token, None, new("a"))[0].digest
    stranger = blobs / digest[:2] / ".DS_Store"
    stranger.write_bytes(b"")
    old, young = blobs / "incoming" / "old", blobs / "incoming" / "young"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert store.purge(older_than=A_MOMENT_AGO, grace=A_MOMENT_AGO) == 0
    assert stranger.exists()
    assert young.exists()
    assert not old.exists()


def test_bytes_purged_between_writing_and_committing_are_written_again(
    store: Workspaces, token: str, tmp_path: Path
) -> None:
    blob = tmp_path / "data" / "blobs" / digest_of(b"bytes of a")[:2] / digest_of(b"bytes of a")
    db = sqlite3.connect(tmp_path / "data" / "workspaces.sqlite", isolation_level=None)
    db.execute("BEGIN IMMEDIATE")  # as a purge does while it deletes
    adding = threading.Thread(target=store.add_pictures, args=(token, None, new("a")))
    adding.start()
    deadline = time.monotonic() + 60
    while not blob.exists() and time.monotonic() < deadline:
        adding.join(0.001)
    blob.unlink()
    db.execute("COMMIT")
    db.close()
    adding.join()
    assert store.read(token, store.open(token).tried[0].digest) == b"bytes of a"


def test_purging_while_others_add_and_remove_loses_nothing(store: Workspaces, token: str) -> None:
    done = threading.Event()

    def purge() -> None:
        while not done.is_set():
            store.purge(older_than=A_MOMENT_AGO, grace=A_MOMENT_AGO)

    purging = threading.Thread(target=purge)
    purging.start()
    try:
        for _ in range(30):  # the same bytes: removed, purged and added again
            (added,) = store.add_pictures(token, None, new("a"))
            assert store.read(token, added.digest) == b"bytes of a"
            store.clear_tried(token)
    finally:
        done.set()
        purging.join()
