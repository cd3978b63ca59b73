"""A lost database is refused, and its pictures are recovered."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from featclass import cli
from featclass.base.errors import DataFolderUnusable, WorkspacesLost
from featclass.workspaces import Workspaces, limits, recover, recovery
from featclass.workspaces.blobs import Blobs
from tests.served import free_port
from tests.workspaces.folders import (
    COUNT,
    LOSSES,
    MAX_PIXELS,
    MONTH,
    ROOT,
    age,
    blobs,
    database,
    overwrite,
    picture,
)


@pytest.fixture(params=[*LOSSES])
def lost(data: Path, request: pytest.FixtureRequest) -> Path:
    """A data folder whose database is lost."""
    LOSSES[request.param](database(data))
    return data


def test_a_lost_database_is_refused_and_neither_it_nor_a_picture_is_touched(lost: Path) -> None:
    before = blobs(lost)
    content = database(lost).read_bytes() if database(lost).exists() else None
    with pytest.raises(WorkspacesLost, match=r"from a backup, or start with `featclass app --rec"):
        Workspaces(lost)
    assert blobs(lost) == before
    assert (database(lost).read_bytes() if database(lost).exists() else None) == content


def test_the_command_refuses_a_lost_database_with_exit_1_and_a_sentence(
    lost: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEATCLASS_DATA", str(lost))
    monkeypatch.setattr("sys.argv", ["featclass", "app", "--port", "8999"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    said = capfd.readouterr()
    assert "--recover" in said.err
    assert "Traceback" not in said.err + said.out
    assert "featclass is at" not in said.err


def test_recovering_makes_a_workspace_of_the_pictures(lost: Path) -> None:
    before = blobs(lost)
    recovered = recover(lost, max_pixels=MAX_PIXELS)
    assert recovered.pictures == COUNT
    assert recovered.token is not None
    with Workspaces(lost) as store:
        tried = store.open(recovered.token).tried
        assert {store.read(recovered.token, picture.digest) for picture in tried} == {
            *before.values()
        }
    assert blobs(lost) == before
    again = recover(lost, max_pixels=MAX_PIXELS)
    assert (again.token, again.pictures) == (None, 0)


def test_a_damaged_database_is_set_aside_by_recovering_and_not_deleted(data: Path) -> None:
    overwrite(database(data))
    damaged = database(data).read_bytes()
    recover(data, max_pixels=MAX_PIXELS)
    [aside] = data.glob("workspaces-damaged-*.sqlite")
    assert aside.read_bytes() == damaged


def test_recovering_leaves_files_that_are_no_pictures_and_counts_them(data: Path) -> None:
    with Workspaces(data) as store:
        store.load_classifier(store.create(), b"a saved classifier")
    database(data).unlink()
    recovered = recover(data, max_pixels=MAX_PIXELS)
    assert (recovered.pictures, recovered.others) == (COUNT, 1)
    assert len(blobs(data)) == COUNT + 1


def test_a_folder_with_more_classifiers_than_pictures_opens_once_it_was_recovered(
    tmp_path: Path,
) -> None:
    with Workspaces(tmp_path) as store:
        for number in range(3):
            store.load_classifier(store.create(), b"saved classifier %d" % number)
        store.add_pictures(store.create(), None, [picture(1)])
    database(tmp_path).unlink()
    recovered = recover(tmp_path, max_pixels=MAX_PIXELS)
    assert (recovered.pictures, recovered.others) == (1, 3)
    Workspaces(tmp_path).close()
    with Workspaces(tmp_path) as store:
        store.purge(older_than=MONTH)
    assert len(blobs(tmp_path)) == 4


def test_more_pictures_than_one_workspace_holds_are_recovered_into_several(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_TRIED", 5)
    monkeypatch.setattr(recovery, "_AT_ONCE", 2)
    database(data).unlink()
    recovered = recover(data, max_pixels=MAX_PIXELS)
    assert recovered.pictures == COUNT
    with Workspaces(data) as store:
        assert [len(store.open(token).tried) for token in recovered.tokens] == [4, 4, 4]


def test_a_database_of_a_newer_featclass_is_not_set_aside_by_recovering(data: Path) -> None:
    with sqlite3.connect(database(data)) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(DataFolderUnusable, match="newer featclass"):
        recover(data, max_pixels=MAX_PIXELS)
    assert not [*data.glob("*damaged*")]


def test_an_old_copy_that_knows_few_of_the_pictures_is_refused_and_can_be_recovered(
    data: Path, tmp_path: Path
) -> None:
    shutil.copy(database(data), tmp_path / "old")
    with Workspaces(data) as store:
        more = [picture(seed) for seed in range(100, 100 + COUNT + 1)]
        store.add_pictures(store.create(), None, more)
    shutil.copy(tmp_path / "old", database(data))
    with pytest.raises(WorkspacesLost, match="does not know 13 of the 25 pictures"):
        Workspaces(data)
    recovered = recover(data, max_pixels=MAX_PIXELS)
    assert recovered.pictures == COUNT + 1
    with Workspaces(data) as store:
        assert store.unreferenced() == []


def test_an_old_copy_that_knows_most_is_opened_and_the_rest_is_kept_for_30_days(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copy(database(data), tmp_path / "old")
    with Workspaces(data) as store:
        store.add_pictures(store.create(), None, [picture(100)])
        after = blobs(data)
    shutil.copy(database(data), tmp_path / "new")
    shutil.copy(tmp_path / "old", database(data))
    with Workspaces(data) as store:
        assert "1 of 13 pictures in the data folder belong to no workspace" in caplog.text
        assert store.purge(older_than=MONTH) == 0
        age(data, 29)
        assert store.purge(older_than=MONTH) == 0
    assert blobs(data) == after
    shutil.copy(tmp_path / "new", database(data))  # somebody has noticed
    with Workspaces(data) as store:
        store.purge(older_than=MONTH)
        assert not [*(data / "blobs" / "unreferenced").iterdir()]
    shutil.copy(tmp_path / "old", database(data))
    with Workspaces(data) as store:
        assert store.purge(older_than=MONTH) == 0
        age(data, 31)
        assert store.purge(older_than=MONTH) == 1


def test_a_journal_left_over_beside_an_older_copy_never_passes_for_a_sound_database(
    data: Path, tmp_path: Path
) -> None:
    shutil.copy(database(data), tmp_path / "old")
    store = Workspaces(data)
    token = store.create(name="newer")
    store.add_pictures(token, None, [picture(seed) for seed in range(100, 140)])
    for ending in ("-wal", "-shm"):
        shutil.copy(f"{database(data)}{ending}", tmp_path / f"left{ending}")
    store.close()
    shutil.copy(tmp_path / "old", database(data))
    shutil.copy(tmp_path / "left-wal", f"{database(data)}-wal")
    before = blobs(data)
    try:
        with Workspaces(data) as opened:
            opened.purge(older_than=MONTH)
            assert len(opened.open(token).tried) == 40  # the journal was whole
    except WorkspacesLost:
        pass
    assert blobs(data) == before


def test_the_journal_of_a_lost_database_is_not_deleted(tmp_path: Path) -> None:
    database(tmp_path).with_name("workspaces.sqlite-wal").write_bytes(b"what was done last" * 99)
    database(tmp_path).write_bytes(b"")
    with pytest.raises(WorkspacesLost):
        Workspaces(tmp_path)
    assert database(tmp_path).with_name("workspaces.sqlite-wal").stat().st_size


def test_an_upload_that_was_killed_is_not_taken_for_a_lost_database(data: Path) -> None:
    folder = Blobs(data / "blobs")
    for seed in range(1000, 1000 + 10 * COUNT):
        folder.keep(f"{seed:064x}", b"written, and its row was not")
    with Workspaces(data) as store:
        assert store.purge(older_than=MONTH) == 0
        age(data, 31)
        assert store.purge(older_than=MONTH) == 10 * COUNT
    assert len(blobs(data)) == COUNT


def test_what_is_let_go_of_on_purpose_is_not_taken_for_a_lost_database(tmp_path: Path) -> None:
    with Workspaces(tmp_path) as store:
        token = store.create()
        store.load_classifier(token, b"classifier")
        store.load_classifier(token, b"another")
        store.load_classifier(token, None)
        [added] = store.add_pictures(token, None, [picture(1)])
        assert added.picture_id is not None
        store.reject_picture(token, added.picture_id, "unreadable")
    with Workspaces(tmp_path) as store:
        assert len(store.unreferenced()) == 3
        other = store.create()
        store.add_pictures(other, None, [picture(2)])
        store.remove_workspace(other)
        store.purge(older_than=timedelta(0))
    with Workspaces(tmp_path) as store:
        assert len(store.unreferenced()) == 4


def test_a_classifier_put_aside_under_an_older_featclass_is_not_taken_for_a_lost_database(
    tmp_path: Path,
) -> None:
    with Workspaces(tmp_path) as store:
        token = store.create()
        store.load_classifier(token, b"a saved classifier")
        store.load_classifier(token, None)
    shutil.rmtree(tmp_path / "blobs" / "unreferenced")  # which it did not have
    Workspaces(tmp_path).close()
    Workspaces(tmp_path).close()
    assert len(blobs(tmp_path)) == 1


def test_a_database_that_knows_no_picture_is_refused_in_a_folder_of_an_older_featclass(
    data: Path, tmp_path: Path
) -> None:
    Workspaces(tmp_path / "other").close()
    shutil.copy(database(tmp_path / "other"), database(data))
    shutil.rmtree(data / "blobs" / "unreferenced")
    with pytest.raises(WorkspacesLost, match="does not know 12 of the 12 pictures"):
        Workspaces(data)


def test_an_index_that_does_not_fit_its_table_is_damage(data: Path) -> None:
    with sqlite3.connect(database(data)) as db:  # as a journal of another file leaves it
        # Two that differ in every row: of two that are NULL throughout, nothing would be missing.
        query = "SELECT name, rootpage FROM sqlite_master WHERE name IN (?, ?)"
        indexes = ("ix_picture_digest", "ix_picture_workspace_id")
        (one, at), (other, there) = db.execute(query, indexes).fetchall()
        db.execute("PRAGMA writable_schema = ON")
        for name, page in ((one, there), (other, at)):
            db.execute("UPDATE sqlite_master SET rootpage = ? WHERE name = ?", (page, name))
    db.close()
    with pytest.raises(WorkspacesLost, match="missing from index"):
        Workspaces(data)


def test_a_server_that_cannot_open_its_data_folder_ends_with_1_and_a_sentence(data: Path) -> None:
    LOSSES["garbage"](database(data))  # any of them: the store tells them all alike, as above
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")]
    command += ["--server.headless=true", f"--server.port={free_port()}"]
    environment = os.environ | {"FEATCLASS_DATA": str(data), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, env=environment, cwd=data, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1
    assert "--recover" in done.stderr
    assert "Traceback" not in done.stderr
