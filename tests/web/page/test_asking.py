"""Labelling the most useful ones in a real browser, with the real built-in encoder."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.served import Server
from tests.web.page.asking import fill


def size(page: Page, name: str, pictures: int) -> None:
    card = page.get_by_role("region", name=f"Set {name}")
    expect(card.get_by_text(f"{pictures} pictures", exact=True)).to_be_visible()


def test_answers_by_key_fill_the_sets_and_can_be_taken_back(server: Server, page: Page) -> None:
    fill(page, server.url)
    page.get_by_role("button", name="Label the most useful").click()
    panel = page.get_by_role("group", name="Label pictures")
    picture = panel.locator(".asked img")
    expect(panel.get_by_text("Which is it?")).to_be_visible()
    expect(panel.get_by_text("It would say")).to_be_visible()
    grown = {"red": 3, "blue": 3}
    for _ in range(3):
        name = str(picture.get_attribute("alt"))
        colour = "red" if name.startswith("red") else "blue"
        page.keyboard.press("1" if colour == "red" else "2")
        expect(picture).not_to_have_attribute("alt", name)
        grown[colour] += 1
    size(page, "Set 1", grown["red"])
    size(page, "Set 2", grown["blue"])
    expect(panel.get_by_text("3 answered")).to_be_visible()
    expect(panel.get_by_role("img", name="Learning curve")).to_be_visible()
    expect(panel.get_by_text("of 9 right")).to_be_visible()
    page.keyboard.press("z")
    expect(picture).to_have_attribute("alt", name)
    grown[colour] -= 1
    size(page, "Set 1", grown["red"])
    size(page, "Set 2", grown["blue"])
    expect(panel.get_by_text("2 answered")).to_be_visible()


def test_what_is_none_of_these_is_not_asked_about_again_what_was_skipped_is(
    server: Server, page: Page
) -> None:
    fill(page, server.url)
    page.get_by_role("button", name="Label the most useful").click()
    panel = page.get_by_role("group", name="Label pictures")
    picture = panel.locator(".asked img")
    none = str(picture.get_attribute("alt"))
    page.keyboard.press("0")
    expect(picture).not_to_have_attribute("alt", none)
    skipped = set()
    for _ in range(11):
        name = str(picture.get_attribute("alt"))
        skipped.add(name)
        page.keyboard.press("s")
        expect(panel.get_by_alt_text(name)).to_have_count(0)
    assert len(skipped - {none}) == 11
    expect(panel.get_by_text("Nothing is left but what you skipped (11)")).to_be_visible()
    panel.get_by_role("button", name="Ask about them again").click()
    expect(panel.get_by_text("Which is it?")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Label the most useful").click()
    for _ in range(11):
        name = str(picture.get_attribute("alt"))
        assert name != none
        page.keyboard.press("s")
        expect(panel.get_by_alt_text(name)).to_have_count(0)
    expect(panel.get_by_text("Nothing is left but what you skipped (11)")).to_be_visible()
