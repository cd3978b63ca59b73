"""The live camera and its bursts on the page, in a real browser whose camera shows a film."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, WebSocketRoute, expect

from featclass import samples
from tests import camera
from tests.browser import choose, file, launched
from tests.fakes import drawn
from tests.served import Server


@pytest.fixture(scope="module")
def browser(chromium: BrowserType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose camera shows a member of one family for a while, then of the other."""
    film = tmp_path_factory.mktemp("film") / "film.mjpeg"
    camera.shoot(film, camera.members(), seconds=3)
    with launched(chromium, *camera.flags(film)) as opened:
        yield opened


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """What the visitors with this camera share."""
    opened = browser.new_context(viewport={"width": 1440, "height": 900})
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
