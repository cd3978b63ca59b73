"""What is over is let go: the vectors of classifiers, and every part of a server that ends."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from featclass import classifiers, probe
from featclass.audit.families import Components, _Families
from featclass.base.records import Dataset, TrainedClassifier
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Embeddings, Engine
from featclass.server import studio
from featclass.web.routes import predictions as why
from featclass.workspaces import NewPicture
from tests.audit.drawings import look, photo, saved
from tests.fakes import GridEncoder, drawn, image, two_classes


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Cache(":memory:") as cache:
        opened = Engine(GridEncoder(spec="builtin"), cache, max_pixels=10**7)
        yield opened
        opened.close()


def trained(engine: Engine) -> TrainedClassifier:
    embedded = classifiers.embed(engine, Dataset(tuple(two_classes())))
    strangers = engine.embed([image(drawn(seed, "green"), f"{seed}.png") for seed in range(3)])
    return classifiers.learn(replace(embedded, strangers=strangers), engine).classifier


def predict(classifier: TrainedClassifier) -> list[bool]:
    vectors = np.random.default_rng(0).normal(size=(5, 48)).astype(np.float32)
    pictures = tuple(image(bytes([i]), f"{i}.png") for i in range(5))
    embedded = Embeddings(pictures, vectors)
    return [said.known for said in classifiers.predict_embedded(classifier, embedded)]


def test_the_vectors_of_a_classifier_that_predicted_go_with_it(engine: Engine) -> None:
    classifier = trained(engine)
    predict(classifier)
    assert classifier.strangers is not None
    vectors = weakref.ref(classifier.exemplars.vectors), weakref.ref(classifier.strangers)
    gc.collect()  # of training, which is not what this is about
    gc.disable()
    try:
        del classifier
        assert [one() for one in vectors] == [None, None]
    finally:
        gc.enable()


def test_what_resembles_a_class_is_measured_once_and_anew_with_other_strangers(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[Any] = []
    of = probe.NoveltyDetector.of

    def counted(*given: Any) -> probe.NoveltyDetector:
        measured.append(given)
        return of(*given)

    classifier = trained(engine)
    monkeypatch.setattr(probe.NoveltyDetector, "of", counted)
    fresh = replace(classifier, exemplars=replace(classifier.exemplars))
    assert predict(fresh) == predict(fresh) == predict(replace(fresh, versions={}))
    assert len(measured) == 1
    predict(replace(fresh, strangers=None))
    assert len(measured) == 2


def test_why_keeps_no_classifier_that_is_gone(
    client: TestClient, fake_encoder: None, engine: Engine
) -> None:
    classifier = trained(engine)
    picture = image(drawn(40))
    heat = classifiers.explain(engine, classifier, picture)
    why._keep((picture.digest, None), classifier.probe, heat)
    coefficients = weakref.ref(classifier.probe.coefficients)
    gc.collect()
    del classifier
    assert coefficients() is None


def test_pictures_laid_over_each_other_are_let_go_at_once() -> None:
    appearances = [look(saved(photo(seed))) for seed in range(2)]
    families = _Families(appearances, np.zeros(2, np.float32))
    for one, other, change in families.laid_over([(0, 1)], Components(2)):
        assert families.join(one, other, change) is False
    gone = weakref.ref(families)
    gc.disable()
    try:
        del families
        assert gone() is None
    finally:
        gc.enable()


def test_a_part_that_cannot_be_closed_keeps_no_other_open(
    fake_encoder: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = studio.studio()
    token = parts.workspaces.create()
    parts.workspaces.add_pictures(token, None, [NewPicture("a.png", drawn(1))])
    parts.engines.get("builtin")
    closed: list[str] = []

    def fails() -> None:
        raise RuntimeError("deque mutated during iteration")

    monkeypatch.setattr(parts.batches, "close", fails)
    monkeypatch.setattr(parts.engines._engines["builtin"], "close", fails)
    for name in ("cache", "workspaces"):
        _watch(monkeypatch, getattr(parts, name), name, closed)
    with pytest.raises(RuntimeError, match="mutated"):
        studio.close()
    assert closed == ["cache", "workspaces"]
    assert parts.engines._engines == {}
    assert not gc.get_freeze_count()


def _watch(monkeypatch: pytest.MonkeyPatch, part: Any, name: str, closed: list[str]) -> None:
    close = part.close

    def watched() -> None:
        closed.append(name)
        close()

    monkeypatch.setattr(part, "close", watched)
