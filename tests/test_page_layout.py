"""How the page lies on screens of several widths; nothing on it shifts or is built anew."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests import test_journey as journey
from tests.fakes import drawn
from tests.test_journey import Server, choose, file
from tests.test_none_of_these_page import strangers

server, browser, page = journey.server, journey.browser, journey.page

PLACES = """() => ['sets', 'score', 'try'].map(id => {
    const box = document.getElementById(id).closest('.stColumn').getBoundingClientRect();
    return [Math.round(box.left), Math.round(box.top), Math.round(box.width)];
})"""
Place = tuple[int, int, int]
"""Left, top and width of a column, in pixels."""


def filled(server: Server, page: Page) -> None:
    page.goto(server.url)
    for number, colour in enumerate(("red", "blue"), 1):
        files = (file(f"{colour}{seed}.png", drawn(seed, colour)) for seed in range(4))
        choose(page, f"Add pictures to Set {number}", *files)
    expect(page.get_by_text("8 of 8 right").first).to_be_visible()


def places(page: Page) -> list[Place]:
    return [tuple(place) for place in page.evaluate(PLACES)]


def none_of_these(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"Move {name} to another set").click()
    page.get_by_role("button", name=f"Move {name} to None of these").click()
    strangers(page, 1)


def undo(page: Page) -> None:
    page.locator(".st-key-undo").get_by_role("button", name="Undo").click()
    strangers(page, 0)


@pytest.mark.parametrize(("width", "columns"), [(1440, 3), (1024, 2), (768, 1), (390, 1)])
def test_a_narrow_screen_has_fewer_columns_in_place_of_squeezed_ones(
    server: Server, page: Page, width: int, columns: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(server.url)
    expect(page.get_by_role("button", name="Choose pictures", exact=True)).to_be_visible()
    sets, score, tried = places(page)
    assert len({left for left, _, _ in (sets, score, tried)}) == columns
    assert (score[1] > sets[1]) is (columns == 1)
    assert (tried[1] > score[1]) is (columns < 3)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_line_that_undoes_shifts_nothing(server: Server, page: Page) -> None:
    filled(server, page)
    before = places(page)
    none_of_these(page, "red3.png")
    expect(page.locator(".st-key-undo")).to_be_visible()
    assert [place[:2] for place in places(page)] == [place[:2] for place in before]
    undo(page)
    expect(page.locator(".st-key-undo")).to_be_hidden()
    assert [place[:2] for place in places(page)] == [place[:2] for place in before]


def test_no_part_of_the_page_is_built_anew_while_the_sets_are_learned_again_and_again(
    server: Server, page: Page
) -> None:
    filled(server, page)
    parts = page.locator(".tryout, .findings, .map")
    expect(parts).to_have_count(3)
    for part in parts.all():
        part.evaluate("part => { part.isTheFirst = true; }")
    for _ in range(4):
        none_of_these(page, "red3.png")
        undo(page)
    assert parts.evaluate_all("parts => parts.map(part => part.isTheFirst)") == [True] * 3
