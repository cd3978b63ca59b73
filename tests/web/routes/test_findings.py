"""What is worth a look, as the page asks for it and mends it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from featclass.server.studio import studio
from tests.fakes import drawn
from tests.filled import add, sets, settle

pytestmark = pytest.mark.usefixtures("fake_encoder")


@pytest.fixture
def token() -> str:
    """Ten red and ten blue pictures, a blue one among the red, and a red one in three forms."""
    token = studio().workspaces.create()
    red, blue = sets(token)
    add(token, red, {f"red{seed}.png": drawn(seed, "red") for seed in range(10)})
    add(token, red, {"stray.png": drawn(90, "blue")})
    add(token, red, {f"copy.{form}": drawn(0, "red", form=form) for form in ("BMP", "TIFF")})
    add(token, blue, {f"blue{seed}.png": drawn(seed, "blue") for seed in range(10)})
    settle(token)
    return token


def kinds(client: TestClient, token: str) -> dict[str, Any]:
    answer = client.get(f"/api/w/{token}/findings")
    assert answer.status_code == 200, answer.text
    return {kind["kind"]: kind for kind in answer.json()["kinds"]}


def copies(client: TestClient, token: str) -> list[dict[str, Any]]:
    """Return the groups that hold a copy; other discs of this size may look alike too."""
    items: list[dict[str, Any]] = kinds(client, token).get("duplicates", {}).get("items", [])
    return [
        group
        for group in items
        if any(picture["name"].startswith("copy") for picture in group["pictures"])
    ]


def act(client: TestClient, token: str, **what: object) -> None:
    headers = {"x-featclass": "1"}
    answer = client.post(f"/api/w/{token}/act", json=what, headers=headers)
    assert answer.status_code == 200, answer.text


def test_a_doubtful_label_comes_with_its_picture_and_the_set_it_looks_like(
    client: TestClient, token: str
) -> None:
    red, blue = sets(token)
    [found] = kinds(client, token)["label"]["items"]
    [picture] = found["pictures"]
    assert (picture["name"], picture["was"], picture["set"]) == ("stray.png", red, red)
    assert found["suggested"] == blue
    assert "looks like" in found["sentence"]


def test_a_picture_that_was_moved_says_so_until_the_findings_are_new_and_then_it_is_gone(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, blue = sets(token)
    [found] = kinds(client, token)["label"]["items"]
    with monkeypatch.context() as held:
        held.setattr(studio().trainer._learners, "submit", lambda *_: None)
        act(client, token, do="move", picture=found["pictures"][0]["picture"], set=blue)
        [moved] = kinds(client, token)["label"]["items"]
        assert moved["pictures"][0]["set"] == blue
    settle(token)
    assert "label" not in kinds(client, token)


def test_of_copies_one_is_kept_by_a_single_act(client: TestClient, token: str) -> None:
    [group] = copies(client, token)
    assert group["number"] == len(group["pictures"]) == 3
    others = [picture["picture"] for picture in group["pictures"][1:]]
    act(client, token, do="leave out", pictures=others, reason="a copy")
    settle(token)
    left = [picture["picture"] for group in copies(client, token) for picture in group["pictures"]]
    assert not set(left) & set(others)
    store = studio().workspaces
    last = store.last_act(token)
    assert last is not None
    assert last.what == "Left out 2 pictures"
    store.undo(token, last.id)
    assert len(store.open(token).sets[0].counted) == 13


def test_what_is_said_to_be_fine_stands_apart_and_can_be_taken_back(
    client: TestClient, token: str
) -> None:
    [found] = kinds(client, token)["label"]["items"]
    act(client, token, do="accept", key=found["key"], about=found["about"])
    label = kinds(client, token)["label"]
    assert (label["total"], label["items"], label["fine"]) == (0, [], [found])
    last = studio().workspaces.last_act(token)
    assert last is not None
    assert last.what == "Said that stray.png is fine"
    act(client, token, do="withdraw", key=found["key"], about=found["about"])
    assert kinds(client, token)["label"]["items"] == [found]


def audited(token: str, **changes: object) -> None:
    """Put another audit into what is known of a workspace."""
    trainer, workspace = studio().trainer, studio().workspaces.open(token)
    result = trainer.follow(workspace).result
    assert result is not None
    assert result.training is not None
    assert result.training.audit is not None
    audit = replace(result.training.audit, **changes)  # type: ignore[arg-type]
    training = replace(result.training, audit=audit)
    trainer._change(token, result=replace(result, training=training))


@pytest.mark.parametrize("strong", [True, False])
def test_only_where_the_evidence_is_strong_may_moving_be_proposed_before_all_else(
    client: TestClient, token: str, *, strong: bool
) -> None:
    result = studio().trainer.known(token).result
    assert result is not None
    assert result.training is not None
    assert result.training.audit is not None
    doubts = [replace(one, strong=strong) for one in result.training.audit.label_errors]
    audited(token, label_errors=tuple(doubts))
    [found] = kinds(client, token)["label"]["items"]
    assert found["strong"] is strong
    red, blue = sets(token)
    cell = client.get(f"/api/w/{token}/judged?true={red}&said={blue}").json()["pictures"]
    assert [picture["strong"] for picture in cell] == [strong]
    right = client.get(f"/api/w/{token}/judged?true={blue}&said={blue}").json()["pictures"]
    assert not any(picture["strong"] for picture in right)


def test_of_copies_only_the_same_pixels_are_strong_evidence(client: TestClient, token: str) -> None:
    result = studio().trainer.known(token).result
    assert result is not None
    assert result.training is not None
    assert result.training.audit is not None
    [same, *_] = [one for one in result.training.audit.duplicates if one.is_exact]
    audited(token, duplicates=(same, replace(same, is_exact=False, key="near")))
    found = kinds(client, token)["duplicates"]["items"]
    assert [group["strong"] for group in found] == [True, False]


def test_several_pictures_are_moved_by_one_act(client: TestClient, token: str) -> None:
    store = studio().workspaces
    red, blue = store.open(token).sets
    act(client, token, do="move", pictures=[one.id for one in blue.pictures[:3]], set=red.id)
    last = store.last_act(token)
    assert last is not None
    assert last.what == "Moved 3 pictures from Set 2 to Set 1"
    assert [len(found.pictures) for found in store.open(token).sets] == [16, 7]
    store.undo(token, last.id)
    assert [len(found.pictures) for found in store.open(token).sets] == [13, 10]


@pytest.mark.parametrize("ids", [["x"], [None], [[1]], [10**9]])
def test_pictures_nobody_knows_are_refused(
    client: TestClient, token: str, ids: list[object]
) -> None:
    answer = client.post(
        f"/api/w/{token}/act",
        json={"do": "leave out", "pictures": ids},
        headers={"x-featclass": "1"},
    )
    assert answer.status_code == 400


def test_without_an_audit_there_is_nothing_and_without_the_link_nothing_is_told(
    client: TestClient,
) -> None:
    assert kinds(client, studio().workspaces.create()) == {}
    assert client.get("/api/w/nobody/findings").status_code == 404


def points(client: TestClient, token: str) -> list[list[Any]]:
    answer = client.get(f"/api/w/{token}/map")
    assert answer.status_code == 200, answer.text
    found: list[list[Any]] = answer.json()["points"]
    return found


def test_the_map_has_a_point_for_each_picture_and_what_it_was_taken_for(
    client: TestClient, token: str
) -> None:
    red, blue = sets(token)
    found = {point[2]: point for point in points(client, token)}
    assert len(found) == 23
    assert found["stray.png"][5:] == [red, blue, red, False]
    assert all(-1 <= place <= 1 for point in found.values() for place in point[3:5])
    assert points(client, token) == list(found.values())


def test_the_map_says_where_a_picture_stands_and_stays_as_it_was(
    client: TestClient, token: str
) -> None:
    _, blue = sets(token)
    before = {point[1]: point for point in points(client, token)}
    stray = next(point for point in before.values() if point[2] == "stray.png")
    act(client, token, do="move", pictures=[stray[0]], set=blue)
    settle(token)
    after = {point[1]: point for point in points(client, token)}
    assert after[stray[1]][5:8] == [blue, blue, blue]
    for digest, point in after.items():
        assert point[3:5] == pytest.approx(before[digest][3:5], abs=0.05)


def test_there_is_no_map_before_there_is_a_score_nor_without_the_link(client: TestClient) -> None:
    assert points(client, studio().workspaces.create()) == []
    assert client.get("/api/w/nobody/map").status_code == 404
