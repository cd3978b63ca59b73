"""The probe: trained on labelled embeddings, asked about others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featclass.probe import calibration, discriminant
from featclass.probe.calibration import Calibration, floored
from featclass.probe.points import Floats, encode, points, softmax, takes_roots
from featclass.records import FloatArray, Probe


def fit(
    vectors: FloatArray, labels: Sequence[str], *, calibrated: Calibration | None = None
) -> Probe:
    """Train a probe: shrinkage discriminant analysis on embeddings of length 1.

    Args:
        vectors: Embeddings, shape (n, dimensions).
        labels: Class of each, two classes or more, one image a class or more.
        calibrated: What `out_of_fold` found for the same images.

    Raises:
        FeatclassError: There are fewer than two classes.
    """
    classes, codes = encode(labels)
    roots = takes_roots(vectors)
    fitted = discriminant.fit(points(vectors, roots=roots), codes)
    found = calibrated or calibration.usual(codes.size, len(classes))
    return Probe(
        classes,
        np.asarray(fitted.coefficients / found.temperature),
        np.asarray(fitted.intercepts / found.temperature),
        roots=roots,
        floor=found.floor,
    )


def predict(probe: Probe, vectors: FloatArray) -> Floats:
    """Return probabilities, shape (n, classes), for embeddings of shape (n, dimensions)."""
    logits = points(vectors, roots=probe.roots) @ probe.coefficients.T + probe.intercepts
    return floored(softmax(logits), probe.floor)
