"""Saying in a real browser that a picture is none of the sets, and what is shown of such a one."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect

from tests.browser import choose, file
from tests.fakes import drawn
from tests.served import Server
from tests.web.page.straying import strangers, strayed
from tests.web.page.trying import card, chip, opened, taught, tiles

UNLIKE = re.compile(r"^Unlike your sets\. Nearest: (warm|cold)$")
SHARE = re.compile(r"\d ?%")


def undo(page: Page, what: str) -> None:
    """Take back what was done last, which the page tells in one place alone."""
    line = page.locator(".st-key-undo")
    expect(line).to_contain_text(re.compile(what))
    expect(page.get_by_text(re.compile(what))).to_have_count(1)
    line.get_by_role("button", name="Undo").click()


def answers(shown: Locator) -> list[str]:
    """Return the answers that a card offers, in their order, as they are read out."""
    group = shown.get_by_role("group", name="Right?").get_by_role("button")
    labels = [str(one.get_attribute("aria-label")) for one in group.all()]
    return [label.rpartition(":")[0] for label in labels]


def test_a_stray_picture_is_said_to_be_unlike_the_sets_without_any_share(
    server: Server, page: Page
) -> None:
    taught(server, page)
    strayed(page, 1, ("red", 32))
    stray, member = card(page, "temple0.png"), card(page, "red32.png")
    expect(stray.get_by_text(UNLIKE)).to_be_visible()
    expect(stray).not_to_contain_text(SHARE)
    assert "%" not in stray.evaluate("card => card.outerHTML")
    expect(stray.locator(".track")).to_have_count(0)
    nearest = stray.get_by_role("group", name="Nearest pictures")
    expect(nearest.get_by_role("button", name="similarity")).to_have_count(3)
    expect(member).to_contain_text(SHARE)
    expect(member.locator(".track")).to_have_count(2)


def test_none_of_these_is_the_first_answer_for_a_stray_and_the_last_for_a_member(
    server: Server, page: Page
) -> None:
    taught(server, page)
    strayed(page, 1, ("red", 32))
    stray, member = card(page, "temple0.png"), card(page, "red32.png")
    assert answers(stray) == ["None of these", "cold", "warm", "New set"]
    assert answers(member) == ["Yes, warm", "cold", "None of these", "New set"]
    first = stray.get_by_role("button", name="None of these: temple0.png")
    expect(first).to_have_attribute("title", "None of these\nKey 0")
    expect(first).to_have_attribute("aria-keyshortcuts", "0")
    expect(page.get_by_role("article").locator(".strong")).to_have_count(0)


def test_what_is_answered_so_is_kept_beside_the_sets_and_undone(server: Server, page: Page) -> None:
    taught(server, page)
    strayed(page)
    stray = card(page, "temple0.png")
    stray.get_by_role("button", name="None of these: temple0.png").click()
    expect(stray).to_contain_text("None of these, as you said")
    strangers(page, 1)
    expect(page.get_by_text("Said that temple0.png is none of these")).to_have_count(1)
    expect(page.get_by_text("6 of 6 right").first).to_be_visible()
    stray.get_by_role("button", name="Undo: temple0.png is none of these").click()
    expect(stray.get_by_text(UNLIKE)).to_be_visible()
    strangers(page, 0)


def test_after_a_reload_it_is_where_it_was_put_and_the_page_still_offers_to_undo_it(
    server: Server, page: Page
) -> None:
    taught(server, page)
    strayed(page)
    card(page, "temple0.png").get_by_role("button", name="None of these: temple0.png").click()
    strangers(page, 1)
    page.reload()
    strangers(page, 1)
    expect(card(page, "temple0.png")).to_have_count(0)
    expect(page.get_by_text("Said that temple0.png is none of these.")).to_be_visible()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(card(page, "temple0.png").get_by_text(UNLIKE)).to_be_visible()
    strangers(page, 0)


def test_the_key_0_says_so_of_the_card_at_hand_and_goes_on_to_the_next(
    server: Server, page: Page
) -> None:
    taught(server, page)
    strayed(page, 2)
    first, second = page.get_by_role("article").all()
    first.focus()
    page.keyboard.press("0")
    expect(first).to_contain_text("None of these, as you said")
    expect(second).to_be_focused()
    page.keyboard.press("0")
    expect(second).to_contain_text("None of these, as you said")
    strangers(page, 2)
    expect(first).to_contain_text("None of these, as you said")
    expect(page.get_by_role("article")).to_have_count(2)


def test_a_refused_answer_leaves_the_card_as_it_was_and_says_why(
    server: Server, page: Page
) -> None:
    taught(server, page)
    strayed(page)

    def refuse(route: Route) -> None:
        route.fulfill(status=400, json={"error": "The disk is full."})

    page.route("**/act", refuse)
    stray = card(page, "temple0.png")
    stray.get_by_role("button", name="None of these: temple0.png").click()
    expect(page.get_by_text("The disk is full.")).to_be_visible()
    expect(stray.get_by_role("button", name="None of these: temple0.png")).to_be_visible()
    strangers(page, 0)


def test_in_the_gallery_one_is_said_to_be_none_of_these_and_then_several_at_once(
    server: Server, page: Page
) -> None:
    taught(server, page)
    strayed(page, 8, ("red", 32), ("red", 33), ("blue", 32))
    chip(page, "Unlike anything").click()
    expect(tiles(page)).to_have_count(8)
    labels = [str(one.get_attribute("aria-label")) for one in tiles(page).all()]
    assert all(
        re.fullmatch(r"temple\d\.png: unlike anything, nearest (warm|cold)", label)
        for label in labels
    ), labels
    name = str(opened(page).locator(".file").inner_text())
    expect(card(page, name)).not_to_contain_text(SHARE)
    card(page, name).get_by_role("button", name=f"None of these: {name}").click()
    strangers(page, 1)
    gone = page.get_by_role("button", name=f"{name}: none of these, as you said")
    expect(gone).to_be_visible()
    undo(page, f"Said that {re.escape(name)} is none of these")
    expect(gone).to_be_hidden()
    expect(chip(page, "Unlike anything")).to_have_text("Unlike anything8")
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("button", name="Select all shown (8)").click()
    offered = page.get_by_role("group", name="Selected pictures").get_by_role("button")
    expect(offered.first).to_have_attribute("aria-label", "None of these: 8 selected pictures")
    offered.first.click()
    strangers(page, 8)
    undo(page, "Said that 8 pictures are none of these")
    strangers(page, 0)


def test_of_selected_members_none_of_these_is_the_last_answer_and_the_key_0_gives_it(
    server: Server, page: Page
) -> None:
    taught(server, page)
    strayed(page, 2, *(("red", 32 + n) for n in range(8)))
    chip(page, "warm").click()
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("button", name="Select all shown").click()
    picked = page.get_by_role("group", name="Selected pictures")
    expect(picked.get_by_role("button", name="warm: ")).to_be_visible()
    labels = [str(one.get_attribute("aria-label")) for one in picked.get_by_role("button").all()]
    words = [label.partition(":")[0] for label in labels]
    assert words[:4] == ["cold", "warm", "None of these", "New set"]
    number = len(tiles(page).all())
    tiles(page).first.focus()
    page.keyboard.press("0")
    strangers(page, number)


def test_asked_about_a_stray_the_page_names_the_nearest_and_its_answer_is_kept(
    server: Server, page: Page
) -> None:
    taught(server, page)
    strayed(page, 12)
    expect(page.get_by_role("button", name="Label the most useful of 12 pictures")).to_be_visible()
    page.get_by_role("button", name="Label the most useful").click()
    panel = page.get_by_role("group", name="Label pictures")
    picture = panel.locator(".asked img")
    expect(panel.get_by_text(UNLIKE)).to_be_visible()
    expect(panel.locator(".asked-of")).not_to_contain_text(SHARE)
    none = panel.get_by_role("button", name="None of these")
    expect(panel.locator(".strong")).to_have_count(0)
    expect(panel.locator(".classes").get_by_role("button").first).to_contain_text("None of these")
    name = str(picture.get_attribute("alt"))
    page.keyboard.press("0")
    expect(picture).not_to_have_attribute("alt", name)
    strangers(page, 1)
    second = str(picture.get_attribute("alt"))
    none.click()
    expect(picture).not_to_have_attribute("alt", second)
    strangers(page, 2)
    expect(panel.get_by_text("2 answered")).to_be_visible()
    page.keyboard.press("z")
    expect(picture).to_have_attribute("alt", second)
    strangers(page, 1)


def test_strangers_do_not_count_in_what_is_expected_to_be_right(server: Server, page: Page) -> None:
    taught(server, page, each=6)
    strayed(page, 12)
    page.get_by_role("button", name="Label the most useful").click()
    panel = page.get_by_role("group", name="Label pictures")
    expect(panel.get_by_text("Which is it?")).to_be_visible()
    expect(panel.get_by_text("12 of 12 right")).to_be_visible()
    expected = panel.get_by_text("Expected right on the others")
    expect(expected).to_have_count(0)
    choose(page, "Choose pictures", *(file(f"{n}.png", drawn(n, "red")) for n in range(70, 74)))
    expect(expected).to_be_visible()


def live(page: Page, *known: bool) -> None:
    """Answer the frames of the camera with what is known and what is not, the last for ever."""
    left = list(known)

    def answer(socket: WebSocketRoute) -> None:
        def told(_: str | bytes) -> None:
            bars = [["warm", 0.99], ["cold", 0.01]]
            answer = {"label": "warm", "probability": 0.99, "bars": bars, "side": 256, "ms": 9}
            now = left.pop(0) if len(left) > 1 else left[0]
            socket.send(json.dumps({**answer, "known": now, "stale": False}))

        socket.on_message(told)

    page.route_web_socket("**/live", answer)


@pytest.mark.parametrize("known", [True, False])
def test_a_camera_that_sees_nothing_of_the_sets_shows_the_nearest_and_no_share(
    server: Server, page: Page, known: bool
) -> None:
    live(page, known)
    taught(server, page)
    page.get_by_role("button", name="Camera", exact=True).last.click()
    shown = page.get_by_role("region", name="Live prediction")
    words = "Looks like warm" if known else "Unlike your sets. Nearest: warm"
    expect(shown.locator(".verdict")).to_have_text(words)
    share = shown.get_by_text("99 %")
    expect(share).to_have_count(1 if known else 0)
    bar = shown.locator(".bar-row").filter(has_text="warm").locator("i")
    wide = float(bar.evaluate("fill => fill.getBoundingClientRect().width"))
    assert (wide > 2) is known


def test_one_frame_alone_does_not_change_what_is_said_of_the_camera(
    server: Server, page: Page
) -> None:
    live(page, *[False] * 9, True, *[False] * 9, True, False)
    taught(server, page)
    page.evaluate("window.told = []")
    page.get_by_role("button", name="Camera", exact=True).last.click()
    shown = page.get_by_role("region", name="Live prediction")
    expect(shown.locator(".verdict")).to_have_text("Unlike your sets. Nearest: warm")
    shown.locator(".verdict").evaluate(
        """node => new MutationObserver(() => window.told.push(node.textContent))
            .observe(node, {childList: true, characterData: true, subtree: true})"""
    )
    expect(shown.locator(".pace")).to_contain_text("a second")
    page.wait_for_timeout(1500)
    assert page.evaluate("window.told") == []


def test_what_the_camera_sees_is_kept_as_none_of_these_and_undone(
    server: Server, page: Page
) -> None:
    taught(server, page)
    page.get_by_role("button", name="Camera", exact=True).last.click()
    expect(page.get_by_role("region", name="Live prediction")).to_be_visible()
    page.locator(".viewfinder").get_by_role("button", name="None of these").click()
    strangers(page, 1)
    undo(page, r"Said that photo-.*\.jpg is none of these")
    strangers(page, 0)
    expect(card(page, "photo-")).to_be_visible()


def test_another_picture_that_comes_meanwhile_is_not_taken_for_what_the_camera_saw(
    server: Server, page: Page
) -> None:
    def told(route: Route) -> None:
        data = route.fetch().json()
        other = [10**6, "0" * 64, "other.png", "waiting", None, None]
        route.fulfill(json={**data, "rows": [other, *data["rows"]]})

    page.route("**/tried", told)
    taught(server, page)
    page.get_by_role("button", name="Camera", exact=True).last.click()
    expect(page.get_by_role("region", name="Live prediction")).to_be_visible()
    page.locator(".viewfinder").get_by_role("button", name="None of these").click()
    strangers(page, 1)
    expect(page.locator(".st-key-undo")).to_contain_text(re.compile("Said that photo-"))
