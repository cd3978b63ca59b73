"""What may befall a data folder: a clock set back, lost and damaged pictures, no right to write."""

from __future__ import annotations

import errno
import hashlib
import io
import logging
import os
import re
import sqlite3
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

from featclass.base.errors import DataFolderUnusable, FeatclassError
from featclass.server import studio
from featclass.server.thumbnails import Thumbnails
from featclass.web.routes import MIDDLEWARE
from featclass.workspaces import NewPicture, Workspaces
from featclass.workspaces import database as workspaces_database
from tests.fakes import drawn
from tests.filled import add, sets, settle
from tests.workspaces.folders import (
    COUNT,
    FINGERPRINT,
    MAX_PIXELS,
    MONTH,
    age,
    blobs,
    cut,
    database,
    picture,
)


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
