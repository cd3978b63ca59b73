"""What is none of the sets, shown beneath them in a real browser with the built-in encoder."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser import choose, drop, file
from tests.fakes import drawn
from tests.served import Server
from tests.web.page.asking import some
from tests.web.page.straying import photograph

WARNING = re.compile("pictures that show something else would be taken for none of the classes")
HOSTILE = "<img src=x onerror=alert(1)>.png"


def two_sets_with_a_stray(page: Page, url: str, *, stray: str = "stray.png") -> Locator:
    """Fill two sets, the first with a stray; return the place of what is none of these."""
    page.goto(url)
    choose(page, "Add pictures to Set 1", *some("red", 4), file(stray, drawn(60, "green")))
    choose(page, "Add pictures to Set 2", *some("blue", 4))
    expect(page.get_by_text("of 9 right").first).to_be_visible()
    none = page.get_by_role("region", name="None of these")
    expect(none).to_have_count(0)
    return none


def number_in(page: Page, name: str, text: str) -> None:
    card = page.get_by_role("region", name=f"Set {name}")
    expect(card.get_by_text(text, exact=True)).to_be_visible()


def test_a_stray_of_a_set_is_said_to_be_none_of_these_seen_and_undone(
    server: Server, page: Page
) -> None:
    none = two_sets_with_a_stray(page, server.url)
    page.get_by_role("button", name="Move stray.png to another set").click()
    page.get_by_role("button", name="Move stray.png to None of these").click()

    expect(none.get_by_text("1 picture", exact=True)).to_be_visible()
    expect(none.get_by_text("They teach featclass what to refuse")).to_be_visible()
    expect(none.get_by_role("textbox")).to_have_count(0)
    expect(none.get_by_role("button", name="Add pictures")).to_have_count(0)
    number_in(page, "Set 1", "4 pictures")
    expect(page.get_by_text("of 8 right").first).to_be_visible()
    expect(page.get_by_text("Said that stray.png is none of these.")).to_be_visible()
    page.reload()
    expect(none.get_by_role("img", name="stray.png")).to_be_visible()

    page.get_by_role("button", name="Undo", exact=True).click()
    expect(none).to_have_count(0)
    number_in(page, "Set 1", "5 pictures")


def test_that_strangers_are_no_longer_refused_is_said_until_the_stray_is_none_of_these(
    server: Server, page: Page
) -> None:
    page.goto(server.url)
    stray = file("stray.png", photograph())
    choose(page, "Add pictures to Set 1", *some("red", 4), stray)
    choose(page, "Add pictures to Set 2", *some("blue", 4))
    expect(page.get_by_text("of 9 right").first).to_be_visible()
    warning = page.get_by_text(WARNING)
    expect(warning).to_be_visible()
    page.get_by_role("button", name="Move stray.png to another set").click()
    page.get_by_role("button", name="Move stray.png to None of these").click()
    expect(page.get_by_text("of 8 right").first).to_be_visible()
    expect(warning).to_be_hidden()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(warning).to_be_visible()


def test_from_none_of_these_a_picture_moves_into_a_set_or_is_removed(
    server: Server, page: Page, tmp_path: Path
) -> None:
    none = two_sets_with_a_stray(page, server.url)
    for name in ("stray.png", "red3.png"):
        page.get_by_role("button", name=f"Move {name} to another set").click()
        page.get_by_role("button", name=f"Move {name} to None of these").click()
        expect(none.get_by_role("img", name=name)).to_be_visible()

    none.get_by_role("button", name="Move red3.png to another set").click()
    where = none.get_by_role("group", name="Where red3.png belongs")
    expect(where.get_by_role("button")).to_have_count(2)
    where.get_by_role("button", name="Move red3.png to Set 1").click()
    number_in(page, "Set 1", "4 pictures")
    expect(none.get_by_text("1 picture", exact=True)).to_be_visible()
    none.get_by_role("button", name="Remove stray.png from None of these").click()
    expect(none).to_have_count(0)
    expect(page.locator(".st-key-undo")).to_contain_text("Removed")
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(none.get_by_role("img", name="stray.png")).to_be_visible()
    (tmp_path / "car.png").write_bytes(drawn(61, "green"))
    drop(none, tmp_path / "car.png")
    expect(none.get_by_text("2 pictures", exact=True)).to_be_visible()
    expect(none.get_by_text("Added 1 picture")).to_be_visible()


def test_a_file_name_of_a_stranger_is_only_ever_text(server: Server, page: Page) -> None:
    none = two_sets_with_a_stray(page, server.url, stray=HOSTILE)
    page.get_by_role("button", name=f"Move {HOSTILE} to another set").click()
    page.get_by_role("button", name=f"Move {HOSTILE} to None of these").click()
    none.get_by_role("button", name=f"Move {HOSTILE} to another set").click()
    expect(none.get_by_text(HOSTILE)).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
