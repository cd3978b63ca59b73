"""Which unlabelled pictures are worth labelling first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from featclass import datasets, probe
from featclass.engine import Engine
from featclass.records import Image, TrainedClassifier


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
