"""Which encoder a workspace is learned with, and what is said when it cannot be had."""

from __future__ import annotations

import threading

import pytest

from featclass import encoders
from featclass.base.errors import EncoderUnavailable
from featclass.classifiers import artifact
from tests.fakes import GridEncoder
from tests.server.learning import SECONDS, Bench


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
    assert "damaged" in bench.trainer.choice.why_unusable(encoders.preferred("cpu"))
