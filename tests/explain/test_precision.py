"""What explanations promise, kept in bfloat16."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from featclass import classifiers, encoders, samples
from featclass.base import Dataset, config
from featclass.embedding import Cache, Engine
from featclass.encoders import builtin
from featclass.explain import Evidence
from featclass.explain.occlusion import by_gradient
from tests.encoders.towers import CONFIGS, VISION, write_model
from tests.explain.test_occlusion import marked, view_of
from tests.fakes import image, two_classes


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    opened = Engine(builtin.load("cpu", "bfloat16"), Cache(":memory:"), max_pixels=10**8)
    yield opened
    opened.close()


def test_an_exact_map_sums_to_the_logit_of_the_embedding_that_was_predicted_from(
    engine: Engine,
) -> None:
    pictures = [image(one.data, one.name, one.label) for one in samples.training()]
    classifier = classifiers.train(engine, Dataset(tuple(pictures))).classifier
    for drawn in samples.held_back()[:4]:
        picture = image(drawn.data)
        vectors = engine.embed([picture]).vectors
        for label in classifier.classes:
            heat = classifiers.explain(engine, classifier, picture, label)
            [logit] = Evidence.of(classifier.probe, label).logits(vectors)
            assert heat.is_exact
            assert heat.values.sum() == pytest.approx(logit, abs=1e-3)
            assert heat.logit == pytest.approx(logit, abs=1e-3)


def test_the_gradient_of_a_transformer_points_where_it_does_in_float32(tmp_path: Path) -> None:
    """Cells that it says speak for a class do: covering them lowers the logit by so much."""
    vision = VISION | {"image_size": 64, "patch_size": 8, "width": 64, "layers": 4}
    folder = write_model(tmp_path / "model", CONFIGS["CLIP"] | {"vision_cfg": vision}, {})
    exact, encoder = (
        encoders.load(f"local-dir:{folder}", device="cpu", precision=wanted, config=config.load())
        for wanted in ("float32", "bfloat16")
    )
    opened = Engine(encoder, Cache(":memory:"), max_pixels=10**8)
    classifier = classifiers.train(opened, Dataset(tuple(two_classes()))).classifier
    heat = classifiers.explain(opened, classifier, image(marked()), "red")
    opened.close()
    assert not heat.is_exact
    assert heat.says
    evidence = Evidence.of(classifier.probe, "red")
    maps = [values_of(one, evidence) for one in (exact, encoder)]
    assert np.corrcoef(*(values.ravel() for values in maps))[0, 1] > 0.85
    assert maps[0].argmax() == maps[1].argmax()


def values_of(encoder: Any, evidence: Evidence) -> Any:
    view = view_of(encoder, marked())
    [full] = evidence.logits(encoder.encode(view.levels[None]))
    gradient = encoder.gradients(view.levels[None], evidence.gradient)
    assert gradient.dtype == np.float32
    return by_gradient(view, evidence, float(full), gradient[0])


def test_levels_are_kept_as_they_are_in_float32(engine: Engine) -> None:
    picture = PIL.Image.new("RGB", (300, 240), (10, 200, 90))
    np.testing.assert_array_equal(
        engine.encoder.preprocess(picture), builtin.load("cpu").preprocess(picture)
    )
