"""Predictions for labelled images by probes that never saw them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from featclass.base import (
    FeatclassError,
    FloatArray,
    Lacking,
    Progress,
    Unjudgeable,
    Unscored,
    no_progress,
    percent,
)
from featclass.probe import calibration, discriminant, folds
from featclass.probe import text_prior as priors
from featclass.probe.calibration import Calibration
from featclass.probe.fitting import fit, predict
from featclass.probe.normalisation import Codes, Floats, Masks, encode, normalise, takes_roots
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


def out_of_fold(
    vectors: FloatArray,
    labels: Sequence[str],
    *,
    groups: NDArray[np.integer] | None = None,
    names: Sequence[str] | None = None,
    prior: TextPrior | None = None,
    seed: int = 0,
    repeats: int = REPEATS,
    progress: Progress = no_progress,
) -> OutOfFold:
    """Predict every image by probes that never saw it, in repeated stratified cross-validation.

    As many folds as the smallest class has groups, up to five. The probe has no setting that
    anything had to be chosen for; the one number learned from these predictions is the
    temperature, which changes no answer. How much the names of a `prior` count is chosen anew for
    each fold, by images held out of those that it trains on.

    Args:
        vectors: Embeddings, shape (n, dimensions).
        labels: Class of each, two groups a class or more.
        groups: Equal for near-duplicates, shape (n,), which are held out together; without them
            each image is its own.
        names: Of the images, such as digests: one that is added then leaves nearly all the others
            in their folds.
        prior: What the names of the classes say; classes without an image may be among them, and
            are among those predicted.
        seed: Of the folds.
        repeats: Times everything is divided anew and predicted.
        progress: Called after each fold; may raise to stop.

    Raises:
        FeatclassError: There are fewer than two classes, or a class has a single group.
    """
    classes, codes = encode(labels)
    these = folds.images(codes, groups, names)
    _require_two(classes, these)
    plan = folds.cross_validation(these, seed=seed, repeats=repeats)
    embedded = normalise(vectors, roots=prior is None and takes_roots(vectors))
    count = _Counter(plan.folds * plan.repeats, progress)
    parts = [discriminant.held_out_logits(embedded, codes, fold, count) for fold in plan.held_out]
    logits, share, blend = _mean(parts), float(plan.training.mean()), None
    if prior is not None:
        texts, places = prior.logits(embedded), prior.places(classes)
        blend = priors.chosen(logits, texts, codes, places, share)
        nested = _Nested(embedded, these, texts, places, seed)
        logits = _mean([nested(*part) for part in zip(parts, plan.held_out, strict=True)])
        codes = places[codes]
    held_out, whole = calibration.calibrated(logits, codes, share)
    probabilities = held_out.probabilities(logits)
    return OutOfFold(
        probabilities,
        plan.folds,
        plan.repeats,
        plan.leave_one_out,
        whole,
        calibration.calibration_error(probabilities, codes),
        plan.held_out[0],
        blend,
    )


@dataclass(frozen=True, slots=True)
class _Nested:
    """Blends the predictions of each fold as its own training images say."""

    normalised: Floats
    these: folds.Images
    texts: Floats
    places: Codes
    seed: int

    def __call__(self, own: Floats, fold: Codes) -> Floats:
        mixed = np.empty_like(self.texts)
        for each in np.unique(fold):
            asked, kept = fold == each, np.flatnonzero(fold != each)
            some = self.these.some(kept)
            blend = priors.learned(
                self.normalised[kept],
                some.codes,
                some,
                self.texts[kept],
                self.places,
                seed=self.seed,
            )
            mixed[asked] = blend.mixed(own[asked], self.texts[asked], self.places)
        return mixed


def _mean(parts: Sequence[Floats]) -> Floats:
    total = np.zeros_like(parts[0])
    for part in parts:
        total += part / len(parts)
    return total


def split(
    vectors: FloatArray,
    labels: Sequence[str],
    *,
    train_share: float = 0.8,
    groups: NDArray[np.integer] | None = None,
    prior: TextPrior | None = None,
    seed: int = 0,
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
    training = folds.single_split(folds.images(codes, groups), train_share, seed=seed)
    if training.all():
        raise FeatclassError(
            f"Training on {percent(train_share)} of {codes.size} pictures leaves none to test: add"
            " pictures, or train on a smaller share."
        )
    tested = np.flatnonzero(~training)
    _, probabilities = by_one_probe(
        vectors,
        labels,
        training=np.flatnonzero(training),
        tested=tested,
        groups=groups,
        prior=prior,
        seed=seed,
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
) -> tuple[tuple[str, ...], Floats]:
    """Predict the `tested` images by one probe of the `training` ones; both are indices.

    Returns:
        The classes it knows, sorted, and the probabilities (tested, those).

    Raises:
        FeatclassError: Those trained on are of fewer than two classes.
    """
    known = [labels[row] for row in training]
    its_groups = None if groups is None else np.asarray(groups)[training]
    calibrated = blend = None
    try:
        judged = out_of_fold(vectors[training], known, groups=its_groups, prior=prior, seed=seed)
        calibrated, blend = judged.calibrated, judged.blend
    except FeatclassError:  # a class with a single picture left
        pass
    fitted = fit(vectors[training], known, calibrated=calibrated, prior=prior, blend=blend)
    return fitted.classes, predict(fitted, vectors[tested])


def learner(
    vectors: FloatArray,
    labels: Sequence[str],
    *,
    prior: TextPrior | None = None,
    blend: Blend | None = None,
) -> Callable[[Masks], Codes]:
    """Return what predicts all images by probes trained on some: masks (fits, n) to codes.

    With a prior, its names count as `blend` says for any number of images.
    """
    classes, codes = encode(labels)
    embedded = normalise(vectors, roots=prior is None and takes_roots(vectors))
    if prior is None or blend is None or not blend.weight:
        return lambda training: discriminant.predicted(embedded, codes, training)
    texts = prior.logits(embedded)[:, prior.places(classes)]

    def mixed(logits: Floats, some: Codes, share: float) -> Floats:
        return blend.mixed(logits, texts[:, some], np.arange(some.size), share)

    return lambda training: discriminant.predicted(embedded, codes, training, mixed)


class _Counter:
    """Reports how many of so many steps are done."""

    def __init__(self, total: int, progress: Progress) -> None:
        self.done, self.total, self.progress = 0, total, progress

    def __call__(self) -> None:
        self.done += 1
        self.progress(self.done, self.total)


def _require_two(classes: tuple[str, ...], these: folds.Images) -> None:
    sizes = np.bincount(these.codes)
    for name, size, groups in zip(classes, sizes, these.in_class(), strict=True):
        if size < 2:
            raise FeatclassError(
                f"{name!r} has only one picture: add at least one more, so that featclass can"
                " judge itself on a picture it has not seen."
            )
        if groups < 2:
            raise Unjudgeable(Unscored(Lacking.NOTHING_BUT_COPIES, (name,), int(size)))
