"""Sets followed as they change: learned in the background, and predicted with."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from featclass import classifiers
from featclass.base.progress import Pace
from featclass.base.records import Rejected
from featclass.classifiers import artifact
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.encoders import Pixels
from featclass.server import readiness, state
from featclass.server import trainer as follow
from featclass.server.attempt import Learning
from featclass.server.state import LearningPhase, Result, State
from featclass.web import views
from featclass.workspaces import NewPicture, Picture
from tests.fakes import ColourNames, drawn
from tests.server.learning import SECONDS, Bench


def test_two_filled_sets_become_a_classifier_with_a_score(bench: Bench) -> None:
    bench.add(0, "red", range(5))
    bench.add(1, "blue", range(5))
    state = bench.settle()
    assert state.is_current
    assert state.result is not None
    assert state.result.classifier is not None
    assert state.result.classifier.report.confusion_matrix == ((5, 0), (0, 5))


def test_of_workspaces_looked_at_before_only_as_many_vectors_are_kept_as_fit(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "FEW_STATES", 2)
    monkeypatch.setattr(follow, "KEPT_BYTES", 1)
    tokens = []
    for _ in range(4):
        bench.token = bench.store.create()
        tokens.append(bench.token)
        bench.add(0, "red", range(3))
        bench.add(1, "blue", range(3))
        assert bench.settle().result is not None
    kept = [token for token in tokens if bench.trainer.known(token).result is not None]
    assert kept == tokens[-2:]
    bench.token = tokens[0]
    assert bench.settle().is_current  # it comes back when it is looked at


def test_what_a_state_holds_counts_the_tables_of_a_report_that_somebody_wrote(bench: Bench) -> None:
    bench.add(0, "red", range(3))
    bench.add(1, "blue", range(3))
    settled = bench.settle()
    assert settled.result is not None
    assert settled.result.training is not None
    training, classifier = settled.result.training, settled.result.training.classifier
    names = tuple(f"{number}.png" for number in range(10_000))
    for tables, least in (
        ({"confusion_matrix": ((0,) * 1000,) * 1000}, 8 * 1000**2),
        ({"rejected": tuple(Rejected(name, "no picture") for name in names)}, 300 * len(names)),
    ):
        report = replace(classifier.report, **tables)
        told = replace(training, classifier=replace(classifier, report=report))
        larger = replace(settled, result=replace(settled.result, training=told))
        assert state.held_bytes(larger) - state.held_bytes(settled) >= 0.99 * least


def test_one_filled_set_is_no_classifier_and_no_error(bench: Bench) -> None:
    bench.add(0, "red", range(3))
    state = bench.settle()
    assert state.error == ""
    assert state.result is not None
    assert state.result.classifier is None


def test_a_change_makes_the_result_stale_at_once_and_current_again_soon(bench: Bench) -> None:
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    bench.settle()
    bench.add(1, "blue", range(4, 6))
    assert not bench.follow().is_current
    state = bench.settle()
    assert state.is_current
    assert state.result is not None
    assert state.result.images == 10


def test_the_pace_counts_every_picture_and_begins_anew_with_each_phase(bench: Bench) -> None:
    bench.add(0, "red", range(20))
    bench.add(1, "blue", range(20))
    paces: dict[LearningPhase, list[Pace]] = defaultdict(list)
    phase = LearningPhase.IDLE

    def report(pace: Pace, begun: LearningPhase | None = None) -> None:
        nonlocal phase
        phase = begun or phase
        paces[phase].append(pace)

    workspace = bench.store.open(bench.token)
    with Cache(":memory:") as cache:
        engine = Engine(bench.encoder, cache, max_pixels=10**6)
        first: list[Result] = []
        result = Learning(bench.store, workspace, engine, "key", report, first.append).run()
        engine.close()
    assert [pace.done for pace in paces[LearningPhase.EMBEDDING]] == [0, *range(41)]
    assert {pace.total for pace in paces[LearningPhase.EMBEDDING]} == {40}
    assert paces[LearningPhase.LEARNING][0] == Pace()
    [settling] = first
    assert settling.is_settling
    assert not result.is_settling
    assert settling.training is not None
    assert settling.training.audit is None
    assert result.training is not None
    assert result.training.audit is not None
    assert result.training.out_of_fold == settling.training.out_of_fold


def test_a_further_picture_embeds_only_itself(bench: Bench) -> None:
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    bench.settle()
    before = bench.encoder.encoded
    bench.add(0, "red", range(4, 5))
    bench.settle()
    assert bench.encoder.encoded == before + 1


def test_renaming_a_set_renames_the_class_without_learning_anew(bench: Bench) -> None:
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    bench.add(None, "blue", range(20, 21))
    first = bench.settle().result
    bench.store.rename_set(bench.token, bench.store.open(bench.token).sets[1].id, "Sky")
    state = bench.settle()
    assert first is not None
    assert first.classifier is not None
    assert state.result is not None
    assert state.result.classifier is not None
    assert state.result.classifier.classes == ("Set 1", "Sky")
    assert state.result.classifier.report.seconds is first.classifier.report.seconds
    assert [said.label for said in state.predictions.values()] == ["Sky"]


def test_a_named_but_empty_set_is_a_class_where_the_encoder_reads_names(bench: Bench) -> None:
    vars(bench.encoder)["texts"] = ColourNames()
    ids = [found.id for found in bench.store.open(bench.token).sets[:2]]
    for set_id, name in zip(ids, ("red disc", "blue disc"), strict=True):
        bench.store.rename_set(bench.token, set_id, name)
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    bench.add(None, "green", range(20, 21))
    state = bench.settle()
    assert state.result is not None
    assert state.result.classifier is not None
    assert state.result.classifier.classes == ("blue disc", "red disc")
    third = bench.store.add_set(bench.token)
    bench.store.rename_set(bench.token, third, "green disc")
    state = bench.settle()
    assert state.result is not None
    assert state.result.classifier is not None
    assert state.result.classifier.classes == ("blue disc", "green disc", "red disc")
    assert [said.label for said in state.predictions.values()] == ["green disc"]
    bench.store.rename_set(bench.token, third, "Set 3")  # says nothing any more
    state = bench.settle()
    assert state.result is not None
    assert state.result.classifier is not None
    assert state.result.classifier.classes == ("blue disc", "red disc")


def test_one_filled_set_and_the_name_of_another_are_enough_to_try_pictures(bench: Bench) -> None:
    vars(bench.encoder)["texts"] = ColourNames()
    ids = [found.id for found in bench.store.open(bench.token).sets[:2]]
    bench.add(0, "red", range(2))
    assert not readiness.is_ready(bench.store.open(bench.token), bench.settle())
    for set_id, name in zip(ids, ("red disc", "blue disc"), strict=True):
        bench.store.rename_set(bench.token, set_id, name)
    bench.add(None, "blue", range(20, 21))
    state = bench.settle()
    assert readiness.is_ready(bench.store.open(bench.token), state)
    assert [said.label for said in state.predictions.values()] == ["blue disc"]


@pytest.mark.parametrize("reads", [True, False])
def test_the_stamp_of_what_is_said_changes_when_a_renaming_has_reached_it(
    reads: bool, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reads:
        vars(bench.encoder)["texts"] = ColourNames()
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    bench.add(None, "red", range(20, 21))
    bench.settle()
    ids = [found.id for found in bench.store.open(bench.token).sets]
    with monkeypatch.context() as held:
        held.setattr(bench.trainer._learners, "submit", lambda *_: None)
        bench.store.rename_set(bench.token, ids[0], "red disc")
        workspace = bench.store.open(bench.token)
        before = views.stamp(workspace, bench.follow())
    state = bench.settle()
    assert [said.label for said in state.predictions.values()] == ["red disc"]
    assert views.stamp(workspace, state) != before


def test_what_takes_longer_than_the_score_predicts_nothing_anew(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    said = bench.trainer._predictions

    def counted(result: Result, pictures: Sequence[Picture]) -> Any:
        asked.extend(picture.name for picture in pictures)
        return said(result, pictures)

    def publish(*given: Any) -> None:
        publishing(*given)
        if given[-1].is_settling:
            bench.until(lambda state: not state.is_predicting)

    publishing = bench.trainer._publish
    monkeypatch.setattr(bench.trainer, "_predictions", counted)
    monkeypatch.setattr(bench.trainer, "_publish", publish)
    bench.add(None, "blue", range(20, 23))
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    assert len(bench.settle().predictions) == 3
    assert sorted(asked) == ["blue20.png", "blue21.png", "blue22.png"]


def test_pictures_to_try_are_predicted_and_predicted_anew_after_a_change(bench: Bench) -> None:
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    bench.add(None, "blue", range(30, 32))
    first = bench.settle().predictions
    assert [said.label for said in first.values()] == ["Set 2", "Set 2"]
    bench.add(0, "red", range(4, 9))
    second = bench.settle().predictions
    assert second.keys() == first.keys()
    assert second != first


def test_a_picture_that_cannot_be_decoded_leaves_its_set_with_a_reason(bench: Bench) -> None:
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    where = bench.store.open(bench.token).sets[0].id
    cut = NewPicture("cut.jpg", drawn(1, form="JPEG", size=200)[:800])
    bench.store.add_pictures(bench.token, where, [cut])
    state = bench.settle()
    assert state.is_current
    kept = bench.store.open(bench.token).sets[0]
    assert len(kept.pictures) == 4
    assert [item.name for item in kept.rejected] == ["cut.jpg"]


def test_the_same_picture_in_two_sets_is_reported_and_stays_where_it_is(bench: Bench) -> None:
    bench.add(0, "red", range(5))
    bench.add(1, "blue", range(4))
    bench.add(1, "red", range(1))
    state = bench.settle()
    assert state.result is not None
    assert state.result.images == 8
    assert len(state.result.rejected) == 2
    assert [len(labelled.pictures) for labelled in bench.store.open(bench.token).sets] == [5, 5]


def test_a_saved_classifier_predicts_in_a_workspace_of_its_own(bench: Bench) -> None:
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    made = bench.settle().result
    assert made is not None
    assert made.classifier is not None
    data = artifact.dumps(made.classifier)
    bench.token = bench.store.create(name="Saved")
    bench.store.load_classifier(bench.token, data)
    bench.add(None, "blue", range(40, 41))
    state = bench.settle()
    assert state.result is not None
    assert state.result.classifier is not None
    assert state.result.classifier.classes == ("Set 1", "Set 2")
    assert [said.label for said in state.predictions.values()] == ["Set 2"]


def test_two_workspaces_do_not_see_each_other(bench: Bench) -> None:
    bench.add(0, "red", range(3))
    bench.add(1, "blue", range(3))
    assert bench.settle().result is not None
    bench.token = bench.store.create()
    bench.add(0, "green", range(2))
    other = bench.settle().result
    assert other is not None
    assert other.images == 2


def test_a_moment_without_the_disk_takes_no_picture_out_of_its_set(
    bench: Bench, tmp_path: Path
) -> None:
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    blobs = tmp_path / "data" / "blobs"
    blobs.rename(tmp_path / "away")
    state = bench.settle()
    assert state.result is not None
    assert len(state.result.rejected) == 8
    assert [len(found.pictures) for found in bench.store.open(bench.token).sets] == [4, 4]
    (tmp_path / "away").rename(blobs)
    bench.add(0, "red", range(4, 5))
    state = bench.settle()
    assert state.result is not None
    assert state.result.images == 9


def test_a_prediction_does_not_wait_for_other_workspaces_to_be_learned(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.add(0, "red", range(3))
    bench.add(1, "blue", range(3))
    bench.settle()
    mine = bench.token
    blocked, go_on = threading.Semaphore(0), threading.Event()
    learn = classifiers.learn

    def slow(*arguments: object, **named: object) -> object:
        blocked.release()
        assert go_on.wait(SECONDS)
        return learn(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(classifiers, "learn", slow)
    for _ in range(6):
        bench.token = bench.store.create()
        bench.add(0, "red", range(3))
        bench.add(1, "blue", range(3))
        bench.follow()
    assert blocked.acquire(timeout=SECONDS)
    bench.token = mine
    bench.add(None, "blue", range(50, 51))
    state = bench.settle()
    assert [said.label for said in state.predictions.values()] == ["Set 2"]
    go_on.set()


def test_embedding_stops_soon_after_its_sets_are_gone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = threading.Event()
    encode = bench.encoder.encode

    def slow(pixels: Pixels, *, threads: int | None = None) -> NDArray[np.float32]:
        started.set()
        threading.Event().wait(0.05)
        return encode(pixels, threads=threads)

    monkeypatch.setattr(bench.encoder, "encode", slow)
    bench.add(0, "red", range(200))
    bench.add(1, "blue", range(3))
    bench.follow()
    assert started.wait(SECONDS)
    bench.store.remove_set(bench.token, bench.store.open(bench.token).sets[0].id)
    bench.settle()
    assert bench.encoder.encoded < 150


def test_a_new_classifier_comes_with_what_it_says_of_the_pictures_tried_before(
    bench: Bench,
) -> None:
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    bench.add(None, "blue", range(60, 62))
    bench.settle()
    bench.add(0, "red", range(4, 6))
    state = bench.until(lambda state: state.is_current)
    assert len(state.predictions) == 2


def test_a_picture_left_out_does_not_count_and_taken_back_it_does_again(bench: Bench) -> None:
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    first = bench.settle()
    picture = bench.store.open(bench.token).sets[0].pictures[0]
    bench.store.leave_out(bench.token, picture.id, "blurred")
    assert not bench.follow().is_current
    without = bench.settle()
    assert without.result is not None
    assert without.result.images == 7
    assert without.result.training is not None
    assert picture.digest not in {one.digest for one in without.result.training.out_of_fold}
    bench.store.take_back(bench.token, picture.id)
    assert bench.settle().wanted_key == first.wanted_key


def test_a_set_whose_pictures_are_all_left_out_is_as_good_as_empty(bench: Bench) -> None:
    bench.add(0, "red", range(2))
    for picture in bench.store.open(bench.token).sets[0].pictures:
        bench.store.leave_out(bench.token, picture.id)
    assert not bench.follow().is_busy


def waiting(bench: Bench) -> tuple[bool, str]:
    """Return whether pictures tried are looked at, and else why not."""
    state, workspace = bench.settle(), bench.store.open(bench.token)
    return readiness.is_ready(workspace, state), readiness.hindrance(workspace, state)


def test_two_sets_of_the_same_pictures_say_so_instead_of_looking_for_ever(bench: Bench) -> None:
    bench.add(None, "red", range(50, 51))
    bench.add(0, "red", range(4))
    bench.add(1, "red", range(4))
    told = (
        "All pictures of Set 2 are also in Set 1: remove them from one of the two, so that there"
        " are two sets to tell apart."
    )
    assert waiting(bench) == (False, told)
    bench.add(1, "blue", range(1))  # one of its own
    assert waiting(bench) == (
        False,
        told.replace("Set 2 are also in Set 1", "Set 1 are also in Set 2"),
    )
    bench.add(0, "red", range(10, 11))
    assert waiting(bench) == (True, "")
    assert readiness.in_two_sets(bench.store.open(bench.token).sets) == ""


def test_a_third_set_does_not_hide_that_two_are_the_same(bench: Bench) -> None:
    third = bench.store.add_set(bench.token)
    bench.add(0, "red", range(4))
    bench.add(1, "red", range(4))
    bench.add(2, "blue", range(4))
    assert waiting(bench)[0] is False
    assert waiting(bench)[1].startswith("All pictures of Set 2 are also in Set 1")
    fourth = bench.store.add_set(bench.token)
    bench.add(3, "green", range(4))
    assert waiting(bench) == (True, "")  # two others can be told apart, and yet
    told = readiness.in_two_sets(bench.store.open(bench.token).sets)
    assert told.endswith("one of the two, as a picture in two sets counts in neither.")
    assert third != fourth


def test_sets_that_share_some_pictures_or_nothing_are_learned_without_a_word(bench: Bench) -> None:
    bench.add(0, "red", range(6))
    bench.add(1, "red", range(5, 6))
    assert waiting(bench)[1].startswith("All pictures of Set 2 are also in Set 1")
    bench.add(1, "blue", range(6))
    assert waiting(bench) == (True, "")
    assert readiness.in_two_sets(bench.store.open(bench.token).sets) == ""
    left_out = bench.store.open(bench.token).sets[1].counted
    bench.store.leave_out_pictures(bench.token, [picture.id for picture in left_out[1:]])
    assert waiting(bench)[1].startswith("All pictures of Set 2")


@pytest.mark.parametrize(("share", "shown"), [(0.99999, 0.9999), (1e-6, 1e-4), (0.5, 0.5)])
def test_no_probability_is_rounded_to_all_or_none(share: float, shown: float) -> None:
    assert views.shown_share(share) == shown


def test_while_many_pictures_are_tried_the_state_says_how_many_are_done(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.add(0, "red", range(3))
    bench.add(1, "blue", range(3))
    bench.settle()
    paces: list[Pace] = []
    change = bench.trainer._change

    def seen(token: str, **changes: Any) -> State:
        if "tried_pace" in changes:
            paces.append(changes["tried_pace"])
        return change(token, **changes)

    monkeypatch.setattr(bench.trainer, "_change", seen)
    bench.add(None, "blue", range(100, 140))
    bench.settle()
    assert [(pace.done, pace.total) for pace in paces] == [(0, 40), (16, 40), (32, 40)]
