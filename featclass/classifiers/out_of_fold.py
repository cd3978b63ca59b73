"""How far a classifier of some images can be trusted, measured on images it never saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from featclass import audit, probe
from featclass.base import (
    CrossValidation,
    Image,
    Lacking,
    NearDuplicates,
    Neighbour,
    OutOfFoldPrediction,
    ProbeKind,
    Progress,
    Report,
    TextPriorUse,
    Unjudgeable,
    Unscored,
    no_progress,
)
from featclass.classifiers import report
from featclass.classifiers.prediction import NEIGHBOURS
from featclass.classifiers.splits import Groups, find_copies, kept_together, recorded_once
from featclass.embedding import Embeddings
from featclass.encoders import Encoder
from featclass.probe import learning_curve, nearest_others, statistics

ASKED = 200
"""Images that tell what share resembles no class, within 2 % or so."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What probes that never saw the images say of them."""

    embeddings: Embeddings
    labels: tuple[str, ...]
    vectors: NDArray[np.float32]
    """L2-normalised embeddings, shape (n, dimensions)."""
    embedded: probe.Embedded
    """The same as the probe sees them."""
    copies: audit.Copies | None
    """Which images show the same; None where nobody looked at the pixels."""
    groups: Groups | None
    """Of `kept_together`."""
    classes: tuple[str, ...]
    """Sorted; also those known by their names alone."""
    predictions: probe.OutOfFold | None
    """None where there is no score."""
    unscored: Unscored | None
    """Why there is none; None where that follows from the sizes of the classes."""
    prior: probe.TextPrior | None
    """What the names of the classes say; None where they were not asked."""
    class_names: TextPriorUse | None
    """How much that counts."""
    kind: ProbeKind = ProbeKind.DISCRIMINANT

    def distinct(self) -> NDArray[np.intp]:
        """Return which images to remember, ascending: of near-duplicates in a class the first.

        Beside its copy a picture looks more familiar than any new one can.
        """
        groups = self.groups
        if groups is None:
            return np.arange(len(self.labels))
        firsts: dict[tuple[int, str], int] = {}
        for row, key in enumerate(zip(groups.tolist(), self.labels, strict=True)):
            firsts.setdefault(key, row)
        return np.array([*firsts.values()], dtype=np.intp)

    def nearest_others(self) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Return the images most like each, the nearest first, and the cosines to them."""
        if self.copies is None:
            return nearest_others(self.vectors, NEIGHBOURS)
        return self.copies.nearest[:, :NEIGHBOURS], self.copies.cosines[:, :NEIGHBOURS]

    def is_right(self, predictions: probe.OutOfFold) -> NDArray[np.bool_]:
        """Return whether each image was taken for what it is, shape (n,)."""
        names = np.array(self.classes, dtype=object)
        taken_for = names[predictions.probabilities.argmax(axis=1)]
        return np.asarray(taken_for == np.array(self.labels, dtype=object))

    def report(
        self, encoder: Encoder, seconds: Mapping[str, float], empty: Sequence[str]
    ) -> Report:
        """Count what each image was taken for; `empty` are the classes without one, sorted."""
        predictions, n = self.predictions, len(self.labels)
        told: report.Told = {
            "encoder": encoder.spec,
            "precision": encoder.precision,
            "rejected": self.embeddings.rejected,
            "seconds": seconds,
            "class_names": self.class_names,
            "empty_classes": tuple(empty),
            "probe": self.kind,
            "C": predictions.C if predictions else None,
        }
        if predictions is None:
            why, classes = self.unscored, self.classes
            return report.without_score(self.labels, why=why, classes=classes, **told)
        independent = n if self.groups is None else int(self.groups.max()) + 1
        right = int(self.is_right(predictions).sum())
        told["verdict"] = statistics.verdict(right, Counter(self.labels), n_groups=independent)
        told["calibration_error"] = predictions.calibration_error
        method = CrossValidation(
            n,
            folds=predictions.folds,
            repeats=predictions.repeats,
            leave_one_out=predictions.leave_one_out,
            groups=independent,
            bursts=any(image.burst is not None for image in self.embeddings.images),
        )
        shares, groups = predictions.probabilities, self.groups
        return report.score(self.labels, shares, self.classes, method=method, groups=groups, **told)


def evaluate(
    embeddings: Embeddings,
    labels: Sequence[str],
    *,
    prior: probe.TextPrior | None = None,
    kind: ProbeKind = ProbeKind.DISCRIMINANT,
    seed: int,
    progress: Progress,
) -> Evaluation:
    """Predict every image by probes that saw neither it nor its near-duplicates."""
    vectors, sizes = normalised(embeddings), Counter(labels)
    copies = find_copies(embeddings, vectors)
    groups = kept_together(embeddings.images, labels, copies)
    once = recorded_once(embeddings.images, labels)
    embedded = probe.Embedded.of(embeddings.vectors, roots=None if prior is None else False)
    predictions, unscored = None, Unscored(Lacking.SINGLE_RECORDINGS, once) if once else None
    if unscored is None and len(sizes) > 1 and min(sizes.values()) > 1:
        try:
            predictions = probe.out_of_fold(
                embedded,
                labels,
                groups=groups,
                names=[image.digest for image in embeddings.images],
                prior=prior,
                seed=seed,
                kind=kind,
                progress=progress,
            )
        except Unjudgeable as error:
            unscored = error.why
    return Evaluation(
        embeddings,
        tuple(labels),
        vectors,
        embedded,
        copies,
        groups,
        prior.classes if prior else tuple(sorted(sizes)),
        predictions,
        unscored,
        prior,
        _class_names(prior, embeddings, labels, predictions, kind) if prior else None,
        kind,
    )


def _class_names(
    prior: probe.TextPrior,
    embeddings: Embeddings,
    labels: Sequence[str],
    predictions: probe.OutOfFold | None,
    kind: ProbeKind,
) -> TextPriorUse:
    lacking = tuple(name for name in prior.classes if name not in set(labels))
    blend = predictions.blend if predictions else None
    weight = (blend or probe.untried_blend(embeddings.vectors, labels, prior, kind)).weight
    return TextPriorUse(weight, lacking)


def looked_into(
    counted: Report,
    evaluation: Evaluation,
    *,
    strangers: NDArray[np.float32] | None = None,
    seed: int,
    progress: Progress = no_progress,
) -> Report:
    """Return the report with what takes longer: what more images would bring, what a leak did.

    `strangers` are L2-normalised embeddings of pictures that a person called none of the classes.
    `progress` is told of each part by itself, and may raise to stop.
    """
    predictions, groups = evaluation.predictions, evaluation.groups
    if predictions is None:
        return counted
    embedded, labels = evaluation.embedded, evaluation.labels
    prior, blend = evaluation.prior, predictions.blend
    curve = learning_curve.learning_curve(
        labels,
        evaluation.is_right(predictions),
        probe.learner(
            embedded,
            labels,
            prior=prior,
            blend=blend,
            kind=evaluation.kind,
            C=predictions.C,
            progress=progress,
        ),
        groups=None if groups is None else groups.tolist(),
        seed=seed,
    )
    return replace(
        counted,
        learning_curve=curve,
        near_duplicates=_leak(evaluation, seed, progress),
        refused_share=_refused(evaluation, predictions, strangers),
    )


def normalised(embeddings: Embeddings) -> NDArray[np.float32]:
    """Return the embeddings scaled to length 1, in single precision."""
    return probe.normalise(embeddings.vectors).astype(np.float32)


def _leak(evaluation: Evaluation, seed: int, progress: Progress) -> NearDuplicates | None:
    """Count near-duplicates, and what the score would be if they stood on both sides."""
    embeddings, groups = evaluation.embeddings, evaluation.groups
    if groups is None:
        return None
    sizes = np.bincount(groups)
    leaking = probe.out_of_fold(
        evaluation.embedded,
        evaluation.labels,
        prior=evaluation.prior,
        seed=seed,
        kind=evaluation.kind,
        progress=progress,
    )
    accuracy = float(evaluation.is_right(leaking).mean())
    recorded = [image.burst is not None for image in embeddings.images]
    bursts = sum(bool(sizes[group] > 1) for group in set(groups[recorded].tolist()))
    return NearDuplicates(int(sizes[sizes > 1].sum()), int((sizes > 1).sum()), accuracy, bursts)


def _refused(
    evaluation: Evaluation, predictions: probe.OutOfFold, strangers: NDArray[np.float32] | None
) -> float:
    """Return the share of images that resemble no class to whoever has not seen their fold.

    Of as many folds as hold `ASKED` images.
    """
    vectors, held_out, distinct = evaluation.vectors, predictions.held_out, evaluation.distinct()
    folds, sizes = np.unique(held_out, return_counts=True)
    enough = int(np.searchsorted(np.cumsum(sizes), ASKED)) + 1

    def known(fold: int) -> NDArray[np.bool_]:
        asked = held_out == fold
        exemplars = distinct[~asked[distinct]]
        own = [evaluation.labels[row] for row in exemplars]
        members = probe.NoveltyDetector.of(vectors[exemplars], own, strangers)
        return members.is_known(vectors[asked])

    asked = [*probe.side_by_side(known, folds[:enough].tolist())]
    return float(1 - np.concatenate(asked).mean())


def out_of_fold_predictions(evaluation: Evaluation) -> tuple[OutOfFoldPrediction, ...]:
    """Return what was said of each image by probes that never saw it; none without a score."""
    if evaluation.predictions is None:
        return ()
    images, labels = evaluation.embeddings.images, evaluation.labels
    nearest, cosines = evaluation.nearest_others()
    neighbours = [
        tuple(
            Neighbour(images[i].name, labels[i], images[i].digest, min(1.0, float(cosine)))
            for i, cosine in zip(nearest[row], cosines[row], strict=True)
        )
        for row in range(len(images))
    ]
    return labelled_predictions(
        images, labels, evaluation.classes, evaluation.predictions.probabilities, neighbours
    )


def labelled_predictions(
    images: Sequence[Image],
    labels: Sequence[str],
    classes: Sequence[str],
    probabilities: NDArray[np.float64],
    neighbours: Sequence[tuple[Neighbour, ...]],
) -> tuple[OutOfFoldPrediction, ...]:
    """Return what is said of each image beside its label.

    `probabilities`, of shape (n, classes), are those of a probe that never saw it, `neighbours`
    the images that it is most similar to.
    """
    places = {name: place for place, name in enumerate(classes)}
    return tuple(
        OutOfFoldPrediction(
            name=image.name,
            digest=image.digest,
            label=label,
            said=classes[int(chances.argmax())],
            probability=float(chances.max()),
            label_probability=float(chances[places[label]]),
            neighbours=similar,
        )
        for image, label, chances, similar in zip(
            images, labels, probabilities, neighbours, strict=True
        )
    )
