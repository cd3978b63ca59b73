"""Batches that break off: what is told of it, and that they can be resumed."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import pytest
from starlette.testclient import TestClient

from featclass import classifiers
from featclass.base.disk import RESERVE_FILE
from featclass.base.errors import FeatclassError
from featclass.base.records import Prediction
from featclass.server.batches import BatchPhase
from featclass.server.batches.folder import append
from featclass.server.studio import studio
from tests.people import zipped
from tests.server.batches.routed import do, ended, folder_of, listed, new, ordered, rows, start


def test_an_encoder_that_cannot_be_had_fails_in_a_sentence_and_can_be_resumed(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = ordered(token)
    folder = studio().config.data.parent / "in"
    folder.mkdir()
    (folder / "a.zip").write_bytes(zipped(new(2)))

    def refuse(*_: object, **__: object) -> None:
        raise FeatclassError("The encoder cannot be had.")

    with monkeypatch.context() as patched:
        patched.setattr(studio().engines, "get", refuse)
        batch = studio().batches.start_zip(token, folder / "a.zip", "a.zip", order).record.id
        assert ended(token, batch).phase is BatchPhase.FAILED
    assert listed(client, token)[0]["error"] == "The encoder cannot be had."
    do(client, token, batch, "resume")
    assert ended(token, batch).phase is BatchPhase.DONE


def test_a_batch_that_cannot_even_note_its_end_says_why_it_stopped_and_can_be_removed(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_open, is_full = studio().config.data / RESERVE_FILE, False

    def full(file: IO[bytes], said: Sequence[Prediction]) -> None:
        nonlocal is_full
        is_full = True
        raise OSError(errno.ENOSPC, "No space left on device")

    def written(path: Path, *text: str) -> int:
        if is_full and keep_open.exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, *text)

    write = Path.write_text
    usage = shutil.disk_usage(studio().config.data)._replace(free=0)
    with monkeypatch.context() as patched:
        patched.setattr("featclass.server.batches.jobs.append", full)
        patched.setattr(Path, "write_text", written)
        patched.setattr(shutil, "disk_usage", lambda _: usage)
        batch = start(client, token, new(20))
        ended(token, batch)
        [told] = listed(client, token)
        assert told["phase"] == "failed"
        assert "the disk of this server is full" in told["error"]
        assert "then resume" in told["error"]
        assert not [*folder_of(token, batch).path.glob("*.new")]
        do(client, token, batch, "remove")
        assert listed(client, token) == []
        do(client, token, batch, "bring-back")
    do(client, token, batch, "resume")
    assert ended(token, batch).phase is BatchPhase.DONE
    [told] = listed(client, token)
    assert told["error"] == ""


def test_a_full_disk_is_told_and_what_landed_on_it_is_counted(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: IO[bytes], said: Sequence[Prediction]) -> None:
        append(file, said[:3])
        file.write(b'{"path": "torn')
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("featclass.server.batches.jobs.append", full)
        batch = start(client, token, new(20))
        assert ended(token, batch).phase is BatchPhase.FAILED
    [told] = listed(client, token)
    assert "No space left" in told["error"]
    assert told["kept"] == len(rows(client, token, batch)) == 3
    do(client, token, batch, "resume")
    assert ended(token, batch).counts.done == 20
    assert [row["path"] for row in rows(client, token, batch)] == sorted(new(20))


def test_a_batch_that_breaks_off_for_a_reason_nobody_thought_of_leaves_its_thread_working(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(classifiers, "predict_many", broken)
        for at in (100, 200, 300):
            assert ended(token, start(client, token, new(1, at))).phase is BatchPhase.FAILED
    assert "on our side (ZeroDivisionError)" in listed(client, token)[0]["error"]
    assert ended(token, start(client, token, new(1, 400))).phase is BatchPhase.DONE
