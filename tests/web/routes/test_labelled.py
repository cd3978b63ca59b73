"""What the pictures of the sets were taken for, and the report of it, as the page asks for them."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from featclass.reports.colours import class_colour
from featclass.server.studio import studio
from tests.fakes import drawn
from tests.filled import add, sets, settle

pytestmark = pytest.mark.usefixtures("fake_encoder")


@pytest.fixture
def token() -> str:
    """Six red and six blue pictures, and a seventh blue one among the red."""
    token = studio().workspaces.create()
    red, blue = sets(token)
    add(token, red, {f"red{seed}.png": drawn(seed, "red") for seed in range(6)})
    add(token, red, {"stray.png": drawn(90, "blue")})
    add(token, blue, {f"blue{seed}.png": drawn(seed, "blue") for seed in range(6)})
    settle(token)
    return token


def judged(client: TestClient, token: str, **asked: object) -> Any:
    answer = client.get(f"/api/w/{token}/judged", params={k: str(v) for k, v in asked.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_cell_holds_its_pictures_with_what_they_were_taken_for_and_how_surely(
    client: TestClient, token: str
) -> None:
    red, blue = sets(token)
    answer = judged(client, token, true=red, said=blue)
    assert answer["total"] == 1
    [stray] = answer["pictures"]
    assert (stray["name"], stray["true"], stray["said"]) == ("stray.png", red, blue)
    assert (stray["set"], stray["left_out"]) == (red, None)
    assert stray["probability"] > 0.5 > stray["label_probability"]
    assert [set_id for _, _, set_id in stray["neighbours"]] == [blue] * 3


def test_every_cell_holds_as_many_pictures_as_the_matrix_says(
    client: TestClient, token: str
) -> None:
    result = studio().trainer.follow(studio().workspaces.open(token)).result
    assert result is not None
    assert result.classifier is not None
    matrix = result.classifier.report.confusion_matrix
    held = [
        [judged(client, token, true=true, said=said)["total"] for said in sets(token)]
        for true in sets(token)
    ]
    assert matrix is not None
    assert held == [list(row) for row in matrix]


def test_a_set_is_sorted_by_how_doubtful_or_how_typical_its_pictures_are(
    client: TestClient, token: str
) -> None:
    red, _ = sets(token)
    doubtful = judged(client, token, true=red)["pictures"]
    chances = [picture["label_probability"] for picture in doubtful]
    assert doubtful[0]["name"] == "stray.png"
    assert chances == sorted(chances)
    typical = judged(client, token, true=red, sort="typical")["pictures"]
    assert typical == doubtful[::-1]


def test_a_cell_comes_a_page_at_a_time(client: TestClient, token: str) -> None:
    everything = judged(client, token)
    assert everything["total"] == len(everything["pictures"]) == 13
    page = judged(client, token, **{"from": 12}, count=5)
    assert (page["total"], page["pictures"]) == (13, everything["pictures"][12:])


def test_a_picture_moved_or_left_out_says_where_it_stands_until_it_is_judged_anew(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    red, blue = sets(token)
    monkeypatch.setattr(studio().trainer._learners, "submit", lambda *_: None)
    [stray] = judged(client, token, true=red, said=blue)["pictures"]
    studio().workspaces.move_picture(token, stray["picture"], blue)
    studio().workspaces.leave_out(token, stray["picture"], "a reason")
    [stray] = judged(client, token, true=red, said=blue)["pictures"]
    assert (stray["true"], stray["set"], stray["left_out"]) == (red, blue, "a reason")
    studio().workspaces.remove_picture(token, stray["picture"])
    [stray] = judged(client, token, true=red, said=blue)["pictures"]
    assert (stray["picture"], stray["set"], stray["name"]) == (None, None, "stray.png")


def test_before_there_is_a_classifier_nothing_was_judged(client: TestClient) -> None:
    token = studio().workspaces.create()
    assert judged(client, token) == {"total": 0, "pictures": []}


@pytest.mark.parametrize("asked", ["true=x", "said=1.5", "count=many", "from=-"])
def test_what_is_no_number_is_answered_404(client: TestClient, token: str, asked: str) -> None:
    assert client.get(f"/api/w/{token}/judged?{asked}").status_code == 404


def test_without_the_link_nothing_is_told(client: TestClient, token: str) -> None:
    assert client.get("/api/w/nobody/judged").status_code == 404


@pytest.mark.parametrize(("ending", "kind"), [("html", "text/html"), ("md", "text/markdown")])
def test_the_report_is_a_file_to_keep(
    client: TestClient, token: str, ending: str, kind: str
) -> None:
    studio().workspaces.rename(token, 'Cartoons "<i>" ü')
    answer = client.get(f"/api/w/{token}/report.{ending}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    named = answer.headers["content-disposition"]
    assert named == f"attachment; filename*=UTF-8''cartoons-i-%C3%BC-report.{ending}"
    assert "12 of 13" in answer.text
    assert "<i>" not in answer.text


def test_the_report_shows_pictures_and_the_colours_of_the_page(
    client: TestClient, token: str
) -> None:
    answer = client.get(f"/api/w/{token}/report.html").text
    assert "data:image/jpeg;base64," in answer
    for found in studio().workspaces.open(token).sets:
        assert class_colour(found.colour) in answer


def test_without_a_classifier_or_the_link_there_is_no_report(client: TestClient) -> None:
    answer = client.get(f"/api/w/{studio().workspaces.create()}/report.html")
    assert answer.status_code == 404
    assert "fill two sets first" in answer.json()["error"]
    assert client.get("/api/w/nobody/report.md").status_code == 404
