"""Predictions for labelled images by probes that never saw them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from featclass.base import (
    FeatclassError,
    FloatArray,
    Lacking,
    ProbeKind,
    Progress,
    Unjudgeable,
    Unscored,
    no_progress,
    percent,
)
from featclass.probe import calibration, folds, kinds
from featclass.probe import text_prior as priors
from featclass.probe.calibration import Calibration
from featclass.probe.embedded import Embedded
from featclass.probe.fitting import fit, predict
from featclass.probe.normalisation import Codes, Floats, Masks, encode
from featclass.probe.text_prior import Blend, TextPrior

REPEATS = 3


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Out-of-fold predictions, and how they were obtained."""

    probabilities: Floats
    """Of the mean logits over the repeats, calibrated, shape (n, classes); classes sorted."""
    folds: int
    repeats: int
    leave_one_out: bool
    """Each image alone, or with its near-duplicates."""
    calibrated: Calibration
    """Of the probe that `fit` makes of all images."""
    calibration_error: float
    """Expected, of the probabilities."""
    held_out: Codes
    """Which fold of the first repeat holds out each image, shape (n,)."""
    blend: Blend | None = None
    """Of images and names in the probe of all images; None without names."""
    C: float | None = None
    """Of logistic regression of all images, chosen by what was held out."""


def out_of_fold(
    vectors: FloatArray | Embedded,
    labels: Sequence[str],
    *,
    groups: NDArray[np.integer] | None = None,
    names: Sequence[str] | None = None,
    prior: TextPrior | None = None,
    seed: int = 0,
    repeats: int = REPEATS,
    kind: ProbeKind = ProbeKind.DISCRIMINANT,
    progress: Progress = no_progress,
) -> OutOfFold:
    """Predict every image by probes that never saw it, in repeated stratified cross-validation.

    What is learned from them is the temperature, which changes no answer, and C for all images,
    which no held-out answer rests on. Raises `FeatclassError` where there are fewer than two
    classes, or a class has a single group.

    Args:
        vectors: Embeddings, shape (n, dimensions), or what is known of them already.
        labels: Class of each, two groups a class or more.
        groups: Equal for near-duplicates, held out together, shape (n,); without, none has any.
        names: Of the images, such as digests: one more leaves nearly all others in their folds.
        prior: What the names of classes say, also of such as have no image; how much that counts
            is chosen anew for each fold, by images held out of those that it trains on.
        seed: Of the folds.
        repeats: Times that all are divided anew.
        kind: What is learned of each fold.
        progress: Called after each fold, or more often; may raise to stop.
    """
    classes, codes = encode(labels)
    images = folds.Images.of(codes, groups, names)
    _require_two(classes, images)
    plan = folds.cross_validation(images, seed=seed, repeats=repeats)
    embedded = Embedded.of(vectors, roots=None if prior is None else False)
    learned = kinds.of(kind)
    logits, C = learned.held_out_logits(embedded, codes, plan.held_out, progress)
    blend = None
    if prior is not None:
        texts, places = prior.logits(embedded.X), prior.places(classes)
        own = learned.calibrated(logits, codes, plan.share)
        blend = priors.chosen(logits.mean(axis=0), texts, codes, places, own)
        logits = _blended(logits, embedded.X, images, plan, texts, places, seed, learned)
        codes = places[codes]
    return _calibrated(logits, codes, plan, learned, blend, C)


def _blended(
    logits: Floats,
    X: Floats,
    images: folds.Images,
    plan: folds.Plan,
    texts: Floats,
    places: Codes,
    seed: int,
    kind: kinds.Kind,
) -> Floats:
    """Blend the logits of each fold with those of names as its own training images say."""
    blended = np.empty((plan.repeats, *texts.shape))
    for own, fold, mixed in zip(logits, plan.held_out, blended, strict=True):
        for number in range(plan.folds):
            asked, kept = fold == number, np.flatnonzero(fold != number)
            some = images.some(kept)
            blend = priors.learned(
                X[kept], some.codes, some, texts[kept], places, seed=seed, kind=kind
            )
            mixed[asked] = blend.mixed(own[asked], texts[asked], places)
    return blended


def _calibrated(
    logits: Floats,
    codes: Codes,
    plan: folds.Plan,
    kind: kinds.Kind,
    blend: Blend | None,
    C: float | None,
) -> OutOfFold:
    held_out, whole = kind.calibrated(logits, codes, plan.share)
    probabilities = held_out.probabilities(logits.mean(axis=0))
    return OutOfFold(
        probabilities,
        plan.folds,
        plan.repeats,
        plan.leave_one_out,
        whole,
        calibration.calibration_error(probabilities, codes),
        plan.held_out[0],
        blend,
        C,
    )


def split(
    vectors: FloatArray,
    labels: Sequence[str],
    *,
    train_share: float = 0.8,
    groups: NDArray[np.integer] | None = None,
    prior: TextPrior | None = None,
    seed: int = 0,
    kind: ProbeKind = ProbeKind.DISCRIMINANT,
) -> tuple[NDArray[np.intp], Floats]:
    """Predict a stratified share of the images by one probe trained on the rest.

    Returns:
        Indices of the images predicted, ascending, and their probabilities (tested, classes).
        Near-duplicates stand on one side; every class keeps an image to train on.

    Raises:
        FeatclassError: There are fewer than two classes, every class has a single image, or
            `train_share` leaves nothing to test or to train on.
    """
    if not 0 < train_share < 1:
        raise FeatclassError(
            f"The share of pictures to train on should lie between 0 and 1, and is {train_share}."
            " The usual choice is 0.8."
        )
    codes = encode(labels)[1]
    training = folds.single_split(folds.Images.of(codes, groups), train_share, seed=seed)
    if training.all():
        raise FeatclassError(
            f"Training on {percent(train_share)} of {codes.size} pictures leaves none to test: add"
            " pictures, or train on a smaller share."
        )
    rows, tested = np.flatnonzero(training), np.flatnonzero(~training)
    _, probabilities = by_one_probe(
        vectors,
        labels,
        training=rows,
        tested=tested,
        groups=groups,
        prior=prior,
        seed=seed,
        kind=kind,
    )
    return tested, probabilities


def by_one_probe(
    vectors: FloatArray,
    labels: Sequence[str],
    *,
    training: NDArray[np.intp],
    tested: NDArray[np.intp],
    groups: NDArray[np.integer] | None = None,
    prior: TextPrior | None = None,
    seed: int = 0,
    kind: ProbeKind = ProbeKind.DISCRIMINANT,
) -> tuple[tuple[str, ...], Floats]:
    """Predict the `tested` images by one probe of the `training` ones; both are indices.

    Returns:
        The classes it knows, sorted, and the probabilities (tested, those).

    Raises:
        FeatclassError: Those trained on are of fewer than two classes.
    """
    known = [labels[row] for row in training]
    its_groups = None if groups is None else np.asarray(groups)[training]
    calibrated = blend = C = None
    try:
        predicted = out_of_fold(
            vectors[training], known, groups=its_groups, prior=prior, seed=seed, kind=kind
        )
        calibrated, blend, C = predicted.calibrated, predicted.blend, predicted.C
    except FeatclassError:  # a class with a single picture left
        pass
    fitted = fit(
        vectors[training], known, calibrated=calibrated, prior=prior, blend=blend, kind=kind, C=C
    )
    return fitted.classes, predict(fitted, vectors[tested])


def learner(
    vectors: FloatArray | Embedded,
    labels: Sequence[str],
    *,
    prior: TextPrior | None = None,
    blend: Blend | None = None,
    kind: ProbeKind = ProbeKind.DISCRIMINANT,
    C: float | None = None,
    progress: Progress = no_progress,
) -> Callable[[Masks], Codes]:
    """Return what predicts all images by probes trained on some: masks (fits, n) to codes.

    With a prior, its names count as `blend` says for any number of images, and so does C.
    `progress` is called after each fit, or some of them, and may raise to stop.
    """
    classes, codes = encode(labels)
    embedded = Embedded.of(vectors, roots=None if prior is None else False)
    mixed = _mixing(embedded, classes, prior, blend)
    predicted = kinds.of(kind).predicted

    def learned(training: Masks) -> Codes:
        steps = itertools.count(1)

        def done() -> None:
            progress(next(steps), len(training))

        return predicted(embedded, codes, training, mixed, C, done)

    return learned


def _mixing(
    embedded: Embedded, classes: tuple[str, ...], prior: TextPrior | None, blend: Blend | None
) -> kinds.Mixing:
    if prior is None or blend is None or not blend.weight:
        return kinds.unmixed
    texts = prior.logits(embedded.X)[:, prior.places(classes)]

    def mixed(logits: Floats, some: Codes, share: float) -> Floats:
        return blend.mixed(logits, texts[:, some], np.arange(some.size), share)

    return mixed


def _require_two(classes: tuple[str, ...], images: folds.Images) -> None:
    sizes = np.bincount(images.codes)
    for name, size, groups in zip(classes, sizes, images.in_class(), strict=True):
        if size < 2:
            raise FeatclassError(
                f"{name!r} has only one picture: add at least one more, so that featclass can"
                " judge itself on a picture it has not seen."
            )
        if groups < 2:
            raise Unjudgeable(Unscored(Lacking.NOTHING_BUT_COPIES, (name,), int(size)))
