"""A classifier made in one precision and used in another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from featclass import classifiers, encoders
from featclass.base import Config, Dataset, Prediction, config
from featclass.base.records import Image, TrainedClassifier
from featclass.classifiers import artifact, report_json
from featclass.embedding import Cache, Engine
from tests.encoders.towers import CONFIGS, VISION, write_model
from tests.fakes import drawn, image

PRECISIONS = ("float32", "bfloat16")
VIT = CONFIGS["CLIP"] | {
    "embed_dim": 512,
    "vision_cfg": VISION
    | {"image_size": 224, "patch_size": 32, "width": 256, "head_width": 64, "layers": 12},
}
NEAR = 0.02
"""How far a probability may be from that of another precision."""


def engines_of(spec: str, settings: Config) -> dict[str, Engine]:
    """Open one encoder in either precision."""
    return {
        wanted: Engine(
            encoders.load(spec, device="cpu", precision=wanted, config=settings),
            Cache(":memory:"),
            max_pixels=10**8,
        )
        for wanted in PRECISIONS
    }


@pytest.fixture(scope="module", params=["builtin", "a vision transformer"])
def engines(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Engine]]:
    spec = request.param
    if spec != "builtin":
        spec = f"local-dir:{write_model(tmp_path_factory.mktemp('vit') / 'model', VIT, {})}"
    opened = engines_of(spec, config.load())
    yield opened
    for engine in opened.values():
        engine.close()


def pictures() -> list[Image]:
    """Three classes of drawings, which even weights drawn at random tell apart."""
    return [
        image(drawn(seed, colour), f"{colour} {seed}", colour)
        for colour in ("red", "blue", "gold")
        for seed in range(12)
    ]


def new() -> list[Image]:
    return [
        image(drawn(seed, colour), colour, colour)
        for colour in ("red", "blue", "gold")
        for seed in range(50, 58)
    ]


@pytest.fixture(scope="module")
def trained(engines: dict[str, Engine]) -> dict[str, TrainedClassifier]:
    return {
        wanted: classifiers.train(engine, Dataset(tuple(pictures()))).classifier
        for wanted, engine in engines.items()
    }


@pytest.mark.parametrize(("made", "used"), [PRECISIONS, PRECISIONS[::-1]])
def test_it_gives_the_same_answers_but_for_ties_and_probabilities_within_two_hundredths(
    made: str,
    used: str,
    engines: dict[str, Engine],
    trained: dict[str, TrainedClassifier],
) -> None:
    assert engines[made].encoder.id == engines[used].encoder.id
    asked = [*new(), *pictures()]
    as_made, as_used = (
        classifiers.predict(engines[wanted], trained[made], asked) for wanted in (made, used)
    )
    assert sum(one.label == other.label for one, other in zip(as_made, asked, strict=True)) >= 54
    for before, after in zip(as_made, as_used, strict=True):
        assert is_nearly(before, after), (before, after)


def is_nearly(before: Prediction, after: Prediction) -> bool:
    [one, other] = [
        np.array([*prediction.probabilities.values()]) for prediction in (before, after)
    ]
    is_tie = np.ptp(np.sort(one)[-2:]) <= 2 * NEAR
    return bool(np.abs(one - other).max() <= NEAR and (before.label == after.label or is_tie))


@pytest.mark.parametrize(("made", "used"), [PRECISIONS, PRECISIONS[::-1]])
def test_its_note_names_both_and_how_to_have_it_as_it_was(
    made: str,
    used: str,
    engines: dict[str, Engine],
    trained: dict[str, TrainedClassifier],
) -> None:
    assert classifiers.check_encoder(trained[made], engines[made]) == []
    [note] = classifiers.check_encoder(trained[made], engines[used])
    assert f"another precision ({made})" in note
    assert f"({used} on cpu)" in note
    assert f"Use the precision {made}" in note


def test_what_a_file_calls_its_precision_is_not_repeated(
    engines: dict[str, Engine], trained: dict[str, TrainedClassifier]
) -> None:
    told = replace(trained["float32"].report, precision="<b>none at all</b>")
    forged = replace(trained["float32"], report=told)
    [note] = classifiers.check_encoder(forged, engines["bfloat16"])
    assert "none at all" not in note
    assert "another precision or picture decoding" in note


def test_the_report_says_the_precision_and_so_does_the_saved_file(
    trained: dict[str, TrainedClassifier], tmp_path: Path
) -> None:
    for wanted, classifier in trained.items():
        document = json.loads(json.dumps(report_json.to_json(classifier.report)))
        assert document["precision"] == wanted
        artifact.save(classifier, tmp_path / "m.featclass")
        assert artifact.load(tmp_path / "m.featclass").report.precision == wanted
        del document["precision"]  # as featclass wrote it before
        assert report_json.from_json(document) == replace(classifier.report, precision=None)


def test_a_picture_is_embedded_once_for_each_precision(tmp_path: Path) -> None:
    opened = engines_of("builtin", config.load())
    with Cache(":memory:") as cache:
        for engine in opened.values():
            shared = Engine(engine.encoder, cache, max_pixels=10**8)
            shared.embed(new()[:1])
            shared.close()
            engine.close()
        digest = new()[0].digest
        [exact, rounded] = [
            cache.get([digest], engine.encoder.fingerprint)[digest] for engine in opened.values()
        ]
    assert not np.array_equal(exact, rounded)
