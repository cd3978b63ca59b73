"""The live camera: its socket, its bursts, and both in a real browser with a fake camera."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect, sync_playwright
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from featclass import classifiers, samples
from featclass.embedding.cache import CACHE_FILE
from featclass.server.studio import studio
from featclass.web.routes.live import AT_ONCE
from featclass.workspaces import NewPicture
from tests import camera
from tests.browser import FLAGS, find
from tests.fakes import drawn
from tests.web.page.test_journey import Server, choose, file, page, server

__all__ = ["page", "server"]

SECONDS = 90


@pytest.fixture
def token() -> str:
    return studio().workspaces.create()


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


# In a browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose camera shows a member of one family for a while, then of the other."""
    film = tmp_path_factory.mktemp("film") / "film.mjpeg"
    camera.shoot(film, camera.members(), seconds=3)
    with sync_playwright() as playwright:
        flags = [*FLAGS, *camera.flags(film)]
        opened = playwright.chromium.launch(executable_path=find(), args=flags)
        yield opened
        opened.close()


def taught(server: Server, page: Page) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Load sample pictures").click()
    expect(page.get_by_text("of 24 right").first).to_be_visible()


def stored(server: Server, page: Page) -> list[tuple[str | None, str | None]]:
    """Return set and burst of each picture of the workspace that a page shows."""
    token = page.url.partition("w=")[2]
    with sqlite3.connect(server.data / "workspaces.sqlite") as db:
        rows = db.execute(
            "SELECT s.name, p.burst FROM picture p JOIN workspace w ON p.workspace_id = w.id"
            " LEFT JOIN labelled_set s ON p.labelled_set_id = s.id WHERE w.token = ?",
            (token,),
        ).fetchall()
    db.close()
    return rows


def test_the_bars_follow_what_the_camera_sees_and_nothing_is_kept_but_what_is_taken(
    server: Server, page: Page
) -> None:
    taught(server, page)
    before = stored(server, page)
    page.get_by_role("button", name="Camera", exact=True).click()
    live = page.get_by_role("region", name="Live prediction")
    for family in (*samples.FAMILIES, *samples.FAMILIES):
        expect(live).to_contain_text(f"Looks like {family}")
    expect(live.get_by_role("status")).to_contain_text("Looks like")
    expect(live.get_by_text("a second")).to_be_visible()
    assert stored(server, page) == before
    page.get_by_role("button", name="Take picture").click()
    taken = page.get_by_role("article", name="Prediction for photo-")
    expect(taken).to_contain_text("Looks like")
    expect(live).to_be_visible()
    assert len(stored(server, page)) == len(before) + 1
    page.get_by_role("button", name="Close camera").click()
    expect(live).to_be_hidden()
    assert not page.locator("video").count()


def test_without_a_classifier_the_camera_says_what_is_missing(server: Server, page: Page) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Camera", exact=True).click()
    live = page.get_by_role("region", name="Live prediction")
    expect(live.get_by_role("paragraph").first).to_contain_text("Two sets need pictures")


def test_a_burst_is_recorded_by_keyboard_another_by_mouse_and_the_set_grows(
    server: Server, page: Page
) -> None:
    taught(server, page)
    before = stored(server, page)
    page.get_by_role("button", name="Record pictures into Quillingtons").click()
    hold = page.get_by_role("button", name="Hold to record into Quillingtons")
    card = page.get_by_role("region", name="Set Quillingtons")
    expect(hold).to_be_focused()
    page.keyboard.down(" ")
    # It counts on while one looks: ten or more, then three or more.
    expect(card.locator(".counted")).to_have_text(re.compile(r"^\d\d+ pictures$"))
    page.keyboard.up(" ")
    expect(card.get_by_text("pictures added")).to_be_visible()
    expect(card.get_by_text("11 pictures", exact=True)).to_be_hidden()
    expect(hold).to_be_visible()
    hold.hover()
    page.mouse.down()
    expect(card.locator(".counted")).to_have_text(re.compile(r"^([3-9]|\d\d+) pictures$"))
    page.mouse.move(10, 10)
    page.mouse.up()
    expect(card.get_by_text("Hold to record")).to_be_visible()
    expect(page.get_by_text("24 of 24 right", exact=True)).to_be_hidden()
    expect(page.get_by_text("counts once for how sure the score is")).to_be_visible()
    new: Counter[tuple[str | None, str | None]] = Counter()
    for _ in range(100):  # the last pictures are still being sent when the button is let go
        new = Counter(stored(server, page)) - Counter(before)
        if len(new) == 2:
            break
        page.wait_for_timeout(200)
    assert {name for name, _ in new} == {"Quillingtons"}
    assert len({burst for _, burst in new if burst}) == 2
    assert None not in {burst for _, burst in new}
    assert sum(new.values()) >= 4
    page.get_by_role("button", name="Close camera").click()
    expect(hold).to_be_hidden()
    assert not page.locator("video").count()


def test_a_connection_that_is_lost_is_said_to_be_and_comes_back(server: Server, page: Page) -> None:
    taken: list[WebSocketRoute] = []

    def route(socket: WebSocketRoute) -> None:
        taken.append(socket)
        if len(taken) > 2:
            socket.connect_to_server()
        else:
            socket.close(code=1012, reason="restarting")

    page.route_web_socket("**/live", route)
    taught(server, page)
    page.get_by_role("button", name="Camera", exact=True).click()
    live = page.get_by_role("region", name="Live prediction")
    expect(live).to_contain_text("The connection was lost; trying again.")
    expect(live).to_contain_text("Looks like")
    expect(live).not_to_contain_text("connection")
    assert len(taken) == 3


def test_a_page_out_of_sight_rests(server: Server, page: Page) -> None:
    page.add_init_script(
        "Object.defineProperty(document, 'hidden', { get: () => window.outOfSight === true });"
    )
    taught(server, page)
    page.get_by_role("button", name="Camera", exact=True).click()
    live = page.get_by_role("region", name="Live prediction")
    expect(live.get_by_text("a second")).to_be_visible()
    turn = "now => { outOfSight = now; document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(turn, True)
    expect(live).to_contain_text("Paused")
    page.evaluate(turn, False)
    expect(live.get_by_text("a second")).to_be_visible()


def test_a_camera_that_was_out_of_sight_until_its_socket_was_closed_goes_on_at_once(
    server: Server, page: Page
) -> None:
    page.add_init_script(
        """window.cameras = []; window.ended = 0; window.told = [];
        window.WebSocket = class extends WebSocket { constructor(...given) {
            super(...given);
            if (!this.url.endsWith('/live')) return;
            cameras.push(this);
            this.addEventListener('close', () => ended++);
        } };
        Object.defineProperty(document, 'hidden', { get: () => window.outOfSight === true });"""
    )
    taught(server, page)
    page.get_by_role("button", name="Camera", exact=True).click()
    live = page.get_by_role("region", name="Live prediction")
    expect(live.get_by_text("a second")).to_be_visible()
    turn = "now => { outOfSight = now; document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(turn, True)
    live.evaluate(
        """node => new MutationObserver(() => told.push(node.textContent))
            .observe(node, { childList: true, characterData: true, subtree: true })"""
    )
    page.evaluate("cameras[0].close(3000)")  # as the server does after a minute without a frame
    page.wait_for_function("ended === 1")
    page.evaluate(turn, False)
    page.wait_for_function("told.some(text => text.includes('a second'))")
    assert not [text for text in page.evaluate("told") if "lost" in text]
    assert page.evaluate("cameras.length") == 2


@pytest.mark.parametrize("button", ["Camera", "Record pictures into Set 1"])
def test_where_the_browser_lends_no_camera_it_says_why_and_a_picture_can_be_chosen(
    server: Server, page: Page, button: str
) -> None:
    page.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'mediaDevices', { get: () => undefined });"
    )
    page.goto(server.url)
    page.once("filechooser", lambda chooser: None)  # left open
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_text("lends its camera to https pages only")).to_be_visible()
    choose(page, button, file("photo.png", drawn(4)))
    expect(page.get_by_alt_text("photo.png").first).to_be_visible()


def test_a_camera_that_is_refused_is_told_in_a_sentence(server: Server, page: Page) -> None:
    page.add_init_script(
        "MediaDevices.prototype.getUserMedia = async () => {"
        " throw new DOMException('no', 'NotReadableError'); };"
    )
    page.goto(server.url)
    page.get_by_role("button", name="Camera", exact=True).click()
    expect(page.get_by_text("The camera is busy")).to_be_visible()
    page.get_by_role("button", name="Record pictures into Set 2").click()
    card = page.get_by_role("region", name="Set Set 2")
    expect(card.get_by_text("The camera is busy")).to_be_visible()
