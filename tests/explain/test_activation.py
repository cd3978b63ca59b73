"""The exact map: what each place adds to the logit."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import PIL.Image
import pytest

from featclass import classifiers, probe, samples
from featclass.base.errors import FeatclassError
from featclass.base.records import Dataset, Image, Probe, TrainedClassifier
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.encoders import builtin
from featclass.explain import Evidence
from featclass.explain.evidence import activation, fits
from tests.fakes import image


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    opened = Engine(builtin.load("cpu"), Cache(":memory:"), max_pixels=10**8)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def classifier(engine: Engine) -> TrainedClassifier:
    return classifiers.train(engine, Dataset(tuple(_three_classes()))).classifier


def _three_classes() -> Iterator[Image]:
    """Two families, and of both their pictures turned upside down."""
    for number, one in enumerate(samples.training()):
        turned = number % 3 == 0
        label = "turned" if turned else one.label
        yield image(_turned(one.data) if turned else one.data, one.name, label)


def _turned(data: bytes) -> bytes:
    file = io.BytesIO()
    PIL.Image.open(io.BytesIO(data)).rotate(180).save(file, "PNG")
    return file.getvalue()


def test_the_map_of_the_built_in_encoder_sums_to_the_logit_of_every_class(
    engine: Engine, classifier: TrainedClassifier
) -> None:
    assert classifier.probe.roots
    for drawn in samples.held_back()[:4]:
        picture = image(drawn.data)
        vectors = engine.embed([picture]).vectors
        points = np.sqrt(vectors.astype(np.float64))
        points /= np.linalg.norm(points)
        logits = (points @ classifier.probe.coefficients.T + classifier.probe.intercepts)[0]
        for place, label in enumerate(classifier.classes):
            heat = classifiers.explain(engine, classifier, picture, label)
            assert heat.is_exact
            assert heat.values.shape == (9, 9)
            others = np.delete(logits, place).mean()
            assert heat.values.sum() == pytest.approx(logits[place] - others, abs=1e-3)
            assert heat.logit == pytest.approx(logits[place] - others, abs=1e-3)


def test_shown_is_the_class_that_the_prediction_names_and_its_probability(
    engine: Engine, classifier: TrainedClassifier
) -> None:
    picture = image(samples.held_back()[0].data)
    [said] = classifiers.predict(engine, classifier, [picture])
    heat = classifiers.explain(engine, classifier, picture)
    assert heat.label == said.label
    assert heat.probability == pytest.approx(said.probability)
    assert heat.says.endswith(".")
    assert str(said.label) in heat.says


@pytest.mark.parametrize(
    ("size", "across", "down"),
    [((480, 480), 292, 292), ((960, 480), 584, 292), ((480, 1440), 292, 876)],
)
def test_the_box_is_the_middle_that_the_encoder_looks_at(
    engine: Engine, classifier: TrainedClassifier, size: tuple[int, int], across: int, down: int
) -> None:
    file = io.BytesIO()
    PIL.Image.new("RGB", size, "teal").save(file, "PNG")
    heat = classifiers.explain(engine, classifier, image(file.getvalue()))
    assert heat.size == size
    left, top = ((1 - 260 / side) / 2 for side in (across, down))
    assert heat.box == pytest.approx((left, top, 1 - left, 1 - top), abs=2e-3)


def test_what_lies_outside_the_box_changes_nothing_and_what_lies_inside_does(
    engine: Engine, classifier: TrainedClassifier
) -> None:
    picture = PIL.Image.open(io.BytesIO(samples.held_back()[0].data)).convert("RGB")
    wide = PIL.Image.new("RGB", (960, 480), "white")
    wide.paste(picture, (240, 0))
    left, _, right, _ = engine.encoder.kept(wide.size)  # type: ignore[attr-defined]
    inside = engine.encoder.preprocess(wide)
    wide.paste("black", (0, 0, int(left * 960) - 4, 480))
    wide.paste("black", (int(right * 960) + 5, 0, 960, 480))
    np.testing.assert_array_equal(engine.encoder.preprocess(wide), inside)
    wide.paste("black", (0, 0, int(left * 960) + 20, 480))
    assert (engine.encoder.preprocess(wide) != inside).any()


def test_a_picture_that_cannot_be_used_and_a_class_there_is_not_are_said(
    engine: Engine, classifier: TrainedClassifier
) -> None:
    with pytest.raises(FeatclassError, match=r"a\.png could not be used"):
        classifiers.explain(engine, classifier, image(b"words"))
    with pytest.raises(FeatclassError, match="no class 'nobody'"):
        classifiers.explain(engine, classifier, image(samples.held_back()[0].data), "nobody")


@pytest.mark.parametrize("roots", [True, False])
def test_a_place_speaks_for_a_class_as_what_is_seen_there_would_alone(roots: bool) -> None:
    """Two dimensions, each for one class: where only the first is seen, the first is spoken for."""
    weights = np.array([[4.0, -4.0], [-4.0, 4.0]])
    fitted = Probe(("a", "b"), weights, np.array([0.5, -0.5]), roots=roots, floor=0.0)
    features = np.zeros((2, 2, 2), np.float32)
    features[0, 0] = 3, 0
    features[1, 1] = 0, 2
    evidence = Evidence.of(fitted, "a")
    vector = features.mean(axis=(0, 1))
    assert fits(features, vector, evidence)
    values = activation(features, vector, evidence)
    assert values.sum() == pytest.approx(evidence.logits(vector[None])[0])
    assert values[0, 0] > 0 > values[1, 1]
    assert values[0, 1] == values[1, 0] == 0


def test_features_that_are_pooled_otherwise_are_not_taken_for_exact() -> None:
    fitted = Probe(("a", "b"), np.eye(2), np.zeros(2), roots=True, floor=0.0)
    evidence = Evidence.of(fitted, "a")
    features = np.array([[[1.0, 2.0], [3.0, 1.0]]], np.float32)
    assert fits(features, np.array([2.0, 1.5], np.float32), evidence)
    assert not fits(features, np.array([3.0, 2.0], np.float32), evidence)
    features = np.array([[[1.0, 2.0], [3.0, -1.0]]], np.float32)
    assert not fits(features, np.array([2.0, 0.5], np.float32), evidence)


def test_the_gradient_is_that_of_the_logit() -> None:
    chance = np.random.default_rng(1)
    for roots in (True, False):
        vectors = chance.uniform(0.2, 2, (1, 6)).astype(np.float32)
        fitted = Probe(("a", "b"), chance.normal(size=(2, 6)), np.zeros(2), roots=roots, floor=0.0)
        evidence = Evidence.of(fitted, "a")
        [gradient] = evidence.gradient(vectors)
        for place in range(6):
            step = np.zeros((1, 6))
            step[0, place] = 1e-4
            slope = evidence.logits(vectors + step) - evidence.logits(vectors - step)
            assert gradient[place] == pytest.approx(slope[0] / 2e-4, rel=1e-3)


def test_probabilities_follow_from_the_logit_of_two_classes() -> None:
    fitted = Probe(
        ("a", "b"), np.array([[1.0, 3], [2, 1]]), np.array([0.1, 0]), roots=False, floor=0
    )
    vectors = np.array([[0.3, 0.8]], np.float32)
    [logit] = Evidence.of(fitted, "a").logits(vectors)
    assert probe.predict(fitted, vectors)[0, 0] == pytest.approx(1 / (1 + np.exp(-logit)))
