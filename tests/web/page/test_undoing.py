"""Undoing in a real browser, alone and two at a time, and where the focus is after Enter."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import MILLISECONDS, box_of, choose, drop
from tests.fakes import drawn
from tests.served import Server
from tests.web.page.asking import fill as fill_to_ask
from tests.web.page.asking import some
from tests.web.page.mistaking import HOSTILE, STRAYED, strayed
from tests.web.page.trying import card as card_of
from tests.web.page.trying import taught, tried

DO = """async what => {
    const base = `/api/w/${new URLSearchParams(location.search).get('w')}`;
    const headers = {'X-Featclass': '1', 'Content-Type': 'application/json'};
    const body = JSON.stringify(what);
    const answer = await fetch(`${base}/act`, {method: 'POST', headers, body});
    return [answer.status, await answer.json()];
}"""

CACHED = rb"\x3a\x20([0-9a-f]{32})"
"""In what asks for a run: the hash of a message that the browser has (ClientState, field 7)."""


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=f"Set {name}")


def holds(page: Page, name: str, text: str) -> None:
    expect(card(page, name).get_by_text(text, exact=True)).to_be_visible()


def line(page: Page) -> Locator:
    return page.locator(".st-key-undo")


def two_pictures(server: Server, page: Page) -> None:
    page.goto(server.url)
    choose(page, "Add pictures to Set 1", *some("red", 2))
    holds(page, "Set 1", "2 pictures")
    expect(line(page)).to_contain_text("Added 2 pictures to Set 1.")


def pick(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"Move {name} to another set").click()


def four_acts(server: Server, page: Page, folder: Path) -> list[int]:
    """Drop three pictures on Set 2, add one to Set 1, move one, leave it out; return the acts."""
    two_pictures(server, page)
    for seed in range(3):
        (folder / f"dropped{seed}.png").write_bytes(drawn(40 + seed))
    drop(card(page, "Set 2"), *sorted(folder.iterdir()))
    holds(page, "Set 2", "3 pictures")
    choose(page, "Add pictures to Set 1", *some("blue", 1, 70))
    holds(page, "Set 1", "3 pictures")
    pick(page, "red0.png")
    page.get_by_role("button", name="Move red0.png to Set 2").click()
    holds(page, "Set 2", "4 pictures")
    pick(page, "red0.png")
    with page.expect_response("**/act") as answer:
        page.get_by_role("button", name="Leave out red0.png").click()
    holds(page, "Set 2", "4 pictures, 1 left out")
    newest = int(answer.value.json()["act"])
    return [newest - 3, newest - 2, newest - 1, newest]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 0, 3, 1)])
def test_a_drop_an_addition_a_move_and_leaving_out_are_undone_in_any_order(
    server: Server, page: Page, tmp_path: Path, order: tuple[int, ...]
) -> None:
    acts = four_acts(server, page, tmp_path)
    seen = []
    for place in order:
        assert page.evaluate(DO, {"do": "undo", "act": acts[place]})[0] == 200
        page.reload()
        expect(card(page, "Set 2")).to_be_visible()
        count = card(page, "Set 2").locator("header .count")
        seen.append(str(count.text_content()))
    expected: dict[tuple[int, ...], list[str]] = {
        (0, 1, 2, 3): ["1 picture, 1 left out", "1 picture, 1 left out", "0 pictures"],
        (2, 0, 3, 1): ["3 pictures", "0 pictures", "0 pictures"],
    }
    assert seen == [*expected[order], "0 pictures"]
    holds(page, "Set 1", "2 pictures")
    expect(card(page, "Set 1").get_by_text("left out")).to_have_count(0)


def test_ctrl_z_undoes_one_act_after_the_other_but_never_while_somebody_types(
    server: Server, page: Page, tmp_path: Path
) -> None:
    four_acts(server, page, tmp_path)
    name = page.get_by_label("Name of the set Set 2")
    name.click()
    page.keyboard.press("End")
    page.keyboard.type("b")
    page.keyboard.press("Control+z")
    expect(name).to_have_value("Set 2")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="My pictures").click()
    field = page.get_by_label("Name of this workspace")
    field.click()
    page.keyboard.press("Control+z")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.reload()
    holds(page, "Set 2", "4 pictures, 1 left out")
    for text in ("4 pictures", "3 pictures"):
        page.keyboard.press("Control+z")
        holds(page, "Set 2", text)
    holds(page, "Set 1", "3 pictures")
    page.keyboard.press("Control+z")
    holds(page, "Set 1", "2 pictures")
    page.keyboard.press("Control+z")
    holds(page, "Set 2", "0 pictures")
    page.keyboard.press("Control+z")
    holds(page, "Set 1", "0 pictures")
    page.keyboard.press("Control+z")
    expect(page.get_by_role("status").get_by_text("There is nothing to undo.")).to_be_attached()


def test_the_samples_are_one_act(server: Server, page: Page) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Load sample pictures").click()
    expect(line(page)).to_contain_text("Added 32 pictures to 2 sets and to try.")
    holds(page, "Puddlewicks", "13 pictures")
    page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Load sample pictures")).to_be_visible()
    expect(page.get_by_label("Name of the set Set 1")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_the_line_that_undoes_covers_nothing_and_goes_after_some_seconds(
    server: Server, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(server.url)
    expect(card(page, "Set 2")).to_be_visible()
    before = box_of(page.locator(".stMain"))
    two_pictures(server, page)
    place, main = box_of(line(page)), box_of(page.locator(".stMain"))
    assert main == before
    assert main["y"] + main["height"] <= place["y"]
    assert place["y"] + place["height"] <= 844
    expect(line(page)).to_be_hidden()
    assert box_of(page.locator(".stMain")) == before
    page.keyboard.press("Control+z")
    holds(page, "Set 1", "0 pictures")


def test_several_pictures_of_a_set_are_removed_in_one_act(server: Server, page: Page) -> None:
    page.goto(server.url)
    choose(page, "Add pictures to Set 1", *some("red", 5))
    holds(page, "Set 1", "5 pictures")
    pick(page, "red1.png")
    page.get_by_role("button", name="Pick several").click()
    pick(page, "red4.png")
    page.get_by_role("button", name="Move red3.png to another set").click(modifiers=["Shift"])
    expect(page.get_by_role("group", name="Where 3 pictures belong")).to_be_visible()
    group = page.get_by_role("group", name="What to do with 3 pictures")
    group.get_by_role("button", name="Remove 3 pictures").click()
    holds(page, "Set 1", "2 pictures")
    expect(line(page)).to_contain_text("Removed 3 pictures of Set 1.")
    line(page).get_by_role("button", name="Undo").click()
    holds(page, "Set 1", "5 pictures")


def test_after_an_answer_one_place_alone_offers_to_undo_it(server: Server, page: Page) -> None:
    taught(server, page)
    tried(page, ("red", 31))
    card_of(page, "red31.png").get_by_role("button", name="warm: red31.png", exact=True).click()
    expect(card_of(page, "red31.png")).to_contain_text("in warm now")
    expect(line(page)).to_contain_text("Moved red31.png")
    expect(page.get_by_role("button", name=re.compile("^Undo"))).to_have_count(1)
    line(page).get_by_role("button", name="Close").click()
    own = page.get_by_role("button", name="Undo: red31.png to warm")
    expect(own).to_be_visible()


# Enter


def test_enter_on_a_cell_goes_to_the_heading_and_once_more_does_nothing(
    server: Server, page: Page
) -> None:
    strayed(server, page)
    acts: list[str] = []
    page.on("request", lambda sent: acts.append(sent.url) if sent.url.endswith("/act") else None)
    page.get_by_role("gridcell", name=STRAYED).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name=f"{HOSTILE}.png")).to_be_visible()
    heading = page.get_by_role("heading", name=f"red taken for {HOSTILE}")
    expect(heading).to_be_focused()
    page.keyboard.press("Enter")
    expect(heading).to_be_focused()
    assert acts == []
    holds(page, "red", "11 pictures")


def test_after_a_finding_was_mended_by_enter_the_next_enter_mends_no_other(
    server: Server, page: Page
) -> None:
    strayed(server, page, strays=2)
    page.get_by_role("button", name="Worth a look").click()
    findings = page.get_by_role("region", name="Perhaps in the wrong set").get_by_role("article")
    expect(findings).to_have_count(2)
    findings.first.get_by_role("button", name="Leave out").focus()
    page.keyboard.press("Enter")
    expect(findings).to_have_count(1)
    page.keyboard.press("Enter")
    holds(page, "red", "12 pictures, 1 left out")
    expect(findings).to_have_count(1)


def test_after_an_answer_by_enter_the_next_enter_answers_nothing(
    server: Server, page: Page
) -> None:
    fill_to_ask(page, server.url)
    page.get_by_role("button", name="Label the most useful").click()
    panel = page.get_by_role("group", name="Label pictures")
    picture = panel.locator(".asked img")
    first = str(picture.get_attribute("alt"))
    panel.get_by_role("button", name="Set 1").focus()
    page.keyboard.press("Enter")
    expect(picture).not_to_have_attribute("alt", first)
    second = str(picture.get_attribute("alt"))
    expect(panel).to_be_focused()
    page.keyboard.press("Enter")
    holds(page, "Set 1", "4 pictures")
    expect(picture).to_have_attribute("alt", second)


def test_enter_on_undo_undoes_one_act_and_no_second_one(
    server: Server, page: Page, tmp_path: Path
) -> None:
    four_acts(server, page, tmp_path)
    line(page).get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    holds(page, "Set 2", "4 pictures")
    expect(line(page)).to_contain_text("Moved red0.png")
    expect(page.locator(".st-key-undo button:focus")).to_have_count(0)
    page.keyboard.press("Enter")
    holds(page, "Set 2", "4 pictures")


def test_the_browser_keeps_what_it_may_be_referred_to_for_longer_than_two_runs(
    server: Server, page: Page
) -> None:
    kept: list[set[bytes]] = []

    def told(message: str | bytes) -> None:
        data = message if isinstance(message, bytes) else message.encode()
        kept.append(set(re.findall(CACHED, data)))

    page.on("websocket", lambda socket: socket.on("framesent", told))
    page.goto(server.url)
    page.get_by_role("button", name="Load sample pictures").click()
    expect(page.get_by_text("of 24 right").first).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Load sample pictures")).to_be_visible()
    of_samples = set.union(*kept)
    for count in range(3, 8):
        page.get_by_role("button", name="Add a set").click()
        expect(page.get_by_role("textbox", name="Name of the set")).to_have_count(count)
    assert of_samples
    assert of_samples <= kept[-1]


def test_enter_on_remove_this_workspace_removes_no_second_one(server: Server, page: Page) -> None:
    two_pictures(server, page)
    first = page.url
    page.get_by_role("button", name="My pictures").click()
    page.get_by_role("button", name="New workspace").click()
    page.wait_for_url(lambda url: "w=" in url and url != first)
    holds(page, "Set 1", "0 pictures")
    choose(page, "Add pictures to Set 1", *some("blue", 1))
    holds(page, "Set 1", "1 picture")
    page.get_by_role("button", name="My pictures").click()
    page.get_by_role("button", name="Remove this one").focus()
    page.keyboard.press("Enter")
    holds(page, "Set 1", "2 pictures")
    page.keyboard.press("Enter")
    page.reload()
    holds(page, "Set 1", "2 pictures")
    assert page.url == first


# Two people in one workspace


@pytest.fixture
def other(browser: Browser) -> Any:
    """The browser of somebody else."""
    opened = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    opened.set_default_timeout(MILLISECONDS)
    yield opened
    opened.context.close()


def test_a_set_removed_by_one_comes_back_with_what_another_adds_to_it_and_that_is_said(
    server: Server, page: Page, other: Page
) -> None:
    two_pictures(server, page)
    other.goto(page.url)
    holds(other, "Set 1", "2 pictures")
    page.get_by_role("button", name="Remove the set Set 1").click()
    expect(card(page, "Set 1")).to_have_count(0)
    choose(other, "Add pictures to Set 1", *some("blue", 3))
    holds(other, "Set 1", "3 pictures")
    expect(other.get_by_text("Set 1 had been removed meanwhile")).to_be_visible()
    page.reload()
    holds(page, "Set 1", "3 pictures")
    page.keyboard.press("Control+z")
    holds(page, "Set 1", "5 pictures")


def test_what_another_added_since_a_set_was_drawn_outlives_its_removal(
    server: Server, page: Page, other: Page
) -> None:
    two_pictures(server, page)
    other.goto(page.url)
    choose(other, "Add pictures to Set 1", *some("blue", 3))
    holds(other, "Set 1", "5 pictures")
    holds(page, "Set 1", "2 pictures")
    page.get_by_role("button", name="Remove the set Set 1").click()
    holds(page, "Set 1", "3 pictures")
    told = "Removed 2 pictures of Set 1, which stays: 3 pictures came to it meanwhile."
    expect(line(page)).to_contain_text(told)


def test_ctrl_z_undoes_what_this_person_did_last_not_what_somebody_else_did(
    server: Server, page: Page, other: Page
) -> None:
    two_pictures(server, page)
    other.goto(page.url)
    expect(line(other)).to_contain_text("Somebody else: Added 2 pictures to Set 1.")
    choose(other, "Add pictures to Set 2", *some("blue", 3))
    holds(other, "Set 2", "3 pictures")
    page.keyboard.press("Control+z")
    holds(page, "Set 1", "0 pictures")
    holds(page, "Set 2", "3 pictures")


def test_what_cannot_be_done_in_a_set_that_is_gone_is_said_beneath_the_others(
    server: Server, page: Page, other: Page
) -> None:
    two_pictures(server, page)
    other.goto(page.url)
    holds(other, "Set 1", "2 pictures")
    page.get_by_role("button", name="Remove the set Set 2").click()
    expect(card(page, "Set 2")).to_have_count(0)
    pick(other, "red0.png")
    other.get_by_role("button", name="Move red0.png to Set 2").click()
    expect(other.get_by_text("This workspace has no such set (any more)")).to_be_visible()
    holds(other, "Set 1", "2 pictures")
