from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from featclass import classifiers, datasets, probe
from featclass.base.errors import DatasetError
from featclass.base.records import Dataset, Image
from featclass.classifiers import artifact, naming
from featclass.classifiers.report_json import from_json, to_json
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.probe import discriminant, folds, kinds
from featclass.probe import text_prior as prior
from featclass.probe.normalisation import normalise
from tests.fakes import ColourNames, GridEncoder, drawn, image

Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
CLASSES = ("ant", "bee", "cow")


def embedded(per_class: int, *, seed: int = 0, classes: int = 3) -> tuple[Vectors, list[str]]:
    """Embeddings of classes that overlap, in a narrow cone as those of real encoders."""
    rng = np.random.default_rng([seed, per_class])
    codes = np.repeat(np.arange(classes), per_class)
    noise = 0.15 * rng.normal(size=(codes.size, 64))
    return (centres()[codes] + noise).astype(np.float32), [CLASSES[code] for code in codes]


def centres() -> Floats:
    rng = np.random.default_rng(1)
    apart, common = rng.normal(size=(3, 64)), rng.normal(size=64)
    apart /= np.linalg.norm(apart, axis=1, keepdims=True)
    return np.asarray(common / np.linalg.norm(common) + 0.35 * apart)


def informed(scale: float = 40.0) -> probe.TextPrior:
    """Names that point to where the classes are, from another cone than the images."""
    shared = centres().mean(axis=0)
    return probe.TextPrior(CLASSES, probe.normalise(centres() - 1.8 * shared), scale)


def misleading(seed: int = 0) -> probe.TextPrior:
    vectors = np.random.default_rng(seed).normal(size=(3, 64))
    return probe.TextPrior(CLASSES, probe.normalise(vectors), 40.0)


def loss(probabilities: Floats, labels: Sequence[str]) -> float:
    own = probabilities[np.arange(len(labels)), [CLASSES.index(label) for label in labels]]
    return float(-np.log(own).mean())


def test_names_that_point_to_the_classes_lower_the_loss_out_of_fold_and_on_new_images() -> None:
    vectors, labels = embedded(5)
    alone = probe.out_of_fold(vectors, labels)
    helped = probe.out_of_fold(vectors, labels, prior=informed())
    assert helped.blend is not None
    assert helped.blend.weight > 0
    assert loss(helped.probabilities, labels) < 0.8 * loss(alone.probabilities, labels)
    new, truth = embedded(100, seed=9)
    without = probe.fit(vectors, labels, calibrated=alone.calibrated)
    blended = probe.fit(
        vectors, labels, calibrated=helped.calibrated, prior=informed(), blend=helped.blend
    )
    assert loss(probe.predict(blended, new), truth) < 0.8 * loss(probe.predict(without, new), truth)


def test_names_that_mislead_change_nothing() -> None:
    vectors, labels = embedded(8)
    alone = probe.out_of_fold(vectors, labels)
    same = probe.out_of_fold(vectors, labels, prior=misleading())
    assert same.blend is not None
    assert same.blend.weight == 0
    np.testing.assert_allclose(same.probabilities, alone.probabilities, atol=1e-9)
    new, _ = embedded(20, seed=9)
    without = probe.fit(vectors, labels, calibrated=alone.calibrated)
    blended = probe.fit(
        vectors, labels, calibrated=same.calibrated, prior=misleading(), blend=same.blend
    )
    np.testing.assert_allclose(probe.predict(blended, new), probe.predict(without, new), atol=1e-9)


def test_names_by_chance_seldom_count() -> None:
    weights = []
    for seed in range(20):
        vectors, labels = embedded(6, seed=seed)
        found = probe.out_of_fold(vectors, labels, prior=misleading(seed), repeats=1)
        assert found.blend is not None
        weights.append(found.blend.weight)
    assert np.count_nonzero(weights) <= 4


def test_the_weight_of_a_fold_is_chosen_without_its_images(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[Floats, Codes]] = []
    real = prior.learned

    def spied(
        places: Floats,
        codes: Codes,
        these: folds.Images,
        texts: Floats,
        where: Codes,
        *,
        seed: int,
        kind: kinds.Kind,
    ) -> prior.Blend:
        asked.append((places, codes))
        return real(places, codes, these, texts, where, seed=seed, kind=kind)

    monkeypatch.setattr(prior, "learned", spied)
    vectors, labels = embedded(5)
    found = probe.out_of_fold(vectors, labels, prior=informed(), repeats=1)
    everything = normalise(vectors)
    assert len(asked) == found.folds
    for fold, (places, codes) in enumerate(asked):
        kept = found.held_out != fold
        np.testing.assert_array_equal(places, everything[kept])
        assert codes.tolist() == [CLASSES.index(x) for x, k in zip(labels, kept, strict=True) if k]


def test_labels_by_chance_are_right_by_chance_whatever_the_names() -> None:
    rates = []
    for seed in range(12):
        vectors, labels = embedded(12, seed=seed)
        shuffled = [labels[i] for i in np.random.default_rng(seed).permutation(len(labels))]
        found = probe.out_of_fold(vectors, shuffled, prior=misleading(seed), repeats=1)
        truth = np.array([CLASSES.index(label) for label in shuffled])
        rates.append((found.probabilities.argmax(axis=1) == truth).mean())
    assert 0.26 < np.mean(rates) < 0.40


def test_a_blend_is_one_linear_map_of_points() -> None:
    vectors, labels = embedded(5)
    found = probe.out_of_fold(vectors, labels, prior=informed())
    assert found.blend is not None
    blend, t = found.blend, found.calibrated.temperature
    fitted = probe.fit(vectors, labels, calibrated=found.calibrated, prior=informed(), blend=blend)
    places, codes = normalise(vectors), np.repeat(np.arange(3), 5)
    own = discriminant.fit(places, codes).logits(places)
    texts = informed().scale * places @ informed().vectors.T
    apart = ((1 - blend.weight) * own + blend.weight * blend.unit * texts) / blend.temperature / t
    np.testing.assert_allclose(places @ fitted.coefficients.T + fitted.intercepts, apart)
    assert not fitted.roots


def test_one_image_a_class_is_helped_by_names_that_fit_it() -> None:
    vectors, labels = embedded(1)
    new, truth = embedded(100, seed=9)
    alone = probe.predict(probe.fit(vectors, labels), new)
    helped = probe.predict(probe.fit(vectors, labels, prior=informed()), new)
    assert probe.untried_blend(vectors, labels, informed()).weight == 0.5
    assert loss(helped, truth) < loss(alone, truth)


def test_one_image_a_class_is_not_led_astray_by_names_that_fit_none() -> None:
    vectors, labels = embedded(1)
    wrong = replace(informed(), vectors=informed().vectors[[1, 2, 0]])
    assert probe.untried_blend(vectors, labels, wrong).weight == 0
    new, _ = embedded(20, seed=9)
    np.testing.assert_allclose(
        probe.predict(probe.fit(vectors, labels, prior=wrong), new),
        probe.predict(probe.fit(vectors, labels), new),
    )


@pytest.mark.parametrize("shown", [0, 1, 2])
def test_classes_without_an_image_are_told_by_their_names(shown: int) -> None:
    vectors, labels = embedded(6, classes=shown)
    found = None
    if shown > 1:
        found = probe.out_of_fold(vectors, labels, prior=informed())
        assert found.probabilities.shape == (12, 3)
    fitted = probe.fit(
        vectors,
        labels,
        calibrated=found.calibrated if found else None,
        prior=informed(),
        blend=found.blend if found else None,
    )
    new, truth = embedded(100, seed=9)
    said = probe.predict(fitted, new)
    right = said.argmax(axis=1) == [CLASSES.index(label) for label in truth]
    assert fitted.classes == CLASSES
    assert right[200:].mean() > 0.7  # of the class without an image
    assert right.mean() > 0.7
    assert said.max() < 1


def test_a_split_and_a_learner_use_the_names_too() -> None:
    vectors, labels = embedded(10)
    few, their_labels = embedded(3)
    told: list[float] = []
    for names in (informed(), None):
        losses = []
        for seed in range(12):
            tested, said = probe.split(few, their_labels, prior=names, train_share=0.5, seed=seed)
            losses.append(loss(said, [their_labels[i] for i in tested]))
        told.append(float(np.mean(losses)))
    assert told[0] < told[1]
    found = probe.out_of_fold(vectors, labels, prior=informed())
    training = np.arange(30) % 10 < 3
    codes = np.repeat(np.arange(3), 10)
    helped = probe.learner(vectors, labels, prior=informed(), blend=found.blend)(training[None])[0]
    alone_too = probe.learner(vectors, labels)(training[None])[0]
    assert (helped == codes)[~training].mean() > (alone_too == codes)[~training].mean()


@dataclass
class ReadingEncoder(GridEncoder):
    fingerprint: str = hashlib.sha256(b"reading").hexdigest()
    texts: ColourNames = field(default_factory=ColourNames)


def engine_of(encoder: GridEncoder) -> Iterator[Engine]:
    with Cache(":memory:") as cache:
        opened = Engine(encoder, cache, max_pixels=10**6)
        yield opened
        opened.close()


@pytest.fixture
def encoder() -> ReadingEncoder:
    return ReadingEncoder()


@pytest.fixture
def engine(encoder: ReadingEncoder) -> Iterator[Engine]:
    yield from engine_of(encoder)


def discs(colour: str, count: int, first: int = 0, *, label: str | None = None) -> list[Image]:
    label = f"{colour} disc" if label is None else label
    return [
        image(drawn(seed, colour), f"{label}/{seed}.png", label)
        for seed in range(first, first + count)
    ]


def test_a_class_without_pictures_is_predicted_by_its_name_and_not_judged(
    engine: Engine, tmp_path: Path
) -> None:
    dataset = Dataset((*discs("red", 4), *discs("blue", 4)), empty=("green_disc",))
    learned = classifiers.train(engine, dataset)
    trained = learned.classifier
    assert trained.classes == ("blue disc", "green_disc", "red disc")
    new = [*discs("green", 3, 50), *discs("red", 3, 50), *discs("blue", 3, 50)]
    said = classifiers.predict(engine, trained, new)
    assert [one.label for one in said] == [
        *["green_disc"] * 3, *["red disc"] * 3, *["blue disc"] * 3,
    ]  # fmt: skip
    assert all(one.known for one in said[:3])
    report = trained.report
    assert report.confusion_matrix is not None
    assert report.confusion_matrix[1] == (0, 0, 0)
    assert report.per_class["green_disc"].support == 0
    assert report.class_names is not None
    assert report.class_names.without_images == ("green_disc",)
    assert "'green_disc' is known by name alone, and not judged" in report.method
    assert from_json(to_json(report)) == report
    assert len(learned.out_of_fold) == 8
    artifact.save(trained, tmp_path / "c.featclass")
    again = artifact.load(tmp_path / "c.featclass")
    assert classifiers.predict(engine, again, new) == said


@pytest.mark.parametrize("shown", [0, 1])
def test_names_alone_make_a_classifier(shown: int, engine: Engine, tmp_path: Path) -> None:
    names = ("red disc", "green disc", "blue disc")
    learned = classifiers.train(engine, Dataset(tuple(discs("red", shown)), empty=names))
    trained = learned.classifier
    assert (trained.report.accuracy, trained.report.images) == (None, shown)
    new = [*discs("green", 2, 50), *discs("red", 2, 50)]
    said = classifiers.predict(engine, trained, new)
    assert [one.label for one in said] == ["green disc"] * 2 + ["red disc"] * 2
    artifact.save(trained, tmp_path / "c.featclass")
    assert classifiers.predict(engine, artifact.load(tmp_path / "c.featclass"), new) == said


def test_the_report_says_in_words_and_in_figures_that_names_helped(engine: Engine) -> None:
    close = [*discs("red", 3), *discs("blue", 3), *discs("green", 3)]
    report = classifiers.train(engine, Dataset(tuple(close))).classifier.report
    assert report.class_names is not None
    weight = report.class_names.weight
    assert to_json(report)["class_names"] == {"weight": weight, "without_images": []}
    assert (f"class names helped: weight {weight:.1f}" in report.method) == (weight > 0)


def test_two_classes_with_images_are_told_apart_by_them_beside_one_that_is_a_name() -> None:
    prior, (vectors, labels) = informed(), embedded(20, classes=2)
    fitted = probe.fit(vectors, labels, prior=prior, blend=probe.Blend(0.0, 1.0, 1.0))
    shown = [fitted.classes.index(name) for name in CLASSES[:2]]
    alone = probe.predict(probe.fit(vectors, labels), vectors)
    beside = probe.predict(fitted, vectors)[:, shown]
    assert (beside.argmax(axis=1) == alone.argmax(axis=1)).mean() > 0.95


def test_a_class_with_images_is_none_that_lacks_them(engine: Engine) -> None:
    many = ["red disc", "blue disc"] * 20
    assert naming.text_prior(engine, many, ["red disc"]) is None
    assert naming.text_prior(engine, many, ["green disc"]) is not None


def test_many_pictures_do_not_wait_for_names(engine: Engine, encoder: ReadingEncoder) -> None:
    many = [*discs("red", classifiers.FEW), *discs("blue", classifiers.FEW)]
    assert classifiers.train(engine, Dataset(tuple(many))).classifier.report.class_names is not None
    encoder.texts.asked.clear()
    many += discs("blue", 1, 40)
    assert classifiers.train(engine, Dataset(tuple(many))).classifier.report.class_names is None
    assert encoder.texts.asked == []


def test_names_that_are_no_words_are_not_asked(engine: Engine, encoder: ReadingEncoder) -> None:
    images = [*discs("red", 3), *discs("blue", 3, label="Set 2")]
    report = classifiers.train(engine, Dataset(tuple(images), empty=("001",))).classifier.report
    assert report.class_names is None
    assert report.classes == ("Set 2", "red disc")
    assert encoder.texts.asked == []


def test_an_empty_class_that_nobody_can_read_is_left_out() -> None:
    for engine in engine_of(GridEncoder()):
        images = (*discs("red", 3), *discs("blue", 3))
        trained = classifiers.train(engine, Dataset(images, empty=("green disc",))).classifier
        assert trained.classes == ("blue disc", "red disc")
        with pytest.raises(DatasetError, match="Add pictures of a second class"):
            classifiers.train(engine, Dataset(images[:3], empty=("green disc",)))


def test_an_empty_folder_is_a_class_known_by_its_name(engine: Engine, tmp_path: Path) -> None:
    for colour in ("red", "blue"):
        folder = tmp_path / f"{colour} disc"
        folder.mkdir()
        for seed in range(3):
            (folder / f"{seed}.png").write_bytes(drawn(seed, colour))
    for name in ("green disc", ".hidden"):
        (tmp_path / name).mkdir()
    dataset = datasets.read(tmp_path)
    assert dataset.empty == ("green disc",)
    trained = classifiers.train(engine, dataset).classifier
    assert trained.classes == ("blue disc", "green disc", "red disc")


def test_a_text_tower_that_cannot_be_loaded_is_done_without(
    engine: Engine, encoder: ReadingEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    encoder.texts.is_broken = True
    with caplog.at_level(logging.WARNING):
        images = (*discs("red", 3), *discs("blue", 3))
        report = classifiers.train(engine, Dataset(images)).classifier.report
    assert report.class_names is None
    assert "Going on without the names of the classes" in caplog.text


@pytest.mark.parametrize(
    "name",
    ["cat", "tabby_cat", "TabbyCat", "ox cart", "Fred Flintstone", "class cat", "猫", "Ängste"],
)
def test_words_are_words(name: str) -> None:
    assert classifiers.is_word(name)


@pytest.mark.parametrize(
    "name",
    ["", "a", "001", "Set 1", "IMG", "IMG_2043", "DSC0001", "other", "class_b", "xyz" * 0, "bcd"],
)
def test_what_says_nothing_is_no_word(name: str) -> None:
    assert not classifiers.is_word(name)
