"""What a classifier says of pictures, and which of them are worth labelling first."""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from featclass import datasets, probe
from featclass.base import (
    Cancelled,
    Exemplars,
    FloatArray,
    Image,
    Neighbour,
    Prediction,
    Progress,
    Rejected,
    TrainedClassifier,
    no_progress,
)
from featclass.classifiers.embedding import in_slices
from featclass.embedding import Embeddings, Engine

NEIGHBOURS = 3
SLICE = 256
"""Images predicted at once, of many: so many vectors are held, and no more."""


def predict(
    engine: Engine,
    classifier: TrainedClassifier,
    images: Sequence[Image],
    *,
    progress: Progress = no_progress,
    live: bool = False,
    keep: bool = True,
) -> list[Prediction]:
    """Say of each image, in order, which class it looks like; or why it could not be used.

    `live` and `keep` as for `Engine.embed`.
    """
    embedded = engine.embed(images, progress=progress, live=live, keep=keep)
    predictions = dict(
        zip(
            (image.digest for image in embedded.images),
            predict_embedded(classifier, embedded),
            strict=True,
        )
    )
    reasons = {rejected.name: rejected.reason for rejected in embedded.rejected}
    return [
        replace(predictions[image.digest], path=image.name)
        if image.digest in predictions
        else Prediction(image.name, rejected=reasons[image.name])
        for image in images
    ]


def predict_files(
    engine: Engine,
    classifier: TrainedClassifier,
    files: Sequence[Path],
    *,
    progress: Progress = no_progress,
) -> list[Prediction]:
    """Say of each file, in order, which class it looks like; or why it could not be used."""
    images = [datasets.image_of_file(file) for file in files]
    usable = [image for image in images if isinstance(image, Image)]
    return _with_rejected(images, predict(engine, classifier, usable, progress=progress))


def predict_many(
    engine: Engine,
    classifier: TrainedClassifier,
    images: Iterable[Image | Rejected],
    *,
    total: int = 0,
    progress: Progress = no_progress,
) -> Iterator[list[Prediction]]:
    """Say of any number of images, in order, which class each looks like: a slice at a time.

    Holds one slice in memory, whatever their number; the names should be distinct. `progress` is
    told of all (of `total`, 0 while it is not known), and may raise `Cancelled`: then what is
    embedded by that time is said before it is raised.
    """
    for part, usable, advance in in_slices(images, SLICE, total=total, progress=progress):
        try:
            predictions = predict(engine, classifier, usable, progress=advance)
        except Cancelled:
            embedded = _embedded_already(engine, part)
            usable = [image for image in embedded if isinstance(image, Image)]
            yield _with_rejected(embedded, predict(engine, classifier, usable))
            raise
        yield _with_rejected(part, predictions)


def _embedded_already(engine: Engine, part: Sequence[Image | Rejected]) -> list[Image | Rejected]:
    """Return the first of these up to one that is not in the cache."""
    digests = [image.digest for image in part if isinstance(image, Image)]
    cached = engine.cache.get(digests, engine.encoder.fingerprint)
    return list(
        itertools.takewhile(
            lambda image: isinstance(image, Rejected) or image.digest in cached, part
        )
    )


def _with_rejected(
    images: Sequence[Image | Rejected], predictions: Iterable[Prediction]
) -> list[Prediction]:
    rest = iter(predictions)
    return [
        Prediction(image.name, rejected=image.reason) if isinstance(image, Rejected) else next(rest)
        for image in images
    ]


def predict_embedded(classifier: TrainedClassifier, embedded: Embeddings) -> list[Prediction]:
    """Say of each embedded image which class it looks like, and what it resembles most."""
    probabilities = probe.predict(classifier.probe, embedded.vectors)
    known = resembles(classifier, embedded.vectors, probabilities)
    neighbours = nearest_exemplars(classifier.exemplars, embedded.vectors)
    predictions = []
    for row, image in enumerate(embedded.images):
        best = int(probabilities[row].argmax())
        predictions.append(
            Prediction(
                path=image.name,
                label=classifier.classes[best],
                probability=float(probabilities[row, best]),
                probabilities=dict(
                    zip(classifier.classes, map(float, probabilities[row]), strict=True)
                ),
                known=bool(known[row]),
                neighbours=neighbours[row],
            )
        )
    return predictions


def resembles(
    classifier: TrainedClassifier, vectors: FloatArray, probabilities: FloatArray
) -> NDArray[np.bool_]:
    """Say of each embedding whether it resembles a class, shape (n,).

    `probabilities` are what the classifier says of them, shape (n, classes).
    """
    seen = set(classifier.exemplars.labels)
    # A class known by its name alone has no picture to resemble.
    by_name = np.array([name not in seen for name in classifier.classes])
    known = _known(classifier, vectors)
    return np.asarray(known | by_name[probabilities.argmax(axis=1)])


def refuses(classifier: TrainedClassifier) -> float | None:
    """Return the share of simulated strangers that resemble no class.

    None where fewer than two classes have pictures to resemble: then nothing is refused on
    purpose.
    """
    exemplars = classifier.exemplars
    if len(set(exemplars.labels)) < 2:
        return None
    return float(1 - _known(classifier, probe.simulated_strangers(exemplars.vectors)).mean())


def nearest_exemplars(exemplars: Exemplars, vectors: FloatArray) -> list[tuple[Neighbour, ...]]:
    """Return the training images that each embedding is most similar to, the nearest first."""
    nearest, similarities = probe.nearest(exemplars.vectors, vectors, NEIGHBOURS)
    return [
        tuple(
            Neighbour(exemplars.names[i], exemplars.labels[i], exemplars.digests[i], float(cosine))
            for i, cosine in zip(places, cosines, strict=True)
        )
        for places, cosines in zip(nearest, similarities, strict=True)
    ]


def _known(classifier: TrainedClassifier, vectors: FloatArray) -> NDArray[np.bool_]:
    exemplars = classifier.exemplars
    if len(set(exemplars.labels)) < 2:  # names tell apart what images do not yet
        return np.ones(len(vectors), dtype=bool)
    return _novelty_detector(classifier).is_known(vectors)


def _novelty_detector(classifier: TrainedClassifier) -> probe.NoveltyDetector:
    """Return what a classifier takes for its own; it follows from the images it remembers.

    Worked out once, and kept as long as these are: nothing here keeps them.
    """
    exemplars, strangers = classifier.exemplars, classifier.strangers
    with _fitting:
        fitted = _fitted.get(exemplars)
    if fitted is None or fitted.strangers() is not strangers:
        detector = probe.NoveltyDetector.of(exemplars.vectors, exemplars.labels, strangers)
        refer = _no_strangers if strangers is None else weakref.ref(strangers)
        fitted = _Fitted(refer, detector)
        with _fitting:
            _fitted[exemplars] = fitted
    return fitted.detector


@dataclass(frozen=True, slots=True)
class _Fitted:
    strangers: Callable[[], NDArray[np.float32] | None]
    """That it was fitted with, while they are there."""
    detector: probe.NoveltyDetector


def _no_strangers() -> None:
    return None


_fitting = threading.Lock()
_fitted: weakref.WeakKeyDictionary[Exemplars, _Fitted] = weakref.WeakKeyDictionary()


def most_useful(
    engine: Engine, classifier: TrainedClassifier, files: Sequence[Path], *, count: int
) -> list[Path]:
    """Return at most `count` of the files, the most useful to label first; see `probe`.

    A file that cannot be used is never among them.
    """
    images = {file: datasets.image_of_file(file) for file in files}
    readable = {file: image for file, image in images.items() if isinstance(image, Image)}
    embedded = engine.embed([*readable.values()])
    rows = {image.digest: row for row, image in enumerate(embedded.images)}
    usable = [file for file, image in readable.items() if image.digest in rows]
    vectors = embedded.vectors[[rows[readable[file].digest] for file in usable]]
    if not usable:
        return []
    probabilities = probe.predict(classifier.probe, vectors)
    known = classifier.exemplars.vectors
    rows_to_ask = probe.most_useful(known, vectors, probabilities, count=count)
    return [usable[row] for row in rows_to_ask]
