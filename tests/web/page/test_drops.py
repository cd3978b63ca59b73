"""Drops of folders and zips in a real browser: the sets are the classes that Python reads."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

import featclass
from featclass.datasets import files_of_zip
from tests.browser import box_of, choose, drop, file
from tests.fakes import drawn
from tests.people import COLOURS, JAPANESE, PEOPLE, fill, named, raw_zip, zip_of
from tests.served import Server

LONG = "Verfaerbung der Oberflaeche durch zu hohe Temperatur im Ofen waehrend des Brennens "


def column(page: Page) -> Locator:
    """Return the place beside the sets where a folder is dropped."""
    return page.get_by_text("Drop a folder or a zip anywhere here")


def question(page: Page) -> Locator:
    return page.get_by_role("group", name=re.compile("can be read in two ways"))


def expect_sets(page: Page, *classes: str) -> None:
    """Wait until the sets, in any order, are these."""
    names = page.get_by_label(re.compile(r"^Name of the set "))
    for name in classes:
        expect(page.get_by_label(f"Name of the set {name}", exact=True)).to_be_visible()
    expect(names).to_have_count(len(classes))


def test_a_dropped_split_becomes_its_classes_and_a_sentence_says_so(
    server: Server, page: Page, tmp_path: Path
) -> None:
    root = fill(tmp_path / "pets", [f"{part}/{c}" for part in ("train", "val") for c in "ab"])
    fill(root, ["test"], count=4)
    classes = featclass.read_folder(root).classes
    assert classes == ("a", "b")
    page.goto(server.url)
    drop(column(page), root)
    expect_sets(page, *classes)
    expect(page.get_by_text("Added 12 pictures into 2 sets")).to_be_visible()
    said = page.get_by_role("list").filter(has_text="split")
    expect(said).to_contain_text("train")
    expect(said).to_contain_text("test holds 4 pictures")
    page.get_by_role("button", name="Dismiss what was said of this drop").click()
    expect(said).to_be_hidden()


def test_a_zip_of_a_split_becomes_its_classes(server: Server, page: Page, tmp_path: Path) -> None:
    root = fill(
        tmp_path / "pets", [f"{part}/{c}" for part in ("Training", "Testing") for c in "ab"]
    )
    path = zip_of(root, tmp_path / "pets.zip")
    page.goto(server.url)
    drop(column(page), path)
    expect_sets(page, *featclass.read_zip(path).classes)
    expect(page.get_by_role("list").filter(has_text="Training")).to_contain_text("split")


@pytest.mark.parametrize(("answer", "depth"), [("Sets: alice, bob", 1), ("Sets: nok, ok", 2)])
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_photographers_folders_are_asked_about_and_read_as_answered(
    server: Server, page: Page, tmp_path: Path, kind: str, answer: str, depth: int
) -> None:
    root = path = fill(tmp_path / "people", PEOPLE)
    if kind == "zip":
        path = zip_of(root, tmp_path / "people.zip")
    with pytest.raises(featclass.FeatclassError):
        featclass.read_folder(root)
    page.goto(server.url)
    drop(column(page), path)
    expect(question(page)).to_be_focused()
    expect_sets(page, "Set 1", "Set 2")
    page.keyboard.press("Tab")
    if depth == 2:
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=answer)).to_be_focused()
    page.keyboard.press("Enter")
    read = featclass.read_zip if kind == "zip" else featclass.read_folder
    expect_sets(page, *read(path, depth).classes)
    expect(page.get_by_text("Added 12 pictures into 2 sets")).to_be_visible()
    expect(question(page)).to_be_hidden()


def test_a_question_that_is_left_adds_nothing_and_can_be_asked_again(
    server: Server, page: Page, tmp_path: Path
) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.goto(server.url)
    drop(column(page), fill(tmp_path / "people", PEOPLE))
    expect(question(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(question(page)).to_be_hidden()
    expect(page.get_by_text("Nothing was added: it was left as it is")).to_be_visible()
    assert not [url for url in sent if "/pictures?" in url]
    expect_sets(page, "Set 1", "Set 2")
    page.get_by_role("button", name="Ask again").click()
    question(page).get_by_role("button", name="Sets: nok, ok").click()
    expect_sets(page, "nok", "ok")


def test_on_a_set_the_question_offers_that_all_goes_there(
    server: Server, page: Page, tmp_path: Path
) -> None:
    page.goto(server.url)
    card = page.get_by_role("region", name="Set Set 2")
    drop(card, fill(tmp_path / "people", PEOPLE))
    expect(card.get_by_role("group", name=re.compile("two ways"))).to_be_focused()
    card.get_by_role("button", name="All into this set").click()
    expect(card.get_by_text("12 pictures", exact=True)).to_be_visible()
    expect_sets(page, "Set 1", "Set 2")


def test_a_japanese_zip_has_its_names_and_another_reading_renames_the_sets(
    server: Server, page: Page, tmp_path: Path
) -> None:
    path = raw_zip(tmp_path / "parts.zip", named(JAPANESE, "cp932"))
    assert {*featclass.read_zip(path).classes} == {*JAPANESE}
    page.goto(server.url)
    drop(column(page), path)
    expect_sets(page, *JAPANESE)
    choice = page.get_by_label("How the names in parts.zip are read")
    expect(choice).to_have_value("cp932")
    other = next(iter(files_of_zip(path).alternatives))
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    choice.select_option(other)
    expect_sets(page, *featclass.read_zip(path, zip_names=other).classes)
    expect(choice).to_have_value(other)
    choice.select_option("cp932")
    expect_sets(page, *JAPANESE)
    assert not [url for url in sent if "/zip?" in url]


def test_a_set_that_was_named_by_hand_keeps_its_name_when_the_reading_is_corrected(
    server: Server, page: Page, tmp_path: Path
) -> None:
    path = raw_zip(tmp_path / "parts.zip", named(JAPANESE, "cp932"))
    page.goto(server.url)
    drop(column(page), path)
    expect_sets(page, *JAPANESE)
    name = page.get_by_label(f"Name of the set {JAPANESE[2]}")
    name.fill("good")
    name.press("Enter")
    expect_sets(page, *JAPANESE[:2], "good")
    other = next(iter(files_of_zip(path).alternatives))
    page.get_by_label("How the names in parts.zip are read").select_option(other)
    expect(page.get_by_label(f"Name of the set {JAPANESE[0]}")).to_be_hidden()
    expect(page.get_by_label("Name of the set good")).to_be_visible()


def test_a_zip_made_by_a_mac_has_its_names_without_a_word(
    server: Server, page: Page, tmp_path: Path
) -> None:
    flowers = ("Gänseblümchen", "Stiefmütterchen")
    path = raw_zip(tmp_path / "mac.zip", named(flowers, "utf-8"))
    page.goto(server.url)
    drop(column(page), path)
    expect_sets(page, *flowers)
    expect(page.get_by_text("Added 6 pictures into 2 sets")).to_be_visible()
    expect(page.get_by_label("How the names in mac.zip are read")).to_be_hidden()


def test_classes_that_look_alike_or_odd_stay_apart_and_junk_is_not_sent(
    server: Server, page: Page, tmp_path: Path
) -> None:
    odd = (".22 LR", "9mm", "nut\\bolt", f"{LONG}Keramik", f"{LONG}Ziegel")
    root = fill(tmp_path / "parts", odd)
    fill(root, ["$RECYCLE.BIN/S-1-5-21", "@eaDir/9mm", "9mm/@eaDir", ".ipynb_checkpoints"])
    classes = featclass.read_folder(root).classes
    assert {*classes} == {*odd}
    page.goto(server.url)
    drop(column(page), root)
    expect_sets(page, *classes)
    expect(page.get_by_text("Added 15 pictures into 5 sets")).to_be_visible()
    nine = page.get_by_role("region", name="Set 9mm")
    expect(nine.get_by_text("3 pictures", exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_of_a_long_name_the_end_that_differs_is_seen_everywhere(
    server: Server, page: Page, tmp_path: Path, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(server.url)
    drop(column(page), fill(tmp_path / "parts", (f"{LONG}Keramik", f"{LONG}Ziegel"), count=4))
    expect(page.get_by_role("gridcell").first).to_be_visible()
    # As one of a set, since of a picture unlike both no shares are shown.
    alike = drawn(zlib.crc32(f"{LONG}Ziegel".encode()), COLOURS[1], form="JPEG")
    choose(page, "Choose pictures", file("new.png", alike))
    prediction = page.get_by_role("article", name="Prediction for new.png")
    expect(prediction.locator(".bar-row")).to_have_count(2)
    for place in (
        page.get_by_role("region", name=f"Set {LONG}Ziegel"),
        page.get_by_role("rowheader", name=f"{LONG}Ziegel"),
        page.get_by_role("columnheader", name=f"{LONG}Ziegel"),
        prediction.get_by_label(re.compile(f"^{LONG}Ziegel \\d")),
    ):
        end = place.locator(".last").first
        expect(end).to_be_visible()
        expect(end).to_have_text(re.compile("Ziegel$"))
        inner, outer = box_of(end), box_of(place)
        assert outer["x"] - 1 <= inner["x"]
        assert inner["x"] + inner["width"] <= outer["x"] + outer["width"] + 1
        assert end.evaluate("end => end.closest('[title]').title") == f"{LONG}Ziegel"
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_said_of_a_drop_is_text(server: Server, page: Page, tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>"
    root = fill(
        tmp_path / "pets", [f"{part}/{c}" for part in ("train", "val") for c in ("a", evil)]
    )
    page.goto(server.url)
    drop(column(page), root)
    expect(page.get_by_role("list").filter(has_text="split")).to_contain_text(evil)
    expect(page.locator("img[src=x]")).to_have_count(0)


@pytest.mark.parametrize("kind", ["zips", "folder"])
def test_one_zip_per_class_makes_a_set_of_each_by_its_name(
    server: Server, page: Page, tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    zips = [
        raw_zip(
            folder / f"Class {n}-samples.zip",
            {f"{i}.png".encode(): drawn(10 * n + i) for i in range(3 + n)},
        )
        for n in (1, 2)
    ]
    assert featclass.read_folder(folder).classes == ("Class 1", "Class 2")
    page.goto(server.url)
    drop(column(page), *(zips if kind == "zips" else [folder]))
    expect_sets(page, "Class 1", "Class 2")
    second = page.get_by_role("region", name="Set Class 2")
    expect(second.get_by_text("5 pictures", exact=True)).to_be_visible()


def test_an_archive_of_another_kind_is_told_at_the_drop_and_the_zip_beside_it_is_used(
    server: Server, page: Page, tmp_path: Path
) -> None:
    other = tmp_path / "more.7z"
    other.write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(500))
    path = zip_of(fill(tmp_path / "pets", ("cats", "dogs")), tmp_path / "pets.zip")
    page.goto(server.url)
    drop(column(page), other, path)
    expect_sets(page, "cats", "dogs")
    said = page.get_by_role("list").filter(has_text="more.7z")
    expect(said).to_contain_text("7")
    expect(said).to_contain_text("zip")


def test_a_folder_with_a_table_of_labels_becomes_its_classes(
    server: Server, page: Page, tmp_path: Path
) -> None:
    root = tmp_path / "flat"
    root.mkdir()
    rows = ["file,label", *(f"{i}.png,{'cat' if i % 2 else 'dog'}" for i in range(6))]
    for i in range(7):
        (root / f"{i}.png").write_bytes(drawn(i))
    (root / "labels.csv").write_text("\n".join(rows))
    page.goto(server.url)
    drop(column(page), root)
    expect_sets(page, *featclass.read_folder(root).classes)
    expect(page.get_by_text("Added 6 pictures into 2 sets")).to_be_visible()
    expect(page.get_by_role("list").filter(has_text="6.png").first).to_be_visible()


@pytest.mark.parametrize("status", [400, 503])
def test_what_is_refused_is_not_asked_to_be_dropped_again(
    server: Server, page: Page, status: int
) -> None:
    why = "A workspace holds 50,000 pictures in its sets at most: remove some."
    page.route("**/pictures?set=*", lambda route: route.fulfill(status=status, json={"error": why}))
    page.goto(server.url)
    choose(page, "Add pictures to Set 1", file("a.png", drawn(1)))
    told = page.get_by_text("Not everything arrived: A workspace holds")
    expect(told).to_be_visible()
    again = ". Drop the files again to go on" if status == 503 else ""
    assert told.inner_text() == f"Not everything arrived: {why.removesuffix('.')}{again}"
