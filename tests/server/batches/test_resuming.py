"""Batches stopped, killed and resumed: each picture is predicted exactly once."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from featclass import classifiers
from featclass.base.errors import Cancelled
from featclass.base.records import Dataset, Prediction
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.server import studio as studio_module
from featclass.server.batches import BatchPhase
from featclass.server.studio import studio
from tests.fakes import GridEncoder, drawn, image, two_classes
from tests.server.batches.routed import (
    SECONDS,
    GatedEncoder,
    do,
    ended,
    filled,
    folder_of,
    listed,
    new,
    opened_zip,
    ordered,
    restart,
    rows,
    start,
    start_folder,
    stopped_half_way,
    until,
)


def test_a_cancelled_batch_keeps_what_is_done_and_goes_on_with_each_picture_exactly_once(
    client: TestClient, token: str, encoder: GatedEncoder
) -> None:
    batch = stopped_half_way(client, token, encoder, new(40))
    kept = [row["path"] for row in rows(client, token, batch)]
    assert 8 <= len(kept) < 40
    before = encoder.encoded
    assert do(client, token, batch, "resume").status_code == 200
    assert ended(token, batch).phase is BatchPhase.DONE
    assert encoder.encoded - before <= 40 - len(kept)
    done = [row["path"] for row in rows(client, token, batch)]
    assert done[: len(kept)] == kept
    assert done == sorted(new(40))


def test_of_a_slice_that_is_cancelled_what_was_embedded_is_said_first() -> None:
    files = [image(drawn(seed), f"{seed}.png") for seed in range(20)]
    engine = Engine(GridEncoder(workers=1), Cache(":memory:"), max_pixels=10**6)
    trained = classifiers.train(engine, Dataset(tuple(two_classes()))).classifier
    said: list[Prediction] = []

    def progress(done: int, total: int) -> None:
        assert total == 20
        if done == 11:
            raise Cancelled("enough")

    many = classifiers.predict_many(engine, trained, iter(files), total=20, progress=progress)
    with pytest.raises(Cancelled):
        said.extend(one for some in many for one in some)
    engine.close()
    engine.cache.close()
    assert [one.path for one in said] == [file.name for file in files[:11]]


def test_a_new_server_on_the_same_data_folder_resumes_where_the_old_one_was_killed(
    client: TestClient, token: str, encoder: GatedEncoder
) -> None:
    batch = stopped_half_way(client, token, encoder, new(30))
    kept = studio().batches.get(token, batch).counts.done
    folder = folder_of(token, batch)
    record = folder.record()
    assert record is not None
    folder.write(replace(record, phase=BatchPhase.RUNNING))  # as a kill leaves it
    with (folder.path / "predictions.jsonl").open("ab") as file:
        file.write(b'{"path": "new/129.png", "label": "re')  # in the middle of a line
    restart()
    found = studio().batches.get(token, batch)
    assert (found.phase, found.counts.done) == (BatchPhase.STOPPED, kept)
    assert len(rows(client, token, batch)) == kept
    do(client, token, batch, "resume")
    assert ended(token, batch).phase is BatchPhase.DONE
    assert [row["path"] for row in rows(client, token, batch)] == sorted(new(30))


def test_the_end_of_the_server_stops_a_batch_at_once_and_it_can_be_resumed(
    client: TestClient, token: str, encoder: GatedEncoder
) -> None:
    ordered(token)
    encoder.shut_after = encoder.encoded + 9
    batch = start(client, token, new(40))
    until(token, batch, lambda found: found.counts.done >= 8)
    batches = studio().batches
    closing = threading.Thread(target=studio_module.close)
    closing.start()
    assert batches._jobs._jobs.closed.wait(SECONDS)
    encoder.opened.set()
    closing.join(SECONDS)
    found = studio().batches.get(token, batch)
    assert found.phase is BatchPhase.STOPPED
    assert found.counts.done < 40


def test_a_batch_goes_on_with_its_own_classifier_though_the_sets_have_changed(
    client: TestClient, token: str, encoder: GatedEncoder
) -> None:
    batch = stopped_half_way(client, token, encoder, new(24))
    first = studio().workspaces.open(token).sets[0]
    studio().workspaces.rename_set(token, first.id, "tomatoes")
    do(client, token, batch, "resume")
    ended(token, batch)
    assert {row["label"] for row in rows(client, token, batch)} == {"red", "blue"}
    ordered(token)
    assert listed(client, token)[0]["outdated"] is True
    assert do(client, token, batch, "again").status_code == 200
    [newest, older] = listed(client, token)
    ended(token, newest["id"])
    assert {row["label"] for row in rows(client, token, newest["id"])} == {"tomatoes", "blue"}
    assert older["id"] == batch
    do(client, token, batch, "delete")
    assert len(opened_zip(client, token, newest["id"]).namelist()) == 24


def test_what_was_added_to_a_folder_is_predicted_when_it_is_resumed(
    client: TestClient, root: Path, encoder: GatedEncoder
) -> None:
    token = filled()
    ordered(token)
    for name, data in new(30, 500).items():
        (root / "trip" / Path(name).name).write_bytes(data)
    encoder.shut_after = encoder.encoded + 13
    batch = start_folder(client, token, "trip").json()["id"]
    until(token, batch, lambda found: found.counts.done >= 8)
    do(client, token, batch, "cancel")
    encoder.opened.set()
    assert ended(token, batch).phase is BatchPhase.STOPPED
    (root / "trip" / "000.png").write_bytes(drawn(600))
    do(client, token, batch, "resume")
    assert ended(token, batch).phase is BatchPhase.DONE
    paths = [row["path"] for row in rows(client, token, batch)]
    assert len(paths) == len(set(paths)) == 34
    assert "000.png" in paths


def busy(client: TestClient, token: str, encoder: GatedEncoder) -> list[str]:
    """Start as many batches as are worked on at once, and hold them up."""
    ordered(token)
    encoder.shut_after = encoder.encoded
    running = [start(client, token, new(2, at)) for at in (700, 710)]
    for batch in running:
        until(token, batch, lambda found: found.phase is BatchPhase.RUNNING)
    return running


def test_a_batch_whose_turn_has_not_come_stops_at_once_and_does_not_wait_for_its_turn(
    client: TestClient, token: str, encoder: GatedEncoder
) -> None:
    running = busy(client, token, encoder)
    waiting, deleted = (start(client, token, new(3, at)) for at in (720, 730))
    assert do(client, token, waiting, "cancel").status_code == 200
    assert studio().batches.get(token, waiting).phase is BatchPhase.STOPPED
    path = folder_of(token, deleted).path
    assert do(client, token, deleted, "delete").status_code == 200  # while the others are held up
    assert not path.exists()
    do(client, token, waiting, "resume")
    assert studio().batches.get(token, waiting).phase is BatchPhase.WAITING
    encoder.opened.set()
    for batch in (*running, waiting):
        assert ended(token, batch).phase is BatchPhase.DONE
    assert len(rows(client, token, waiting)) == 3


def test_a_classifier_of_other_weights_than_the_encoder_here_predicts_nothing(
    client: TestClient, token: str, encoder: GatedEncoder
) -> None:
    batch = stopped_half_way(client, token, encoder, new(24))
    kept = rows(client, token, batch)
    encoder.id = "f" * 64
    do(client, token, batch, "resume")
    assert ended(token, batch).phase is BatchPhase.FAILED
    assert "other weights" in listed(client, token)[0]["error"]
    assert rows(client, token, batch) == kept
