"""The use-cases, once, for every door: embed, learn, evaluate, predict, save, load."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from featclass import __version__, datasets, encoders, probe, report
from featclass.engine import Engine
from featclass.engines import Engines
from featclass.errors import DatasetError, EncoderUnavailable
from featclass.records import (
    Dataset,
    Embeddings,
    Exemplars,
    Image,
    Neighbour,
    Prediction,
    Progress,
    Report,
    TrainedClassifier,
    no_progress,
)

AUTO, BUILTIN = "auto", "builtin"
NEIGHBOURS = 3
MAX_EXEMPLARS = 20_000
LIBRARIES = ("numpy", "pillow", "torch")


def embed(engine: Engine, dataset: Dataset, *, progress: Progress = no_progress) -> Embeddings:
    """Embed a dataset; what the dataset had rejected already leads the list of rejections.

    The images come back in the order of their digests, so that no result depends on file names.
    """
    ordered = sorted(dataset.images, key=lambda image: image.digest)
    embedded = engine.embed(ordered, progress=progress)
    return replace(embedded, rejected=(*dataset.rejected, *embedded.rejected))


def learn(
    embeddings: Embeddings,
    engine: Engine,
    *,
    seed: int = 0,
    seconds_to_embed: float = 0.0,
    progress: Progress = no_progress,
) -> TrainedClassifier:
    """Fit a probe on embedded images and judge it on images it never saw.

    Raises `DatasetError` where fewer than two classes have a usable image. `progress` may raise to
    stop.
    """
    labels = _labels(embeddings)
    started = time.perf_counter()
    said, judged = _judge(embeddings, labels, seed=seed, progress=progress)
    fitting = time.perf_counter()
    fitted = probe.fit(
        embeddings.vectors,
        labels,
        seed=seed,
        C=judged.C if judged else None,
        near=judged.near if judged else None,
        progress=progress,
    )
    seconds = {
        "embed": seconds_to_embed,
        "fit": time.perf_counter() - fitting,
        "evaluate": fitting - started,
    }
    kept = probe.exemplar_indices(labels, MAX_EXEMPLARS)
    vectors = probe.normalise(embeddings.vectors[kept]).astype(np.float32)
    kept_labels = tuple(labels[i] for i in kept)
    return TrainedClassifier(
        encoder=engine.encoder.spec,
        encoder_id=engine.encoder.id,
        fingerprint=engine.encoder.fingerprint,
        probe=fitted,
        exemplars=Exemplars(
            names=tuple(embeddings.images[i].name for i in kept),
            labels=kept_labels,
            digests=tuple(embeddings.images[i].digest for i in kept),
            vectors=vectors,
        ),
        known_threshold=probe.known_threshold(vectors, kept_labels),
        report=replace(said, encoder=engine.encoder.spec, seconds=seconds),
        versions={"featclass": __version__, **{name: version(name) for name in LIBRARIES}},
    )


def train(
    engine: Engine, dataset: Dataset, *, seed: int = 0, progress: Progress = no_progress
) -> TrainedClassifier:
    """Embed a dataset and learn it; raises as `learn` does."""
    started = time.perf_counter()
    embedded = embed(engine, dataset, progress=progress)
    seconds = time.perf_counter() - started
    return learn(embedded, engine, seed=seed, seconds_to_embed=seconds)


def evaluate(
    engine: Engine,
    dataset: Dataset,
    *,
    split: float | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Report:
    """Report how well a classifier of this dataset does on images it never saw.

    Out-of-fold over all images, or, with `split`, on the share that one split holds out. Raises
    `DatasetError` where fewer than two classes have a usable image.
    """
    if split is None:
        return train(engine, dataset, seed=seed, progress=progress).report
    started = time.perf_counter()
    embedded = embed(engine, dataset, progress=progress)
    embedding = time.perf_counter() - started
    labels = _labels(embedded)
    tested, probabilities = probe.split(embedded.vectors, labels, train_share=split, seed=seed)
    return report.score(
        [labels[i] for i in tested],
        probabilities,
        sorted(set(labels)),
        encoder=engine.encoder.spec,
        rejected=embedded.rejected,
        method=report.single_split(
            trained=len(labels) - len(tested),
            tested=len(tested),
            share=split,
            seed=seed,
            choice="nested",
        ),
        seconds={
            "embed": embedding,
            "fit": 0.0,
            "evaluate": time.perf_counter() - started - embedding,
        },
        images=len(labels),
    )


def _judge(
    embeddings: Embeddings, labels: list[str], *, seed: int, progress: Progress
) -> tuple[Report, probe.OutOfFold | None]:
    """Report on probes that never saw what they predict; return what they suggest for the last."""
    encoder, seconds = "", {"embed": 0.0, "fit": 0.0, "evaluate": 0.0}
    if min(Counter(labels).values()) < 2:
        said = report.without_score(
            labels, encoder=encoder, rejected=embeddings.rejected, seconds=seconds
        )
        return said, None
    judged = probe.out_of_fold(embeddings.vectors, labels, seed=seed, progress=progress)
    method = report.cross_validated(
        len(labels),
        folds=judged.folds,
        repeats=judged.repeats,
        leave_one_out=judged.leave_one_out,
        choice=judged.choice,
        chosen_on=judged.images,
    )
    said = report.score(
        labels,
        judged.probabilities,
        sorted(set(labels)),
        encoder=encoder,
        rejected=embeddings.rejected,
        method=method,
        seconds=seconds,
    )
    return said, judged


def predict(
    engine: Engine,
    classifier: TrainedClassifier,
    images: Sequence[Image],
    *,
    progress: Progress = no_progress,
    live: bool = False,
) -> list[Prediction]:
    """Say of each image, in order, which class it looks like; or why it could not be used."""
    embedded = engine.embed(images, progress=progress, live=live)
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
    familiarity = probe.familiarity(exemplars.vectors, embedded.vectors)
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
                known=bool(familiarity[row] >= classifier.known_threshold),
                neighbours=tuple(
                    Neighbour(
                        exemplars.names[i], exemplars.labels[i], exemplars.digests[i], float(s)
                    )
                    for i, s in zip(nearest[row], similarities[row], strict=True)
                ),
            )
        )
    return predictions


def _labels(embeddings: Embeddings) -> list[str]:
    """Return the label of each image; raises `DatasetError` where they make no classifier."""
    labels = [image.label for image in embeddings.images if image.label is not None]
    if len(labels) != len(embeddings.images):
        raise DatasetError("Some pictures have no class: put every picture into a labelled set.")
    classes = sorted(set(labels))
    if len(classes) < 2:
        found = f"only in {classes[0]!r}" if classes else "in no class at all"
        raise DatasetError(
            f"A classifier needs usable pictures in two classes or more, and they are {found}"
            f" ({len(embeddings.rejected)} could not be used). Add pictures of a second class."
        )
    return labels


def renamed(classifier: TrainedClassifier, names: Mapping[str, str]) -> TrainedClassifier:
    """Return the same classifier with classes called otherwise; nothing is learned anew.

    `names` gives the new name of each class; what it leaves out keeps its own.
    """

    def new(name: str) -> str:
        return names.get(name, name)

    order = sorted(range(len(classifier.classes)), key=lambda i: new(classifier.classes[i]))
    said, fitted = classifier.report, classifier.probe
    matrix = said.confusion_matrix
    classes = tuple(new(classifier.classes[i]) for i in order)
    return replace(
        classifier,
        probe=replace(
            fitted,
            classes=classes,
            coefficients=fitted.coefficients[order],
            intercepts=fitted.intercepts[order],
        ),
        exemplars=replace(
            classifier.exemplars,
            labels=tuple(map(new, classifier.exemplars.labels)),
            names=tuple(
                new(label) + name[len(label) :] if name.startswith(f"{label}/") else name
                for name, label in zip(
                    classifier.exemplars.names, classifier.exemplars.labels, strict=True
                )
            ),
        ),
        report=replace(
            said,
            classes=classes,
            confusion_matrix=matrix and tuple(tuple(matrix[i][j] for j in order) for i in order),
            per_class={new(c): said.per_class[c] for c in (classifier.classes[i] for i in order)},
        ),
    )


def check_encoder(classifier: TrainedClassifier, engine: Engine) -> list[str]:
    """Return what to note where a classifier was made under another precision or decoding.

    Raises `EncoderUnavailable` where the encoder here is another one altogether.
    """
    encoder = engine.encoder
    if encoder.id != classifier.encoder_id:
        raise EncoderUnavailable(
            f"This classifier was made with other weights of {classifier.encoder} than the ones"
            f" on this machine (encoder id {classifier.encoder_id[:12]}, found"
            f" {encoder.id[:12]}). Get those weights, or train it again here."
        )
    if encoder.fingerprint != classifier.fingerprint:
        return [
            "This classifier was made under another precision or picture decoding than this"
            f" machine's ({encoder.precision} on {encoder.device}): probabilities may differ in"
            " the third digit."
        ]
    return []


def open_engine(
    engines: Engines,
    spec: str,
    *,
    tell: Callable[[str], None],
    download: Progress | None = None,
) -> Engine:
    """Open the engine of `spec`, downloading its weights if need be.

    `auto` is the best encoder for the device, else the built-in one: then `tell` hears why, in a
    sentence, before that is loaded. Raises `EncoderUnavailable` for an encoder asked for by name
    that cannot be had.
    """
    if spec != AUTO:
        return engines.get(spec, download=download)
    preferred = encoders.preferred(engines.find_device())
    try:
        return engines.get(preferred, download=download)
    except EncoderUnavailable as error:
        tell(f"{error} Using the built-in encoder meanwhile.")
        return engines.get(BUILTIN)
