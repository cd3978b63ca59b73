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
    said = dict(
        zip(
            (image.digest for image in embedded.images),
            predict_embedded(classifier, embedded),
            strict=True,
        )
    )
    reasons = {rejected.name: rejected.reason for rejected in embedded.rejected}
    return [
        replace(said[image.digest], path=image.name)
        if image.digest in said
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
    images: list[Image] = []
    reasons: dict[str, str] = {}
    for file in files:
        found = datasets.image_of_file(file)
        if isinstance(found, Image):
            images.append(found)
        else:
            reasons[found.name] = found.reason
    said = iter(predict(engine, classifier, images, progress=progress))
    return [
        Prediction(str(file), rejected=reasons[str(file)]) if str(file) in reasons else next(said)
        for file in files
    ]


def predict_many(
    engine: Engine,
    classifier: TrainedClassifier,
    found: Iterable[Image | Rejected],
    *,
    total: int = 0,
    progress: Progress = no_progress,
) -> Iterator[list[Prediction]]:
    """Say of any number of images, in order, which class each looks like: a slice at a time.

    Holds one slice in memory, whatever their number; the names should be distinct. `progress` is
    told of all (of `total`, 0 while it is not known), and may raise `Cancelled`: then what is
    embedded by that time is said before it is raised.
    """
    rest, before = iter(found), 0
    while part := list(itertools.islice(rest, SLICE)):
        images = [each for each in part if isinstance(each, Image)]
        start = before + len(part) - len(images)

        def advance(done: int, _: int, start: int = start) -> None:
            progress(start + done, total)

        try:
            said = predict(engine, classifier, images, progress=advance)
        except Cancelled:
            kept = _embedded_already(engine, part)
            images = [each for each in kept if isinstance(each, Image)]
            yield _with_rejected(kept, predict(engine, classifier, images))
            raise
        yield _with_rejected(part, said)
        before += len(part)


def _embedded_already(engine: Engine, part: Sequence[Image | Rejected]) -> list[Image | Rejected]:
    """Return the first of these up to one that is not in the cache."""
    digests = [each.digest for each in part if isinstance(each, Image)]
    known = engine.cache.get(digests, engine.encoder.fingerprint)
    return list(
        itertools.takewhile(lambda each: isinstance(each, Rejected) or each.digest in known, part)
    )


def _with_rejected(part: Sequence[Image | Rejected], said: list[Prediction]) -> list[Prediction]:
    rest = iter(said)
    return [
        Prediction(each.name, rejected=each.reason) if isinstance(each, Rejected) else next(rest)
        for each in part
    ]


def predict_embedded(classifier: TrainedClassifier, embedded: Embeddings) -> list[Prediction]:
    """Say of each embedded image which class it looks like, and what it resembles most."""
    probabilities = probe.predict(classifier.probe, embedded.vectors)
    known = resembles(classifier, embedded.vectors, probabilities)
    beside = nearest_exemplars(classifier.exemplars, embedded.vectors)
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
                neighbours=beside[row],
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
    return _familiarity(classifier).is_known(vectors)


def _familiarity(classifier: TrainedClassifier) -> probe.NoveltyDetector:
    """Return what a classifier takes for its own; it follows from the images it remembers.

    Worked out once, and kept as long as these are: nothing here keeps them.
    """
    exemplars, strangers = classifier.exemplars, classifier.strangers
    with _measuring:
        measured = _measured.get(exemplars)
    if measured is None or measured.strangers() is not strangers:
        familiarity = probe.NoveltyDetector.of(exemplars.vectors, exemplars.labels, strangers)
        refer = _no_strangers if strangers is None else weakref.ref(strangers)
        measured = _Measured(refer, familiarity)
        with _measuring:
            _measured[exemplars] = measured
    return measured.familiarity


@dataclass(frozen=True, slots=True)
class _Measured:
    strangers: Callable[[], NDArray[np.float32] | None]
    """That it was measured with, while they are there."""
    familiarity: probe.NoveltyDetector


def _no_strangers() -> None:
    return None


_measuring = threading.Lock()
_measured: weakref.WeakKeyDictionary[Exemplars, _Measured] = weakref.WeakKeyDictionary()


def most_useful(
    engine: Engine, classifier: TrainedClassifier, files: Sequence[Path], *, count: int
) -> list[Path]:
    """Return at most `count` of the files, the most useful to label first; see `probe`.

    A file that cannot be used is never among them.
    """
    found = {file: datasets.image_of_file(file) for file in files}
    usable = {file: image for file, image in found.items() if isinstance(image, Image)}
    embedded = engine.embed([*usable.values()])
    rows = {image.digest: row for row, image in enumerate(embedded.images)}
    asked = [file for file, image in usable.items() if image.digest in rows]
    vectors = embedded.vectors[[rows[usable[file].digest] for file in asked]]
    if not asked:
        return []
    chances = probe.predict(classifier.probe, vectors)
    known = classifier.exemplars.vectors
    return [asked[place] for place in probe.most_useful(known, vectors, chances, count=count)]
