from __future__ import annotations

import io
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from featclass.base.errors import FeatclassError
from featclass.base.records import Rejected
from featclass.server.studio import studio
from featclass.workspaces import NewPicture, Workspaces, dataset
from tests.fakes import drawn
from tests.workspaces.stored import A_MOMENT_AGO, add, set_ids, undo_last


def standing(store: Workspaces, token: str) -> tuple[list[list[str]], list[str], list[str]]:
    """Return the names in each set, among those tried, and among those that are none of these."""
    workspace = store.open(token)
    return (
        [[picture.name for picture in labelled.pictures] for labelled in workspace.sets],
        [picture.name for picture in workspace.tried],
        [picture.name for picture in workspace.strangers],
    )


def test_a_picture_tried_becomes_none_of_these_and_comes_back(
    store: Workspaces, token: str
) -> None:
    first, _ = set_ids(store, token)
    add(store, token, first, "bart.jpg")
    car, _ = add(store, token, None, "car.jpg", "dog.jpg")
    before = standing(store, token)

    act = store.none_of_these(token, [car])

    assert act is not None
    assert act.what == "Said that car.jpg is none of these"
    assert standing(store, token) == ([["bart.jpg"], []], ["dog.jpg"], ["car.jpg"])
    assert store.none_of_these(token, [car]) is None
    undo_last(store, token)
    assert standing(store, token) == before


def test_strays_of_sets_become_none_of_these_in_one_act(store: Workspaces, token: str) -> None:
    first, second = set_ids(store, token)
    _, stray = add(store, token, first, "bart.jpg", "car.jpg")
    _, other = add(store, token, second, "fred.jpg", "boat.jpg")
    tried = add(store, token, None, "dog.jpg")
    store.leave_out(token, stray, "shows something else")
    before = standing(store, token)

    act = store.none_of_these(token, [stray, other, *tried])

    assert act is not None
    assert act.what == "Said that 3 pictures are none of these"
    in_sets, of_tried, strangers = standing(store, token)
    assert (in_sets, of_tried) == ([["bart.jpg"], ["fred.jpg"]], [])
    assert strangers == ["car.jpg", "boat.jpg", "dog.jpg"]
    assert [picture.left_out for picture in store.open(token).strangers] == [None] * 3
    undo_last(store, token)
    assert standing(store, token) == before
    assert store.open(token).sets[0].pictures[0].left_out == "shows something else"


def test_what_is_none_of_these_is_no_class(store: Workspaces, token: str) -> None:
    first, _ = set_ids(store, token)
    before = store.open(token)
    add(store, token, first, "bart.jpg")
    store.none_of_these(token, add(store, token, None, "car.jpg"))

    workspace = store.open(token)

    assert [labelled.name for labelled in workspace.sets] == [s.name for s in before.sets]
    assert [image.label for image in dataset(store, workspace).images] == ["Set 1"]
    store.add_set(token)
    sets = store.open(token).sets
    assert [labelled.name for labelled in sets] == ["Set 1", "Set 2", "Set 3"]
    assert [labelled.colour for labelled in sets] == [0, 1, 2]
    visitor_token = store.create(visitor="anna")
    store.none_of_these(visitor_token, add(store, visitor_token, None, "car.jpg"))
    [summary] = store.known_to("anna")
    assert (summary.sets, summary.pictures) == (2, 0)


def test_a_class_may_be_called_none_of_these_and_stays_a_class(
    store: Workspaces, token: str
) -> None:
    first, second = set_ids(store, token)
    store.none_of_these(token, add(store, token, None, "car.jpg"))
    for set_id, name in ((first, "none of these"), (second, "None of these")):
        store.rename_set(token, set_id, name)
    folder = store.set_named(token, "none of these")
    assert folder == first
    add(store, token, folder, "bart.jpg")
    assert standing(store, token) == ([["bart.jpg"], []], [], ["car.jpg"])

    strangers = store.open(token).strangers_id
    assert strangers is not None
    with pytest.raises(FeatclassError, match="no class"):
        store.rename_set(token, strangers, "Cars")
    with pytest.raises(FeatclassError, match="no class"):
        store.rename_sets(token, [(first, "Cars"), (strangers, "Boats")])
    assert store.open(token).sets[0].name == "none of these"


def test_a_stranger_moves_into_a_set_and_back_by_undo(store: Workspaces, token: str) -> None:
    first, _ = set_ids(store, token)
    [car] = add(store, token, None, "car.jpg")
    store.none_of_these(token, [car])

    act = store.move_picture(token, car, first)

    assert act is not None
    assert act.what == "Moved car.jpg from none of these to Set 1"
    assert standing(store, token) == ([["car.jpg"], []], [], [])
    undo_last(store, token)
    assert standing(store, token) == ([[], []], [], ["car.jpg"])
    undo_last(store, token)
    assert standing(store, token) == ([[], []], ["car.jpg"], [])


def test_a_move_to_the_id_of_none_of_these_says_the_same(store: Workspaces, token: str) -> None:
    car, boat = add(store, token, None, "car.jpg", "boat.jpg")
    store.none_of_these(token, [car])
    strangers = store.open(token).strangers_id
    assert strangers is not None
    act = store.move_picture(token, boat, strangers)
    assert act is not None
    assert act.what == "Said that boat.jpg is none of these"


def test_strangers_are_removed_one_by_one_or_all_and_brought_back(
    store: Workspaces, token: str
) -> None:
    ids = add(store, token, None, "car.jpg", "boat.jpg", "dog.jpg")
    store.none_of_these(token, ids)
    strangers = store.open(token).strangers_id
    assert strangers is not None

    store.remove_picture(token, ids[0])
    assert standing(store, token)[2] == ["boat.jpg", "dog.jpg"]
    undo_last(store, token)
    act = store.remove_set(token, strangers)
    assert act.what == "Removed 3 pictures of none of these"
    assert standing(store, token)[2] == []
    store.none_of_these(token, add(store, token, None, "house.jpg"))
    assert standing(store, token)[2] == ["house.jpg"]
    store.undo(token, act.id)
    assert sorted(standing(store, token)[2]) == ["boat.jpg", "car.jpg", "dog.jpg", "house.jpg"]


def test_the_same_bytes_are_never_both_in_a_set_and_none_of_these(
    store: Workspaces, token: str
) -> None:
    first, second = set_ids(store, token)
    in_first = add(store, token, first, "car.jpg")
    add(store, token, second, "car.jpg")
    tried = add(store, token, None, "car.jpg")
    before = standing(store, token)

    store.none_of_these(token, tried)
    assert standing(store, token) == ([[], []], [], ["car.jpg"])
    undo_last(store, token)
    assert standing(store, token) == before

    store.none_of_these(token, in_first)
    assert standing(store, token) == ([[], []], ["car.jpg"], ["car.jpg"])
    assert store.open(token).unlabelled == ()
    act = store.move_picture(token, tried[0], first)  # the person's last word holds
    assert act is not None
    assert standing(store, token) == ([["car.jpg"], []], [], [])
    undo_last(store, token)
    assert standing(store, token) == ([[], []], ["car.jpg"], ["car.jpg"])
    store.none_of_these(token, tried)  # it only leaves its place, as with a set
    assert standing(store, token) == ([[], []], [], ["car.jpg"])


def test_a_folder_added_once_more_does_not_overrule_what_was_said_of_its_stray(
    store: Workspaces, token: str
) -> None:
    first, _ = set_ids(store, token)
    _, stray = add(store, token, first, "bart.jpg", "car.jpg")
    store.none_of_these(token, [stray])

    files = [NewPicture(n, f"bytes of {n}".encode()) for n in ("bart.jpg", "car.jpg", "new.jpg")]
    added = store.add_pictures(token, first, files)

    assert [item.duplicate for item in added] == [True, True, False]
    assert added[1].picture_id == stray
    assert standing(store, token) == ([["bart.jpg", "new.jpg"], []], [], ["car.jpg"])


def test_pictures_dropped_on_none_of_these_join_it_unless_a_set_has_them(
    store: Workspaces, token: str
) -> None:
    first, _ = set_ids(store, token)
    add(store, token, first, "bart.jpg")
    store.none_of_these(token, add(store, token, None, "car.jpg"))
    strangers = store.open(token).strangers_id
    add(store, token, strangers, "bart.jpg", "car.jpg", "boat.jpg")
    assert standing(store, token) == ([["bart.jpg"], []], [], ["car.jpg", "boat.jpg"])
    store.reject(token, strangers, [Rejected("notes.txt", "is not a picture")])
    [rejected] = store.open(token).strangers_rejected
    assert rejected.name == "notes.txt"
    store.dismiss_rejected(token, strangers)
    assert store.open(token).strangers_rejected == ()


def test_a_stranger_cannot_be_left_out(store: Workspaces, token: str) -> None:
    ids = add(store, token, None, "car.jpg")
    store.none_of_these(token, ids)
    with pytest.raises(FeatclassError, match="none of these"):
        store.leave_out(token, ids[0])


def test_bytes_of_strangers_are_kept_while_they_are_there(store: Workspaces, token: str) -> None:
    ids = add(store, token, None, "car.jpg")
    store.none_of_these(token, ids)
    digest = store.open(token).strangers[0].digest
    assert store.purge(older_than=A_MOMENT_AGO, grace=A_MOMENT_AGO) == 0
    assert store.read(token, digest) == b"bytes of car.jpg"
    store.remove_picture(token, ids[0])
    assert store.purge(older_than=A_MOMENT_AGO, grace=A_MOMENT_AGO) == 1
    assert store.open(token).strangers == ()


def test_one_workspace_makes_no_stranger_of_anothers_picture(store: Workspaces, token: str) -> None:
    other = store.create()
    ids = add(store, other, None, "car.jpg")
    store.none_of_these(other, ids)
    strangers = store.open(other).strangers_id
    assert strangers is not None
    own = add(store, token, None, "boat.jpg")
    before = store.version(token)
    with pytest.raises(FeatclassError, match="no such picture"):
        store.none_of_these(token, [*own, *ids])
    with pytest.raises(FeatclassError, match="no such set"):
        store.move_pictures(token, own, strangers)
    assert store.version(token) == before
    assert store.open(token).strangers_id is None
    assert standing(store, other)[2] == ["car.jpg"]


def test_a_database_from_before_there_was_none_of_these_is_brought_up_to_date(
    tmp_path: Path,
) -> None:
    with Workspaces(tmp_path) as store:
        token = store.create()
        add(store, token, set_ids(store, token)[0], "bart.jpg")
        [car] = add(store, token, None, "car.jpg")
    db = sqlite3.connect(tmp_path / "workspaces.sqlite", isolation_level=None)
    db.execute("ALTER TABLE labelled_set DROP COLUMN is_class")
    db.execute("PRAGMA user_version = 4")
    db.close()

    with Workspaces(tmp_path) as store:
        assert standing(store, token) == ([["bart.jpg"], []], ["car.jpg"], [])
        store.none_of_these(token, [car])
        assert standing(store, token) == ([["bart.jpg"], []], [], ["car.jpg"])


# The door


def act(client: TestClient, token: str, **what: object) -> Any:
    return client.post(f"/api/w/{token}/act", json=what, headers={"x-featclass": "1"})


def test_the_page_says_none_of_these_of_one_picture_or_many_and_undoes_it(
    client: TestClient,
) -> None:
    store = studio().workspaces
    token = store.create()
    car, boat, dog = add(store, token, None, "car.jpg", "boat.jpg", "dog.jpg")
    one = act(client, token, do="none of these", picture=car)
    many = act(client, token, do="none of these", pictures=[boat, dog, boat])
    assert one.status_code == many.status_code == 200
    assert standing(store, token)[2] == ["car.jpg", "boat.jpg", "dog.jpg"]
    assert act(client, token, do="none of these", picture=car).json() == {}
    assert act(client, token, do="undo", act=many.json()["act"]).status_code == 200
    assert standing(store, token)[2] == ["car.jpg"]
    assert act(client, token, do="undo", act=one.json()["act"]).status_code == 200
    assert standing(store, token)[1:] == (["dog.jpg", "boat.jpg", "car.jpg"], [])


def test_nobody_says_none_of_these_of_a_picture_of_another_workspace(client: TestClient) -> None:
    store = studio().workspaces
    token, other = store.create(), store.create()
    [car] = add(store, other, None, "car.jpg")
    for what in ({"picture": car}, {"pictures": [car]}, {"pictures": ["1e999"]}, {}):
        assert act(client, token, do="none of these", **what).status_code == 400
    assert act(client, "nobody", do="none of these", picture=car).status_code == 400
    assert standing(store, other) == ([[], []], ["car.jpg"], [])


def test_the_pictures_that_are_none_of_these_come_a_page_at_a_time(client: TestClient) -> None:
    store = studio().workspaces
    token, other = store.create(), store.create()
    store.none_of_these(token, add(store, token, None, "car.jpg", "boat.jpg", "dog.jpg"))
    strangers = store.open(token).strangers_id
    answer = client.get(f"/api/w/{token}/sets/{strangers}?from=1&count=1")
    assert [row[2] for row in answer.json()["pictures"]] == ["boat.jpg"]
    assert client.get(f"/api/w/{other}/sets/{strangers}").status_code == 404


def test_the_zip_of_the_sets_makes_no_class_of_what_is_none_of_these(client: TestClient) -> None:
    store = studio().workspaces
    token = store.create()
    add(store, token, set_ids(store, token)[0], "bart.jpg")
    store.none_of_these(token, add(store, token, None, "car.jpg"))
    answer = client.get(f"/api/w/{token}/pictures.zip")
    assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist() == ["Set 1/bart.jpg"]


def test_what_is_none_of_these_is_not_said_to_be_there_already_when_it_comes_to_a_set(
    client: TestClient,
) -> None:
    token = studio().workspaces.create()
    first, _ = set_ids(studio().workspaces, token)

    def sent(*seeds: int) -> Any:
        files = [("file", (f"{seed}.png", drawn(seed))) for seed in seeds]
        where = f"/api/w/{token}/pictures?set={first}"
        return client.post(where, files=files, headers={"x-featclass": "1"}).json()

    assert sent(1, 2) == {"added": 2, "copies": 0, "rejected": 0}
    stranger = studio().workspaces.open(token).sets[0].pictures[0].id
    act(client, token, do="none of these", picture=stranger)
    assert sent(1, 2, 3) == {"added": 1, "copies": 1, "rejected": 0, "opposed": 1}
