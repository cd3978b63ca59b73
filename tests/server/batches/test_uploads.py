"""Zips sent to be predicted: those predicted to the last picture, and those refused."""

from __future__ import annotations

import asyncio
import io
import zipfile
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from featclass.server.batches import BatchPhase
from featclass.server.studio import studio
from featclass.web.routes import MIDDLEWARE, ROUTES, guard
from featclass.workspaces import NewPicture
from tests.fakes import ColourNames, drawn
from tests.filled import OURS, settle
from tests.people import zipped
from tests.server.batches.routed import (
    GatedEncoder,
    ended,
    folder_of,
    listed,
    new,
    opened_zip,
    rows,
    start,
    until,
)


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


def test_a_request_of_another_site_starts_nothing(client: TestClient, token: str) -> None:
    where = f"/api/w/{token}/batches/zip?name=x.zip"
    assert client.post(where, content=zipped(new(1))).status_code == 403
    assert listed(client, token) == []


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
