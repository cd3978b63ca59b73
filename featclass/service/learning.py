"""From labelled pictures to a classifier and its report."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version

from featclass import __version__, probe
from featclass.engine import Embeddings, Engine
from featclass.errors import DatasetError
from featclass.learned import Learned
from featclass.records import (
    Dataset,
    Exemplars,
    Probe,
    Progress,
    Report,
    TrainedClassifier,
    no_progress,
)
from featclass.service.auditing import audited
from featclass.service.embedding import embed, empty_classes
from featclass.service.judgements import judgements
from featclass.service.judging import Judged, judge, looked_into, normalised
from featclass.service.naming import name_prior
from featclass.service.prediction import refuses

MAX_EXEMPLARS = 20_000
MAX_STRANGERS = 1_000
LIBRARIES = ("numpy", "pillow", "torch")


def learn(
    embeddings: Embeddings,
    engine: Engine,
    *,
    without_images: Sequence[str] = (),
    strangers: Embeddings | None = None,
    seed: int = 0,
    seconds_to_embed: float = 0.0,
    scored: Callable[[Learned], None] = lambda learned: None,
    progress: Progress = no_progress,
) -> Learned:
    """Fit a probe on embedded images and judge it on images it never saw.

    `scored` is told as soon as there is a classifier with its score; what more pictures would
    bring, for one, takes longer. Where the encoder has a text tower and classes are called by
    words, names count as far as they help, and classes `without_images` are known by them.
    `strangers` are pictures that a person called none of these: no class learns from them. Raises
    `DatasetError` where fewer than two classes have a usable image, or else a name that counts.
    `progress` may raise to stop.
    """
    labels = labels_of(embeddings)
    started = time.perf_counter()
    prior = name_prior(engine, labels, without_images)
    require_two(labels, embeddings, prior)
    judged = judge(embeddings, labels, prior=prior, seed=seed, progress=progress)
    empty = tuple(sorted({*without_images} - {*labels}))
    found = judged.predictions
    fitting = time.perf_counter()
    fitted = probe.fit(
        embeddings.vectors,
        labels,
        calibrated=found.calibrated if found else None,
        prior=prior,
        blend=found.blend if found else None,
    )
    seconds = {
        "embed": seconds_to_embed,
        "fit": time.perf_counter() - fitting,
        "evaluate": fitting - started,
    }
    said = replace(judged.report, encoder=engine.encoder.spec, seconds=seconds, empty_classes=empty)
    classifier = _classifier(embeddings, judged, engine, fitted, said)
    if strangers is not None and len(strangers.vectors):
        kept = probe.exemplar_indices([""] * len(strangers.vectors), MAX_STRANGERS)
        classifier = replace(classifier, strangers=normalised(strangers)[kept])
    learned = Learned(classifier, judgements(embeddings.images, judged))
    scored(learned)
    again = time.perf_counter()
    learned = replace(learned, audit=audited(embeddings, judged))
    looked = looked_into(judged, embeddings, strangers=classifier.strangers, seed=seed)
    said = replace(looked, refuses=refuses(classifier))
    seconds = {**seconds, "evaluate": seconds["evaluate"] + time.perf_counter() - again}
    said = replace(said, encoder=engine.encoder.spec, seconds=seconds, empty_classes=empty)
    return replace(learned, classifier=replace(classifier, report=said))


def _classifier(
    embeddings: Embeddings, judged: Judged, engine: Engine, fitted: Probe, said: Report
) -> TrainedClassifier:
    distinct = judged.distinct()
    kept = distinct[probe.exemplar_indices([judged.labels[i] for i in distinct], MAX_EXEMPLARS)]
    return TrainedClassifier(
        encoder=engine.encoder.spec,
        encoder_id=engine.encoder.id,
        fingerprint=engine.encoder.fingerprint,
        probe=fitted,
        exemplars=Exemplars(
            names=tuple(embeddings.images[i].name for i in kept),
            labels=tuple(judged.labels[i] for i in kept),
            digests=tuple(embeddings.images[i].digest for i in kept),
            vectors=judged.vectors[kept],
        ),
        report=said,
        versions={"featclass": __version__, **{name: version(name) for name in LIBRARIES}},
    )


def train(
    engine: Engine,
    dataset: Dataset,
    *,
    without_images: Sequence[str] = (),
    seed: int = 0,
    progress: Progress = no_progress,
) -> Learned:
    """Embed a dataset, which `progress` is told of, and learn it; raises as `learn` does."""
    started = time.perf_counter()
    embedded = embed(engine, dataset, progress=progress)
    seconds = time.perf_counter() - started
    empty = (*empty_classes(dataset, embedded), *without_images)
    return learn(embedded, engine, without_images=empty, seed=seed, seconds_to_embed=seconds)


def labels_of(embeddings: Embeddings) -> list[str]:
    """Return the label of each image; raises `DatasetError` where one has none."""
    labels = [image.label for image in embeddings.images if image.label is not None]
    if len(labels) != len(embeddings.images):
        raise DatasetError("Some pictures have no class: put every picture into a labelled set.")
    return labels


def require_two(
    labels: Sequence[str], embeddings: Embeddings, prior: probe.NamePrior | None = None
) -> None:
    """Raise `DatasetError` where there are not two classes to tell apart."""
    classes = sorted(set(labels))
    if prior is None and len(classes) < 2:
        found = f"only in {classes[0]!r}" if classes else "in no class at all"
        raise DatasetError(
            f"A classifier needs usable pictures in two classes or more, and they are {found}"
            f" ({len(embeddings.rejected)} could not be used). Add pictures of a second class."
        )
