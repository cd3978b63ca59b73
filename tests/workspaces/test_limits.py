"""How much one workspace holds, and that what is done in it takes no more than its share."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from featclass.base.errors import FeatclassError
from featclass.base.records import Rejected
from featclass.server.studio import studio
from featclass.workspaces import NewPicture, limits
from tests.fakes import drawn
from tests.filled import OURS, first


@pytest.fixture
def token() -> str:
    return studio().workspaces.create()


def pictures(*seeds: int) -> list[NewPicture]:
    return [NewPicture(f"{seed}.png", drawn(seed)) for seed in seeds]


def statements(what: Any) -> int:
    """Return how many statements the database is asked while `what` is done."""
    asked: list[str] = []
    engine = studio().workspaces._database._engine

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        what()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(asked)


def rows(what: Any) -> int:
    """Return how many rows of sets are read while `what` is done."""
    from featclass.workspaces import sets

    counted = 0
    real = sets._sets

    def counting(*args: Any, **named: Any) -> Any:
        nonlocal counted
        found = real(*args, **named)
        counted += len(found)
        return found

    sets._sets = counting
    try:
        what()
    finally:
        sets._sets = real
    return counted


def test_sets_are_bounded_and_the_sentence_says_what_to_do(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_SETS", 5)
    store = studio().workspaces
    store.sets_named(token, ["a", "b", "c", "d", "e"])
    with pytest.raises(FeatclassError, match=r"5 sets at most.*start another workspace"):
        store.add_set(token)
    answer = client.post(f"/api/w/{token}/act", json={"do": "add set"}, headers=OURS)
    assert "5 sets at most" in answer.json()["error"]
    with pytest.raises(FeatclassError, match="5 sets at most"):
        store.set_named(token, "f")
    assert store.set_named(token, "c")
    body = {"set": "new", "paths": ["d/x/1.png", "d/y/1.png"]}
    answer = client.post(f"/api/w/{token}/plan", json=body, headers=OURS)
    assert answer.status_code == 400
    assert "5 sets at most" in answer.json()["error"]
    assert [found.name for found in store.open(token).sets] == ["a", "b", "c", "d", "e"]


def test_a_plan_that_would_make_too_many_sets_makes_none(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_SETS", 5)
    with pytest.raises(FeatclassError):
        studio().workspaces.sets_named(token, [f"class {i}" for i in range(6)])
    assert [found.name for found in studio().workspaces.open(token).sets] == ["Set 1", "Set 2"]


def test_a_plan_with_ten_times_the_sets_takes_ten_times_the_work(
    client: TestClient, token: str
) -> None:
    def plan(count: int, start: int) -> None:
        paths = [f"d/class {i}/1.png" for i in range(start, start + count)]
        body = {"set": "new", "paths": paths}
        answer = client.post(f"/api/w/{token}/plan", json=body, headers=OURS)
        assert len(answer.json()["sets"]) == count

    plan(10, 0)
    assert rows(lambda: plan(40, 100)) < 400
    few, many = (statements(lambda n=n: plan(n, 1000 * n)) for n in (20, 200))
    assert many < 12 * few
    # Again and again in the same workspace: what is there already is looked at once.
    assert rows(lambda: plan(40, 5000)) < 2000


def test_of_sets_named_together_each_name_is_one_set_and_none_takes_over_another(
    token: str,
) -> None:
    store = studio().workspaces
    before = {found.name: found.id for found in store.open(token).sets}
    wanted = ["Set 2", "cats", "dogs", " cats ", "\u200b", "birds"]
    together = store.sets_named(token, wanted)
    names = {found.id: found.name for found in store.open(token).sets}
    assert together["cats"] == together[" cats "] == before["Set 1"]  # it was never used
    assert together["Set 2"] == before["Set 2"]
    for name in ("cats", "dogs", "birds", "Set 2"):
        assert names[together[name]] == name
    assert len(names) == 5  # what nothing is left of once cleaned has a set of its own
    colours = [found.colour for found in store.open(token).sets]
    assert len(set(colours)) == len(colours)
    assert store.sets_named(token, wanted[1:4]) == {n: together[n] for n in wanted[1:4]}


def test_pictures_of_the_sets_are_bounded_and_nothing_is_kept_of_those_beyond(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_PICTURES", 3)
    store = studio().workspaces
    store.add_pictures(token, first(token), pictures(1, 2))
    with pytest.raises(FeatclassError, match="3 pictures in its sets at most, and has 2"):
        store.add_pictures(token, first(token), pictures(3, 4))
    store.add_pictures(token, first(token), pictures(2, 3))
    before = sorted(store.digests())
    where = f"/api/w/{token}/pictures?set={first(token)}"
    answer = client.post(where, files={"f": ("5.png", drawn(5))}, headers=OURS)
    assert answer.status_code == 400
    assert "remove some, or start another workspace" in answer.json()["error"]
    assert sorted(store.digests()) == before
    store.add_pictures(token, None, pictures(6))  # those tried are counted by themselves
    store.remove_picture(token, store.open(token).sets[0].pictures[0].id)
    store.add_pictures(token, first(token), pictures(7))


def test_pictures_tried_are_bounded_and_a_batch_is_offered(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_TRIED", 2)
    store = studio().workspaces
    store.add_pictures(token, None, pictures(1, 2))
    where = f"/api/w/{token}/pictures?set=try"
    answer = client.post(where, files={"f": ("3.png", drawn(3))}, headers=OURS)
    assert answer.status_code == 400
    assert "clear them, or have a zip of them predicted" in answer.json()["error"]
    store.clear_tried(token)
    assert client.post(where, files={"f": ("3.png", drawn(3))}, headers=OURS).is_success


def test_adding_and_clearing_again_and_again_has_an_end(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_KEPT", 4)
    store = studio().workspaces
    for seeds in ((1, 2), (3, 4)):
        store.add_pictures(token, None, pictures(*seeds))
        store.clear_tried(token)
    with pytest.raises(FeatclassError, match="can be brought back"):
        store.add_pictures(token, None, pictures(5))


def test_of_rejected_files_the_first_are_listed_and_it_is_said_that_there_are_more(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_REJECTED", 10)
    store = studio().workspaces
    for start in range(0, 60, 6):
        refused = [Rejected(f"{i}.txt", "it is text") for i in range(start, start + 6)]
        store.reject(token, first(token), refused)
        store.reject(token, None, refused)
    workspace = store.open(token)
    listed = [*workspace.sets[0].rejected, *workspace.tried_rejected]
    assert len(listed) == 10
    assert listed[0].name == "0.txt"
    [more] = [item for item in listed if item.name == "More files"]
    assert "dismiss them" in more.reason
    store.dismiss_rejected(token, first(token))
    store.dismiss_rejected(token, None)
    store.reject(token, None, [Rejected("late.txt", "it is text")])
    assert [item.name for item in store.open(token).tried_rejected] == ["late.txt"]


def test_rejecting_and_dismissing_again_and_again_has_an_end(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from featclass.workspaces.tables import rejections

    monkeypatch.setattr(limits, "MOST_REJECTED_KEPT", 30)
    store = studio().workspaces
    for turn in range(9):
        refused = [Rejected(f"{turn} {i}.txt", "it is text") for i in range(8)]
        store.reject(token, None, refused)
        store.dismiss_rejected(token, None)
    with store._database.read() as db:
        assert len(db.execute(rejections.select()).all()) == 30


def test_a_hundred_thousand_rejected_files_cost_a_look_no_more_than_a_thousand(token: str) -> None:
    refused = [Rejected(f"{i}.txt", "it is text") for i in range(100_000)]
    studio().workspaces.reject(token, first(token), refused)
    assert len(studio().workspaces.open(token).sets[0].rejected) == limits.MOST_REJECTED
