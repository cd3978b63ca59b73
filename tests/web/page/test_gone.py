"""The server goes while somebody is at the page, and comes back: in a real browser."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.served import Server, serving

SAID = "featclass does not answer. What you type is kept, and sent when it is back."
STREAMLITS = ("Connection error", "Is Streamlit still running", "Are you connected")


@pytest.fixture(scope="module")
def stopping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("stopping")) as running:
        yield running


@pytest.fixture
def server(stopping: Server) -> Server:
    """The page of a server that each test may stop."""
    if stopping.process is None:
        stopping.start()
    return stopping


def assert_said_by_us_alone(page: Page) -> None:
    expect(page.get_by_text(SAID)).to_be_visible()
    for _ in range(8):  # by the sixth failure Streamlit would say something
        page.wait_for_event("requestfailed", lambda request: request.url.endswith("/health"))
    for words in STREAMLITS:
        expect(page.get_by_text(words).first).not_to_be_visible()
    expect(page.locator(".stDialog")).to_have_count(0)


def test_a_name_typed_while_the_server_goes_is_kept_and_saved_when_it_is_back(
    server: Server, page: Page
) -> None:
    page.goto(server.url)
    name = page.get_by_role("textbox", name="Name of the set Set 1")
    name.fill("Cats")
    server.stop(signal.SIGKILL)
    assert_said_by_us_alone(page)
    expect(name).to_be_focused()
    name.press_sequentially(" and dogs")
    name.press("Enter")
    expect(name).to_have_value("Cats and dogs")
    server.start()
    expect(page.get_by_text(SAID)).to_be_hidden()
    expect(page.get_by_role("textbox", name="Name of the set Cats and dogs")).to_be_visible()
    page.reload()
    expect(page.get_by_role("textbox", name="Name of the set Cats and dogs")).to_be_visible()


def test_what_was_typed_into_a_menu_is_there_when_the_server_is_back(
    server: Server, page: Page
) -> None:
    page.goto(server.url)
    page.get_by_role("textbox", name="Name of the set Set 1").wait_for()
    page.get_by_role("button", name="My pictures").click()
    name = page.get_by_label("Name of this workspace")
    name.fill("Bees")
    server.stop(signal.SIGKILL)
    assert_said_by_us_alone(page)
    expect(name).to_have_value("Bees")
    server.start()
    expect(page.get_by_text(SAID)).to_be_hidden()
    expect(name).to_be_enabled()
    expect(name).to_have_value("Bees")
    name.press("Enter")
    expect(page.get_by_role("button", name="Bees", include_hidden=True)).to_be_visible()


def test_what_cannot_be_done_while_the_server_is_gone_is_said_and_forgotten_when_it_is_back(
    server: Server, page: Page
) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Add a set").wait_for()
    server.stop(signal.SIGKILL)
    page.get_by_role("button", name="Add a set").click()
    lost = page.get_by_text("the connection to featclass was lost")
    expect(lost).to_be_visible()
    server.start()
    expect(lost).to_be_hidden()
    expect(page.get_by_role("textbox", name="Name of the set")).to_have_count(2)


DROP_ONE = """() => {
    const get = Map.prototype.get;
    Map.prototype.get = function (key) {
        const value = get.call(this, key);
        if (!value?.encodedMsg) return value;
        Map.prototype.get = get;
        window.dropped = true;
    };
}"""


def test_a_page_that_streamlit_gave_up_is_loaded_again(server: Server, page: Page) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Load sample pictures").click()
    expect(page.get_by_text("of 24 right").first).to_be_visible()
    page.evaluate(DROP_ONE)
    with page.expect_event("load"):
        page.get_by_role("button", name="Add a set").click()
    expect(page.get_by_role("textbox", name="Name of the set")).to_have_count(3)
    expect(page.locator(".stDialog")).to_have_count(0)
    expect(page.get_by_text(SAID)).to_be_hidden()
