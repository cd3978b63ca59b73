"""Which encoder a saved classifier gets: one that a person chose, and of its own width."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from featclass import classifiers, cli, encoders, library
from featclass.base.errors import ClassifierUnusable, EncoderUnavailable
from featclass.base.records import Dataset, TrainedClassifier
from featclass.classifiers import artifact
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.encoders import Pixels
from tests.fakes import GridEncoder, drawn, image, two_classes

STRANGE = (
    "local-dir:/somebody/elses/folder",
    "hf-hub:somebody/weights",
    "timm:resnet50.a1_in1k",
    "RN50/openai",
    "auto",
    "nonsense",
    "../../etc",
)


@pytest.fixture(autouse=True)
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The specs that were loaded."""
    loaded: list[str] = []

    def load(spec: str, **_: object) -> GridEncoder:
        loaded.append(spec)
        return GridEncoder(spec=spec)

    monkeypatch.setattr(encoders, "load", load)
    monkeypatch.setattr(encoders, "choose_device", lambda _: "cpu")
    library._engines.cache_clear()
    yield loaded
    library._engines.cache_clear()


@pytest.fixture(scope="module")
def trained() -> TrainedClassifier:
    with Cache(":memory:") as cache:
        engine = Engine(GridEncoder(spec="builtin"), cache, max_pixels=10**7)
        training = classifiers.train(engine, Dataset(tuple(two_classes())))
        engine.close()
    return training.classifier


@pytest.fixture
def saved(trained: TrainedClassifier, tmp_path: Path) -> Callable[[str], Path]:
    """Write a classifier whose file names an encoder."""

    def write(spec: str) -> Path:
        path = tmp_path / "m.featclass"
        artifact.save(replace(trained, encoder=spec), path)
        return path

    return write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for colour in ("red", "blue"):
        (tmp_path / "new" / colour).mkdir(parents=True)
        for seed in range(3):
            (tmp_path / "new" / colour / f"{seed}.png").write_bytes(drawn(50 + seed, colour))
    return tmp_path / "new"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


@pytest.mark.parametrize("spec", STRANGE)
def test_no_command_opens_an_encoder_because_a_file_names_it(
    saved: Callable[[str], Path], folder: Path, opened: list[str], spec: str
) -> None:
    model = saved(spec)
    for command in (("predict", model, folder), ("evaluate", model, folder)):
        refusal = run(*command).exception
        assert isinstance(refusal, EncoderUnavailable)
        assert "a file does not choose what is loaded here" in str(refusal)
        assert "--encoder" in str(refusal)
    with pytest.raises(EncoderUnavailable, match=r"load\(\.\.\., encoder=\.\.\.\)"):
        library.load(model)
    assert opened == []


def test_an_encoder_that_the_person_names_is_opened(
    saved: Callable[[str], Path], folder: Path, opened: list[str]
) -> None:
    model = saved(STRANGE[0])
    mine = "local-dir:/my/own/folder"
    assert run("predict", model, folder, "--encoder", mine).exit_code == 0
    assert run("evaluate", model, folder, "--encoder", mine).exit_code == 0
    assert library.load(model, encoder=mine).classes == ("blue", "red")
    assert opened == [mine] * 3


def test_an_encoder_that_was_named_to_train_a_classifier_here_need_not_be_named_again(
    folder: Path, opened: list[str], tmp_path: Path, saved: Callable[[str], Path]
) -> None:
    mine, model = "local-dir:/my/own/folder", tmp_path / "mine.featclass"
    assert run("train", folder, "--encoder", mine, "--output", model).exit_code == 0
    assert run("predict", model, folder).exit_code == 0
    assert run("evaluate", model, folder).exit_code == 0
    assert library.load(model).classes == ("blue", "red")
    assert opened == [mine] * 4
    trained = artifact.load(model)
    forged = tmp_path / "forged.featclass"
    for other in (
        replace(trained, encoder="local-dir:/somebody/elses/folder"),
        replace(trained, encoder_id="0" * 64),
    ):
        artifact.save(other, forged)
        assert isinstance(run("predict", forged, folder).exception, EncoderUnavailable)
    assert opened == [mine] * 4


def test_an_encoder_that_featclass_offers_is_opened_by_itself(
    saved: Callable[[str], Path], folder: Path, opened: list[str]
) -> None:
    for entry in encoders.CATALOGUE:
        assert run("predict", saved(entry.spec), folder).exit_code == 0
    assert opened == [entry.spec for entry in encoders.CATALOGUE]
    refused = run("predict", saved("builtin"), folder, "--encoder", "hf-hub:a/b")
    assert refused.exit_code == 2
    assert "no meaning for a saved classifier" in " ".join(refused.stderr.replace("│", "").split())


def cut(classifier: TrainedClassifier, width: int) -> TrainedClassifier:
    """Return a classifier that takes shorter embeddings, and claims to be of the same encoder."""
    probe, exemplars = classifier.probe, classifier.exemplars
    return replace(
        classifier,
        probe=replace(probe, coefficients=probe.coefficients[:, :width].copy()),
        exemplars=replace(exemplars, vectors=exemplars.vectors[:, :width].copy()),
    )


def test_a_classifier_of_another_width_than_its_encoder_is_refused_in_a_sentence(
    trained: TrainedClassifier, folder: Path, tmp_path: Path
) -> None:
    model = tmp_path / "m.featclass"
    artifact.save(cut(trained, 7), model)
    with pytest.raises(ClassifierUnusable, match="takes embeddings of 7 values, and its encoder"):
        library.load(model)
    refusal = run("predict", model, folder).exception
    assert isinstance(refusal, ClassifierUnusable)
    assert str(refusal).endswith("train it again.")


class NoNumbers(GridEncoder):
    """Gives no number for the brightest pictures, as low precision may."""

    def encode(self, pixels: Pixels, *, threads: int | None = None) -> np.ndarray[Any, Any]:
        vectors = super().encode(pixels, threads=threads)
        vectors[vectors.mean(axis=1) > 0.4] = np.nan
        return vectors


def test_what_the_encoder_gives_no_number_for_is_rejected_and_not_said_as_nan() -> None:
    white = image(drawn(0, "white"), "white.png")
    with Cache(":memory:") as cache:
        engine = Engine(NoNumbers(), cache, max_pixels=10**7)
        embedded = engine.embed([image(drawn(1), "red.png"), image(_plain(), "white.png"), white])
        engine.close()
        assert [each.name for each in embedded.rejected] == ["white.png"]
        assert embedded.rejected[0].reason == "the encoder gave no number for it"
        assert np.isfinite(embedded.vectors).all()
        assert cache.size().embeddings == 2


def _plain() -> bytes:
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.new("RGB", (32, 32), "white").save(file, "PNG")
    return file.getvalue()


def test_a_kept_embedding_that_is_no_number_is_made_anew() -> None:
    red, encoder = image(drawn(1), "red.png"), GridEncoder()
    with Cache(":memory:") as cache:
        spoilt = np.full(encoder.dimensions, np.nan, np.float32)
        cache.put({red.digest: spoilt}, encoder.fingerprint)
        engine = Engine(encoder, cache, max_pixels=10**7)
        assert np.isfinite(engine.embed([red]).vectors).all()
        engine.close()
