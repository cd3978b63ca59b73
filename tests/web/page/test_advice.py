"""What the classifier proposes is a question, and what could make its score worthless is said."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect

from featclass.base import sentences
from featclass.web import scripts
from tests.browser import choose, file
from tests.fakes import drawn
from tests.people import zipped
from tests.served import Server
from tests.web.page.mistaking import HOSTILE, strayed

CUE = "The size in pixels alone names the right class in 100 % of the pictures"
FILLED = re.compile(r"\bstrong\b")


def show(server: Server, page: Page, files: dict[str, bytes]) -> None:
    """Fill the sets red and blue."""
    page.goto(server.url)
    choose(page, "Add pictures to Set 1", file("pets.zip", zipped(files)))


def two_sizes(*, other: int) -> dict[str, bytes]:
    """Return ten pictures of each class, those of one class of another size."""
    sizes = {"red": 96, "blue": other}
    return {
        f"pets/{colour}/{seed}.png": drawn(seed, colour, size=size)
        for colour, size in sizes.items()
        for seed in range(20, 30)
    }


def test_that_a_suspect_is_fine_comes_first_and_is_kept(server: Server, page: Page) -> None:
    strayed(server, page)
    page.get_by_role("button", name="Worth a look").click()
    suspects = page.get_by_role("region", name="Perhaps in the wrong set")
    finding = suspects.get_by_role("article", name=f"{HOSTILE}.png")
    first, move, _ = (finding.get_by_role("button").nth(place) for place in range(3))
    expect(first).to_have_text("This is fine")
    expect(move).to_have_text(f"Move to {HOSTILE}")
    expect(first).not_to_have_class(FILLED)
    first.focus()
    page.keyboard.press("Enter")
    expect(finding).to_be_hidden()
    expect(page.get_by_text("1 finding is fine, as you said")).to_be_visible()
    card = page.get_by_role("region", name="Set red")
    expect(card.get_by_text("11 pictures")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Worth a look").click()
    expect(page.get_by_text("1 finding is fine, as you said")).to_be_visible()
    expect(suspects).to_be_hidden()


def test_moving_is_filled_only_where_it_is_certain_and_an_outlier_may_be_none_of_these(
    server: Server, page: Page
) -> None:
    strayed(server, page)

    def certain(route: Route) -> None:
        """Answer as the server does, but with strong evidence, and with the picture an outlier."""
        answer = route.fetch()
        kinds = answer.json()["kinds"]
        [label] = [kind for kind in kinds if kind["kind"] == "label"]
        [item] = label["items"]
        outlier = {**label, "kind": "outlier", "items": [{**item, "key": "o", "strong": False}]}
        kinds = [{**label, "items": [{**item, "strong": True}]}, outlier]
        route.fulfill(response=answer, json={"kinds": kinds})

    page.route("**/findings", certain, times=1)
    page.get_by_role("button", name="Worth a look").click()
    suspect, outlier = (
        page.get_by_role("region", name=name).get_by_role("button")
        for name in ("Perhaps in the wrong set", "Unlike all others")
    )
    expect(suspect).to_have_text(["This is fine", f"Move to {HOSTILE}", "Leave out"])
    expect(suspect.nth(0)).not_to_have_class(FILLED)
    expect(suspect.nth(1)).to_have_class(FILLED)
    expect(outlier).to_have_text(["This is fine", "None of these", "Leave out"])
    for place in range(3):
        expect(outlier.nth(place)).not_to_have_class(FILLED)
    outlier.nth(1).click()
    expect(page.get_by_text(f"Said that {HOSTILE}.png is none of these")).to_be_visible()
    card = page.get_by_role("region", name="Set red")
    expect(card.get_by_text("10 pictures")).to_be_visible()


def test_the_next_enter_moves_and_removes_nothing(server: Server, page: Page) -> None:
    files = {f"pets/red/{seed}.png": drawn(seed, "red") for seed in range(10)}
    files |= {f"pets/blue/{seed}.png": drawn(seed, "blue") for seed in range(10)}
    files |= {f"pets/red/stray{seed}.png": drawn(seed, "blue") for seed in (90, 91)}
    show(server, page, files)
    page.get_by_role("gridcell", name="red taken for blue: 2").click()
    pictures = page.get_by_role("article", name="stray")
    expect(pictures).to_have_count(2)
    pictures.first.get_by_role("button", name="Move to blue").focus()
    page.keyboard.press("Enter")
    card = page.get_by_role("region", name="Set blue")
    expect(card.get_by_text("11 pictures")).to_be_visible()
    expect(pictures).to_have_count(1)
    expect(page.get_by_role("button", name="Enlarge stray")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Shrink stray")).to_be_visible()
    expect(card.get_by_text("11 pictures")).to_be_visible()
    expect(page.get_by_text("raises this score by itself")).to_be_visible()


def test_a_clue_that_explains_the_score_stands_beside_it_until_it_is_said_to_be_fine(
    server: Server, page: Page
) -> None:
    show(server, page, two_sizes(other=64))
    told = page.get_by_text(CUE)
    expect(told).to_be_visible()
    assert not page.get_by_role("button", name="Worth a look", expanded=True).count()
    page.get_by_role("button", name="Worth a look").click()
    cues = page.get_by_role("region", name="Give-aways")
    cues.get_by_role("button", name="This is fine").click()
    # In the list it stands among the fine ones now.
    expect(page.locator(".st-key-caution")).to_have_count(0)
    page.reload()
    expect(page.get_by_text("of 20 right").first).to_be_visible()
    expect(page.get_by_role("button", name="Worth a look")).to_be_visible()
    expect(page.locator(".st-key-caution")).to_have_count(0)


def test_where_sizes_tell_nothing_nothing_is_said_of_them(server: Server, page: Page) -> None:
    show(server, page, two_sizes(other=96))
    expect(page.get_by_text("20 of 20 right")).to_be_visible()
    expect(page.get_by_text("Still working out how far to trust it")).to_be_hidden()
    page.get_by_text("Details", exact=True).click()
    expect(page.get_by_role("link", name="Download the report")).to_be_visible()
    expect(page.locator(".st-key-caution")).to_have_count(0)


def test_two_sets_of_the_same_pictures_say_so_wherever_a_prediction_waits(
    server: Server, page: Page
) -> None:
    files = {
        f"pets/{name}/{seed}.png": drawn(seed, "red") for name in ("A", "B") for seed in range(4)
    }
    show(server, page, files)
    told = "All pictures of B are also in A: remove them from one of the two"
    expect(page.locator(".st-key-empty")).to_contain_text(told)
    choose(page, "Choose pictures", file("new.png", drawn(50)))
    card = page.get_by_role("article", name="Prediction for new.png")
    expect(card).to_contain_text(told)
    expect(card).not_to_contain_text("Looking at it")


def test_the_browser_says_shares_by_the_same_rule(server: Server, page: Page) -> None:
    shares = [0, 1e-9, 0.004, 0.005, 0.5, 0.954, 0.99, 0.994, 0.996, 299 / 300, 1 - 1e-9, 1]
    page.goto(server.url)
    script = "([url, shares]) => import(url).then(module => shares.map(module.percent))"
    said = page.evaluate(script, [f"{server.url}{scripts.address('wording.js')}", shares])
    assert said == [sentences.percent(share) for share in shares]
