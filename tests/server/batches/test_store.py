"""Which batches are kept, for how long, and what goes with one that is deleted."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from featclass.base.errors import DatasetError, UploadRefused
from featclass.base.records import Prediction
from featclass.server.batches.folder import BatchFolder
from featclass.server.studio import studio
from tests.filled import OURS
from tests.people import zipped
from tests.server.batches.routed import (
    SECONDS,
    GatedEncoder,
    do,
    ended,
    filled,
    folder_of,
    listed,
    new,
    ordered,
    restart,
    rows,
    start,
    until,
)


def test_another_workspace_sees_nothing_and_can_do_nothing(client: TestClient, token: str) -> None:
    batch = start(client, token, new(4))
    ended(token, batch)
    other = filled()
    assert listed(client, other) == []
    for what in ("cancel", "resume", "remove", "delete", "again", "bring-back"):
        assert do(client, other, batch, what).status_code == 400
    for file in ("predictions.csv", "sorted.zip"):
        assert client.get(f"/api/w/{other}/batches/{batch}/{file}").status_code == 400
    assert client.get("/api/w/nobody/batches").status_code == 404
    assert client.get(f"/api/w/nobody/batches/{batch}/predictions.csv").status_code == 404
    assert do(client, "nobody", batch, "remove").status_code == 404
    assert len(rows(client, token, batch)) == 4


@pytest.mark.parametrize("batch", ["..", "%2e%2e", "0" * 16, "x", "0123456789abcdef/.."])
def test_an_id_is_never_a_path(client: TestClient, token: str, batch: str) -> None:
    answer = client.get(f"/api/w/{token}/batches/{batch}/predictions.csv")
    assert answer.status_code in (400, 404)


def test_what_was_removed_is_out_of_sight_comes_back_by_undo_and_goes_for_good(
    client: TestClient, token: str
) -> None:
    batch = start(client, token, new(4))
    ended(token, batch)
    path = folder_of(token, batch).path
    assert do(client, token, batch, "remove").status_code == 200
    assert listed(client, token) == []
    assert client.get(f"/api/w/{token}/batches/{batch}/sorted.zip").status_code == 400
    assert do(client, token, batch, "bring-back").status_code == 200
    assert [found["id"] for found in listed(client, token)] == [batch]
    do(client, token, batch, "remove")
    studio().batches.sweep()
    assert path.exists()
    assert do(client, token, batch, "delete").status_code == 200
    assert not path.exists()


def test_housekeeping_deletes_what_is_old_removed_or_half_sent(
    client: TestClient, token: str
) -> None:
    kept, old, removed = (start(client, token, new(2, at)) for at in (100, 200, 300))
    for batch in (kept, old, removed):
        ended(token, batch)
    paths = [folder_of(token, batch).path for batch in (kept, old, removed)]
    for batch, changes in (
        (old, {"created": datetime.now(UTC) - timedelta(days=31)}),
        (removed, {"removed": datetime.now(UTC) - timedelta(hours=1)}),
    ):
        folder = folder_of(token, batch)
        record = folder.record()
        assert record is not None
        folder.write(replace(record, **changes))  # type: ignore[arg-type]
    half = paths[0].parent / "incoming-abc"
    half.write_bytes(b"PK")
    os.utime(half, (0, 0))
    studio().batches.purge(older_than=timedelta(days=30))
    assert [path.exists() for path in [*paths, half]] == [True, False, False, False]


def test_twenty_batches_are_kept_and_no_more(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("featclass.server.batches.store.MOST_KEPT", 2)
    for at in (100, 200):
        ended(token, start(client, token, new(1, at)))
    where = f"/api/w/{token}/batches/zip?name=x.zip"
    answer = client.post(where, content=zipped(new(1, 300)), headers=OURS)
    assert answer.status_code == 400
    assert "remove one first" in answer.json()["error"]


def test_the_errors_of_the_store_are_those_of_the_domain(token: str) -> None:
    order = ordered(token)
    with pytest.raises(DatasetError, match=r"cannot be read"):
        studio().batches.start_zip(token, Path("/nowhere/x.zip"), "x.zip", order)
    with pytest.raises(UploadRefused):
        studio().batches.start_folder(token, "/", order)


def test_a_line_of_another_kind_is_passed_over(tmp_path: Path) -> None:
    folder = BatchFolder(tmp_path)
    text = '{"path": "a", "rejected": "b", "later": 1}\n[]\n{"x": 1}\nnonsense\n'
    (tmp_path / "predictions.jsonl").write_text(text)
    assert list(folder.predictions()) == [Prediction("a", rejected="b")]
    (tmp_path / "batch.json").write_text("{}")
    assert folder.record() is None


def test_of_batches_that_arrive_at_the_same_time_no_more_are_kept_than_allowed(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("featclass.server.batches.store.MOST_KEPT", 1)
    order, batches = ordered(token), studio().batches
    with batches.incoming(token) as file:
        file.write(zipped(new(1)))
        file.flush()
        with pytest.raises(UploadRefused, match="remove one first"), batches.incoming(token):
            pass
        first = batches.start_zip(token, Path(file.name), "a.zip", order).record.id
        with pytest.raises(UploadRefused, match="remove one first"):
            batches.start_zip(token, Path(file.name), "b.zip", order)
    ended(token, first)
    [left] = [path.name for path in folder_of(token, first).path.parent.iterdir()]
    assert left == first


def test_removing_and_bringing_back_again_and_again_makes_one_thread_and_no_more(
    client: TestClient, token: str
) -> None:
    batch = start(client, token, new(1))
    ended(token, batch)
    for _ in range(5):
        studio().batches.remove(token, batch)
        studio().batches.bring_back(token, batch)
    assert sum(isinstance(thread, threading.Timer) for thread in threading.enumerate()) == 1


def test_what_was_removed_goes_for_good_when_its_time_has_come(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = studio().batches
    early, late = (start(client, token, new(1, at)) for at in (100, 200))
    folders = [folder_of(token, batch) for batch in (early, late)]
    for batch in (early, late):
        ended(token, batch)
        batches.remove(token, batch)
    folders[0].change(removed=datetime.now(UTC) - timedelta(hours=1))
    batches.sweep()
    assert [folder.path.exists() for folder in folders] == [False, True]
    assert batches._next_sweep is not None  # the other one is not forgotten
    restart()
    studio().batches.purge(older_than=timedelta(days=30))
    assert studio().batches._next_sweep is not None


def test_a_batch_deleted_for_good_takes_the_embeddings_of_its_pictures_along(
    client: TestClient, token: str, encoder: GatedEncoder
) -> None:
    files = new(20)
    batch = start(client, token, files)
    ended(token, batch)
    digests = [hashlib.sha256(data).hexdigest() for data in files.values()]
    cache = studio().cache
    kept = cache.size().embeddings
    assert len(cache.get(digests, encoder.fingerprint)) == 20
    do(client, token, batch, "delete")
    assert cache.get(digests, encoder.fingerprint) == {}
    assert cache.size().embeddings == kept - 20


def test_a_batch_deleted_while_it_is_worked_on_takes_all_embeddings_along_as_well(
    client: TestClient, token: str, encoder: GatedEncoder
) -> None:
    ordered(token)
    kept = studio().cache.size().embeddings
    encoder.shut_after = encoder.encoded + 13
    batch = start(client, token, new(40))
    until(token, batch, lambda found: found.counts.done >= 8)
    path = folder_of(token, batch).path
    do(client, token, batch, "delete")
    encoder.opened.set()
    end = time.monotonic() + SECONDS
    while path.exists():
        assert time.monotonic() < end
        threading.Event().wait(0.01)
    assert studio().cache.size().embeddings == kept


def test_a_record_of_a_later_featclass_is_read_and_one_that_cannot_be_is_not_thrown_away(
    client: TestClient, token: str
) -> None:
    later, unreadable = (start(client, token, new(1, at)) for at in (100, 200))
    folders = [folder_of(token, batch) for batch in (later, unreadable)]
    for batch in (later, unreadable):
        ended(token, batch)
    path = folders[0].path / "batch.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "mood": "sunny"}))
    (folders[1].path / "batch.json").write_text("{}")
    os.utime(folders[1].path, (time.time() - 3 * 24 * 3600,) * 2)
    assert [found["id"] for found in listed(client, token)] == [later]
    studio().batches.purge(older_than=timedelta(days=30))
    assert all(folder.path.exists() for folder in folders)
