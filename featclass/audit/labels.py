"""Labels that are probably wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from featclass.audit.pictures import Codes, Floats

LEAST_MARGIN = 0.3
"""A suspect's probability must speak against its label this much as clearly as it speaks for the
label of half of the images (in log odds against the best other class)."""
LEAST_DISTANCE = 0.5
"""The same for the distances, in standard deviations of all margins."""
SMALLEST_PROBABILITY = 1e-9


@dataclass(frozen=True, slots=True)
class Doubts:
    """How doubtful each label is."""

    scores: Floats
    """0 to 1, the most doubtful highest, shape (n,)."""
    suggested: Codes
    """The best other class, shape (n,)."""
    is_suspect: NDArray[np.bool_]
    """Whether to show it to somebody, shape (n,)."""


def label_errors(codes: Codes, probabilities: Floats, distances: Floats | None = None) -> Doubts:
    """Doubt labels that two kinds of evidence speak against, neither of which saw the label.

    Both give a margin of the label against the best other class: the log odds of out-of-fold
    probabilities (normalised margin, Northcutt et al. 2021), and half the difference of squared
    Mahalanobis distances to the class means, the image left out. Each is scaled to standard
    deviation one, and the sum ranks. A suspect is one that both speak against, for the same class.

    Args:
        codes: Label of each image by its place among the classes, shape (n,).
        probabilities: Out-of-fold, shape (n, classes).
        distances: Squared, shape (n, classes); without them the probabilities stand alone.
    """
    logs = np.log(np.maximum(probabilities, SMALLEST_PROBABILITY))
    margins, suggested = _against(logs, codes)
    clear = max(float(np.median(margins)), 0.0)
    is_suspect = margins < -LEAST_MARGIN * clear
    blend = margins / _spread(margins)
    if distances is not None:
        further, also = _against(-distances / 2, codes)
        is_suspect &= (further < -LEAST_DISTANCE * _spread(further)) & (also == suggested)
        both = logs / _spread(margins) - distances / 2 / _spread(further)
        blend += further / _spread(further)
        suggested = _against(both, codes)[1]
    # Where the labels say nothing of the pictures, none of them is more suspect than another.
    return Doubts(0.5 - np.tanh(blend / 2) / 2, suggested, is_suspect & (clear > 0))


def _against(evidence: Floats, codes: Codes) -> tuple[Floats, Codes]:
    """Return the margin of the label against the best other class, and that class."""
    own = np.arange(codes.size), codes
    others = evidence.copy()
    others[own] = -np.inf
    best = others.argmax(axis=1)
    return evidence[own] - others.max(axis=1), np.asarray(best, dtype=np.intp)


def _spread(margins: Floats) -> float:
    return max(float(margins.std()), 1e-9)
