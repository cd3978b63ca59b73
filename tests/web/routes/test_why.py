"""Why a picture is taken for a class: the route, the command, and the map on the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient
from typer.testing import CliRunner

import featclass
import featclass.base.errors
from featclass import classifiers, samples
from featclass.cli import app
from featclass.cli.picture_files import file_name
from featclass.images import digest
from featclass.server.studio import studio
from featclass.workspaces import NewPicture
from tests.fakes import drawn
from tests.filled import add, sets, settle
from tests.web.page.test_journey import Server, browser, choose, file, page, server

__all__ = ["browser", "page", "server"]

NEW = drawn(50, "red")


@pytest.fixture
def token(fake_encoder: None) -> str:
    token = studio().workspaces.create()
    red, blue = sets(token)
    add(token, red, {f"red{seed}.png": drawn(seed, "red") for seed in range(6)})
    add(token, blue, {f"blue{seed}.png": drawn(seed, "blue") for seed in range(6)})
    for set_id, name in ((red, "red"), (blue, "blue & <b>")):
        studio().workspaces.rename_set(token, set_id, name)
    studio().workspaces.add_pictures(token, None, [NewPicture("new.png", NEW)])
    settle(token)
    return token


def why(client: TestClient, token: str, **asked: str) -> Any:
    return client.get(f"/api/w/{token}/why/{digest(NEW)}", params=asked)


def test_a_picture_of_the_workspace_is_explained_for_its_class_and_for_any_other(
    client: TestClient, token: str
) -> None:
    answer = why(client, token).json()
    assert answer["label"] == "red"
    assert answer["says"].split()[0] in ("Over", f"{100 * answer['probability']:.0f}")
    assert answer["box"] == [0, 0, 1, 1]
    assert len(answer["values"]) == answer["rows"] * answer["columns"]
    assert max(map(abs, answer["values"])) == 1
    other = why(client, token, label="blue & <b>").json()
    assert other["label"] == "blue & <b>"
    assert other["values"] == pytest.approx([-value for value in answer["values"]], abs=2e-3)


def test_it_is_worked_out_once_until_the_classifier_is_another(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    explain = classifiers.explain

    def counted(*given: Any) -> Any:
        calls.append(given)
        return explain(*given)

    monkeypatch.setattr(classifiers, "explain", counted)
    first = why(client, token).json()
    assert why(client, token).json() == first
    assert len(calls) == 1
    add(token, sets(token)[0], {"more.png": drawn(30, "red")})
    settle(token)
    why(client, token)
    assert len(calls) == 2


def test_a_stranger_a_picture_of_nobody_and_a_class_there_is_not_are_answered_404(
    client: TestClient, token: str
) -> None:
    assert client.get(f"/api/w/nobody/why/{digest(NEW)}").status_code == 404
    assert client.get(f"/api/w/{token}/why/{digest(b'other')}").status_code == 404
    other = studio().workspaces.create()
    assert client.get(f"/api/w/{other}/why/{digest(NEW)}").status_code == 404
    assert client.get(f"/api/w/{token}/why/..%2F..%2Fetc").status_code == 404
    answer = why(client, token, label="nobody")
    assert answer.status_code == 404
    assert "no class" in answer.json()["error"]


def test_before_there_is_a_classifier_there_is_nothing_to_explain(client: TestClient) -> None:
    token = studio().workspaces.create()
    studio().workspaces.add_pictures(token, None, [NewPicture("new.png", NEW)])
    answer = why(client, token)
    assert answer.status_code == 404
    assert "fill two sets first" in answer.json()["error"]


@pytest.mark.usefixtures("fake_encoder")
def test_the_command_writes_a_map_for_each_picture_under_names_of_its_own(tmp_path: Path) -> None:
    for colour in ("red", "blue"):
        (tmp_path / "sets" / colour).mkdir(parents=True)
        for seed in range(4):
            (tmp_path / "sets" / colour / f"{seed}.png").write_bytes(drawn(seed, colour))
    for folder in ("one", "two"):
        (tmp_path / "new" / folder).mkdir(parents=True)
        (tmp_path / "new" / folder / "same.png").write_bytes(drawn(40, "red", size=80))
    (tmp_path / "new" / "words.txt").write_text("words")
    featclass.train(featclass.read_folder(tmp_path / "sets"), "builtin").save(tmp_path / "model")
    out = tmp_path / "out"
    command = ["predict", str(tmp_path / "model"), str(tmp_path / "new"), "--explain", str(out)]
    ran = CliRunner().invoke(app, command)
    assert ran.exit_code == 0, ran.output
    assert sorted(path.name for path in out.iterdir()) == ["0001-same.png", "0002-same.png"]
    with PIL.Image.open(out / "0001-same.png") as opened:
        assert opened.size == (80, 80)
    heat = featclass.load(tmp_path / "model").explain(tmp_path / "new" / "one" / "same.png")
    assert (heat.label, heat.size) == ("red", (80, 80))
    with pytest.raises(featclass.base.errors.FeatclassError, match="could not be used"):
        featclass.load(tmp_path / "model").explain(tmp_path / "new" / "words.txt")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/../b.png", "0007-b.png"),
        ("C:\\x|y?.png", "0007-C-x-y.png"),
        ("...", "0007-picture.png"),
        (f"{'long' * 99}.png", f"0007-{'long' * 20}.png"),
    ],
)
def test_names_of_maps_are_safe_on_every_system(path: str, name: str) -> None:
    assert file_name(7, path) == name


def painted(page: Page) -> dict[str, int]:
    """Count the pixels of the map by hue."""
    return dict(
        page.locator("canvas.heat").evaluate(
            """canvas => {
                const pen = canvas.getContext('2d');
                const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
                const count = { amber: 0, indigo: 0, dimmed: 0 };
                for (let i = 0; i < data.length; i += 4) {
                    const [r, g, b, a] = data.slice(i, i + 4);
                    if (a > 60 && r > 200 && b < 60) count.amber++;
                    if (a > 60 && b > 200 && r < 130) count.indigo++;
                    if (a > 60 && r < 40 && b < 60) count.dimmed++;
                }
                return count;
            }"""
        )
    )


def test_the_map_appears_over_the_picture_on_a_click_and_goes_on_another(
    server: Server, page: Page
) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Load sample pictures").click()
    expect(page.get_by_text("of 24 right").first).to_be_visible()
    new = next(iter(samples.draw_family(samples.FAMILIES[1], 1, seed=77)))
    choose(page, "Choose pictures", file("newcomer.jpg", new.data))
    prediction = page.get_by_role("article", name="Prediction for newcomer.jpg")
    button = prediction.get_by_role("button", name="Why? Quillingtons: newcomer.jpg")
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(page.locator("canvas.heat")).to_have_count(0)
    button.focus()
    page.keyboard.press("Enter")
    shown = prediction.get_by_role("img", name="What spoke for Quillingtons")
    expect(shown).to_be_visible()
    expect(prediction.get_by_text("Quillingtons.")).to_be_visible()
    expect(prediction.get_by_text("not looked at")).to_be_visible()
    picture = prediction.get_by_role("img", name="newcomer.jpg", exact=True).bounding_box()
    assert shown.bounding_box() == picture
    mine = painted(page)
    assert mine["amber"] > 300
    assert mine["dimmed"] > 300
    other = prediction.get_by_role("button", name="What speaks for Puddlewicks")
    other.click()
    expect(other).to_have_attribute("aria-pressed", "true")
    expect(prediction.get_by_role("img", name="What spoke for Puddlewicks")).to_be_visible()
    assert painted(page)["indigo"] > 300
    choose(page, "Choose pictures", file("second.png", drawn(5)))
    expect(page.get_by_role("article", name="Prediction for second.png")).to_contain_text("like")
    page.get_by_role("button", name="newcomer.jpg: Quillingtons").click()  # in the gallery
    expect(prediction.get_by_role("img", name="What spoke for Puddlewicks")).to_be_visible()
    prediction.get_by_role("button", name="Hide why").click()
    expect(page.locator("canvas.heat")).to_have_count(0)
    expect(prediction.get_by_text("not looked at")).to_have_count(0)
