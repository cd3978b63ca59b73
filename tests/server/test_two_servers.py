"""Two servers on one data folder: a batch is worked on by one of them at a time."""

from __future__ import annotations

import io
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from featclass import classifiers, encoders
from featclass.base.config import load
from featclass.base.errors import FeatclassError
from featclass.classifiers import prediction as service_prediction
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine, Engines
from featclass.server.batches import Batch, Batches, BatchPhase, BatchRequest
from featclass.server.batches.folder import BatchFolder
from tests.fakes import drawn, two_classes
from tests.server.batches.routed import GatedEncoder

SECONDS = 30
TOKEN = "a-workspace"


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> GatedEncoder:
    fake = GatedEncoder(spec="builtin")
    monkeypatch.setattr(encoders, "load", lambda *_, **__: fake)
    monkeypatch.setattr(encoders, "choose_device", lambda _: "cpu")
    monkeypatch.setattr(service_prediction, "SLICE", 4)
    return fake


@pytest.fixture
def servers(encoder: GatedEncoder) -> Iterator[tuple[Batches, Batches]]:
    """Two servers, as far as the data folder can tell."""
    with Cache(":memory:") as cache:
        engines = [Engines(load(), cache) for _ in range(2)]
        first, second = (Batches(load(), each) for each in engines)
        yield first, second
        encoder.opened.set()
        for server in (first, second):
            server.close()
        for each in engines:
            each.close()


@pytest.fixture
def order(encoder: GatedEncoder) -> BatchRequest:
    from featclass.base.records import Dataset

    with Cache(":memory:") as cache:
        engine = Engine(encoder, cache, max_pixels=10**6)
        training = classifiers.train(engine, Dataset(tuple(two_classes(4))))
        engine.close()
    return BatchRequest(training.classifier, "key", {})


def zipped(path: Path, count: int) -> Path:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for i in range(count):
            archive.writestr(f"{i:02}.png", drawn(100 + i, ("red", "blue")[i % 2]))
    path.write_bytes(out.getvalue())
    return path


def until(server: Batches, batch: str, *phases: BatchPhase) -> Batch:
    end = time.monotonic() + SECONDS
    while (found := server.get(TOKEN, batch)).phase not in phases:
        assert time.monotonic() < end, found
        threading.Event().wait(0.01)
    return found


def stopped_half_way(
    server: Batches, path: Path, order: BatchRequest, encoder: GatedEncoder
) -> str:
    encoder.shut_after = encoder.encoded + 8
    batch = server.start_zip(TOKEN, zipped(path / "in.zip", 24), "in.zip", order).record.id
    until(server, batch, BatchPhase.RUNNING)
    server.cancel(TOKEN, batch)
    encoder.opened.set()
    until(server, batch, BatchPhase.STOPPED)
    encoder.opened.clear()
    encoder.shut_after = encoder.encoded
    return batch


def resumed(server: Batches, path: Path, order: BatchRequest, encoder: GatedEncoder) -> str:
    """Return a batch that was stopped half way, and that this server is at again."""
    batch = stopped_half_way(server, path, order, encoder)
    server.resume(TOKEN, batch)
    until(server, batch, BatchPhase.RUNNING)
    return batch


def test_a_batch_resumed_on_two_servers_gives_each_picture_once(
    servers: tuple[Batches, Batches], tmp_path: Path, order: BatchRequest, encoder: GatedEncoder
) -> None:
    first, second = servers
    batch = stopped_half_way(first, tmp_path, order, encoder)
    first.resume(TOKEN, batch)
    with pytest.raises(FeatclassError, match="Another server"):
        second.resume(TOKEN, batch)
    encoder.opened.set()
    until(first, batch, BatchPhase.DONE)
    paths = [said.path for said in second.predictions(TOKEN, batch)]
    assert sorted(paths) == [f"{i:02}.png" for i in range(24)]
    second.resume(TOKEN, batch)  # nothing is left to be done
    assert second.get(TOKEN, batch).counts.done == 24


def test_of_both_at_the_same_moment_one_goes_on(
    servers: tuple[Batches, Batches], tmp_path: Path, order: BatchRequest, encoder: GatedEncoder
) -> None:
    batch = stopped_half_way(servers[0], tmp_path, order, encoder)
    together, refused = threading.Barrier(2), []

    def resume(server: Batches) -> None:
        together.wait(SECONDS)
        try:
            server.resume(TOKEN, batch)
        except FeatclassError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=resume, args=(server,)) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert len(refused) == 1
    encoder.opened.set()
    for server in servers:
        assert until(server, batch, BatchPhase.DONE).counts.done == 24


def test_what_another_server_works_on_is_shown_as_such_and_cannot_be_deleted_under_it(
    servers: tuple[Batches, Batches], tmp_path: Path, order: BatchRequest, encoder: GatedEncoder
) -> None:
    first, second = servers
    batch = resumed(first, tmp_path, order, encoder)
    assert second.get(TOKEN, batch).phase is BatchPhase.RUNNING
    with pytest.raises(FeatclassError, match="Another server"):
        second.delete(TOKEN, batch)
    assert first.get(TOKEN, batch).phase is BatchPhase.RUNNING
    encoder.opened.set()
    until(first, batch, BatchPhase.DONE)
    second.delete(TOKEN, batch)
    with pytest.raises(FeatclassError, match="not here"):
        first.get(TOKEN, batch)


def test_what_a_server_left_behind_when_it_was_closed_is_resumed_by_the_other(
    servers: tuple[Batches, Batches], tmp_path: Path, order: BatchRequest, encoder: GatedEncoder
) -> None:
    first, second = servers
    batch = resumed(first, tmp_path, order, encoder)
    closing = threading.Thread(target=first.close)
    closing.start()
    assert first._jobs._jobs.closed.wait(SECONDS)
    encoder.opened.set()
    closing.join(SECONDS)
    second.resume(TOKEN, batch)
    assert until(second, batch, BatchPhase.DONE).counts.done == 24


def test_a_look_at_a_batch_does_not_keep_it_from_being_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("featclass.server.batches.folder.LOOKS_SECONDS", 30.0)
    looked_at = BatchFolder(tmp_path)
    look = looked_at.locked()
    threading.Timer(0.05, look.release).start()
    looked_at.locked().release()
    assert not looked_at.is_locked()
