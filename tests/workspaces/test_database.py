"""The database: of older and newer versions, damaged, busy, closed."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from featclass.base.errors import FeatclassError
from featclass.workspaces import (
    Workspaces,
    database,
    upgrades,
)


def test_closing_leaves_one_database_file_and_a_closed_store_opens_again(tmp_path: Path) -> None:
    with Workspaces(tmp_path) as store:
        token = store.create()
        store.open(token)
    assert {path.name for path in tmp_path.iterdir()} == {"blobs", "workspaces.sqlite"}
    with Workspaces(tmp_path) as store:
        assert store.open(token).token == token


def test_a_database_of_a_newer_featclass_is_refused_untouched(tmp_path: Path) -> None:
    with Workspaces(tmp_path):
        pass
    file = tmp_path / "workspaces.sqlite"
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = file.read_bytes()
    with pytest.raises(FeatclassError, match=r"newer featclass \(format 99; this one knows"):
        Workspaces(tmp_path)
    assert file.read_bytes() == before


def test_a_database_of_an_older_featclass_is_brought_up_to_date(
    store: Workspaces, token: str
) -> None:
    note = ["ALTER TABLE workspace ADD COLUMN note TEXT NOT NULL DEFAULT 'none'"]
    with_note = [*upgrades.UPGRADES, note]
    with store._database.write() as db:
        upgrades.prepare(db, with_note)
        upgrades.prepare(db, with_note)
        assert db.exec_driver_sql("SELECT note FROM workspace").scalars().all() == ["none"]
        assert db.exec_driver_sql("PRAGMA user_version").scalar_one() == 1 + len(with_note)
    assert store.open(token).token == token


def test_a_file_that_is_no_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "workspaces.sqlite").write_bytes(b"these are my notes" * 100)
    with pytest.raises(FeatclassError, match="cannot be reached: file is not a database"):
        Workspaces(tmp_path)


def test_a_data_folder_that_cannot_be_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FeatclassError, match="cannot be used"):
        Workspaces(tmp_path / "file")


def test_making_a_database_waits_for_another_that_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(tmp_path / "workspaces.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waits = []

    def let_the_other_finish(seconds: float) -> None:
        waits.append(seconds)
        other.close()

    monkeypatch.setattr(time, "sleep", let_the_other_finish)
    with Workspaces(tmp_path) as store:
        store.open(store.create())
    assert len(waits) == 1


def test_a_database_kept_busy_too_long_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    with Workspaces(tmp_path) as store:
        db = sqlite3.connect(tmp_path / "workspaces.sqlite", isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(FeatclassError, match="database is locked"):
            store.create()
        db.close()
        store.create()


def test_a_saved_classifier_of_before_goes_on_with_the_encoder_it_was_made_with(
    tmp_path: Path,
) -> None:
    with Workspaces(tmp_path) as store:
        saved, sets = store.create(encoder="builtin"), store.create(encoder="builtin")
        store.load_classifier(saved, b"a classifier")
    db = sqlite3.connect(tmp_path / "workspaces.sqlite", isolation_level=None)
    db.execute("PRAGMA user_version = 6")
    db.close()
    with Workspaces(tmp_path) as store:
        assert store.open(saved).encoder == "builtin:small"
        assert store.open(sets).encoder == "builtin"
