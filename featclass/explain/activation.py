"""Class activation: exact, where the embedding is the mean over places of what was seen there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from featclass.explain.evidence import Evidence
from featclass.probe.points import Floats

NEAR = 0.01
"""Relative to the embedding: float16 is that close, another pooling or a norm after it is not."""


def fits(features: NDArray[np.float32], vector: NDArray[np.float32], evidence: Evidence) -> bool:
    """Say whether features, shape (rows, columns, dimensions), make up this embedding exactly."""
    mean = features.mean(axis=(0, 1), dtype=np.float64)
    is_mean = np.linalg.norm(mean - vector) <= NEAR * np.linalg.norm(vector)
    return bool(is_mean and not (evidence.roots and (features < 0).any()))


def activation(features: NDArray[np.float32], evidence: Evidence) -> Floats:
    """Share the logit out over places, shape (rows, columns): the sum of all is the logit.

    Class activation mapping (Zhou et al. 2016, "Learning deep features for discriminative
    localization"), carried through roots and scaling to length 1. A point x is of length 1, so
    that w.x + b is the sum over dimensions of x_d (w_d + b x_d). Each of these terms goes to the
    places in proportion to what they added to the dimension's mean. So the intercept goes where
    there is something to see, and a place speaks for a class as far as what is seen there would
    by itself.

    Args:
        features: What was seen at each place, shape (rows, columns, dimensions); where the probe
            takes roots, none negative.
        evidence: Of the class.
    """
    wide = features.astype(np.float64)
    sums = wide.sum(axis=(0, 1))
    point = evidence.points(wide.mean(axis=(0, 1))[None])[0]
    terms = point * (evidence.weights + evidence.intercept * point)
    shares = np.divide(terms, sums, out=np.zeros_like(terms), where=np.abs(sums) > 0)
    return np.asarray(wide @ shares)
