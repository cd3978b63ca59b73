"""From labelled pictures to a classifier, its report, and what came to light about the pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from featclass import __version__, audit, probe
from featclass.audit import Audit, DuplicateGroup, GiveAway
from featclass.base import (
    Dataset,
    DatasetError,
    Exemplars,
    OutOfFoldPrediction,
    Probe,
    ProbeKind,
    Progress,
    Report,
    TrainedClassifier,
    no_progress,
    refusing,
)
from featclass.classifiers.embedding import EmbeddedDataset, embed
from featclass.classifiers.naming import text_prior
from featclass.classifiers.out_of_fold import (
    Evaluation,
    evaluate,
    looked_into,
    normalised,
    out_of_fold_predictions,
)
from featclass.classifiers.prediction import refuses
from featclass.classifiers.report_json import to_json
from featclass.embedding import Embeddings, Engine

NEARLY_ALL = 0.9
"""Of the pictures: a cue that names the class of so many explains any score."""
NEARLY_AS_GOOD = 0.05
"""By so much less than the classifier, a cue still explains what the classifier does."""


@dataclass(frozen=True, slots=True)
class Training:
    """What training gives: the classifier is kept and shared, the rest stays where it was made."""

    classifier: TrainedClassifier
    out_of_fold: tuple[OutOfFoldPrediction, ...] = ()
    """One an image, in the order of their digests; none where there is no score."""
    audit: Audit | None = None
    """None until it is worked out, and for a saved classifier."""

    def give_away(self, accepted: Collection[str] = ()) -> GiveAway | None:
        """Return the cue that alone may be the whole score, the strongest of several.

        `accepted` are keys of findings of which a person said that they are fine.
        """
        accuracy = self.classifier.report.accuracy
        if self.audit is None or accuracy is None:
            return None
        least = min(NEARLY_ALL, accuracy - NEARLY_AS_GOOD)
        cues = [cue for cue in self.audit.shortcuts if cue.key not in accepted]
        strongest = max(cues, key=lambda cue: cue.accuracy, default=None)
        return strongest if strongest is not None and strongest.accuracy >= least else None

    def cautions(self, accepted: Collection[str] = ()) -> list[str]:
        """Return what could make the score worthless, a sentence each, to stand beside it."""
        cue = self.give_away(accepted)
        alone = cue.caution if cue else ""
        return [*filter(None, (alone, refusing(self.classifier.report)))]

    def to_json(self) -> dict[str, Any]:
        """Return the report's JSON object, with its cautions and what was said of each image."""
        predictions = [prediction.to_json() for prediction in self.out_of_fold]
        report = to_json(self.classifier.report)
        return {**report, "cautions": self.cautions(), "predictions": predictions}


def audited(evaluation: Evaluation) -> Audit | None:
    """Look for whatever is wrong; None where nobody looked at the pixels."""
    if evaluation.copies is None:
        return None
    images, predictions = evaluation.embeddings.images, evaluation.predictions
    pictures = audit.AuditInput(
        names=[image.name for image in images],
        digests=[image.digest for image in images],
        labels=evaluation.labels,
        vectors=evaluation.vectors,
        appearances=evaluation.embeddings.appearances,
    )
    probabilities = distances = None
    if predictions is not None:
        probabilities = _of_classes_shown(evaluation, predictions.probabilities)
        distances = probe.distances_left_out(
            evaluation.embedded, evaluation.labels, evaluation.groups
        )
    findings = audit.audit(
        pictures, probabilities=probabilities, distances=distances, copies=evaluation.copies
    )
    return _without_bursts(findings, {image.name: image.burst for image in images})


def _without_bursts(findings: Audit, bursts: Mapping[str, str | None]) -> Audit:
    """Leave out the copies that are frames of one recording: they were made on purpose."""

    def is_burst(group: DuplicateGroup) -> bool:
        [first, *others] = {bursts[path] for path in group.paths}
        return first is not None and not others and not group.is_across_classes

    groups = tuple(group for group in findings.duplicates if not is_burst(group))
    return replace(findings, duplicates=groups)


def _of_classes_shown(
    evaluation: Evaluation, probabilities: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return probabilities among the classes that have images, shape (n, those)."""
    shown = np.isin(evaluation.classes, evaluation.labels)
    if shown.all():
        return probabilities
    some = probabilities[:, shown]
    return np.asarray(some / some.sum(axis=1, keepdims=True))


MAX_EXEMPLARS = 20_000
MAX_STRANGERS = 1_000
LIBRARIES = ("numpy", "pillow", "torch")


def learn(
    dataset: EmbeddedDataset,
    engine: Engine,
    *,
    without_images: Sequence[str] | None = None,
    kind: ProbeKind = ProbeKind.DISCRIMINANT,
    seed: int = 0,
    scored: Callable[[Training], None] = lambda training: None,
    progress: Progress = no_progress,
) -> Training:
    """Fit a probe on embedded images and judge it on images it never saw.

    `scored` is told as soon as there is a classifier with its score; what more pictures would
    bring, for one, takes longer. Where the encoder has a text tower and classes are called by
    words, names count as far as they help, and classes `without_images` (by default the empty ones
    of the dataset) are known by them; from its strangers no class learns. Raises `DatasetError`
    where fewer than two classes have a usable image, or else a name that counts. `progress` may
    raise to stop.
    """
    labels, started = labels_of(dataset), time.perf_counter()
    empty = dataset.empty_classes if without_images is None else without_images
    prior = text_prior(engine, labels, empty)
    require_two(labels, dataset, prior)
    evaluation = evaluate(dataset, labels, prior=prior, kind=kind, seed=seed, progress=progress)
    evaluated = time.perf_counter()
    fitted = _fitted(evaluation)
    fit, spent = time.perf_counter() - evaluated, evaluated - started
    seconds = {"embed": dataset.seconds, "fit": fit, "evaluate": spent}
    counted = evaluation.report(engine.encoder, seconds, sorted({*empty} - {*labels}))
    classifier = _classifier(evaluation, engine, fitted, counted, dataset.strangers)
    training = Training(classifier, out_of_fold_predictions(evaluation))
    scored(training)
    again = time.perf_counter()
    findings = audited(evaluation)
    report = looked_into(
        counted, evaluation, strangers=classifier.strangers, seed=seed, progress=progress
    )
    refused = refuses(classifier)
    seconds = {**seconds, "evaluate": spent + time.perf_counter() - again}
    report = replace(report, refuses=refused, seconds=seconds)
    return Training(replace(classifier, report=report), training.out_of_fold, findings)


def _fitted(evaluation: Evaluation) -> Probe:
    predictions = evaluation.predictions
    return probe.fit(
        evaluation.embedded,
        evaluation.labels,
        calibrated=predictions.calibrated if predictions else None,
        prior=evaluation.prior,
        blend=predictions.blend if predictions else None,
        kind=evaluation.kind,
        C=predictions.C if predictions else None,
    )


def _classifier(
    evaluation: Evaluation,
    engine: Engine,
    fitted: Probe,
    report: Report,
    strangers: Embeddings | None,
) -> TrainedClassifier:
    images, distinct = evaluation.embeddings.images, evaluation.distinct()
    rows = distinct[probe.exemplar_indices([evaluation.labels[i] for i in distinct], MAX_EXEMPLARS)]
    return TrainedClassifier(
        encoder=engine.encoder.spec,
        encoder_id=engine.encoder.id,
        fingerprint=engine.encoder.fingerprint,
        probe=fitted,
        exemplars=Exemplars(
            names=tuple(images[i].name for i in rows),
            labels=tuple(evaluation.labels[i] for i in rows),
            digests=tuple(images[i].digest for i in rows),
            vectors=evaluation.vectors[rows],
        ),
        report=report,
        versions={"featclass": __version__, **{name: version(name) for name in LIBRARIES}},
        strangers=_strangers(strangers),
    )


def _strangers(embeddings: Embeddings | None) -> NDArray[np.float32] | None:
    """Return those to remember, L2-normalised; None where there are none."""
    if embeddings is None or not len(embeddings.vectors):
        return None
    rows = probe.exemplar_indices([""] * len(embeddings.vectors), MAX_STRANGERS)
    return normalised(embeddings)[rows]


def train(
    engine: Engine,
    dataset: Dataset,
    *,
    kind: ProbeKind = ProbeKind.DISCRIMINANT,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Training:
    """Embed a dataset, which `progress` is told of, and learn it; raises as `learn` does."""
    return learn(embed(engine, dataset, progress=progress), engine, kind=kind, seed=seed)


def labels_of(embeddings: Embeddings) -> list[str]:
    """Return the label of each image; raises `DatasetError` where one has none."""
    labels = [image.label for image in embeddings.images if image.label is not None]
    if len(labels) != len(embeddings.images):
        raise DatasetError("Some pictures have no class: put every picture into a labelled set.")
    return labels


def require_two(
    labels: Sequence[str], embeddings: Embeddings, prior: probe.TextPrior | None = None
) -> None:
    """Raise `DatasetError` where there are not two classes to tell apart."""
    classes = sorted(set(labels))
    if prior is None and len(classes) < 2:
        where = f"only in {classes[0]!r}" if classes else "in no class at all"
        raise DatasetError(
            f"A classifier needs usable pictures in two classes or more, and they are {where}"
            f" ({len(embeddings.rejected)} could not be used). Add pictures of a second class."
        )
