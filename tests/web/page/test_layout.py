"""How the page lies on screens of several widths, and that nothing on it shifts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import box_of, choose, file
from tests.fakes import drawn
from tests.served import Server
from tests.web.page.straying import strangers, strayed
from tests.web.page.trying import card, taught

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
    for column in ("sets", "score", "try"):  # a page run sends them one after the other
        expect(page.locator(f"#{column}")).to_be_attached()
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


def test_on_a_phone_all_of_the_page_can_be_scrolled_above_the_line_that_undoes(
    server: Server, page: Page
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    filled(server, page)
    none_of_these(page, "red3.png")
    last = page.locator("summary", has_text="Predict a whole zip or folder")
    line = bar = lowest = None
    for _ in range(100):  # what was answered makes the page grow, also after it was scrolled
        page.locator(".stMain").evaluate("main => { main.scrollTop = main.scrollHeight; }")
        line, bar = (page.locator(place).bounding_box() for place in (".st-key-undo", ".jump"))
        lowest = last.bounding_box()
        if line and lowest and lowest["y"] + lowest["height"] <= line["y"]:
            break
        page.wait_for_timeout(100)
    assert line is not None
    assert bar is not None
    assert lowest is not None
    assert lowest["y"] + lowest["height"] <= line["y"]
    assert line["y"] + line["height"] <= bar["y"] + 2
    assert line["height"] < 60


@pytest.mark.parametrize("width", [390, 1440])
def test_a_stray_among_sets_of_long_names_is_no_wider_than_the_screen(
    server: Server, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    long = "a class whose name is far longer than anybody would think to be a good idea 👩‍👩‍👧‍👦"
    taught(server, page, sets=(long,))
    strayed(page)
    stray = card(page, "temple0.png")
    box = box_of(stray)
    assert box["x"] + box["width"] <= width
    stray.get_by_role("button", name="None of these: temple0.png").click()
    expect(stray).to_contain_text("None of these, as you said")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
