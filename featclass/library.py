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
    ProbeKind,
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
    """A trained classifier together with its encoder; made by `train` and `load`.

    Attributes:
        classes: The labels, sorted.
        report: How well it does on images it never saw.
        out_of_fold: What was said of each training image by probes that never saw it.
        audit: What is probably wrong with the training images or their labels.
    """

    def __init__(
        self, trained: TrainedClassifier, engine: Engine, training: Training | None = None
    ) -> None:
        self._trained = trained
        self._engine = engine
        self._training = training

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
        return self._training.out_of_fold if self._training else ()

    @property
    def audit(self) -> Audit | None:
        """What is probably wrong with the training images or their labels; None once loaded."""
        return self._training.audit if self._training else None

    def predict(self, paths: Sequence[str | Path]) -> list[Prediction]:
        """Say of each image file which class it looks like.

        Args:
            paths: Of image files, in any format that is read; none need exist.

        Returns:
            One prediction a path, in order, with `label`, `probability` (0 to 1, calibrated),
            `probabilities` by class, `known` (whether it resembles any class) and the training
            images most like it; for a file that cannot be used only `rejected`, the reason.
        """
        files = [Path(path) for path in paths]
        return classifiers.predict_files(self._engine, self._trained, files)

    def ask(self, paths: Sequence[str | Path], count: int = 20) -> list[Path]:
        """Choose which of these unlabelled image files to label next.

        Args:
            paths: Of image files.
            count: How many to choose at most.

        Returns:
            The files chosen, the most useful first; one that cannot be used is never among them.
        """
        files = [Path(path) for path in paths]
        return classifiers.most_useful(self._engine, self._trained, files, count=count)

    def evaluate(self, dataset: Dataset) -> Report:
        """Report how well it does on labelled images.

        Args:
            dataset: As `read_folder` returns it. Classes that it does not know count as wrong, and
                images that it was trained on are counted in `seen_in_training`.

        Raises:
            FeatclassError: It knows none of the classes, or no image could be used.
        """
        training = classifiers.evaluate_saved(self._engine, self._trained, dataset)
        return training.classifier.report

    def explain(self, path: str | Path, label: str | None = None) -> Heat:
        """Map what in an image file spoke for a class.

        Args:
            path: Of the image file.
            label: The class; by default the one that the image is taken for.

        Returns:
            `values`, float32 of shape (rows, columns) in log-odds, positive where a place spoke for
            the class; `box`, the part of the image they cover, as fractions of its sides; the
            class and its probability; and what holds of it, in words.

        Raises:
            FeatclassError: The image cannot be used, or there is no such class.
        """
        image = datasets.image_of_file(Path(path))
        if isinstance(image, Rejected):
            raise FeatclassError(f"{path} could not be used: {image.reason}.")
        return classifiers.explain(self._engine, self._trained, image, label)

    def save(self, path: str | Path) -> None:
        """Write the classifier into one file, for `load` here or on another machine.

        Args:
            path: Of the file; what is there is replaced once the new one is whole.

        Raises:
            FeatclassError: `load` would refuse it: too many classes, say, or too long names.
            OSError: It cannot be written.
        """
        artifact.save(self._trained, Path(path))


def read_image(path: str | Path) -> Picture:
    """Decode an image file as encoders are given it.

    Args:
        path: Of the image file.

    Returns:
        A Pillow image: upright, RGB of 8 bits in sRGB, on white where it was transparent, the
        first of several frames or pages; at full size, or shrunk by a whole factor where that has
        more pixels than are ever encoded.

    Raises:
        FeatclassError: It cannot be used, with the reason.
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
    dataset: Dataset,
    encoder: str = "auto",
    *,
    device: str = "auto",
    precision: str = "auto",
    seed: int = 0,
    probe: Literal["discriminant", "logistic"] = "discriminant",
) -> Classifier:
    """Train a classifier, and evaluate it by cross-validation.

    Args:
        dataset: As `read_folder` or `read_zip` returns it.
        encoder: Spec of an encoder, as `featclass encoders` lists them; `auto` is the best one for
            the device, or else, with a warning in the log, the built-in one.
        device: `auto`, `cpu`, `cuda` or `mps`.
        precision: `auto`, `float32` or `bfloat16`; `auto` is what `FEATCLASS_PRECISION` says, else
            bfloat16 on a processor with AMX, mixed on CUDA, and float32 elsewhere.
        seed: Of the folds, 0 to 2**32 - 1. The same images and seed give the same numbers.
        probe: What learns from the embeddings: featclass's own discriminant, or logistic regression
            as scikit-learn defines it, its C chosen by cross-validation (`report.C`).

    Raises:
        FeatclassError: Fewer than two classes have a usable image, the encoder cannot be had, or
            there is no such probe.
    """
    kind = _kind(probe)
    engine = _open(encoder, device, precision)
    training = classifiers.train(engine, dataset, kind=kind, seed=seed)
    return Classifier(training.classifier, engine, training)


def evaluate(
    dataset: Dataset,
    encoder: str = "auto",
    *,
    device: str = "auto",
    precision: str = "auto",
    seed: int = 0,
    split: float | Literal["given"] | None = None,
    probe: Literal["discriminant", "logistic"] = "discriminant",
) -> Report:
    """Report how well a classifier of this dataset does on images it never saw.

    Args:
        dataset: As `read_folder` or `read_zip` returns it.
        encoder: As for `train`.
        device: As for `train`.
        precision: As for `train`.
        seed: As for `train`.
        split: None for cross-validation; a share between 0 and 1, such as 0.8, to train once on so
            many of the images and score the others; "given" to train and score as the images were
            divided when they were read.
        probe: As for `train`.

    Returns:
        Counts, accuracy and its 95 % interval (shares, 0 to 1), figures of each class, and what to
        think of them; `accuracy` is None where the images are too few for a score.

    Raises:
        FeatclassError: As for `train`; or the images came in no split, and `split` is "given".
    """
    kind = _kind(probe)
    if isinstance(split, str):
        if split != "given":
            raise FeatclassError(f"A split is a share, such as 0.8, or 'given', and not {split!r}.")
        classifiers.given_split(dataset.images)  # where there is none, no encoder need be loaded
        engine = _open(encoder, device, precision)
        return classifiers.evaluate_given(engine, dataset, kind=kind, seed=seed)
    engine = _open(encoder, device, precision)
    if split is not None:
        return classifiers.evaluate_split(engine, dataset, share=split, kind=kind, seed=seed)
    return classifiers.train(engine, dataset, kind=kind, seed=seed).classifier.report


def load(
    path: str | Path,
    *,
    device: str = "auto",
    precision: str = "auto",
    encoder: str | None = None,
) -> Classifier:
    """Load a saved classifier; nothing in its file is executed.

    Args:
        path: Of the file.
        device: As for `train`.
        precision: As for `train`.
        encoder: Spec of its encoder, where that is none that featclass offers (`featclass
            encoders`) and it was not named on this machine before, as to train this classifier: a
            file does not choose what is loaded.

    Raises:
        FeatclassError: The file is damaged or no classifier, or its encoder cannot be had here.
    """
    trained = artifact.load(Path(path))
    how = "if you trust where it comes from, name that encoder with load(..., encoder=...)"
    is_chosen = _engines(device, precision).cache.is_chosen
    spec = classifiers.encoder_of(trained, encoder, how=how, is_chosen=is_chosen)
    engine = _open(spec, device, precision)
    for note in classifiers.check_encoder(trained, engine):
        log.warning("%s", note)
    return Classifier(trained, engine)


def _kind(probe: str) -> ProbeKind:
    try:
        return ProbeKind(probe)
    except ValueError as error:
        raise FeatclassError(
            f"A probe is 'discriminant' or 'logistic', and not {probe!r}."
        ) from error


def _open(spec: str, device: str, precision: str) -> Engine:
    return _engines(device, precision).choose(spec, tell=log.warning)


@cache
def _engines(device: str, precision: str) -> Engines:
    settings = config.load()
    wanted = settings.precision if precision == "auto" else precision
    return Engines(settings, Cache(settings.data / CACHE_FILE), device=device, precision=wanted)
