"""Trying pictures in a real browser: a gallery of many, and what comes of correcting them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser import box_of
from tests.fakes import drawn
from tests.served import Server
from tests.web.page.trying import card, chip, many, opened, taught, tiles, tried

PURPLE = ("purple", 52), ("purple", 53)


def count(chip: Locator) -> int:
    return int(re.findall(r"\d+$", chip.inner_text().replace(",", ""))[0])


def test_a_wrong_prediction_is_corrected_and_the_next_one_is_another(
    server: Server, page: Page
) -> None:
    taught(server, page)
    tried(page, *PURPLE)
    first, second = card(page, "purple52.png"), card(page, "purple53.png")
    expect(first).to_contain_text("Looks like cold")
    expect(second).to_contain_text("Looks like cold")
    first.get_by_role("button", name="warm: purple52.png", exact=True).click()
    expect(first).to_contain_text("in warm now")
    expect(page.get_by_role("region", name="Set warm").get_by_text("4 pictures")).to_be_visible()
    came = page.get_by_text(re.compile(r"^Added to warm: now \d of 7 right \(was 6 of 6\)$"))
    expect(came).to_be_visible()
    expect(page.get_by_text("Was 6 of 6 right before the last change.")).to_be_visible()
    expect(second).to_contain_text("Looks like warm")
    expect(first).to_contain_text("in warm now")
    first.get_by_role("button", name="Undo").click()
    expect(second).to_contain_text("Looks like cold")
    expect(first).to_contain_text("Looks like cold")
    expect(page.get_by_role("region", name="Set warm").get_by_text("3 pictures")).to_be_visible()
    expect(came).to_be_hidden()


def test_yes_counts_as_much_as_a_correction_and_digits_answer_card_after_card(
    server: Server, page: Page
) -> None:
    taught(server, page)
    tried(page, ("red", 32), ("red", 33), ("blue", 32))
    expect(page.get_by_role("article").get_by_text("Looks like")).to_have_count(3)
    card(page, "blue32.png").get_by_role("button", name="Yes, cold: blue32.png").focus()
    page.keyboard.press("Enter")
    cold = page.get_by_role("region", name="Set cold")
    expect(cold.get_by_text("4 pictures")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Added to cold: now \d of 7 right"))).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(card(page, "red33.png")).to_be_focused()
    warm = (
        page.locator(".card")
        .get_by_role("textbox")
        .evaluate_all("names => names.findIndex(name => name.value === 'warm') + 1")
    )
    page.keyboard.press(str(warm))
    expect(card(page, "red32.png")).to_be_focused()
    page.keyboard.press(str(warm))
    shown = page.get_by_role("region", name="Set warm")
    expect(shown.get_by_text("5 pictures")).to_be_visible()


def test_a_picture_makes_a_new_set_and_undo_brings_it_back(server: Server, page: Page) -> None:
    taught(server, page)
    tried(page, ("gold", 50))
    shown = card(page, "gold50.png")
    shown.get_by_role("button", name="New set: gold50.png").click()
    page.keyboard.type("<i>yellow</i>")
    page.keyboard.press("Enter")
    made = page.get_by_role("region", name="Set <i>yellow</i>")
    expect(made.get_by_text("1 picture")).to_be_visible()
    expect(shown).to_contain_text("in <i>yellow</i> now")
    page.get_by_role("button", name="Undo", exact=True).last.click()
    expect(shown.get_by_role("button", name="New set: gold50.png")).to_be_visible()


def test_of_many_classes_the_right_one_is_found_in_a_menu(server: Server, page: Page) -> None:
    taught(server, page, sets=tuple(f"class {n}" for n in range(12)), each=2)
    tried(page, ("gold", 50))
    shown = card(page, "gold50.png")
    shown.get_by_role("button", name="Another set: gold50.png").click()
    page.get_by_label("Find a set").fill("class 11")
    choice = shown.get_by_role("button", name="class 11: gold50.png")
    expect(shown.get_by_role("button", name="class 1: gold50.png")).to_be_hidden()
    choice.click()
    expect(shown).to_contain_text("in class 11 now")


def test_a_neighbour_tells_its_class_and_similarity_and_opens(server: Server, page: Page) -> None:
    taught(server, page)
    tried(page, ("red", 32))
    like = card(page, "red32.png").get_by_role(
        "button", name=re.compile(r"warm, similarity 0\.\d\d")
    )
    like.first.click()
    expect(like.first).to_have_attribute("aria-expanded", "true")
    expect(card(page, "red32.png").get_by_text("similarity 0.")).to_be_visible()


def test_a_filter_is_kept_while_all_pictures_are_looked_at_anew(server: Server, page: Page) -> None:
    taught(server, page)
    many(page)
    chip(page, "cold").click()
    cold = count(chip(page, "cold"))
    anew: list[bool] = []

    def told(route: Route) -> None:
        data = route.fetch().json()
        if not anew:
            waiting = [[*row[:3], "waiting", None, None] for row in data["rows"]]
            data = {**data, "stamp": "anew", "rows": waiting}
        anew.append(True)
        route.fulfill(json=data)

    page.route("**/tried", told)
    tried(page, ("red", 60))
    expect(chip(page, "All")).to_have_text("All19")
    expect(chip(page, "Waiting")).to_be_hidden()
    assert len(anew) > 1
    expect(chip(page, "cold")).to_have_attribute("aria-pressed", "true")
    expect(tiles(page)).to_have_count(cold)


def test_many_pictures_stand_in_a_gallery_that_is_filtered_and_sorted(
    server: Server, page: Page
) -> None:
    taught(server, page)
    many(page)
    expect(tiles(page)).to_have_count(18)
    chip(page, "Doubtful").click()
    expect(tiles(page)).to_have_count(1)
    expect(tiles(page)).to_have_attribute("aria-label", re.compile(r"^purple26\.png: .*, doubtful"))
    expect(card(page, "purple26.png").get_by_text("doubtful")).to_be_visible()
    chip(page, "Doubtful").click()
    expect(tiles(page)).to_have_count(18)
    chip(page, "warm").click()
    warm = count(chip(page, "warm"))
    expect(tiles(page)).to_have_count(warm)
    expect(opened(page)).to_contain_text(f"1 of {warm}")
    expect(tiles(page).filter(has_text="cold")).to_have_count(0)
    chip(page, "All").click()
    page.get_by_label("Sort").select_option("certain")
    expect(opened(page)).to_contain_text("1 of 18")

    def shares() -> list[int]:
        said = [re.findall(r"(\d+) %", text) for text in tiles(page).all_inner_texts()]
        return [int(found[0]) for found in said if found]

    certain = shares()
    assert certain == sorted(certain, reverse=True)
    page.get_by_label("Sort").select_option("doubtful")
    assert min(certain) in shares()[:1]
    assert shares() == sorted(shares())
    page.get_by_label("Sort").select_option("class")
    labels = [
        text.split()[0]
        for text in tiles(page).all_inner_texts()
        if text.startswith(("warm", "cold"))
    ]
    assert labels == sorted(labels, key=labels.index)


def test_the_gallery_is_walked_and_answered_by_keyboard(server: Server, page: Page) -> None:
    taught(server, page)
    many(page)
    tiles(page).nth(0).click()
    expect(opened(page)).to_contain_text("1 of 18")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(opened(page)).to_contain_text("3 of 18")
    page.keyboard.press("ArrowLeft")
    expect(opened(page)).to_contain_text("2 of 18")
    name = str(opened(page).locator(".file").inner_text())
    expect(card(page, name).locator(".neighbours")).to_be_visible()
    page.keyboard.press("1")
    expect(opened(page)).to_contain_text("3 of 18")
    expect(chip(page, "All")).to_have_text("All17")
    expect(page.get_by_text(re.compile(r"^Added to .*: now \d of 7 right"))).to_be_visible()
    gone = page.get_by_role("button", name=re.compile(f"^{name}: in (warm|cold) now"))
    expect(gone).to_be_visible()
    page.get_by_role("button", name="Undo: Added to").click()
    expect(gone).to_be_hidden()
    expect(chip(page, "All")).to_have_text("All18")


def test_several_are_selected_and_put_into_a_class_at_once(server: Server, page: Page) -> None:
    taught(server, page)
    many(page)
    page.get_by_role("button", name="Select", exact=True).click()
    tiles(page).nth(1).click()
    tiles(page).nth(4).click(modifiers=["Shift"])
    expect(page.get_by_text("4 pictures selected")).to_be_visible()
    tiles(page).nth(2).click()
    expect(page.get_by_text("3 pictures selected")).to_be_visible()
    page.get_by_role("button", name="warm: 3 selected pictures").click()
    warm = page.get_by_role("region", name="Set warm")
    expect(warm.get_by_text("6 pictures")).to_be_visible()
    expect(page.get_by_text(re.compile("^Added 3 pictures to warm: now"))).to_be_visible()
    expect(tiles(page)).to_have_count(15)
    page.get_by_role("button", name="Undo: Added 3 pictures to warm").click()
    expect(tiles(page)).to_have_count(18)
    expect(warm.get_by_text("3 pictures")).to_be_visible()
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("button", name="Select all shown (18)").click()
    page.get_by_role("button", name="cold: 18 selected pictures").click()
    expect(page.get_by_role("region", name="Set cold").get_by_text("21 pictures")).to_be_visible()


def test_of_hundreds_only_those_scrolled_to_are_in_the_document(server: Server, page: Page) -> None:
    taught(server, page)
    many(page, each=100)  # a prediction that comes later would move the sixth down the list
    expect(tiles(page)).to_have_count(120)
    page.locator(".tiles").evaluate("tiles => { tiles.scrollTop = tiles.scrollHeight; }")
    expect(tiles(page)).to_have_count(240)
    page.reload()
    expect(tiles(page)).to_have_count(120)
    page.get_by_label("Sort").select_option("doubtful")
    tiles(page).nth(5).click()
    expect(opened(page)).to_contain_text("6 of 300")


def test_an_image_copied_elsewhere_is_pasted_with_the_keyboard(server: Server, page: Page) -> None:
    taught(server, page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    page.bring_to_front()
    page.evaluate(
        """async bytes => {
            const image = new Blob([new Uint8Array(bytes)], {type: 'image/png'});
            await navigator.clipboard.write([new ClipboardItem({'image/png': image})]);
        }""",
        list(drawn(30, "red")),
    )
    page.keyboard.press("Control+V")
    expect(card(page, "pasted-")).to_contain_text("warm")


@pytest.mark.parametrize("width", [390, 1440])
def test_the_gallery_is_no_wider_than_the_screen(server: Server, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    long = "a class whose name is far longer than anybody would think to be a good idea"
    taught(server, page, sets=(long,))
    many(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = box_of(opened(page))
    assert box["x"] + box["width"] <= width
