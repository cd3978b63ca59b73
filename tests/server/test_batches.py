"""Predictions for a whole zip or folder: made in slices, kept, stopped, resumed, taken away."""

from __future__ import annotations

import asyncio
import csv
import errno
import hashlib
import io
import json
import os
import shutil
import threading
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.testclient import TestClient

from featclass import classifiers, encoders
from featclass.base.disk import RESERVE_FILE
from featclass.base.errors import Cancelled, DatasetError, FeatclassError, UploadRefused
from featclass.base.records import Dataset, Prediction
from featclass.classifiers import prediction as service_prediction
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.encoders import Pixels
from featclass.server import studio as studio_module
from featclass.server.batches import Batch, BatchPhase, BatchRequest
from featclass.server.batches.folder import BatchFolder, append
from featclass.server.studio import studio
from featclass.web.routes import MIDDLEWARE, ROUTES, guard
from featclass.web.routes import batches as routes
from featclass.workspaces import NewPicture
from tests.fakes import ColourNames, GridEncoder, drawn, image, two_classes

OURS = {"X-Featclass": "1"}
SECONDS = 30


@dataclass
class GatedEncoder(GridEncoder):
    """Waits before a batch where the gate is shut, once so many images went through."""

    opened: threading.Event = field(default_factory=threading.Event)
    shut_after: int = 10**9

    def encode(self, pixels: Pixels, *, threads: int | None = None) -> NDArray[np.float32]:
        if self.encoded >= self.shut_after:
            assert self.opened.wait(SECONDS)
        return super().encode(pixels, threads=threads)


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch) -> GatedEncoder:
    fake = GatedEncoder(spec="builtin")
    monkeypatch.setattr(encoders, "load", lambda *_, **__: fake)
    monkeypatch.setattr(encoders, "choose_device", lambda _: "cpu")
    monkeypatch.setattr(service_prediction, "SLICE", 8)
    return fake


@pytest.fixture
def token() -> str:
    return filled()


def filled() -> str:
    """Return a workspace that tells red from blue."""
    token = studio().workspaces.create()
    names = ("red", "blue")
    for found, colour in zip(studio().workspaces.open(token).sets, names, strict=True):
        studio().workspaces.rename_set(token, found.id, colour)
        files = [NewPicture(f"{colour}{seed}.png", drawn(seed, colour)) for seed in range(6)]
        studio().workspaces.add_pictures(token, found.id, files)
    return token


def new(count: int, start: int = 100) -> dict[str, bytes]:
    """Return so many pictures that no set has, red and blue in turns."""
    colours = ("red", "blue")
    return {
        f"new/{seed}.png": drawn(seed, colours[seed % 2]) for seed in range(start, start + count)
    }


def ordered(token: str) -> BatchRequest:
    """Wait for the classifier of a workspace as a request for a batch does."""
    return asyncio.run(routes._ordered(token))


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def start(client: TestClient, token: str, files: dict[str, bytes], name: str = "new.zip") -> str:
    where = f"/api/w/{token}/batches/zip?name={name}"
    answer = client.post(where, content=zipped(files), headers=OURS)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def do(client: TestClient, token: str, batch: str, what: str) -> Any:
    return client.post(f"/api/w/{token}/batches/{batch}/{what}", headers=OURS)


def listed(client: TestClient, token: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/w/{token}/batches")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["batches"]
    return found


def until(token: str, batch: str, is_so: Callable[[Batch], bool]) -> Batch:
    end = time.monotonic() + SECONDS
    while not is_so(found := studio().batches.get(token, batch)):
        assert time.monotonic() < end, found
        threading.Event().wait(0.01)
    return found


def ended(token: str, batch: str) -> Batch:
    return until(token, batch, lambda found: not found.is_running)


def rows(client: TestClient, token: str, batch: str) -> list[dict[str, str]]:
    answer = client.get(f"/api/w/{token}/batches/{batch}/predictions.csv")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def opened_zip(client: TestClient, token: str, batch: str) -> zipfile.ZipFile:
    answer = client.get(f"/api/w/{token}/batches/{batch}/sorted.zip")
    assert answer.status_code == 200, answer.text
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


def folder_of(token: str, batch: str) -> BatchFolder:
    return studio().batches._found(token, batch, removed_too=True)[0]


def restart() -> None:
    """Begin a new process on the same data folder, as far as anybody can tell."""
    studio_module.close()


def stopped_half_way(
    client: TestClient, token: str, encoder: GatedEncoder, files: dict[str, bytes]
) -> str:
    """Start on `files`, and cancel once some are done and the encoder is at the next ones."""
    studio().trainer.follow(studio().workspaces.open(token))
    ordered(token)
    encoder.shut_after = encoder.encoded + 13
    batch = start(client, token, files)
    until(token, batch, lambda found: found.counts.done >= 8)
    assert do(client, token, batch, "cancel").status_code == 200
    encoder.opened.set()
    assert ended(token, batch).phase is BatchPhase.STOPPED
    return batch


def test_a_zip_is_predicted_to_the_last_picture_and_told_as_it_goes(
    client: TestClient, token: str
) -> None:
    files = new(20) | {"new/words.txt": b"no picture", "new/.hidden.png": drawn(1)}
    batch = start(client, token, files)
    assert ended(token, batch).phase is BatchPhase.DONE
    [told] = listed(client, token)
    assert (told["name"], told["phase"], told["done"], told["total"]) == ("new.zip", "done", 21, 21)
    assert [name for name, *_ in told["classes"]] == ["blue", "red"]
    assert all(sure + doubtful for _, _, sure, doubtful in told["classes"])
    counted = sum(sure + doubtful for _, _, sure, doubtful in told["classes"])
    assert (counted + told["unknown"], told["rejected"]) == (20, 1)
    assert told["outdated"] is False
    assert len(told["first"]) == 21
    assert {"path": "new/words.txt", "rejected": told["first"][-1]["rejected"]} == told["first"][-1]


def test_the_table_says_of_each_picture_what_the_command_line_would(
    client: TestClient, token: str
) -> None:
    batch = start(client, token, new(10) | {"new/words.txt": b"no picture"})
    ended(token, batch)
    table = rows(client, token, batch)
    assert list(table[0]) == [
        "path",
        "label",
        "probability",
        "known",
        "rejected",
        "probability:blue",
        "probability:red",
    ]
    assert [row["path"] for row in table] == [*sorted(new(10)), "new/words.txt"]
    for row in table[:-1]:
        assert row["label"] == ("red" if int(row["path"][4:-4]) % 2 == 0 else "blue")
        assert float(row["probability:red"]) + float(row["probability:blue"]) == pytest.approx(1)
    assert "text" in table[-1]["rejected"]
    assert table[-1]["probability"] == ""


def test_a_file_name_never_becomes_a_formula_in_the_table(client: TestClient, token: str) -> None:
    names = ["=1+1.png", "+2.png", "-3.png", "@SUM(A1).png", '=HYPERLINK("x","y").png']
    hostile = {name: drawn(200 + i) for i, name in enumerate(names)}
    batch = start(client, token, hostile)
    ended(token, batch)
    shown = [row["path"] for row in rows(client, token, batch)]
    assert shown == [f"'{name}" for name in sorted(names)]


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


def test_the_sorted_zip_has_a_folder_for_each_class_and_apart_the_doubtful_and_the_unknown(
    client: TestClient, token: str
) -> None:
    files = new(3) | {"b/words.txt": b"no picture", "a/same.png": drawn(1), "b/SAME.png": drawn(2)}
    batch = start(client, token, files)
    ended(token, batch)
    folder = folder_of(token, batch)
    said = {"probabilities": {"red": 0.5, "blue": 0.5}, "label": "red", "probability": 0.5}
    lines = [
        {**said, "path": "new/100.png", "known": True},
        {**said, "path": "new/101.png", "known": False},
        {**said, "path": "new/102.png", "known": True, "probability": 0.99},
        {**said, "path": "a/same.png", "known": True, "probability": 0.99},
        {**said, "path": "b/SAME.png", "known": True, "probability": 0.99},
        {"path": "b/words.txt", "rejected": "it is text"},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder.path / "predictions.jsonl").write_text(text)
    archive = opened_zip(client, token, batch)
    assert archive.namelist() == [
        "doubtful/red/100.png",
        "none of these/101.png",
        "red/102.png",
        "red/same.png",
        "red/SAME 2.png",
        "could not be used.csv",
    ]
    assert archive.read("red/SAME 2.png") == drawn(2)
    assert b"b/words.txt,it is text" in archive.read("could not be used.csv")


def test_names_of_classes_and_files_lead_nowhere_in_the_sorted_zip(
    client: TestClient, token: str
) -> None:
    red, blue = studio().workspaces.open(token).sets
    studio().workspaces.rename_set(token, red.id, "../../etc")
    studio().workspaces.rename_set(token, blue.id, "doubtful")
    batch = start(client, token, {"x/..\\..\\evil.png": drawn(300), "CON.png": drawn(301)})
    ended(token, batch)
    for name in opened_zip(client, token, batch).namelist():
        assert ".." not in name.split("/")
        assert "\\" not in name
        assert not name.startswith(("/", "doubtful/evil"))
        assert not name.endswith("/CON.png")


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


@pytest.mark.parametrize(
    ("data", "why"), [(b"not a zip", "not a zip"), (zipped({}), "holds no files")]
)
def test_what_is_no_zip_of_anything_is_refused_and_nothing_of_it_stays(
    client: TestClient, token: str, data: bytes, why: str
) -> None:
    where = f"/api/w/{token}/batches/zip?name=x.zip"
    answer = client.post(where, content=data, headers=OURS)
    assert answer.status_code == 400
    assert why in answer.json()["error"]
    assert str(studio().config.data) not in answer.json()["error"]
    assert [path for path in (studio().config.data / "batches").rglob("*") if path.is_file()] == []


def test_a_zip_that_would_unpack_to_more_than_allowed_is_refused(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        studio().batches, "_config", replace(studio().config, max_upload_bytes=50_000)
    )
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(60_000))
    where = f"/api/w/{token}/batches/zip?name=x.zip"
    answer = client.post(where, content=bomb.getvalue(), headers=OURS)
    assert answer.status_code == 400
    assert "unpack" in answer.json()["error"]


def test_without_a_classifier_there_is_nothing_to_predict_with(client: TestClient) -> None:
    token = studio().workspaces.create()
    where = f"/api/w/{token}/batches/zip?name=x.zip"
    answer = client.post(where, content=zipped(new(1)), headers=OURS)
    assert answer.status_code == 400
    assert "fill two sets first" in answer.json()["error"]


@pytest.mark.parametrize("follows", [True, False], ids=["at once", "after a restart"])
def test_a_class_that_is_known_by_its_name_only_is_enough_for_a_batch(
    client: TestClient, encoder: GatedEncoder, follows: bool
) -> None:
    vars(encoder)["texts"] = ColourNames()
    store, token = studio().workspaces, studio().workspaces.create()
    for found, name in zip(store.open(token).sets, ("red disc", "blue disc"), strict=True):
        store.rename_set(token, found.id, name)
    first = store.open(token).sets[0].id
    store.add_pictures(token, first, [NewPicture(f"{i}.png", drawn(i)) for i in range(3)])
    if follows:
        settle(token)
    batch = start(client, token, new(4))
    until(token, batch, lambda found: found.phase is BatchPhase.DONE)
    said = studio().batches.predictions(token, batch)
    assert {one.label for one in said} == {"red disc", "blue disc"}


def test_an_empty_set_whose_name_says_nothing_is_not_enough_for_a_batch(
    client: TestClient,
) -> None:
    store, token = studio().workspaces, studio().workspaces.create()
    first = store.open(token).sets[0].id
    store.add_pictures(token, first, [NewPicture(f"{i}.png", drawn(i)) for i in range(3)])
    settle(token)
    where = f"/api/w/{token}/batches/zip?name=x.zip"
    answer = client.post(where, content=zipped(new(1)), headers=OURS)
    assert answer.status_code == 400
    assert "fill two sets first" in answer.json()["error"]


def settle(token: str) -> None:
    end = time.monotonic() + SECONDS
    while studio().trainer.follow(studio().workspaces.open(token)).is_busy:
        assert time.monotonic() < end
        studio().trainer.wait(0.05)


def test_a_request_of_another_site_starts_nothing(client: TestClient, token: str) -> None:
    where = f"/api/w/{token}/batches/zip?name=x.zip"
    assert client.post(where, content=zipped(new(1))).status_code == 403
    assert listed(client, token) == []


def test_a_zip_with_one_name_twice_gives_two_rows(client: TestClient, token: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.png", drawn(400, "red"))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.png", drawn(401, "blue"))
    where = f"/api/w/{token}/batches/zip?name=x.zip"
    batch = str(client.post(where, content=out.getvalue(), headers=OURS).json()["id"])
    ended(token, batch)
    assert [row["path"] for row in rows(client, token, batch)] == ["a.png", "a 2.png"]


# Folders of the server


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Offer one folder, with three pictures in a subfolder; another lies outside."""
    offered, outside = tmp_path / "offered", tmp_path / "outside"
    for folder in (offered / "trip", outside):
        folder.mkdir(parents=True)
        for name, data in new(3).items():
            (folder / Path(name).name).write_bytes(data)
    (offered / "link").symlink_to(outside, target_is_directory=True)
    monkeypatch.setenv("FEATCLASS_PICTURES", str(offered))
    return offered


def start_folder(client: TestClient, token: str, folder: object) -> Any:
    where = f"/api/w/{token}/batches/folder"
    return client.post(where, json={"folder": str(folder)}, headers=OURS)


@pytest.mark.parametrize("asked", ["trip", "{root}/trip", "trip/../trip"])
def test_a_folder_that_an_administrator_offers_is_predicted(
    client: TestClient, root: Path, asked: str
) -> None:
    token = filled()
    answer = start_folder(client, token, asked.format(root=root))
    assert answer.status_code == 200, answer.text
    batch = answer.json()["id"]
    assert ended(token, batch).phase is BatchPhase.DONE
    assert [row["path"] for row in rows(client, token, batch)] == ["100.png", "101.png", "102.png"]
    assert len(opened_zip(client, token, batch).namelist()) == 3


@pytest.mark.parametrize(
    "asked", ["/", "..", "../outside", "{root}/../outside", "link", "{root}-no", "nowhere", "a\0b"]
)
def test_a_folder_outside_those_offered_is_refused_whether_it_exists_or_not(
    client: TestClient, root: Path, asked: str
) -> None:
    token = filled()
    answer = start_folder(client, token, asked.format(root=root))
    assert answer.status_code == 400
    assert "among those that this server offers" in answer.json()["error"]
    assert listed(client, token) == []


def test_where_no_folder_is_offered_none_is_read(client: TestClient, token: str) -> None:
    answer = start_folder(client, token, "/tmp")
    assert answer.status_code == 400
    assert "offers no folders" in answer.json()["error"]


def test_a_link_inside_an_offered_folder_that_leads_out_gives_no_picture_away(
    client: TestClient, root: Path
) -> None:
    outside = root.parent / "outside" / "100.png"
    (root / "trip" / "sly.png").symlink_to(outside)
    token = filled()
    batch = start_folder(client, token, "trip").json()["id"]
    ended(token, batch)
    [sly] = [row for row in rows(client, token, batch) if row["path"] == "sly.png"]
    assert "leads out of the folder" in sly["rejected"]
    # Nor one that was a picture when it was predicted, and became a link after.
    (root / "trip" / "101.png").unlink()
    (root / "trip" / "101.png").symlink_to(outside)
    archive = opened_zip(client, token, batch)
    assert outside.read_bytes() not in [
        archive.read(name) for name in archive.namelist() if not name.endswith("100.png")
    ]
    assert b"101.png" in archive.read("could not be used.csv")


def test_a_folder_that_is_no_longer_offered_is_not_read_any_more(
    client: TestClient, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = filled()
    batch = start_folder(client, token, "trip").json()["id"]
    ended(token, batch)
    restart()
    monkeypatch.setenv("FEATCLASS_PICTURES", str(root / "link"))
    restart()
    answer = client.get(f"/api/w/{token}/batches/{batch}/sorted.zip")
    assert answer.status_code == 400
    assert len(rows(client, token, batch)) == 3


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


# What went wrong once


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


def test_a_folder_whose_name_is_no_text_does_not_break_the_list(
    client: TestClient, root: Path
) -> None:
    os.rename(root / "trip", os.fsencode(root) + b"/tr\xffp")
    token = filled()
    where = f"/api/w/{token}/batches/folder"
    answer = client.post(where, content=b'{"folder": "tr\\udcffp"}', headers=OURS)
    assert answer.status_code == 200, answer.text
    assert ended(token, answer.json()["id"]).phase is BatchPhase.DONE
    assert [found["name"] for found in listed(client, token)] == ["tr?p"]


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


def test_a_hostile_zip_is_predicted_under_names_that_lead_nowhere(
    client: TestClient, token: str
) -> None:
    out, inner = io.BytesIO(), zipped(new(1))
    names = [
        "../../up.png",
        "/etc/abs.png",
        "C:\\x\\back.png",
        "a/./b/../dots.png",
        "é\u202egnp.png",
    ]
    with zipfile.ZipFile(out, "w") as archive:
        for at, name in enumerate(names):
            archive.writestr(name, drawn(800 + at))
        archive.writestr("folder/", b"")
        archive.writestr("nested.zip", inner)
        archive.writestr("locked.png", drawn(810))
        archive.writestr("..", drawn(811))
    data = bytearray(out.getvalue())
    at = data.rindex(b"locked.png") - 46  # its line in the directory: bit 0 says "encrypted"
    data[at + 8] |= 1
    where = f"/api/w/{token}/batches/zip?name=../../x.zip"
    batch = str(client.post(where, content=bytes(data), headers=OURS).json()["id"])
    ended(token, batch)
    said = {row["path"]: row["rejected"] for row in rows(client, token, batch)}
    assert set(said) == {
        "", "up.png", "etc/abs.png", "C:\\x\\back.png", "a/b/dots.png", "é\u202egnp.png",
        "nested.zip", "locked.png",
    }  # fmt: skip
    assert "password" in said["locked.png"]
    assert said["nested.zip"]
    for name in opened_zip(client, token, batch).namelist():
        assert not name.startswith("/")
        assert not {"..", "."} & set(name.split("/"))
        assert "\\" not in name
    assert [path.name for path in folder_of(token, batch).path.parent.iterdir()] == [batch]


@pytest.mark.parametrize("announced", [True, False])
def test_a_zip_larger_than_the_server_takes_is_cut_off_and_nothing_of_it_stays(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch, announced: bool
) -> None:
    monkeypatch.setattr(guard, "_most", lambda: 100_000)
    content: Any = bytes(200_000) if announced else iter([bytes(50_000)] * 4)
    answer = client.post(f"/api/w/{token}/batches/zip?name=x", content=content, headers=OURS)
    assert answer.status_code == 413
    folder = studio().config.data / "batches"
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_a_zip_whose_sending_is_broken_off_leaves_nothing_and_no_error(token: str) -> None:
    app = Starlette(routes=list(ROUTES), middleware=list(MIDDLEWARE))
    messages: list[Any] = [
        {"type": "http.request", "body": b"PK", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        raise AssertionError(f"nobody waits for {message}")

    path = f"/api/w/{token}/batches/zip"
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(),
        "query_string": b"name=x.zip", "root_path": "", "scheme": "http",
        "headers": [(b"host", b"localhost"), (b"x-featclass", b"1")],
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    folder = studio().config.data / "batches"
    assert [path for path in folder.rglob("*") if path.is_file()] == []
