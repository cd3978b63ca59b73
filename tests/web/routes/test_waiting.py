"""Nothing waits inside the threads that all routes share."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from anyio import to_thread
from numpy.typing import NDArray
from starlette.testclient import TestClient

from featclass import encoders
from featclass.encoders import Pixels
from featclass.server.batches import BatchPhase
from featclass.server.studio import studio
from featclass.web import views
from featclass.web.routes import batches as routes
from featclass.workspaces import NewPicture
from tests.fakes import GridEncoder, drawn
from tests.filled import OURS, settle
from tests.people import zipped

SECONDS = 30
SHARED = 3
"""Threads that all routes share, in these tests."""


class Gate(GridEncoder):
    """Is loaded, and encodes, only once its gate is open."""

    def __init__(self) -> None:
        super().__init__(spec="builtin")
        self.loads, self.encodes = threading.Event(), threading.Event()
        self.loads.set()
        self.encodes.set()

    def encode(self, pixels: Pixels, *, threads: int | None = None) -> NDArray[np.float32]:
        assert self.encodes.wait(SECONDS)
        return super().encode(pixels, threads=threads)


@pytest.fixture(autouse=True)
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate()

    def load(*_: object, **__: object) -> Gate:
        assert made.loads.wait(SECONDS)
        return made

    monkeypatch.setattr(encoders, "load", load)
    monkeypatch.setattr(encoders, "choose_device", lambda _: "cpu")
    yield made
    made.loads.set()
    made.encodes.set()


@pytest.fixture
def few_threads(client: TestClient) -> None:
    """Let the routes share three threads instead of forty."""
    assert client.portal is not None

    def limit() -> None:
        to_thread.current_default_thread_limiter().total_tokens = SHARED

    client.portal.call(limit)


def filled() -> str:
    store = studio().workspaces
    token = store.create()
    for found, colour in zip(store.open(token).sets, ("red", "blue"), strict=True):
        files = [NewPicture(f"{colour}{i}.png", drawn(i, colour)) for i in range(4)]
        store.add_pictures(token, found.id, files)
    store.add_pictures(token, None, [NewPicture(f"try{i}.png", drawn(50 + i)) for i in range(4)])
    return token


def folder(client: TestClient, token: str) -> Any:
    body = json.dumps({"folder": "/"})
    return client.post(f"/api/w/{token}/batches/folder", content=body, headers=OURS)


def a_zip(client: TestClient, token: str) -> Any:
    return client.post(
        f"/api/w/{token}/batches/zip?name=a", content=zipped({"a.png": drawn(99)}), headers=OURS
    )


def questions(client: TestClient, token: str) -> Any:
    return client.get(f"/api/w/{token}/questions")


def picture_map(client: TestClient, token: str) -> Any:
    return client.get(f"/api/w/{token}/map")


@pytest.mark.usefixtures("few_threads")
@pytest.mark.parametrize("ask", [folder, a_zip, questions, picture_map])
def test_others_are_answered_while_requests_wait_for_an_encoder_that_is_being_loaded(
    client: TestClient, gate: Gate, ask: Callable[[TestClient, str], Any]
) -> None:
    token, other = filled(), studio().workspaces.create()
    gate.loads.clear()
    with ThreadPoolExecutor(12) as pool:
        waiting = [pool.submit(ask, client, token) for _ in range(12)]
        assert client.get(f"/api/w/{other}/tried").status_code == 200
        assert client.get(f"/api/w/{other}/batches").status_code == 200
        answer = client.post(f"/api/w/{other}/act", json={"do": "add set"}, headers=OURS)
        assert answer.status_code == 200
        gate.loads.set()
        for request in waiting:
            assert request.result(SECONDS).status_code in (200, 400)


@pytest.mark.usefixtures("few_threads")
def test_others_are_answered_while_a_batch_that_was_deleted_is_still_at_a_picture(
    client: TestClient, gate: Gate
) -> None:
    token = filled()
    settle(token)
    gate.encodes.clear()
    batch = a_zip(client, token).json()["id"]
    end = time.monotonic() + SECONDS
    while studio().batches.get(token, batch).phase is not BatchPhase.RUNNING:
        assert time.monotonic() < end
    for _ in range(2 * SHARED):
        client.post(f"/api/w/{token}/batches/{batch}/delete", headers=OURS)
        assert client.get(f"/api/w/{token}/batches").json()["batches"] == []


def test_more_requests_than_may_wait_are_told_at_once_that_it_is_not_ready(
    client: TestClient, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "MOST_WAITING", 0)
    token = filled()
    gate.loads.clear()
    answer = folder(client, token)
    assert answer.status_code == 400
    assert answer.json()["error"] == views.NOT_READY
    gate.loads.set()
    settle(token)
    assert "offers no folders" in folder(client, token).json()["error"]


def test_who_waits_for_a_classifier_gets_the_one_of_the_sets_as_they_are(
    client: TestClient, gate: Gate
) -> None:
    token = filled()
    gate.loads.clear()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(a_zip, client, token)
        gate.loads.set()
        assert waiting.result(SECONDS).status_code == 200


@pytest.mark.usefixtures("few_threads")
def test_a_page_is_answered_while_a_plan_is_worked_out(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from featclass.web.routes import drops

    token, begun, go_on = filled(), threading.Event(), threading.Event()
    place = drops.place

    def held(*args: Any, **named: Any) -> Any:
        begun.set()
        assert go_on.wait(SECONDS)
        return place(*args, **named)

    monkeypatch.setattr(drops, "place", held)
    body = {"set": "try", "paths": ["a.png"]}
    with ThreadPoolExecutor(8) as pool:
        plans = [
            pool.submit(client.post, f"/api/w/{token}/plan", json=body, headers=OURS)
            for _ in range(8)
        ]
        assert begun.wait(SECONDS)
        assert client.get(f"/api/w/{token}/tried").status_code == 200
        go_on.set()
        for planned in plans:
            assert planned.result(SECONDS).status_code == 200
