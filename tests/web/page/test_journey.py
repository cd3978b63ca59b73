"""The whole way in a real browser, with the real built-in encoder."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from featclass import samples
from tests.browser import MILLISECONDS, box_of, choose, file
from tests.fakes import drawn
from tests.people import zipped
from tests.served import ROOT, SECONDS, Server, free_port
from tests.web.page.mistaking import HOSTILE, NONE, strayed


def test_samples_to_matrix_to_prediction_and_all_of_it_is_there_after_a_reload(
    server: Server, page: Page
) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Load sample pictures").click()
    expect(page.get_by_text("of 24 right").first).to_be_visible()
    expect(page.get_by_role("gridcell").first).to_be_visible()
    new = next(iter(samples.draw_family(samples.FAMILIES[1], 1, seed=77)))
    choose(page, "Choose pictures", file("newcomer.jpg", new.data))
    prediction = page.get_by_role("article", name="Prediction for newcomer.jpg")
    expect(prediction).to_contain_text(f"Looks like {samples.FAMILIES[1]}")
    expect(prediction.get_by_text("Most like")).to_be_visible()
    page.reload()
    expect(page.get_by_text("of 24 right").first).to_be_visible()
    expect(prediction).to_contain_text(samples.FAMILIES[1])
    expect(page.get_by_label("Name of the set Puddlewicks")).to_have_value("Puddlewicks")


def test_a_zip_makes_the_sets_and_names_the_files_that_could_not_be_used(
    server: Server, page: Page
) -> None:
    files = {
        f"pets/{colour}/{seed}.png": drawn(seed, colour)
        for colour in ("red", "blue")
        for seed in range(4)
    }
    files["pets/red/cut.jpg"] = drawn(9, "red", size=300, form="JPEG")[:2000]
    files["pets/blue/words.txt"] = b"these are words"
    page.goto(server.url)
    choose(page, "Add pictures to Set 1", file("pets.zip", zipped(files)))
    expect(page.get_by_text("8 of 8 right")).to_be_visible()
    red = page.get_by_role("region", name="Set red")
    expect(red.get_by_text("4 pictures")).to_be_visible()
    expect(red.get_by_text("cut.jpg")).to_be_visible()
    expect(red.get_by_role("listitem")).to_contain_text("cut off")
    blue = page.get_by_role("region", name="Set blue")
    expect(blue.get_by_role("listitem")).to_contain_text("words.txt")
    expect(blue.get_by_role("listitem")).to_contain_text("text")


def test_a_killed_server_has_lost_nothing_that_the_page_showed_as_added(
    own_server: Server, browser: Browser
) -> None:
    server = own_server
    opened = browser.new_page()
    opened.set_default_timeout(MILLISECONDS)
    opened.goto(server.url)
    files = [file(f"{seed}.png", drawn(seed)) for seed in range(30)]
    choose(opened, "Add pictures to Set 1", *files)
    expect(opened.get_by_text("Added 30 pictures", exact=True)).to_be_visible()
    server.stop(signal.SIGKILL)
    address = opened.url
    server.start()
    opened.goto(address)
    card = opened.get_by_role("region", name="Set Set 1")
    expect(card.get_by_text("30 pictures")).to_be_visible()
    opened.close()


def test_a_picture_whose_file_is_gone_says_so_and_is_back_once_it_is_added_again(
    server: Server, page: Page
) -> None:
    page.goto(server.url)
    choose(page, "Add pictures to Set 1", file("gone.png", drawn(4711)))
    tile = page.get_by_role("img", name="gone.png")
    expect(tile).to_be_visible()
    digest = hashlib.sha256(drawn(4711)).hexdigest()
    blob = server.data / "blobs" / digest[:2] / digest
    blob.unlink()
    page.route("**/thumbnail/*", lambda route: route.continue_())  # not from the browser's cache
    page.reload()
    page.get_by_role("button", name="Move gone.png to another set").click()
    expect(page.get_by_text("its file is gone; add the picture again").first).to_be_visible()
    choose(page, "Add pictures to Set 1", file("gone.png", drawn(4711)))
    expect(page.get_by_text("1 already there").first).to_be_visible()
    expect(page.locator("img.lost")).to_have_count(0)
    expect(page.get_by_text("its file is gone")).to_have_count(0)
    assert blob.is_file()


def test_two_browsers_at_once_do_not_see_each_other(
    server: Server, browser: Browser, page: Page
) -> None:
    page.goto(server.url)
    choose(page, "Add pictures to Set 1", file("mine.png", drawn(1)))
    expect(page.get_by_role("region", name="Set Set 1").get_by_text("1 picture")).to_be_visible()
    other = browser.new_context().new_page()
    other.goto(server.url)
    card = other.get_by_role("region", name="Set Set 1")
    expect(card.get_by_text("0 pictures")).to_be_visible(timeout=MILLISECONDS)
    assert other.url != page.url
    other.context.close()


def test_a_visitor_who_comes_back_without_the_link_finds_their_workspace(
    server: Server, page: Page
) -> None:
    page.goto(server.url)
    choose(page, "Add pictures to Set 2", file("mine.png", drawn(1)))
    expect(page.get_by_role("region", name="Set Set 2").get_by_text("1 picture")).to_be_visible()
    address = page.url
    page.goto("about:blank")
    page.goto(server.url)
    expect(page.get_by_role("region", name="Set Set 2").get_by_text("1 picture")).to_be_visible()
    expect(page).to_have_url(address)


def test_a_set_is_renamed_in_place_by_keyboard_and_a_removed_picture_comes_back(
    server: Server, page: Page
) -> None:
    page.goto(server.url)
    choose(page, "Add pictures to Set 1", *(file(f"{i}.png", drawn(i)) for i in range(2)))
    name = page.get_by_label("Name of the set Set 1")
    name.fill("Tomatoes <b>&</b>")
    name.press("Enter")
    expect(page.get_by_label("Name of the set Tomatoes <b>&</b>")).to_be_visible()
    card = page.get_by_role("region", name="Set Tomatoes")
    card.get_by_role("button", name="Remove 0.png").focus()
    page.keyboard.press("Enter")
    expect(card.get_by_text("1 picture")).to_be_visible()
    expect(page.locator(".st-key-undo")).to_contain_text("Removed")
    page.get_by_role("button", name="Undo").click()
    expect(card.get_by_text("2 pictures")).to_be_visible()


def test_a_picture_is_taken_with_the_camera_and_another_is_pasted(
    server: Server, page: Page
) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Camera", exact=True).click()
    page.get_by_role("button", name="Take picture").click()
    expect(page.get_by_role("article", name="Prediction for photo-")).to_be_visible()
    page.get_by_role("button", name="Close camera").click()
    page.evaluate(
        """bytes => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], 'x.png', {type: 'image/png'}));
            const paste = new ClipboardEvent('paste', {clipboardData: transfer, bubbles: true});
            document.body.dispatchEvent(paste);
        }""",
        list(drawn(5)),
    )
    expect(page.get_by_role("article", name="Prediction for pasted-")).to_be_visible()


def test_a_chosen_folder_is_walked_and_each_subfolder_becomes_a_set(
    server: Server, page: Page, tmp_path: Path
) -> None:
    for colour in ("red", "blue"):
        folder = tmp_path / "pets" / colour
        folder.mkdir(parents=True)
        for seed in range(3):
            (folder / f"{seed}.png").write_bytes(drawn(seed, colour))
    page.goto(server.url)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Folder of folders").click()
    chooser.value.set_files(str(tmp_path / "pets"))
    expect(page.get_by_text("6 of 6 right")).to_be_visible()
    expect(page.get_by_label("Name of the set blue")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_wider_than_the_screen(server: Server, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(server.url)
    page.get_by_role("button", name="Load sample pictures").click()
    expect(page.get_by_role("gridcell").first).to_be_visible()
    card = box_of(page.get_by_role("region", name="Set Puddlewicks"))
    assert card["x"] >= 0
    assert card["x"] + card["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_doubtful_picture_worth_a_look_is_moved_and_undo_brings_the_finding_back(
    server: Server, page: Page
) -> None:
    strayed(server, page)
    page.get_by_role("button", name="Worth a look").click()
    finding = page.get_by_role("region", name="Perhaps in the wrong set").get_by_role(
        "article", name=f"{HOSTILE}.png"
    )
    expect(finding).to_contain_text("looks like")
    finding.get_by_role("button", name=f"Move to {HOSTILE}: {HOSTILE}.png").click()
    expect(finding).to_be_hidden()
    expect(page.get_by_text(f"Moved {HOSTILE}.png from red to {HOSTILE}.")).to_be_visible()
    expect(page.get_by_role("gridcell", name=NONE)).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(finding).to_be_visible()
    finding.get_by_role("button", name=f"This is fine: {HOSTILE}.png").click()
    expect(finding).to_be_hidden()
    page.get_by_text("1 finding is fine, as you said").click()
    page.get_by_role("button", name=f"Not fine: {HOSTILE}.png").click()
    expect(finding).to_be_visible()


def test_all_pictures_are_picked_on_the_map_by_lasso_one_by_keyboard_and_moved(
    server: Server, page: Page
) -> None:
    strayed(server, page)
    page.get_by_role("button", name="Map of the pictures").click()
    expect(page.get_by_text("Draw round pictures to pick them")).to_be_visible()
    ground = page.get_by_role("application", name="Map of the pictures")
    ground.scroll_into_view_if_needed()
    box = box_of(ground)
    left, top, right, bottom = 8, 8, box["width"] - 8, box["height"] - 8
    page.mouse.move(box["x"] + left, box["y"] + top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom)):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=3)
    page.mouse.up()
    expect(page.get_by_text("21 pictures picked")).to_be_visible()
    page.get_by_role("button", name="Pick none").click()
    ground.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 picture picked")).to_be_visible()
    page.get_by_role("button", name="Leave out", exact=True).click()
    expect(page.get_by_role("paragraph").filter(has_text="Left out")).to_be_visible()
    expect(page.get_by_text("1 picture picked")).to_be_hidden()


def test_files_dropped_on_a_set_are_added_there_and_beside_it_the_page_stays(
    server: Server, page: Page
) -> None:
    page.goto(server.url)
    card = page.get_by_role("region", name="Set Set 2")
    transfer = page.evaluate_handle(
        """bytes => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], 'x.png', {type: 'image/png'}));
            return transfer;
        }""",
        list(drawn(5)),
    )
    card.dispatch_event("drop", {"dataTransfer": transfer})
    expect(card.get_by_text("1 picture")).to_be_visible()
    prevented = page.evaluate(
        """transfer => {
            const how = {dataTransfer: transfer, bubbles: true, cancelable: true};
            return !document.body.dispatchEvent(new DragEvent('drop', how));
        }""",
        transfer,
    )
    assert prevented


def test_a_name_being_typed_survives_a_redraw_and_is_only_kept_when_it_is_finished(
    server: Server, page: Page
) -> None:
    page.goto(server.url)
    page.get_by_label("Name of the set Set 2").click()
    page.keyboard.press("End")
    page.keyboard.type("half")
    # Something else changes meanwhile: as when an upload ends.
    page.get_by_role("button", name="Add a set").dispatch_event("click")
    expect(page.get_by_label("Name of the set Set 3")).to_be_visible()
    typed = page.get_by_label("Name of the set Set 2")
    expect(typed).to_have_value("Set 2half")
    page.keyboard.type("way")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name of the set Set 2halfway")).to_be_visible()


def test_a_tried_picture_that_was_removed_comes_back_by_undo(server: Server, page: Page) -> None:
    page.goto(server.url)
    choose(page, "Choose pictures", file("mine.png", drawn(1)))
    tried = page.get_by_role("article", name="Prediction for mine.png")
    expect(tried).to_be_visible()
    page.get_by_role("button", name="Remove mine.png").dispatch_event("click")
    expect(tried).to_be_hidden()
    expect(page.locator(".st-key-undo")).to_contain_text("Removed")
    page.get_by_role("button", name="Undo").click()
    expect(tried).to_be_visible()


def test_the_server_ends_with_its_command(tmp_path: Path) -> None:
    port = free_port()
    environment = os.environ | {"FEATCLASS_DATA": str(tmp_path), "PYTHONPATH": str(ROOT)}
    environment.pop("DISPLAY", None)
    command = [sys.executable, "-m", "featclass", "app", "--port", str(port)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=tmp_path
    ) as process:
        end = time.monotonic() + SECONDS
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < end
        process.terminate()
        said = process.communicate(timeout=SECONDS)[0].decode()
    assert f"http://localhost:{port}" in said
    assert "Only this machine can reach it" in said
    with socket.socket() as again:
        assert again.connect_ex(("127.0.0.1", port)) != 0
