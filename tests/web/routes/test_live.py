"""The socket of the live camera."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from featclass import classifiers
from featclass.embedding.cache import CACHE_FILE
from featclass.server.studio import studio
from featclass.web.routes.live import AT_ONCE
from featclass.workspaces import NewPicture
from tests.fakes import drawn

SECONDS = 90


def fill(token: str, *colours: str, count: int = 4) -> None:
    store = studio().workspaces
    for colour in colours:
        files = [NewPicture(f"{seed}.png", drawn(seed, colour)) for seed in range(count)]
        store.add_pictures(token, store.set_named(token, colour), files)


def training(token: str) -> None:
    """Wait until the classifier of the sets as they are is there."""
    end = time.monotonic() + SECONDS
    while not (state := studio().trainer.follow(studio().workspaces.open(token))).is_current:
        assert time.monotonic() < end, state
        studio().trainer.wait(0.2)


def frame(colour: str, seed: int = 90) -> bytes:
    return drawn(seed, colour, size=256, form="JPEG")


def opened(client: TestClient, token: str, **headers: str) -> WebSocketTestSession:
    headers = {"Host": "localhost", **headers}
    return client.websocket_connect(f"/api/w/{token}/live", headers=headers)


def ask(socket: WebSocketTestSession, data: bytes) -> Any:
    socket.send_bytes(data)
    return socket.receive_json()


def test_a_frame_is_answered_with_its_class_and_the_share_of_each(
    client: TestClient, token: str
) -> None:
    fill(token, "red", "blue")
    training(token)
    with opened(client, token) as socket:
        for colour in ("red", "blue", "red"):
            said = ask(socket, frame(colour))
            assert said["label"] == colour
            assert said["bars"][0] == [colour, round(said["probability"], 4)]
            assert sum(share for _, share in said["bars"]) == pytest.approx(1, abs=1e-3)
            assert said["stale"] is False
            assert said["ms"] > 0
            assert isinstance(said["known"], bool)


def test_frames_leave_nothing_in_the_cache_or_the_workspace(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    fill(token, "red", "blue")
    training(token)

    def kept() -> tuple[int, int, int]:
        with sqlite3.connect(tmp_path / "data" / CACHE_FILE) as db:
            [rows] = db.execute("SELECT count(*) FROM embeddings").fetchone()
        files = sum(path.is_file() for path in (tmp_path / "data" / "blobs").rglob("*"))
        db.close()
        return rows, files, studio().workspaces.version(token)

    before = kept()
    with opened(client, token) as socket:
        for seed in range(3):
            assert ask(socket, frame("red", seed))["label"] == "red"
    assert kept() == before
    assert before[0] == 8


def test_without_a_classifier_it_says_so_and_the_first_one_answers_the_next_frame(
    client: TestClient, token: str
) -> None:
    with opened(client, token) as socket:
        assert "Two sets" in ask(socket, frame("red"))["waiting"]
        fill(token, "red", "blue")
        assert "waiting" in ask(socket, frame("red"))
        training(token)
        assert ask(socket, frame("red"))["label"] == "red"


def test_a_class_that_is_added_meanwhile_is_among_the_bars_of_the_next_frame(
    client: TestClient, token: str
) -> None:
    fill(token, "red", "blue")
    training(token)
    with opened(client, token) as socket:
        assert len(ask(socket, frame("green"))["bars"]) == 2
        fill(token, "green")
        assert "bars" in ask(socket, frame("green"))  # the one before serves until then
        training(token)
        said = ask(socket, frame("green"))
        assert said["label"] == "green"
        assert len(said["bars"]) == 3


@pytest.mark.parametrize("data", [b"no picture", b"", frame("red")[:400]])
def test_what_is_no_picture_is_answered_with_the_reason_and_the_socket_lives_on(
    client: TestClient, token: str, data: bytes
) -> None:
    fill(token, "red", "blue")
    training(token)
    with opened(client, token) as socket:
        assert ask(socket, data)["error"]
        socket.send_text("neither is this")
        assert socket.receive_json()["error"]
        assert ask(socket, frame("red"))["label"] == "red"


def test_a_frame_that_is_too_large_ends_the_socket_with_the_reason(
    client: TestClient, token: str
) -> None:
    with opened(client, token) as socket:
        socket.send_bytes(bytes(2_000_001))
        with pytest.raises(WebSocketDisconnect) as end:
            socket.receive_json()
    assert end.value.code == 1009
    assert "2 MB" in end.value.reason


def test_the_link_of_no_workspace_ends_the_socket_with_the_reason(client: TestClient) -> None:
    with opened(client, "nobody") as socket, pytest.raises(WebSocketDisconnect) as end:
        socket.receive_json()
    assert end.value.code == 4404
    assert "No workspace" in end.value.reason


def test_a_workspace_removed_meanwhile_ends_the_socket(client: TestClient, token: str) -> None:
    with opened(client, token) as socket:
        ask(socket, frame("red"))
        studio().workspaces.remove_workspace(token)
        socket.send_bytes(frame("red"))
        with pytest.raises(WebSocketDisconnect) as end:
            socket.receive_json()
    assert end.value.code == 4404


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Host": "evil.example"}])
def test_a_camera_of_another_site_is_refused(
    client: TestClient, token: str, headers: dict[str, str]
) -> None:
    with opened(client, token, Origin="http://localhost") as socket:
        assert ask(socket, frame("red"))
    with pytest.raises(WebSocketDisconnect), opened(client, token, **headers):
        pass


def test_many_cameras_at_once_leave_the_other_routes_room(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(token, "red", "blue")
    training(token)
    entered, release = threading.Semaphore(0), threading.Event()
    predict, late = classifiers.predict, []

    def slow(*given: Any, **options: Any) -> Any:
        entered.release()
        late.append(not release.wait(SECONDS))
        return predict(*given, **options)

    with ExitStack() as stack:
        monkeypatch.setattr(classifiers, "predict", slow)
        sockets = [stack.enter_context(opened(client, token)) for _ in range(48)]
        for socket in sockets:
            socket.send_bytes(frame("red"))
        for _ in range(AT_ONCE):
            entered.acquire()
        assert client.get(f"/api/w/{token}/tried").status_code == 200
        release.set()
        assert all(socket.receive_json()["label"] == "red" for socket in sockets)
    assert not any(late)
