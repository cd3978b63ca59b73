"""Pictures unlike all others, of their own class and of any."""

from __future__ import annotations

import numpy as np

from featclass.audit.pictures import Codes, Floats

ODD = 4.0
"""Robust standard deviations."""
FEWEST = 10
LEAST_OF_A_CLASS = 5
LEAST_DEVIATION = 0.05
LEAST_DISTANCE = 0.1
"""In sets where everything is alike, a cosine of 0.9 is still no stranger."""


def strangeness(familiarity: Floats, codes: Codes) -> Floats:
    """Return how strange each image is for its class, in robust standard deviations, shape (n,).

    Measured on the logarithm of one less the mean cosine to the nearest others: distances to
    neighbours are skewed, their logarithms hardly. The middle is that of the class where it has
    five images or more, the deviation that of all, or of the class where that is larger.

    Args:
        familiarity: Mean cosine of each image to the nearest others, shape (n,).
        codes: Class of each.
    """
    logs = np.log(np.maximum(1 - familiarity, 1e-6))
    middles = np.full(logs.shape, np.median(logs))
    large = np.flatnonzero(np.bincount(codes) >= LEAST_OF_A_CLASS)
    for code in large:
        middles[codes == code] = np.median(logs[codes == code])
    away = np.abs(logs - middles)
    deviations = np.full(logs.shape, max(float(np.median(away)), LEAST_DEVIATION))
    for code in large:
        members = codes == code
        deviations[members] = np.maximum(deviations[members], np.median(away[members]))
    return np.asarray((logs - middles) / (1.4826 * deviations))


def outliers(familiarity: Floats, codes: Codes) -> list[int]:
    """Return the places of images unlike all others, the strangest first; none of fewer than 10."""
    if len(familiarity) < FEWEST:
        return []
    scores = strangeness(familiarity, codes)
    odd = np.flatnonzero((scores > ODD) & (1 - familiarity > LEAST_DISTANCE))
    return [int(row) for row in odd[np.argsort(-scores[odd], kind="stable")]]
