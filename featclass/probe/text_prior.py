"""Class names as a prior: logits of their text embeddings, blended with those of the probe.

A vector for each name, from the tower that learned beside that of the images, classifies pictures
that nobody has labelled (zero-shot: Radford et al. 2021, "Learning transferable visual models
from natural language supervision"). Its logits are linear in the embedding, as the probe's are:
so is their sum (compare Zhang et al. 2022, "Tip-Adapter", and Lin et al. 2023, "Multimodality
helps unimodality"), and a blended probe is a probe like any other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featclass.base import FeatclassError, no_progress
from featclass.probe import calibration, folds, kinds
from featclass.probe.normalisation import Codes, Floats

WEIGHTS = np.linspace(0, 0.9, 10)
SHARPNESS = np.exp(np.linspace(-1.4, 1.4, 9))
UNTRIED_WEIGHT = 0.5
"""Where no picture can be held out to choose by."""
SURE = 1.0
"""Standard errors by which names must lower the loss to count at all."""
MEASURED = 20_000
"""Logits (images times classes) that a choice is made from."""


@dataclass(frozen=True, slots=True)
class TextPrior:
    """What the names of classes say of embeddings, some of classes that have no image yet."""

    classes: tuple[str, ...]
    """Sorted."""
    vectors: Floats
    """Of length 1, shape (classes, dimensions)."""
    scale: float
    """What cosines are multiplied by for logits."""

    def logits(self, X: Floats) -> Floats:
        """Return logits, shape (n, classes), of normalised embeddings."""
        return np.asarray(self.scale * X @ self.vectors.T)

    def places(self, classes: tuple[str, ...]) -> Codes:
        """Return where `classes` stand among its own."""
        where = {name: place for place, name in enumerate(self.classes)}
        return np.array([where[name] for name in classes], dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Blend:
    """How much names count beside images: ((1 - weight) probe + weight unit names) / temperature.

    Classes without an image lie as far from the mean of the others as the names say; the blend
    concerns the others among themselves.
    """

    weight: float
    unit: float
    """Temperature of the probe's own logits: what those of names are multiplied by."""
    temperature: float
    """Of the sum, in that unit."""

    def mixed(self, own: Floats, texts: Floats, places: Codes, share: float = 1.0) -> Floats:
        """Return blended logits, shape (n, classes), in the unit of the probe's; linear in both.

        Args:
            own: Of the probe, shape (n, classes with an image).
            texts: Of names, shape (n, classes).
            places: Where the former classes stand among all.
            share: Of the images that the unit is meant for, which the probe was made from.
        """
        unit = self.unit / share
        mixed = _mixed(own, unit * texts, places, self.weight)
        return np.asarray(mixed / self.temperature)


def learned(
    X: Floats,
    codes: Codes,
    images: folds.Images,
    texts: Floats,
    places: Codes,
    *,
    seed: int,
    kind: kinds.Kind = kinds.DISCRIMINANT,
) -> Blend:
    """Return the blend that is best on images held out of `X`, shape (n, dimensions).

    Where a class has nothing to hold out, `untried` decides.
    """
    try:
        if images.in_class().min() < 2:
            return untried(texts, places[codes], kind)
        plan = folds.cross_validation(images, seed=seed, repeats=1)
    except FeatclassError:  # copies across classes
        return untried(texts, places[codes], kind)
    logits, _ = kind.held_out_logits(X, codes, plan.held_out, no_progress)
    calibrated = kind.calibrated(logits, codes, plan.share)
    return chosen(logits[0], texts, codes, places, calibrated)


def chosen(
    own: Floats,
    texts: Floats,
    codes: Codes,
    places: Codes,
    calibrated: tuple[calibration.Calibration, calibration.Calibration],
) -> Blend:
    """Return the weight, and temperature, of least loss on held-out logits (n, classes).

    The temperature is the most probable one, log-normal about that of the probe alone. Names
    count only where they lower the loss by more than its standard error.

    Args:
        own: Out of fold, shape (n, classes with an image).
        texts: Of names, shape (n, classes).
        codes: Class of each image among those with an image.
        places: Where these classes stand among all.
        calibrated: Of the held-out logits, and of those of a probe of all images.
    """
    held_out, whole = calibrated
    most = max(100, MEASURED // texts.shape[1])
    asked = np.random.default_rng(0).permutation(codes.size)[:most]
    own, texts, right = own[asked] / held_out.temperature, texts[asked], places[codes[asked]]
    losses, costs = [], []
    for weight in WEIGHTS:
        mixed = _mixed(own, texts, places, float(weight))
        sharpness = SHARPNESS if weight else np.ones(1)
        some = _losses(mixed / sharpness[:, None, None], right)
        cost = some.sum(axis=1) + (np.log(sharpness) / calibration.DOUBT) ** 2 / 2
        best = int(cost.argmin())
        losses.append((some[best], float(sharpness[best])))
        costs.append(float(cost[best]))
    best = int(np.argmin(costs))
    gains = losses[0][0] - losses[best][0]
    if gains.sum() <= SURE * gains.std() * gains.size**0.5:
        best = 0
    return Blend(float(WEIGHTS[best]), whole.temperature, losses[best][1])


def untried(texts: Floats, codes: Codes, kind: kinds.Kind = kinds.DISCRIMINANT) -> Blend:
    """Return the blend where no image can be held out of the probe.

    The names have seen none of them: they count where they do better than guessing.

    Args:
        texts: Logits of names for the images, shape (n, classes).
        codes: Class of each image among these.
        kind: Of the probe.
    """
    images, classes = texts.shape
    unit = kind.usual(max(images, 1), classes).temperature
    is_better = not images or _losses(texts, codes).mean() < np.log(classes)
    return Blend(UNTRIED_WEIGHT if is_better else 0.0, unit, 1.0)


def _mixed(own: Floats, texts: Floats, places: Codes, weight: float) -> Floats:
    if own.shape[1] == texts.shape[1]:
        return np.asarray((1 - weight) * own + weight * texts)
    mixed = texts.copy()
    if own.shape[1] > 1:
        some = texts[:, places]
        centre = some.mean(axis=1, keepdims=True)
        apart = (1 - weight) * (own - own.mean(axis=1, keepdims=True)) + weight * (some - centre)
        mixed[:, places] = centre + apart
    return mixed


def _losses(logits: Floats, codes: Codes) -> Floats:
    """Return losses, shape (..., n), of logits (..., n, classes)."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    right = shifted[..., np.arange(codes.size), codes]
    return np.asarray(np.log(np.exp(shifted).sum(axis=-1)) - right)
