"""From labelled pictures to a classifier, its report, and what came to light about the pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
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
    Progress,
    Report,
    TrainedClassifier,
    no_progress,
    sentences,
)
from featclass.classifiers.embedding import embed, empty_classes
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
        told = [sentences.refusing(self.classifier.report)]
        if cue := self.give_away(accepted):
            alone = sentences.findings.whole_score(
                cue.cue, accuracy=cue.accuracy, chance=cue.chance_accuracy
            )
            told.insert(0, alone)
        return [sentence for sentence in told if sentence]

    def to_json(self) -> dict[str, Any]:
        """Return the report's JSON object, with its cautions and what was said of each image."""
        predictions = [prediction.to_json() for prediction in self.out_of_fold]
        report = to_json(self.classifier.report)
        return {**report, "cautions": self.cautions(), "predictions": predictions}


def audited(embeddings: Embeddings, evaluation: Evaluation) -> audit.Audit | None:
    """Look for whatever is wrong; None where nobody looked at the pixels."""
    if evaluation.copies is None:
        return None
    pictures = audit.AuditInput(
        names=[image.name for image in embeddings.images],
        digests=[image.digest for image in embeddings.images],
        labels=evaluation.labels,
        vectors=evaluation.vectors,
        appearances=embeddings.appearances,
    )
    if evaluation.predictions is None:
        return _without_bursts(audit.audit(pictures, copies=evaluation.copies), embeddings)
    found = audit.audit(
        pictures,
        probabilities=_of_classes_shown(evaluation, evaluation.predictions.probabilities),
        distances=probe.distances_left_out(
            evaluation.vectors, evaluation.labels, evaluation.groups
        ),
        copies=evaluation.copies,
    )
    return _without_bursts(found, embeddings)


def _without_bursts(found: audit.Audit, embeddings: Embeddings) -> audit.Audit:
    """Leave out the copies that are frames of one recording: they were made on purpose."""
    bursts = {image.name: image.burst for image in embeddings.images}
    if not any(bursts.values()):
        return found

    def is_burst(group: DuplicateGroup) -> bool:
        [first, *others] = {bursts[path] for path in group.paths}
        return first is not None and not others and not group.is_across_classes

    kept = tuple(group for group in found.duplicates if not is_burst(group))
    return replace(found, duplicates=kept)


def _of_classes_shown(
    evaluation: Evaluation, probabilities: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return probabilities among the classes that have images, shape (n, those)."""
    shown = np.isin(evaluation.report.classes, evaluation.labels)
    if shown.all():
        return probabilities
    some = probabilities[:, shown]
    return np.asarray(some / some.sum(axis=1, keepdims=True))


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
    scored: Callable[[Training], None] = lambda training: None,
    progress: Progress = no_progress,
) -> Training:
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
    prior = text_prior(engine, labels, without_images)
    require_two(labels, embeddings, prior)
    evaluation = evaluate(embeddings, labels, prior=prior, seed=seed, progress=progress)
    empty = tuple(sorted({*without_images} - {*labels}))
    found = evaluation.predictions
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
    said = replace(
        evaluation.report, encoder=engine.encoder.spec, seconds=seconds, empty_classes=empty
    )
    classifier = _classifier(embeddings, evaluation, engine, fitted, said)
    if strangers is not None and len(strangers.vectors):
        kept = probe.exemplar_indices([""] * len(strangers.vectors), MAX_STRANGERS)
        classifier = replace(classifier, strangers=normalised(strangers)[kept])
    training = Training(classifier, out_of_fold_predictions(embeddings.images, evaluation))
    scored(training)
    again = time.perf_counter()
    training = replace(training, audit=audited(embeddings, evaluation))
    looked = looked_into(evaluation, embeddings, strangers=classifier.strangers, seed=seed)
    said = replace(looked, refuses=refuses(classifier))
    seconds = {**seconds, "evaluate": seconds["evaluate"] + time.perf_counter() - again}
    said = replace(said, encoder=engine.encoder.spec, seconds=seconds, empty_classes=empty)
    return replace(training, classifier=replace(classifier, report=said))


def _classifier(
    embeddings: Embeddings, evaluation: Evaluation, engine: Engine, fitted: Probe, said: Report
) -> TrainedClassifier:
    distinct = evaluation.distinct()
    kept = distinct[probe.exemplar_indices([evaluation.labels[i] for i in distinct], MAX_EXEMPLARS)]
    return TrainedClassifier(
        encoder=engine.encoder.spec,
        encoder_id=engine.encoder.id,
        fingerprint=engine.encoder.fingerprint,
        probe=fitted,
        exemplars=Exemplars(
            names=tuple(embeddings.images[i].name for i in kept),
            labels=tuple(evaluation.labels[i] for i in kept),
            digests=tuple(embeddings.images[i].digest for i in kept),
            vectors=evaluation.vectors[kept],
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
) -> Training:
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
    labels: Sequence[str], embeddings: Embeddings, prior: probe.TextPrior | None = None
) -> None:
    """Raise `DatasetError` where there are not two classes to tell apart."""
    classes = sorted(set(labels))
    if prior is None and len(classes) < 2:
        found = f"only in {classes[0]!r}" if classes else "in no class at all"
        raise DatasetError(
            f"A classifier needs usable pictures in two classes or more, and they are {found}"
            f" ({len(embeddings.rejected)} could not be used). Add pictures of a second class."
        )
