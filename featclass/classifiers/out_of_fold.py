"""How far a classifier of some images can be trusted, measured on images it never saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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
    Progress,
    Report,
    TextPriorUse,
    Unjudgeable,
    Unscored,
)
from featclass.classifiers import report
from featclass.classifiers.copies import Groups, find_copies, kept_together, recorded_once
from featclass.embedding import Embeddings
from featclass.probe import learning_curve, nearest_others, statistics

NO_SECONDS = {"embed": 0.0, "fit": 0.0, "evaluate": 0.0}
"""Who asked measures them."""
ASKED = 200
"""Images that tell what share resembles no class, within 2 % or so."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What probes that never saw the images say of them."""

    labels: tuple[str, ...]
    vectors: NDArray[np.float32]
    """L2-normalised embeddings, shape (n, dimensions)."""
    copies: audit.Copies | None
    """Which images show the same; None where nobody looked at the pixels."""
    groups: Groups | None
    """Of `kept_together`."""
    predictions: probe.OutOfFold | None
    """None where there is no score."""
    report: Report
    """Without encoder and seconds."""
    prior: probe.TextPrior | None = None
    """What the names of the classes say; None where they were not asked."""

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


def evaluate(
    embeddings: Embeddings,
    labels: Sequence[str],
    *,
    prior: probe.TextPrior | None = None,
    seed: int,
    progress: Progress,
) -> Evaluation:
    """Predict every image by probes that saw neither it nor its near-duplicates, and count."""
    vectors = normalised(embeddings)
    copies = find_copies(embeddings, vectors)
    groups = kept_together(embeddings.images, labels, copies)
    once = recorded_once(embeddings.images, labels)
    found, why = None, Unscored(Lacking.SINGLE_RECORDINGS, once) if once else None
    sizes = Counter(labels)
    if why is None and len(sizes) > 1 and min(sizes.values()) > 1:
        try:
            found = probe.out_of_fold(
                embeddings.vectors,
                labels,
                groups=groups,
                names=[image.digest for image in embeddings.images],
                prior=prior,
                seed=seed,
                progress=progress,
            )
        except Unjudgeable as error:
            why = _unscored(error)
    classes = prior.classes if prior else tuple(sorted(sizes))
    if found is not None:
        said = _scored(embeddings, labels, classes, found, groups)
    else:
        said = report.without_score(
            labels,
            encoder="",
            rejected=embeddings.rejected,
            seconds=NO_SECONDS,
            why=why,
            classes=classes,
        )
    if prior is not None:
        said = _with_names(said, prior, embeddings, labels, found)
    return Evaluation(tuple(labels), vectors, copies, groups, found, said, prior)


def _with_names(
    said: Report,
    prior: probe.TextPrior,
    embeddings: Embeddings,
    labels: Sequence[str],
    found: probe.OutOfFold | None,
) -> Report:
    lacking = tuple(name for name in prior.classes if name not in set(labels))
    blend = found.blend if found else None
    weight = (blend or probe.untried_blend(embeddings.vectors, labels, prior)).weight
    used = TextPriorUse(weight, lacking)
    return replace(said, class_names=used)


def _unscored(error: Unjudgeable) -> Unscored:
    if error.label is None:
        return Unscored(Lacking.UNDIVIDED)
    return Unscored(Lacking.NOTHING_BUT_COPIES, (error.label,), error.images)


def _scored(
    embeddings: Embeddings,
    labels: Sequence[str],
    classes: Sequence[str],
    found: probe.OutOfFold,
    groups: Groups | None,
) -> Report:
    independent = len(labels) if groups is None else int(groups.max()) + 1
    said = report.score(
        labels,
        found.probabilities,
        classes,
        method=CrossValidation(
            len(labels),
            folds=found.folds,
            repeats=found.repeats,
            leave_one_out=found.leave_one_out,
            groups=independent,
            bursts=any(image.burst is not None for image in embeddings.images),
        ),
        encoder="",
        rejected=embeddings.rejected,
        seconds=NO_SECONDS,
        groups=groups,
        interval=statistics.accuracy_interval,
    )
    right = int(_is_right(labels, classes, found).sum())
    return replace(
        said,
        verdict=statistics.verdict(right, Counter(labels), n_groups=independent),
        calibration_error=found.calibration_error,
    )


def looked_into(
    evaluation: Evaluation,
    embeddings: Embeddings,
    *,
    strangers: NDArray[np.float32] | None = None,
    seed: int,
) -> Report:
    """Return the report with what takes longer: what more images would bring, what a leak did.

    `strangers` are L2-normalised embeddings of pictures that a person called none of the classes.
    """
    found, labels, groups = evaluation.predictions, evaluation.labels, evaluation.groups
    if found is None:
        return evaluation.report
    curve = learning_curve.learning_curve(
        labels,
        _is_right(labels, evaluation.report.classes, found),
        probe.learner(embeddings.vectors, labels, prior=evaluation.prior, blend=found.blend),
        groups=None if groups is None else groups.tolist(),
        seed=seed,
    )
    return replace(
        evaluation.report,
        learning_curve=curve,
        near_duplicates=_leak(evaluation, embeddings, seed),
        refused_share=_refused(evaluation, found, strangers),
    )


def normalised(embeddings: Embeddings) -> NDArray[np.float32]:
    """Return the embeddings scaled to length 1, in single precision."""
    return probe.normalise(embeddings.vectors).astype(np.float32)


def _is_right(
    labels: Sequence[str], classes: Sequence[str], found: probe.OutOfFold
) -> NDArray[np.bool_]:
    names = np.array(classes, dtype=object)
    return np.asarray(names[found.probabilities.argmax(axis=1)] == np.array(labels, dtype=object))


def _leak(evaluation: Evaluation, embeddings: Embeddings, seed: int) -> NearDuplicates | None:
    """Count near-duplicates, and what the score would be if they stood on both sides."""
    groups, labels = evaluation.groups, evaluation.labels
    if groups is None:
        return None
    sizes = np.bincount(groups)
    leaking = probe.out_of_fold(embeddings.vectors, labels, prior=evaluation.prior, seed=seed)
    accuracy = float(_is_right(labels, evaluation.report.classes, leaking).mean())
    recorded = [image.burst is not None for image in embeddings.images]
    bursts = sum(bool(sizes[group] > 1) for group in set(groups[recorded].tolist()))
    return NearDuplicates(int(sizes[sizes > 1].sum()), int((sizes > 1).sum()), accuracy, bursts)


def _refused(
    evaluation: Evaluation, found: probe.OutOfFold, strangers: NDArray[np.float32] | None
) -> float:
    """Return the share of images that resemble no class to whoever has not seen their fold.

    Of as many folds as hold `ASKED` images.
    """
    known: list[NDArray[np.bool_]] = []
    distinct = evaluation.distinct()
    for fold in np.unique(found.held_out):
        asked = found.held_out == fold
        kept = distinct[~asked[distinct]]
        own = [evaluation.labels[row] for row in kept]
        members = probe.NoveltyDetector.of(evaluation.vectors[kept], own, strangers)
        known.append(members.is_known(evaluation.vectors[asked]))
        if sum(map(len, known)) >= ASKED:
            break
    return float(1 - np.concatenate(known).mean())


NEIGHBOURS = 3


def out_of_fold_predictions(
    images: Sequence[Image], evaluation: Evaluation
) -> tuple[OutOfFoldPrediction, ...]:
    """Return what was said of each image by probes that never saw it; none without a score."""
    if evaluation.predictions is None:
        return ()
    labels = evaluation.labels
    classes = evaluation.report.classes
    places = {name: place for place, name in enumerate(classes)}
    nearest, cosines = nearest_others(evaluation.vectors, NEIGHBOURS)
    out_of_fold_predictions = []
    for row, image in enumerate(images):
        chances = evaluation.predictions.probabilities[row]
        others = tuple(
            _neighbour(images[i], labels[i], min(1.0, float(cosine)))
            for i, cosine in zip(nearest[row], cosines[row], strict=True)
        )
        out_of_fold_predictions.append(
            OutOfFoldPrediction(
                name=image.name,
                digest=image.digest,
                label=labels[row],
                said=classes[int(chances.argmax())],
                probability=float(chances.max()),
                label_probability=float(chances[places[labels[row]]]),
                neighbours=others,
            )
        )
    return tuple(out_of_fold_predictions)


def _neighbour(image: Image, label: str, similarity: float) -> Neighbour:
    return Neighbour(image.name, label, image.digest, similarity)
