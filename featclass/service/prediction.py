"""What a classifier says of pictures."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from featclass import datasets, probe
from featclass.engine import Embeddings, Engine
from featclass.records import (
    Exemplars,
    FloatArray,
    Image,
    Neighbour,
    Prediction,
    Progress,
    TrainedClassifier,
    no_progress,
)

NEIGHBOURS = 3


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


def predict_embedded(classifier: TrainedClassifier, embedded: Embeddings) -> list[Prediction]:
    """Say of each embedded image which class it looks like, and what it resembles most."""
    exemplars = classifier.exemplars
    probabilities = probe.predict(classifier.probe, embedded.vectors)
    nearest, similarities = probe.nearest(exemplars.vectors, embedded.vectors, NEIGHBOURS)
    known, seen = _known(exemplars, embedded.vectors), set(exemplars.labels)
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
                # A class known by its name alone has no picture to resemble.
                known=bool(known[row]) or classifier.classes[best] not in seen,
                neighbours=tuple(
                    Neighbour(
                        exemplars.names[i], exemplars.labels[i], exemplars.digests[i], float(s)
                    )
                    for i, s in zip(nearest[row], similarities[row], strict=True)
                ),
            )
        )
    return predictions


def _known(exemplars: Exemplars, vectors: FloatArray) -> NDArray[np.bool_]:
    if len(set(exemplars.labels)) < 2:  # names tell apart what images do not yet
        return np.ones(len(vectors), dtype=bool)
    return _familiarity(exemplars).is_known(vectors)


@functools.lru_cache(maxsize=64)
def _familiarity(exemplars: Exemplars) -> probe.Familiarity:
    """Return what a classifier takes for its own; it follows from the images it remembers."""
    return probe.Familiarity.of(exemplars.vectors, exemplars.labels)
