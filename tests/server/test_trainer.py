from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from featclass import classifiers, encoders
from featclass.base import config
from featclass.base.errors import EncoderUnavailable
from featclass.base.pace import Pace
from featclass.base.records import Rejected
from featclass.classifiers import artifact
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.embedding.engines import Engines
from featclass.encoders import Pixels
from featclass.server import state
from featclass.server import trainer as follow
from featclass.server.attempt import Learning
from featclass.server.downloads import Downloads
from featclass.server.state import Before, LearningPhase, Result, State
from featclass.server.trainer import Trainer
from featclass.web import views
from featclass.workspaces import NewPicture, Picture, Workspaces
from tests.fakes import ColourNames, GridEncoder, drawn

SECONDS = 20


@dataclass
class Bench:
    """A trainer over a fake encoder, and the waiting that tests need."""

    store: Workspaces
    trainer: Trainer
    encoder: GridEncoder
    token: str = field(default="")

    def add(self, place: int | None, colour: str, seeds: range) -> None:
        set_id = None if place is None else self.store.open(self.token).sets[place].id
        pictures = [NewPicture(f"{colour}{seed}.png", drawn(seed, colour)) for seed in seeds]
        self.store.add_pictures(self.token, set_id, pictures)

    def follow(self) -> State:
        return self.trainer.follow(self.store.open(self.token))

    def settle(self) -> State:
        """Follow until nothing is being done any more."""
        return self.until(lambda state: not state.is_busy)

    def until(self, holds: Callable[[State], bool]) -> State:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if holds(state := self.follow()):
                return state
            self.trainer.wait(0.05)
        raise AssertionError(f"never came true: {state}")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    settings = config.load()
    fake = GridEncoder(spec="builtin")
    monkeypatch.setattr(encoders, "load", lambda *_, **__: fake)
    monkeypatch.setattr(encoders, "choose_device", lambda _: "cpu")
    with Workspaces(tmp_path / "data") as store, Cache(":memory:") as cache:
        engines, downloads = Engines(settings, cache), Downloads(settings)
        trainer = Trainer(settings, store, engines, downloads)
        made = Bench(store, trainer, fake)
        made.token = store.create()
        yield made
        trainer.close()
        engines.close()


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

    def report(**changes: Any) -> None:
        nonlocal phase
        phase = changes.get("phase", phase)
        paces[phase].append(changes["pace"])

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
    assert not views.is_ready(bench.store.open(bench.token), bench.settle())
    for set_id, name in zip(ids, ("red disc", "blue disc"), strict=True):
        bench.store.rename_set(bench.token, set_id, name)
    bench.add(None, "blue", range(20, 21))
    state = bench.settle()
    assert views.is_ready(bench.store.open(bench.token), state)
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
    said = bench.trainer._said

    def counted(result: Result, pictures: Sequence[Picture]) -> Any:
        asked.extend(picture.name for picture in pictures)
        return said(result, pictures)

    def publish(*given: Any) -> None:
        publishing(*given)
        if given[-1].is_settling:
            bench.until(lambda state: not state.is_predicting)

    publishing = bench.trainer._publish
    monkeypatch.setattr(bench.trainer, "_said", counted)
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


def test_a_failure_is_told_in_a_sentence_and_can_be_retried(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.add(0, "red", range(3))
    bench.add(1, "blue", range(3))

    def broken(*_: object, **__: object) -> GridEncoder:
        raise RuntimeError("the wires are crossed")

    with monkeypatch.context() as patch:
        patch.setattr(encoders, "load", broken)
        state = bench.settle()
    assert "RuntimeError" in state.error
    bench.trainer.retry(bench.token)
    assert bench.settle().is_current


def test_an_encoder_named_but_not_here_waits_instead_of_being_replaced(bench: Bench) -> None:
    bench.add(0, "red", range(3))
    bench.add(1, "blue", range(3))
    bench.store.choose_encoder(bench.token, "ViT-L-14/datacomp_xl_s13b_b90k")
    state = bench.settle()
    assert state.waits_for == "ViT-L-14/datacomp_xl_s13b_b90k"
    assert state.result is None


def test_when_a_better_encoder_arrives_it_takes_over_and_the_old_score_is_remembered(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    bench.add(None, "blue", range(9, 10))
    assert bench.settle().result is not None
    better = encoders.preferred("cpu")
    arrived = GridEncoder(spec=better, id="11" * 32, fingerprint="22" * 32)
    monkeypatch.setattr(encoders, "is_local", lambda *_: True)
    monkeypatch.setattr(encoders, "load", lambda *_, **__: arrived)
    state = bench.settle()
    assert state.result is not None
    assert state.result.classifier is not None
    assert state.result.classifier.encoder == better
    assert arrived.encoded == 9
    assert state.result.before is not None
    assert state.result.before.encoder == "builtin"
    assert len(state.predictions) == 1


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


def test_the_engine_is_loaded_once_for_all_workspaces(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[str] = []

    def load(spec: str, **_: object) -> GridEncoder:
        loads.append(spec)
        return bench.encoder

    monkeypatch.setattr(encoders, "load", load)
    for _ in range(3):
        bench.token = bench.store.create()
        bench.add(0, "red", range(2))
        bench.add(1, "blue", range(2))
        bench.settle()
    assert loads == ["builtin"]


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


def test_a_saved_classifier_runs_with_its_own_encoder_whatever_auto_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.add(0, "red", range(4))
    bench.add(1, "blue", range(4))
    made = bench.settle().result
    assert made is not None
    assert made.classifier is not None
    other = GridEncoder(spec=encoders.preferred("cpu"), id="11" * 32, fingerprint="22" * 32)
    known = {"builtin": bench.encoder, other.spec: other}
    monkeypatch.setattr(encoders, "is_local", lambda *_: True)
    monkeypatch.setattr(encoders, "load", lambda spec, **_: known[spec])
    saved = bench.store.create(name="Saved")
    bench.store.load_classifier(saved, artifact.dumps(made.classifier))
    bench.store.choose_encoder(saved, made.classifier.encoder)
    bench.token = saved
    bench.add(None, "blue", range(40, 41))
    state = bench.settle()
    assert state.error == ""
    assert [said.label for said in state.predictions.values()] == ["Set 2"]


def test_an_encoder_nobody_knows_is_an_error_in_a_sentence_and_can_be_changed(
    bench: Bench,
) -> None:
    bench.add(0, "red", range(3))
    bench.add(1, "blue", range(3))
    bench.store.choose_encoder(bench.token, "ViT-B-32/nope")
    assert "ViT-B-32/nope" in bench.settle().error
    bench.store.choose_encoder(bench.token, "builtin")
    state = bench.settle()
    assert state.error == ""
    assert state.is_current


def test_an_error_of_an_encoder_given_up_meanwhile_does_not_stick(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.add(0, "red", range(3))
    bench.add(1, "blue", range(3))
    loading, go_on = threading.Event(), threading.Event()

    def load(spec: str, **_: object) -> GridEncoder:
        if spec == "builtin":
            return bench.encoder
        loading.set()
        assert go_on.wait(SECONDS)
        raise EncoderUnavailable("Its weights are damaged.")

    monkeypatch.setattr(encoders, "load", load)
    monkeypatch.setattr(encoders, "is_local", lambda *_: True)
    bench.store.choose_encoder(bench.token, "ViT-L-14/datacomp_xl_s13b_b90k")
    bench.follow()
    assert loading.wait(SECONDS)
    bench.store.choose_encoder(bench.token, "builtin")
    bench.follow()
    go_on.set()
    state = bench.settle()
    assert state.error == ""
    assert state.is_current


def test_auto_does_without_local_weights_that_do_not_load_and_says_why(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.add(0, "red", range(3))
    bench.add(1, "blue", range(3))

    def load(spec: str, **_: object) -> GridEncoder:
        if spec == "builtin":
            return bench.encoder
        raise EncoderUnavailable("Its weights are damaged.")

    monkeypatch.setattr(encoders, "load", load)
    monkeypatch.setattr(encoders, "is_local", lambda *_: True)
    state = bench.settle()
    assert state.error == ""
    assert state.is_current
    assert "damaged" in bench.trainer.why_unusable(encoders.preferred("cpu"))


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


def test_after_a_few_pictures_have_changed_the_score_before_is_remembered(bench: Bench) -> None:
    bench.add(0, "red", range(5))
    bench.add(1, "blue", range(4))
    bench.add(0, "blue", range(80, 81))
    first = bench.settle().result
    assert first is not None
    assert first.classifier is not None
    assert first.before_change is None
    stray = bench.store.open(bench.token).sets[0].pictures[-1]
    moved = bench.store.move_picture(
        bench.token, stray.id, bench.store.open(bench.token).sets[1].id
    )
    second = bench.settle().result
    assert second is not None
    assert second.classifier is not None
    assert second.before_change is not None
    assert second.before_change.report == first.classifier.report
    assert second.before_change.same == 9
    assert moved is not None
    bench.store.undo(bench.token, moved.id)
    third = bench.settle().result
    assert third is not None
    assert third.before_change is not None
    assert third.before_change.report == second.classifier.report


def test_a_picture_moved_to_where_it_was_guessed_raises_the_score_by_itself(bench: Bench) -> None:
    bench.add(0, "red", range(5))
    bench.add(1, "blue", range(4))
    bench.add(0, "blue", range(80, 81))
    bench.settle()
    blue = bench.store.open(bench.token).sets[1].id
    stray = bench.store.open(bench.token).sets[0].pictures[-1]
    moved = bench.store.move_picture(bench.token, stray.id, blue)
    before = before_of(bench)
    assert (before.moved_as_guessed, before.left_out_wrong) == (1, 0)
    assert moved is not None
    bench.store.undo(bench.token, moved.id)
    assert not before_of(bench).raises_itself  # against what it says
    bench.store.leave_out(bench.token, stray.id)
    before = before_of(bench)
    assert (before.moved_as_guessed, before.left_out_wrong) == (0, 1)
    bench.add(1, "blue", range(4, 5))
    assert not before_of(bench).raises_itself
    right = bench.store.open(bench.token).sets[0].counted[0]
    bench.store.leave_out(bench.token, right.id)
    assert not before_of(bench).raises_itself
    other = bench.store.open(bench.token).sets[0].counted[0]
    bench.store.move_picture(bench.token, other.id, blue)
    assert not before_of(bench).raises_itself


def before_of(bench: Bench) -> Before:
    """Return what the score was before the last change."""
    result = bench.settle().result
    assert result is not None
    assert result.before_change is not None
    return result.before_change


def test_however_many_pictures_changed_one_moved_to_where_it_was_guessed_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.add(0, "red", range(5))
    bench.add(1, "blue", range(4))
    bench.add(0, "blue", range(80, 81))
    bench.settle()
    monkeypatch.setattr(state, "FEW", 0)  # so that one is many
    [red, blue] = bench.store.open(bench.token).sets[:2]
    moved = bench.store.move_picture(bench.token, red.pictures[-1].id, blue.id)
    assert before_of(bench).moved_as_guessed == 1
    assert moved is not None
    bench.store.undo(bench.token, moved.id)
    result = bench.settle().result
    assert result is not None
    assert result.before_change is None


def waiting(bench: Bench) -> tuple[bool, str]:
    """Return whether pictures tried are looked at, and else why not."""
    state, workspace = bench.settle(), bench.store.open(bench.token)
    return views.is_ready(workspace, state), views.hindrance(workspace, state)


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
    assert views.in_two_sets(bench.store.open(bench.token).sets) == ""


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
    told = views.in_two_sets(bench.store.open(bench.token).sets)
    assert told.endswith("one of the two, as a picture in two sets counts in neither.")
    assert third != fourth


def test_sets_that_share_some_pictures_or_nothing_are_learned_without_a_word(bench: Bench) -> None:
    bench.add(0, "red", range(6))
    bench.add(1, "red", range(5, 6))
    assert waiting(bench)[1].startswith("All pictures of Set 2 are also in Set 1")
    bench.add(1, "blue", range(6))
    assert waiting(bench) == (True, "")
    assert views.in_two_sets(bench.store.open(bench.token).sets) == ""
    left_out = bench.store.open(bench.token).sets[1].counted
    bench.store.leave_out_pictures(bench.token, [picture.id for picture in left_out[1:]])
    assert waiting(bench)[1].startswith("All pictures of Set 2")


@pytest.mark.parametrize(("share", "shown"), [(0.99999, 0.9999), (1e-6, 1e-4), (0.5, 0.5)])
def test_no_probability_is_rounded_to_all_or_none(share: float, shown: float) -> None:
    assert views.shown_share(share) == shown


def test_a_hard_picture_that_is_added_is_told_apart_from_those_there_before(bench: Bench) -> None:
    bench.add(0, "red", range(5))
    bench.add(1, "blue", range(5))
    bench.settle()
    bench.add(0, "blue", range(80, 81))
    result = bench.settle().result
    assert result is not None
    assert result.classifier is not None
    before = result.before_change
    assert before is not None
    assert before.report.accuracy == 1
    assert (before.same, before.same_right) == (10, 10)
    matrix = result.classifier.report.confusion_matrix
    assert matrix is not None
    right = matrix[0][0] + matrix[1][1]
    assert right == before.same_right_now  # and the new one is wrong


def test_after_many_pictures_have_come_no_score_before_is_shown(bench: Bench) -> None:
    bench.add(0, "red", range(3))
    bench.add(1, "blue", range(3))
    bench.settle()
    bench.add(0, "red", range(3, 9))
    result = bench.settle().result
    assert result is not None
    assert result.before_change is None


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
