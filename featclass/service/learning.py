"""From labelled pictures to a classifier and its report."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from importlib.metadata import version

import numpy as np

from featclass import __version__, probe, report
from featclass.engine import Engine
from featclass.errors import DatasetError
from featclass.records import (
    Dataset,
    Embeddings,
    Exemplars,
    Learned,
    Progress,
    Report,
    TrainedClassifier,
    no_progress,
)
from featclass.service.judgements import judgements

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
) -> Learned:
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
    classifier = TrainedClassifier(
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
    return Learned(classifier, judgements(embeddings, labels, judged) if judged else ())


def train(
    engine: Engine, dataset: Dataset, *, seed: int = 0, progress: Progress = no_progress
) -> Learned:
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
        return train(engine, dataset, seed=seed, progress=progress).classifier.report
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
        interval=report.wilson,  # one probe, images it never saw: they are independent
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
