"""The two kinds of probe, and what the room asks of either."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from featclass.base import ProbeKind, Progress
from featclass.probe import calibration, discriminant, logistic
from featclass.probe.calibration import Calibration
from featclass.probe.embedded import Embedded
from featclass.probe.folds import Folds
from featclass.probe.normalisation import Codes, Floats, Masks

Mixing = discriminant.Mixing
unmixed = discriminant.unmixed
Seen = Floats | Embedded
"""Embeddings as the probe sees them, shape (n, dimensions), with their products or without."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How linear maps of embeddings of length 1 are learned: logits, the larger the likelier."""

    fit: Callable[[Seen, Codes, float | None], tuple[Floats, Floats]]
    """From embeddings, classes 0, 1, ... and C to coefficients (classes, dimensions), intercepts
    (classes,)."""
    held_out_logits: Callable[[Seen, Codes, Folds, Progress], tuple[Floats, float | None]]
    """Logits (rounds, n, classes) by probes of all other folds, and C for all images; from
    embeddings, classes, each of which is in two folds or more, and the fold that holds each image
    out, shape (rounds, n). Progress may raise to stop."""
    predicted: Callable[[Seen, Codes, Masks, Mixing, float | None, Callable[[], None]], Codes]
    """The class of every image by a probe of each mask's, shape (masks, n), given C; the last is
    called now and then, and may raise to stop."""
    calibrated: Callable[[Floats, Codes, float], tuple[Calibration, Calibration]]
    """Of held-out logits' mean over rounds, and of a probe of all images, given logits (rounds, n,
    classes), the classes, and the share of the images that a fold trains on."""
    usual: Callable[[int, int], Calibration]
    """Where nothing could be held out of so many images of so many classes."""


def of(kind: ProbeKind) -> Kind:
    """Return what learns probes of that kind."""
    return LOGISTIC if kind is ProbeKind.LOGISTIC else DISCRIMINANT


def _fit(X: Seen, codes: Codes, C: float | None) -> tuple[Floats, Floats]:
    fitted = discriminant.fit(X, codes)
    return fitted.coefficients, fitted.intercepts


def _held_out_logits(
    X: Seen, codes: Codes, held_out: Folds, progress: Progress
) -> tuple[Floats, float | None]:
    steps, total = itertools.count(1), len(held_out) * (int(held_out.max()) + 1)

    def done() -> None:
        progress(next(steps), total)

    embedded = Embedded.seen(X)
    rounds = [discriminant.held_out_logits(embedded, codes, fold, done) for fold in held_out]
    return np.array(rounds), None


DISCRIMINANT = Kind(
    fit=_fit,
    held_out_logits=_held_out_logits,
    predicted=lambda X, codes, training, mixed, C, done: discriminant.predicted(
        X, codes, training, mixed, done
    ),
    calibrated=lambda logits, codes, share: calibration.calibrated(
        logits.mean(axis=0), codes, share
    ),
    usual=calibration.usual,
)
LOGISTIC = Kind(
    fit=lambda X, codes, C: logistic.fit(Embedded.seen(X).X, codes, C),
    held_out_logits=lambda X, codes, held_out, progress: logistic.held_out_logits(
        Embedded.seen(X).X, codes, held_out, progress
    ),
    predicted=lambda X, codes, training, mixed, C, done: logistic.predicted(
        Embedded.seen(X).X, codes, training, mixed, C
    ),
    calibrated=lambda logits, codes, share: calibration.calibrated_log_odds(logits, codes),
    usual=calibration.usual_log_odds,
)
