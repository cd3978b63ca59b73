"""The Python door: train, evaluate, predict, save and load in a few lines."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from PIL.Image import Image as Picture

from featclass import classifiers, datasets, images
from featclass.audit import Audit
from featclass.base import (
    Dataset,
    FeatclassError,
    OutOfFoldPrediction,
    Prediction,
    Rejected,
    Report,
    TrainedClassifier,
    config,
)
from featclass.classifiers import Training, artifact
from featclass.datasets import FileSource
from featclass.embedding import CACHE_FILE, Cache, Engine, Engines
from featclass.explain import Heat

log = logging.getLogger("featclass")


class Classifier:
    """A trained classifier together with its encoder; made by `train` and `load`."""

    def __init__(
        self, trained: TrainedClassifier, engine: Engine, training: Training | None = None
    ) -> None:
        self._trained = trained
        self._engine = engine
        self._learned = training

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels, sorted."""
        return self._trained.classes

    @property
    def report(self) -> Report:
        """How well it does on images it never saw."""
        return self._trained.report

    @property
    def out_of_fold(self) -> tuple[OutOfFoldPrediction, ...]:
        """What was said of each training image by probes that never saw it; none once loaded."""
        return self._learned.out_of_fold if self._learned else ()

    @property
    def audit(self) -> Audit | None:
        """What is probably wrong with the training images or their labels; None once loaded."""
        return self._learned.audit if self._learned else None

    def predict(self, paths: Sequence[str | Path]) -> list[Prediction]:
        """Say of each image file, in order, which class it looks like.

        An image that cannot be used has `rejected` set, in words.
        """
        return classifiers.predict_files(
            self._engine, self._trained, [Path(path) for path in paths]
        )

    def ask(self, paths: Sequence[str | Path], count: int = 20) -> list[Path]:
        """Return which of these unlabelled image files to label next, the most useful first."""
        files = [Path(path) for path in paths]
        return classifiers.most_useful(self._engine, self._trained, files, count=count)

    def evaluate(self, dataset: Dataset) -> Report:
        """Report how well it does on labelled images; classes it does not know count as wrong.

        Raises `DatasetError` where it knows none of the classes.
        """
        scored = classifiers.evaluate_saved(self._engine, self._trained, dataset)
        return scored.classifier.report

    def explain(self, path: str | Path, label: str | None = None) -> Heat:
        """Map what in an image file spoke for a class, by default the one it is taken for.

        Raises `FeatclassError` where it cannot be used, or there is no such class.
        """
        image = datasets.image_of_file(Path(path))
        if isinstance(image, Rejected):
            raise FeatclassError(f"{path} could not be used: {image.reason}.")
        return classifiers.explain(self._engine, self._trained, image, label)

    def save(self, path: str | Path) -> None:
        """Write the classifier into one file, replacing what is there."""
        artifact.save(self._trained, Path(path))


def read_image(path: str | Path) -> Picture:
    """Decode an image file as encoders are given it: upright RGB on white, the first of several.

    At full size, or shrunk by a whole factor where that has more pixels than are ever encoded.
    Raises `FeatclassError` with the reason where it cannot be used.
    """
    try:
        data = FileSource(Path(path)).read()
    except OSError as error:
        raise FeatclassError(f"{path} cannot be read ({error.strerror or error}).") from error
    try:
        with images.decoded(data, max_pixels=config.load().max_pixels) as picture:
            return picture
    except images.Unreadable as reason:
        raise FeatclassError(f"{path} cannot be used: {reason}.") from reason


def train(
    dataset: Dataset, encoder: str = "auto", *, device: str = "auto", seed: int = 0
) -> Classifier:
    """Train a classifier, and judge it on images it never saw.

    Raises `DatasetError` where there are fewer than two classes, `EncoderUnavailable` where the
    encoder cannot be had; `auto` falls back to the built-in one, and logs a warning.
    """
    engine = _open(encoder, device)
    training = classifiers.train(engine, dataset, seed=seed)
    return Classifier(training.classifier, engine, training)


def evaluate(
    dataset: Dataset,
    encoder: str = "auto",
    *,
    device: str = "auto",
    seed: int = 0,
    split: float | Literal["given"] | None = None,
) -> Report:
    """Report how well a classifier of this dataset does on images it never saw.

    With `split` from a single held-out share (0.8 of them to train on, say) instead of
    cross-validation; with "given" as the images were divided when they were read. Raises as `train`
    does, and `DatasetError` where the images came in no split.
    """
    if isinstance(split, str):
        if split != "given":
            raise FeatclassError(f"A split is a share, such as 0.8, or 'given', and not {split!r}.")
        classifiers.given_split(dataset.images)  # where there is none, no encoder need be loaded
        return classifiers.evaluate_given(_open(encoder, device), dataset, seed=seed)
    engine = _open(encoder, device)
    if split is not None:
        return classifiers.evaluate_split(engine, dataset, share=split, seed=seed)
    return classifiers.train(engine, dataset, seed=seed).classifier.report


def load(path: str | Path, *, device: str = "auto", encoder: str | None = None) -> Classifier:
    """Load a saved classifier.

    An encoder that featclass does not offer (`featclass encoders`) is opened only where `encoder`
    names it, or where it was named on this machine before, as to train this classifier: a file does
    not choose what is loaded. Raises `ClassifierUnusable` for a damaged
    file, `EncoderUnavailable` where this machine cannot provide its encoder.
    """
    trained = artifact.load(Path(path))
    how = "if you trust where it comes from, name that encoder with load(..., encoder=...)"
    is_chosen = _engines(device).is_chosen
    engine = _open(classifiers.encoder_of(trained, encoder, how=how, is_chosen=is_chosen), device)
    for note in classifiers.check_encoder(trained, engine):
        log.warning("%s", note)
    return Classifier(trained, engine)


def _open(spec: str, device: str) -> Engine:
    return _engines(device).choose(spec, tell=log.warning)


@cache
def _engines(device: str) -> Engines:
    settings = config.load()
    return Engines(settings, Cache(settings.data / CACHE_FILE), device=device)
