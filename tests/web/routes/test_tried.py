"""What is said of the pictures tried, as the gallery asks for it; and saying what they are."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from featclass.base.records import DOUBTFUL_BELOW, Prediction
from featclass.server.studio import studio
from featclass.web.views import Kind
from featclass.workspaces import NewPicture
from tests.fakes import drawn
from tests.filled import OURS, settle

pytestmark = pytest.mark.usefixtures("fake_encoder")


@pytest.fixture
def token() -> str:
    """Six red and six blue pictures, and three of each tried."""
    token = studio().workspaces.create()
    for set_id, colour in zip(sets(token), ("red", "blue"), strict=True):
        add(token, set_id, colour, range(6))
        add(token, None, colour, range(20, 23))
    settle(token)
    return token


def sets(token: str) -> dict[int, int]:
    """Return how many pictures each set has, by its id."""
    return {found.id: len(found.pictures) for found in studio().workspaces.open(token).sets}


def add(token: str, set_id: int | None, colour: str, seeds: range) -> None:
    pictures = [NewPicture(f"{colour}{seed}.png", drawn(seed, colour)) for seed in seeds]
    studio().workspaces.add_pictures(token, set_id, pictures)


def rows(client: TestClient, token: str) -> Any:
    answer = client.get(f"/api/w/{token}/tried")
    assert answer.status_code == 200, answer.text
    return answer.json()


def act(client: TestClient, token: str, **what: object) -> Any:
    answer = client.post(f"/api/w/{token}/act", json=what, headers=OURS)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_every_picture_tried_has_a_row_newest_first_that_says_what_it_was_taken_for(
    client: TestClient, token: str
) -> None:
    found = rows(client, token)["rows"]
    tried = studio().workspaces.open(token).tried
    assert [row[:3] for row in found] == [[p.id, p.digest, p.name] for p in tried]
    assert [row[2][:3] for row in found] == ["blu"] * 3 + ["red"] * 3
    assert {row[3] for row in found} <= {*Kind}
    assert [row[4] for row in found] == ["Set 2"] * 3 + ["Set 1"] * 3
    assert all(0.5 < row[5] < 1 for row in found)


def test_one_picture_tells_its_bars_and_the_pictures_it_is_like_with_how_much(
    client: TestClient, token: str
) -> None:
    [first, *_] = rows(client, token)["rows"]
    said = client.get(f"/api/w/{token}/tried/{first[0]}").json()
    assert [said["name"], said["kind"], said["label"], said["probability"]] == first[2:]
    assert [name for name, _ in said["bars"]] == ["Set 2", "Set 1"]
    assert sum(share for _, share in said["bars"]) == pytest.approx(1)
    similarities = [like[3] for like in said["neighbours"]]
    assert similarities == sorted(similarities, reverse=True)
    assert all(like[4] for like in said["neighbours"])
    assert client.get(f"/api/w/{token}/tried/999999").status_code == 404
    assert client.get("/api/w/nobody/tried").status_code == 404
    assert client.get(f"/api/w/nobody/tried/{first[0]}").status_code == 404


def test_the_stamp_changes_with_what_is_said(client: TestClient, token: str) -> None:
    before = rows(client, token)
    assert rows(client, token) == before
    act(client, token, do="move", pictures=[before["rows"][0][0]], set=next(iter(sets(token))))
    settle(token)
    assert rows(client, token)["stamp"] != before["stamp"]


def test_pictures_tried_join_a_set_in_one_act_and_its_number_takes_them_back(
    client: TestClient, token: str
) -> None:
    red, blue = sets(token)
    ids = [row[0] for row in rows(client, token)["rows"]]
    done = act(client, token, do="move", pictures=ids[:3], set=blue)
    assert done["version"] == studio().workspaces.version(token)
    assert sets(token) == {red: 6, blue: 9}
    assert [row[0] for row in rows(client, token)["rows"]] == ids[3:]
    assert act(client, token, do="undo", act=done["act"]) == {}
    assert sets(token) == {red: 6, blue: 6}
    assert [row[0] for row in rows(client, token)["rows"]] == ids


def test_pictures_tried_make_a_set_of_their_own(client: TestClient, token: str) -> None:
    ids = [row[0] for row in rows(client, token)["rows"]]
    done = act(client, token, do="move", pictures=ids[:2], **{"new set": "Odd <b>ones</b>"})
    made = studio().workspaces.open(token).sets[-1]
    assert (made.name, len(made.pictures)) == ("Odd <b>ones</b>", 2)
    act(client, token, do="undo", act=done["act"])
    assert len(rows(client, token)["rows"]) == 6
    act(client, token, do="move", pictures=ids[:1], **{"new set": "Odd <b>ones</b>"})
    assert list(sets(token).values()) == [6, 6, 1]


@pytest.mark.parametrize("ids", ["[1e999]", "[1.5]", '["1"]', "[null]", "[[1]]"])
def test_ids_that_are_no_whole_numbers_move_nothing(
    ids: str, client: TestClient, token: str
) -> None:
    set_id = next(iter(sets(token)))
    body = f'{{"do": "move", "pictures": {ids}, "set": {set_id}}}'
    assert client.post(f"/api/w/{token}/act", content=body, headers=OURS).status_code == 400


def test_of_equal_pictures_a_set_takes_one_and_two_of_a_name_are_told_apart(token: str) -> None:
    store = studio().workspaces
    red, blue = sets(token)
    store.add_pictures(token, red, [NewPicture("red20.png", drawn(77, "red"))])
    [moved] = [p.id for p in store.open(token).tried if p.name == "red20.png"]
    [twin] = [p.id for p in store.open(token).sets[0].pictures if p.name == "red20.png"]
    store.add_pictures(token, blue, [NewPicture("x.png", drawn(20, "red"))])
    [copy] = [p.id for p in store.open(token).sets[1].pictures if p.name == "x.png"]
    done = store.move_pictures(token, [moved, copy], red)
    names = [p.name for p in store.open(token).sets[0].pictures]
    assert {"red20.png", "red20 2.png"} < set(names)
    assert sets(token) == {red: 8, blue: 6}
    assert done is not None
    store.undo(token, done.id)
    assert sets(token) == {red: 7, blue: 7}
    assert twin in [p.id for p in store.open(token).sets[0].pictures]


def test_what_is_known_but_not_sure_is_doubtful() -> None:
    def said(probability: float, *, known: bool = True) -> Prediction:
        return Prediction("a.jpg", "cat", probability, {"cat": probability}, known)

    below = DOUBTFUL_BELOW - 0.01
    assert said(below).is_doubtful
    assert not said(DOUBTFUL_BELOW).is_doubtful
    assert not said(below, known=False).is_doubtful
    assert not Prediction("b.jpg", rejected="it is empty").is_doubtful
    assert said(below).to_json()["doubtful"] is True
    kinds = [None, Prediction("b", rejected="x"), said(0.9, known=False), said(below), said(0.9)]
    assert [Kind.of(one) for one in kinds] == list(Kind)
