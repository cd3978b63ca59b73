"""Acts of a person on their workspace, and that each can be undone."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from featclass.server.studio import studio
from tests.fakes import drawn
from tests.filled import first
from tests.web.routes.sent import act, send, sets


def test_sets_are_renamed_added_and_removed(client: TestClient, token: str) -> None:
    assert act(client, token, do="rename", set=first(token), name="Tomatoes").is_success
    assert act(client, token, do="add set").is_success
    assert list(sets(token)) == ["Tomatoes", "Set 2", "Set 3"]
    assert act(client, token, do="remove set", set=first(token)).is_success
    assert list(sets(token)) == ["Set 2", "Set 3"]


def test_pictures_are_removed_tried_ones_too_and_rejections_dismissed(
    client: TestClient, token: str
) -> None:
    send(client, token, first(token), {"a.png": drawn(1), "b.txt": b"words"})
    send(client, token, "try", {"c.png": drawn(2), "d.txt": b"words"})
    [picture] = studio().workspaces.open(token).sets[0].pictures
    assert act(client, token, do="remove picture", picture=picture.id).is_success
    assert act(client, token, do="clear tried").is_success
    assert act(client, token, do="dismiss", set=first(token)).is_success
    assert act(client, token, do="dismiss", set="try").is_success
    workspace = studio().workspaces.open(token)
    assert sets(token)["Set 1"] == []
    assert (workspace.tried, workspace.tried_rejected) == ((), ())
    assert workspace.sets[0].rejected == ()


def test_pictures_are_moved_left_out_and_taken_back(client: TestClient, token: str) -> None:
    send(client, token, first(token), {"a.png": drawn(1)})
    one, two = studio().workspaces.open(token).sets
    picture = one.pictures[0].id
    assert act(client, token, do="move", picture=picture, set=two.id).is_success
    assert sets(token) == {"Set 1": [], "Set 2": ["a.png"]}
    assert act(client, token, do="leave out", picture=picture, reason="blurred").is_success
    assert studio().workspaces.open(token).sets[1].pictures[0].left_out == "blurred"
    assert act(client, token, do="take back", picture=picture).is_success
    assert studio().workspaces.open(token).sets[1].pictures[0].left_out is None


def test_findings_are_accepted_and_that_is_withdrawn(client: TestClient, token: str) -> None:
    assert act(client, token, do="accept", key="dark:abc", about="a dark a.png").is_success
    assert studio().workspaces.open(token).accepted == {"dark:abc"}
    said = studio().workspaces.last_act(token)
    assert said is not None
    assert said.what == "Said that a dark a.png is fine"
    assert act(client, token, do="withdraw", key="dark:abc").is_success
    assert studio().workspaces.open(token).accepted == frozenset()


def test_a_name_that_another_set_has_is_refused_in_a_sentence(
    client: TestClient, token: str
) -> None:
    answer = act(client, token, do="rename", set=first(token), name="Set 2")
    assert answer.status_code == 400
    assert "Set 2" in answer.json()["error"]
    assert list(sets(token)) == ["Set 1", "Set 2"]


@pytest.mark.parametrize(
    "what", [{"do": "format disk"}, {"do": "rename", "set": "1", "name": 3}, {"odd": 1}, {}]
)
def test_an_act_that_is_not_known_changes_nothing(
    client: TestClient, token: str, what: dict[str, Any]
) -> None:
    before = studio().workspaces.version(token)
    assert act(client, token, **what).status_code == 400
    assert studio().workspaces.version(token) == before


def test_an_act_on_a_set_of_another_workspace_is_refused(client: TestClient, token: str) -> None:
    other = studio().workspaces.create()
    assert act(client, token, do="remove set", set=first(other)).status_code == 400
    assert list(sets(other)) == ["Set 1", "Set 2"]


def test_every_visitor_undoes_their_own(client: TestClient, token: str) -> None:
    def by(visitor: str, **what: Any) -> Any:
        client.cookies.set("featclass_visitor", visitor)
        return act(client, token, **what).json()

    by("ann" * 8, do="rename", set=first(token), name="Bees")
    by("bob" * 8, do="add set")
    assert by("ann" * 8, do="undo") == {"undone": "Renamed set Set 1 to Bees"}
    assert by("ann" * 8, do="undo") == {"undone": None}
    assert list(sets(token)) == ["Set 1", "Set 2", "Set 3"]


@pytest.mark.parametrize(
    "what",
    [
        {"do": "move", "picture": True, "set": 2},
        {"do": "move", "picture": 1, "set": True},
        {"do": "move", "pictures": [True], "set": 2},
        {"do": "move", "pictures": [1], "set": True},
        {"do": "move", "pictures": [True], "new set": "C"},
        {"do": "none of these", "picture": True},
        {"do": "none of these", "pictures": [True]},
        {"do": "leave out", "picture": True},
        {"do": "leave out", "pictures": [True]},
        {"do": "take back", "picture": True},
        {"do": "remove picture", "picture": True},
        {"do": "remove pictures", "pictures": [True]},
        {"do": "remove set", "set": True},
        {"do": "rename", "set": True, "name": "C"},
        {"do": "rename", "names": [[True, "C"]]},
        {"do": "rename", "names": [["1", "C"]]},
        {"do": "rename", "names": [[1.5, "C"]]},
        {"do": "dismiss", "set": True},
        {"do": "undo", "act": True},
    ],
)
def test_true_is_no_id_for_any_act(client: TestClient, token: str, what: dict[str, Any]) -> None:
    assert first(token) == 1
    send(client, token, 1, {"a.png": drawn(1), "b.txt": b"words"})
    before = studio().workspaces.open(token)
    assert act(client, token, **what).status_code == 400
    assert studio().workspaces.open(token) == before


def test_several_pictures_are_removed_in_one_act(client: TestClient, token: str) -> None:
    send(client, token, first(token), {f"{n}.png": drawn(n) for n in range(3)})
    ids = [picture.id for picture in studio().workspaces.open(token).sets[0].pictures]
    done = act(client, token, do="remove pictures", pictures=[*ids[:2], ids[0]]).json()
    assert done["what"] == "Removed 2 pictures of Set 1"
    assert sets(token)["Set 1"] == ["2.png"]
    act(client, token, do="undo", act=done["act"])
    assert len(sets(token)["Set 1"]) == 3
