"""The pictures behind the score, found in the matrix and set right."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.served import Server
from tests.web.page.mistaking import HOSTILE, NONE, STRAYED, strayed


def test_a_picture_found_in_the_matrix_is_moved_and_undo_brings_it_back(
    server: Server, page: Page
) -> None:
    strayed(server, page)
    page.get_by_role("gridcell", name=STRAYED).click()
    picture = page.get_by_role("article", name=f"{HOSTILE}.png")
    expect(picture).to_contain_text(HOSTILE)
    expect(picture).to_contain_text("own set")
    picture.get_by_role("button", name=f"Move to {HOSTILE}: {HOSTILE}.png").click()
    expect(page.get_by_role("gridcell", name=NONE)).to_be_visible()
    expect(page.get_by_text("raises this score by itself")).to_be_visible()
    expect(page.get_by_text("No picture is here now.")).to_be_visible()
    card = page.get_by_role("region", name=f"Set {HOSTILE}")
    expect(card.get_by_text("11 pictures")).to_be_visible()
    expect(page.get_by_text(f"Moved {HOSTILE}.png from red to {HOSTILE}.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("gridcell", name=STRAYED)).to_be_visible()
    expect(card.get_by_text("10 pictures")).to_be_visible()
    expect(picture).to_be_visible()


def test_the_matrix_is_walked_and_its_pictures_left_out_by_keyboard(
    server: Server, page: Page
) -> None:
    strayed(server, page)
    page.get_by_role("gridcell", name=f"{HOSTILE} recognised").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("gridcell", name=STRAYED)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name=f"{HOSTILE}.png")).to_be_visible()
    page.get_by_role("button", name=f"Leave out: {HOSTILE}.png").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("gridcell", name=NONE)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("gridcell", name=NONE)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name=f"Everything taken for {HOSTILE}")).to_be_focused()
    card = page.get_by_role("region", name="Set red")
    expect(card.get_by_text("11 pictures, 1 left out")).to_be_visible()
    card.get_by_role("button", name=f"Take back {HOSTILE}.png").click()
    expect(page.get_by_role("gridcell", name=STRAYED)).to_be_visible()


def test_all_pictures_of_a_set_are_sorted_by_how_typical_they_are(
    server: Server, page: Page
) -> None:
    strayed(server, page)
    page.get_by_role("button", name="All pictures of red").click()
    shown = page.get_by_role("article")
    expect(shown).to_have_count(11)
    expect(shown.first).to_contain_text(f"{HOSTILE}.png")
    page.get_by_role("button", name="Most typical").click()
    expect(shown.last).to_contain_text(f"{HOSTILE}.png")
    page.get_by_role("button", name="Close these pictures").click()
    expect(shown).to_have_count(0)
