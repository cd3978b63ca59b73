"""A data folder that lost its database, or pictures, or holds what is damaged."""

from __future__ import annotations

import errno
import hashlib
import io
import logging
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from featclass import cli
from featclass.base.errors import DataFolderUnusable, FeatclassError, WorkspacesLost
from featclass.server import studio
from featclass.server.thumbnails import Thumbnails
from featclass.web.routes import MIDDLEWARE
from featclass.workspaces import NewPicture, Workspaces, bounds, recover, recovery
from featclass.workspaces import database as workspaces_database
from featclass.workspaces.blobs import Blobs
from tests.fakes import drawn
from tests.filled import add, sets, settle

ROOT = Path(__file__).parents[2]
FINGERPRINT = "aa" * 32
COUNT = 12
MONTH = timedelta(days=30)
MAX_PIXELS = 10**8


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a workspace of twelve pictures, closed."""
    folder = tmp_path / "data"
    with Workspaces(folder) as store:
        store.add_pictures(store.create(), None, [picture(seed) for seed in range(COUNT)])
    return folder


def picture(seed: int) -> NewPicture:
    return NewPicture(f"secret {seed}.png", drawn(seed, size=16))


def blobs(data: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (data / "blobs").glob("??/*")}


def database(data: Path) -> Path:
    return data / "workspaces.sqlite"


def age(data: Path, days: float) -> None:
    """Have all that is noted as belonging to nothing be noted so many days earlier."""
    for note in (data / "blobs" / "unreferenced").iterdir():
        since = note.stat().st_mtime - timedelta(days=days).total_seconds()
        os.utime(note, (since, since))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def overwrite(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:4096] + os.urandom(4096) * 8)


LOSSES: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda file: file.write_bytes(b""),
    "cut off": cut,
    "overwritten": overwrite,
    "garbage": lambda file: file.write_bytes(b"these are my notes" * 1000),
}


@pytest.fixture(params=[*LOSSES])
def lost(data: Path, request: pytest.FixtureRequest) -> Path:
    """A data folder whose database is lost."""
    LOSSES[request.param](database(data))
    return data


# A lost database


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
    monkeypatch.setattr(bounds, "MOST_TRIED", 5)
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


# What is no loss


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


def test_a_folder_is_opened_by_another_server_while_one_adds_and_purges(data: Path) -> None:
    done = threading.Event()
    failures: list[Exception] = []

    def open_again() -> None:
        while not done.is_set():
            try:
                Workspaces(data).close()
            except FeatclassError as error:
                failures.append(error)

    opening = threading.Thread(target=open_again)
    with Workspaces(data) as store:
        token = store.create()
        opening.start()
        try:
            for turn in range(20):
                files = [NewPicture(f"{i}", f"{turn} {i}".encode()) for i in range(2 * COUNT)]
                store.add_pictures(token, None, files)
                store.clear_tried(token)
                store.purge(older_than=timedelta(0), grace=timedelta(0))
        finally:
            done.set()
            opening.join()
    assert failures == []
    assert len(blobs(data)) == COUNT


# The clock


def test_a_clock_set_back_lets_nothing_be_deleted_early(data: Path) -> None:
    with Workspaces(data) as store:
        token = store.create()
        store.add_pictures(token, None, [picture(100)])
        store.clear_tried(token)
        store.purge(older_than=timedelta(0))
        age(data, -400)  # noted while the clock was a year ahead
        assert store.purge(older_than=MONTH) == 0
        age(data, 29)
        assert store.purge(older_than=MONTH) == 0
        age(data, 2)
        assert store.purge(older_than=MONTH) == 1


def test_what_was_removed_while_the_clock_was_years_behind_can_still_be_undone(
    data: Path,
) -> None:
    with Workspaces(data) as store:
        token = store.create()
        store.add_pictures(token, None, [picture(100)])
        store.remove_set(token, store.open(token).sets[0].id)
        late = store.clear_tried(token)
        with sqlite3.connect(database(data)) as db:
            db.execute("UPDATE act SET at = 0 WHERE id = ?", (late.id,))
        db.close()
        store.purge(older_than=MONTH)
        store.undo(token, late.id)
        assert len(store.open(token).tried) == 1


# What is deleted


def test_what_is_deleted_is_logged_by_its_number_and_without_names(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Workspaces(data) as store:
        token = store.create(name="of the Smiths")
        store.add_pictures(token, None, [picture(100), picture(101)])
        store.remove_workspace(token)
        with caplog.at_level(logging.WARNING):
            store.purge(older_than=timedelta(0), grace=timedelta(0))
    assert "Deleted for good: 2 pictures" in caplog.text
    assert re.search(r"what \d acts removed", caplog.text)
    for secret in ("secret", "Smiths", token, str(data)):
        assert secret not in caplog.text


def test_the_server_purges_embeddings_and_small_pictures_with_their_pictures() -> None:
    parts = studio.studio()
    store, data = parts.workspaces, parts.config.data
    token = store.create()
    added = store.add_pictures(token, None, [picture(1), picture(2)])
    gone, kept = (item.digest for item in added)
    for item in added:
        parts.thumbnails.of(item.digest, store.read(token, item.digest), 160)
        vector = np.zeros(4, np.float32)
        parts.cache.put({item.digest: vector}, FINGERPRINT, {item.digest: b"look"})
    assert added[0].picture_id is not None
    store.remove_picture(token, added[0].picture_id)
    store.purge(older_than=timedelta(0))
    age(data, 31)
    parts.keep_house()
    end = time.monotonic() + 30
    while gone in blobs(data) and time.monotonic() < end:
        time.sleep(0.01)
    assert [*blobs(data)] == [kept]
    assert [*parts.cache.get([gone, kept], FINGERPRINT)] == [kept]
    assert [*parts.cache.appearances([gone, kept])] == [kept]
    [small] = (data / "thumbnails").glob("*/*")
    assert small.name.startswith(kept)


# Pictures that are gone or damaged


def test_small_pictures_that_a_killed_server_left_half_written_are_deleted_after_a_day(
    tmp_path: Path,
) -> None:
    small = Thumbnails(tmp_path, max_pixels=MAX_PIXELS)
    digest = hashlib.sha256(drawn(1)).hexdigest()
    small.of(digest, drawn(1), 160)
    abandoned, written = (tmp_path / digest[:2] / name for name in ("tmpabcd", "tmpefgh"))
    for file in (abandoned, written):
        file.write_bytes(b"half")
    os.utime(abandoned, (0, 0))
    small.purge(keep=[digest])
    assert not abandoned.exists()
    assert written.exists()
    assert len([*tmp_path.glob("*/*.jpg")]) == 1


def test_others_write_while_the_purge_waits_for_a_cache_that_is_busy(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspaces_database, "BUSY_SECONDS", 0)
    with Workspaces(data) as store, Workspaces(data) as other:
        token = store.create()
        store.add_pictures(token, None, [picture(100)])
        store.clear_tried(token)
        store.purge(older_than=timedelta(0))
        age(data, 31)
        forgotten: list[str] = []

        def forget(digests: Sequence[str]) -> None:
            other.add_set(token, "Added meanwhile")
            forgotten.extend(digests)

        assert store.purge(older_than=MONTH, forget=forget) == 1
        assert len(forgotten) == 1
        assert "Added meanwhile" in {found.name for found in store.open(token).sets}


def test_a_missing_folder_of_pictures_is_refused_and_not_made_anew(data: Path) -> None:
    (data / "blobs").rename(data / "elsewhere")
    with pytest.raises(DataFolderUnusable, match="knows 12 pictures in it"):
        Workspaces(data)
    assert not (data / "blobs").exists()
    (data / "elsewhere").rename(data / "blobs")
    with Workspaces(data) as store:
        assert store.unreferenced() == []


DAMAGES: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "empty": lambda file: file.write_bytes(b""),
    "cut off": cut,
    "of its size, with other bytes": lambda file: file.write_bytes(b"x" * file.stat().st_size),
}


@pytest.mark.parametrize("damage", [*DAMAGES])
def test_a_damaged_picture_is_told_without_a_path_and_is_whole_once_added_again(
    client: TestClient, damage: str
) -> None:
    store, data = studio.studio().workspaces, studio.studio().config.data
    token = store.create()
    one = store.open(token).sets[0].id
    [added] = store.add_pictures(token, one, [picture(1)])
    DAMAGES[damage](data / "blobs" / added.digest[:2] / added.digest)
    for route in (f"thumbnail/{added.digest}", f"why/{added.digest}"):
        answer = client.get(f"/api/w/{token}/{route}")
        assert answer.status_code == 404
        assert "add the picture again" in answer.json()["error"]
        assert str(data) not in answer.text
        assert "Errno" not in answer.text
    store.undo(token, store.remove_picture(token, added.picture_id or 0).id)
    assert len(store.open(token).sets[0].pictures) == 1
    version = store.version(token)
    [again] = store.add_pictures(token, one, [picture(1)])
    assert (again.duplicate, again.restored) == (True, True)
    assert store.version(token) > version
    assert store.read(token, added.digest) == picture(1).data
    assert client.get(f"/api/w/{token}/thumbnail/{added.digest}").status_code == 200


def test_a_zip_of_the_pictures_names_the_damaged_one_and_holds_the_others(
    client: TestClient,
) -> None:
    store, data = studio.studio().workspaces, studio.studio().config.data
    token = store.create()
    files = [picture(1), picture(2)]
    added, _ = store.add_pictures(token, store.open(token).sets[0].id, files)
    cut(data / "blobs" / added.digest[:2] / added.digest)
    answer = client.get(f"/api/w/{token}/pictures.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        whole, table = archive.namelist()
        assert archive.read(whole) == files[1].data
        assert "secret 1.png" in archive.read(table).decode()
        assert "damaged or cut off" in archive.read(table).decode()


def test_a_picture_cut_off_stays_in_its_set_until_it_is_whole_again(
    client: TestClient, fake_encoder: None
) -> None:
    store, data = studio.studio().workspaces, studio.studio().config.data
    token = store.create()
    for set_id, colour in zip(sets(token), ("red", "blue"), strict=True):
        add(token, set_id, {f"{colour} {seed}": drawn(seed, colour) for seed in range(4)})
    victim = store.open(token).sets[0].pictures[0]
    file = data / "blobs" / victim.digest[:2] / victim.digest
    whole = file.read_bytes()
    cut(file)
    settle(token)
    assert victim in store.open(token).sets[0].pictures
    result = studio.studio().trainer.known(token).result
    assert result is not None
    assert "damaged or cut off" in result.rejected[0].reason
    form = {"picture": (victim.name, whole, "image/png")}
    answer = client.post(
        f"/api/w/{token}/pictures?set={sets(token)[0]}", files=form, headers={"X-Featclass": "1"}
    )
    assert answer.json()["copies"] == 1
    settle(token)
    result = studio.studio().trainer.known(token).result
    assert result is not None
    assert result.rejected == ()


# Folders and files that cannot be used


def test_a_folder_where_the_database_should_be_is_told_in_a_sentence(tmp_path: Path) -> None:
    database(tmp_path).mkdir()
    with pytest.raises(DataFolderUnusable, match="unable to open database file"):
        Workspaces(tmp_path)


def test_a_database_of_another_program_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    with sqlite3.connect(database(tmp_path)) as db:
        db.execute("CREATE TABLE recipe (name TEXT)")
    db.close()
    with pytest.raises(DataFolderUnusable, match="not one of featclass"):
        Workspaces(tmp_path)
    with sqlite3.connect(database(tmp_path)) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("recipe",)]
    db.close()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
@pytest.mark.parametrize("what", ["", "blobs", "blobs/incoming", "workspaces.sqlite"])
def test_what_cannot_be_written_is_told_in_a_sentence(data: Path, what: str) -> None:
    (data / what).chmod(0o555)
    try:
        with pytest.raises(DataFolderUnusable, match=r"written|readonly"):
            Workspaces(data)
    finally:
        (data / what).chmod(0o755)


def test_a_database_that_cannot_be_written_is_refused_and_not_found_out_at_the_first_change(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = os.access  # root may write all
    monkeypatch.setattr(os, "access", lambda path, mode: path != database(data) and may(path, mode))
    with pytest.raises(DataFolderUnusable, match=r"workspaces\.sqlite cannot be written\. Let it"):
        Workspaces(data)


def test_a_folder_that_takes_no_new_file_is_told_in_a_sentence(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, *args: object, **options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "touch", refused)
    with pytest.raises(DataFolderUnusable, match="Permission denied"):
        Workspaces(data)


# Health


def test_health_tells_what_befalls_the_data_folder_later_on(tmp_path: Path) -> None:
    app = Starlette(
        routes=[Route("/_stcore/health", lambda request: PlainTextResponse("ok"))],
        middleware=list(MIDDLEWARE),
    )
    with TestClient(app, base_url="http://localhost") as client:

        def health() -> tuple[int, str]:
            answer = client.get("/_stcore/health")
            assert str(data) not in answer.text
            return answer.status_code, answer.text

        data = studio.studio().config.data
        studio.studio().workspaces.create()
        assert health() == (200, "ok")
        database(data).rename(tmp_path / "moved")
        assert health()[0] == 503
        with pytest.raises(DataFolderUnusable, match="moved, deleted or replaced"):
            studio.studio().workspaces.create()
        assert not database(data).exists()  # no other one was begun
        (tmp_path / "moved").rename(database(data))
        assert health() == (200, "ok")
        (data / "blobs").rename(data / "elsewhere")
        assert health() == (503, "The folder of the pictures is missing.")
        (data / "elsewhere").rename(data / "blobs")
        with sqlite3.connect(database(data)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
        with database(data).open("r+b") as file:
            file.seek(4096)
            file.write(os.urandom(40_000))
        assert health()[0] == 503


def test_a_server_that_cannot_open_its_data_folder_ends_with_1_and_a_sentence(lost: Path) -> None:
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")]
    command += ["--server.headless=true", f"--server.port={free_port()}"]
    environment = os.environ | {"FEATCLASS_DATA": str(lost), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, env=environment, cwd=lost, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1
    assert "--recover" in done.stderr
    assert "Traceback" not in done.stderr


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
