"""What is none of the sets, as the classifier in the background learns it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from starlette.testclient import TestClient

from featclass import classifiers
from featclass.base.records import Prediction
from featclass.server.state import LearningPhase, Result, State
from featclass.server.studio import studio
from featclass.web import views
from featclass.web.page import tryout
from featclass.web.routes.labelled import places_in
from featclass.workspaces import NewPicture
from tests.fakes import drawn
from tests.server.learning import Bench
from tests.workspaces.stored import undo_last


def strangers_of(state: State) -> int:
    """Return how many strangers the classifier of a workspace knows of."""
    assert state.result is not None
    assert state.result.classifier is not None
    known = state.result.classifier.strangers
    return 0 if known is None else len(known)


def say_none_of_these(bench: Bench, *names: str) -> None:
    tried = bench.store.open(bench.token).tried
    bench.store.none_of_these(bench.token, [one.id for one in tried if one.name in names])


def test_what_is_none_of_these_teaches_the_classifier_but_no_class(bench: Bench) -> None:
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    bench.add(None, "green", range(20, 22))
    first = bench.settle()
    encoded = bench.encoder.encoded
    assert strangers_of(first) == 0
    say_none_of_these(bench, "green20.png")

    assert not bench.follow().is_current
    second = bench.settle()

    assert second.is_current
    assert strangers_of(second) == 1
    assert second.result is not None
    assert second.result.classifier is not None
    assert second.result.classifier.classes == ("Set 1", "Set 2")
    assert second.result.images == 8
    assert bench.encoder.encoded == encoded  # what is known is not embedded once more
    undo_last(bench.store, bench.token)
    assert strangers_of(bench.settle()) == 0


def test_what_is_said_of_the_others_is_said_anew_with_the_new_stranger(bench: Bench) -> None:
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    bench.add(None, "green", range(20, 23))
    first = bench.settle()
    stamp = views.stamp(bench.store.open(bench.token), first)
    say_none_of_these(bench, "green20.png")
    second = bench.settle()
    assert first.result is not None
    assert second.result is not None
    assert views.classifier_stamp(second) != views.classifier_stamp(first)
    assert views.stamp(bench.store.open(bench.token), second) != stamp
    digests = {picture.digest for picture in bench.store.open(bench.token).tried}
    assert second.predictions.keys() == digests
    assert all(second.predictions[one] is not first.predictions[one] for one in digests)


def test_the_score_stays_while_a_new_stranger_is_learned(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    bench.add(None, "green", range(20, 21))
    first = bench.settle()
    go_on = threading.Event()
    learn = classifiers.learn

    def slowly(*given: Any, **named: Any) -> Any:
        go_on.wait(20)
        return learn(*given, **named)

    monkeypatch.setattr(classifiers, "learn", slowly)
    say_none_of_these(bench, "green20.png")
    state = bench.until(lambda state: state.phase is LearningPhase.LEARNING)
    assert state.result is first.result
    assert not state.is_current
    go_on.set()
    assert bench.settle().is_current


def test_a_stray_that_leaves_its_set_for_none_of_these_is_a_change_of_one_picture(
    bench: Bench,
) -> None:
    bench.add(0, "red", range(5))
    bench.add(1, "blue", range(5))
    bench.add(0, "green", range(20, 21))
    bench.settle()
    stray = bench.store.open(bench.token).sets[0].pictures[-1]
    bench.store.none_of_these(bench.token, [stray.id])
    state = bench.settle()
    assert strangers_of(state) == 1
    assert state.result is not None
    assert state.result.images == 10
    assert state.result.before_change is not None
    assert state.result.before_change.same == 10


def test_a_stranger_that_cannot_be_read_is_told_with_its_name_and_reason(bench: Bench) -> None:
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    bench.add(None, "green", range(20, 21))
    say_none_of_these(bench, "green20.png")
    strangers = bench.store.open(bench.token).strangers_id
    cut = NewPicture("cut.jpg", drawn(1, form="JPEG", size=200)[:800])
    bench.store.add_pictures(bench.token, strangers, [cut])
    state = bench.settle()
    assert state.is_current
    assert strangers_of(state) == 1
    workspace = bench.store.open(bench.token)
    assert [picture.name for picture in workspace.strangers] == ["green20.png"]
    [rejected] = workspace.strangers_rejected
    assert rejected.name == "cut.jpg"
    assert rejected.reason
    assert all(not labelled.rejected for labelled in workspace.sets)


def test_what_a_set_has_as_well_is_no_stranger_to_the_classifier(bench: Bench) -> None:
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    removed = bench.store.open(bench.token).sets[0].pictures[0]
    act = bench.store.remove_picture(bench.token, removed.id)
    bench.add(None, "red", range(1))
    say_none_of_these(bench, "red0.png")
    assert strangers_of(bench.settle()) == 1
    bench.store.undo(bench.token, act.id)
    state = bench.settle()
    assert strangers_of(state) == 0
    assert state.result is not None
    assert state.result.images == 8


# What is said of it elsewhere on the page


def test_a_stray_judged_in_its_set_is_found_among_what_is_none_of_these() -> None:
    store = studio().workspaces
    token = store.create()
    [first, second] = store.open(token).sets
    for labelled in (first, second):
        store.add_pictures(token, labelled.id, [NewPicture("a.png", drawn(labelled.id))])
    stray, other = (labelled.pictures[0] for labelled in store.open(token).sets)
    store.none_of_these(token, [stray.id])
    workspace = store.open(token)
    assert places_in(workspace) == {
        stray.digest: (workspace.strangers_id, workspace.strangers[0]),
        other.digest: (second.id, other),
    }


# Asking


@pytest.fixture
def door(fake_encoder: None, client: TestClient) -> TestClient:
    return client


def asked(door: TestClient, token: str, *without: int) -> list[int]:
    """Return the pictures asked about, in their order."""
    given = ",".join(map(str, without))
    answer = door.get(f"/api/w/{token}/questions", params={"without": given})
    return [row[0] for row in answer.json()["questions"]]


def tried_pictures(token: str, **numbers: int) -> None:
    files = [
        NewPicture(f"{colour}{seed}.png", drawn(seed, colour))
        for colour, number in numbers.items()
        for seed in range(number)
    ]
    studio().workspaces.add_pictures(token, None, files)


def test_what_was_said_to_be_none_of_these_is_not_asked_about_nor_its_like_first(
    door: TestClient,
) -> None:
    store = studio().workspaces
    token = store.create()
    tried_pictures(token, green=7, blue=4)
    before = asked(door, token)
    # As of a picture that the person would not label, though that is said in no request any more.
    without = asked(door, token, before[0])
    act = store.none_of_these(token, before[:1])
    assert act is not None
    assert asked(door, token) == without
    store.undo(token, act.id)
    assert asked(door, token) == before


def test_what_is_expected_right_of_the_others_leaves_out_strangers() -> None:
    store = studio().workspaces
    token = store.create()
    tried_pictures(token, red=2, green=2)
    red, other, stranger, said = reversed(store.open(token).tried)
    predictions = {
        red.digest: Prediction("red0.png", "Set 1", 0.9),
        other.digest: Prediction("red1.png", "Set 1", 0.7),
        stranger.digest: Prediction("green0.png", "Set 1", 0.99, known=False),
        said.digest: Prediction("green1.png", "Set 1", 0.8),
    }
    state = State(predictions=predictions, result=Result("", None, {}, 0, (), object()))  # type: ignore[arg-type]
    store.none_of_these(token, [said.id])
    assert tryout.expected_right(store.open(token).unlabelled, state) == pytest.approx((1.6, 2))
