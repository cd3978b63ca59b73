"""Labels that are probably wrong: no more of them than a set of this accuracy leaves to explain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from featclass.probe import Codes, Floats

USUAL_NOISE = 0.03
"""The share of labels taken to be wrong before any was looked at,"""
NOISE_PRIOR = 50.0
"""as if so many images had said so."""
DOUBT = 0.7
"""Standard deviation of the logarithm of the sharpness about that of the probabilities given."""
SUSPECT = 0.2
"""A look costs little: the chance of being wrong from which a label is shown to somebody."""
STRONG = 0.95
"""The chance from which to propose moving it."""
SMALLEST_PROBABILITY = 1e-9
STEPS = 25


@dataclass(frozen=True, slots=True)
class Doubts:
    """How doubtful each label is."""

    scores: Floats
    """Probability that the label is wrong, shape (n,)."""
    suggested: Codes
    """The best other class, shape (n,)."""
    is_suspect: NDArray[np.bool_]
    """Whether to show it to somebody, shape (n,)."""
    is_strong: NDArray[np.bool_]
    """Whether the evidence is so clear that moving it is the first thing to propose."""


def label_errors(codes: Codes, probabilities: Floats, distances: Floats | None = None) -> Doubts:
    """Doubt labels that the classes' own confusion does not explain.

    Two things put a picture under a label that its prediction makes improbable: the classes look
    alike, or somebody erred. The labels are modelled as a mixture of both,

        P(y | x) = (1 - e) q_y + e (1 - q_y) / (classes - 1),   log q ~ b log p,

    where q are the probabilities p sharpened (wrong labels made their calibration timid) and an
    error gives any other class alike (uniform label noise, Natarajan et al. 2013). Sharpness b
    and noise e are the most probable given the labels, e by expectation and maximisation; the
    score is the share of the second term. In a clean set with look-alikes the first expects about
    as many improbable labels as there are, so that e falls and few are doubted; those that stand
    out from the rest of their set are.

    Args:
        codes: Label of each image by its place among the classes, shape (n,).
        probabilities: Out-of-fold, shape (n, classes), two classes or more.
        distances: Squared Mahalanobis distances to the class means, the image left out, shape
            (n, classes). They learn from all images but one, and count as much as the
            probabilities where given: by measurement that finds more where classes look alike.
    """
    evidence = np.log(np.maximum(probabilities, SMALLEST_PROBABILITY))
    if distances is not None:
        nearness = -distances / 2
        scale = _spread(evidence, codes) / max(_spread(nearness, codes), 1e-9)
        evidence = (evidence + scale * nearness) / 2
    fits = [_fit(evidence, codes, change) for change in np.linspace(-1.2, 1.2, 13)]
    scores = max(fits, key=lambda fit: fit[0])[1]
    margins, suggested = _against(evidence, codes)
    return Doubts(scores, suggested, (scores > SUSPECT) & (margins < 0), scores > STRONG)


def _fit(evidence: Floats, codes: Codes, change: float) -> tuple[float, Floats]:
    """Return the log posterior of this logarithm of the sharpness, and the scores under it."""
    shares = np.exp(np.exp(change) * (evidence - evidence.max(axis=1, keepdims=True)))
    right = shares[np.arange(codes.size), codes] / shares.sum(axis=1)
    wrong = (1 - right) / (evidence.shape[1] - 1)
    noise, scores = USUAL_NOISE, np.zeros(right.shape)
    for _ in range(STEPS):
        scores = noise * wrong / ((1 - noise) * right + noise * wrong)
        noise = float(scores.sum() + NOISE_PRIOR * USUAL_NOISE) / (codes.size + NOISE_PRIOR)
    fit = float(np.log((1 - noise) * right + noise * wrong).sum())
    prior = USUAL_NOISE * np.log(noise) + (1 - USUAL_NOISE) * np.log(1 - noise)
    return fit + NOISE_PRIOR * float(prior) - (change / DOUBT) ** 2 / 2, scores


def _against(evidence: Floats, codes: Codes) -> tuple[Floats, Codes]:
    """Return the margin of the label against the best other class, and that class."""
    own = np.arange(codes.size), codes
    others = evidence.copy()
    others[own] = -np.inf
    best = others.argmax(axis=1)
    return evidence[own] - others.max(axis=1), np.asarray(best, dtype=np.intp)


def _spread(evidence: Floats, codes: Codes) -> float:
    return float(_against(evidence, codes)[0].std())
