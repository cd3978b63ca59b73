"""The probe: trained on labelled embeddings, asked about others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featclass.base import FloatArray, Probe, ProbeKind
from featclass.probe import kinds
from featclass.probe.calibration import Calibration, floored
from featclass.probe.embedded import Embedded
from featclass.probe.normalisation import Floats, encode, normalise, softmax
from featclass.probe.text_prior import Blend, TextPrior, untried


def fit(
    vectors: FloatArray | Embedded,
    labels: Sequence[str],
    *,
    calibrated: Calibration | None = None,
    prior: TextPrior | None = None,
    blend: Blend | None = None,
    kind: ProbeKind = ProbeKind.DISCRIMINANT,
    C: float | None = None,
) -> Probe:
    """Train a probe on embeddings of length 1: shrinkage discriminant analysis, by default.

    Args:
        vectors: Embeddings, shape (n, dimensions), or what is known of them already.
        labels: Class of each, two classes or more, one image a class or more.
        calibrated: What `out_of_fold` found for the same images.
        prior: What the names say, of these classes and perhaps of more, which have no image.
        blend: What `out_of_fold` found for the same images and names.
        kind: Of the probe.
        C: What `out_of_fold` chose for the same images, of logistic regression.

    Raises:
        FeatclassError: There are fewer than two classes.
    """
    if prior is not None:
        return _blended(vectors, labels, calibrated, prior, blend, kind, C)
    classes, codes = encode(labels)
    learned, embedded = kinds.of(kind), Embedded.of(vectors)
    coefficients, intercepts = learned.fit(embedded, codes, C)
    calibrated = calibrated or learned.usual(codes.size, len(classes))
    return _probe(classes, coefficients, intercepts, calibrated, roots=embedded.roots)


def _probe(
    classes: tuple[str, ...],
    coefficients: Floats,
    intercepts: Floats,
    calibrated: Calibration,
    *,
    roots: bool = False,
) -> Probe:
    temperature, floor = calibrated.temperature, calibrated.floor
    coefficients = np.ascontiguousarray(coefficients / temperature)
    return Probe(classes, coefficients, np.asarray(intercepts / temperature), roots, floor)


def untried_blend(
    vectors: FloatArray | Embedded,
    labels: Sequence[str],
    prior: TextPrior,
    kind: ProbeKind = ProbeKind.DISCRIMINANT,
) -> Blend:
    """Return how much names count where no image can be held out: 0, half, or all."""
    places = prior.places(tuple(sorted(set(labels))))
    if places.size < 2:
        return Blend(1.0, 1.0, 1.0)
    X = Embedded.of(vectors, roots=False).X
    return untried(prior.logits(X), places[encode(labels)[1]], kinds.of(kind))


def _blended(
    vectors: FloatArray | Embedded,
    labels: Sequence[str],
    calibrated: Calibration | None,
    prior: TextPrior,
    blend: Blend | None,
    kind: ProbeKind,
    C: float | None,
) -> Probe:
    """Add up two linear maps of the same embeddings, so that a blend is a probe like any other."""
    places = prior.places(tuple(sorted(set(labels))))
    count = len(prior.classes)
    texts, learned = prior.scale * prior.vectors.T, kinds.of(kind)
    if places.size < 2:  # nothing to tell apart by images
        floor = learned.usual(max(len(labels), 1), count).floor
        return Probe(prior.classes, texts.T.copy(), np.zeros(count), roots=False, floor=floor)
    embedded, codes = Embedded.of(vectors, roots=False), encode(labels)[1]
    own, at_zero = learned.fit(embedded, codes, C)
    blend = blend or untried_blend(embedded, labels, prior, kind)
    floor = learned.usual(codes.size, count).floor
    coefficients = blend.mixed(own.T, texts, places).T
    intercepts = blend.mixed(at_zero[None], np.zeros((1, count)), places)[0]
    calibrated = calibrated or Calibration(blend.unit, floor)
    return _probe(prior.classes, coefficients, intercepts, calibrated)


def predict(probe: Probe, vectors: FloatArray) -> Floats:
    """Return probabilities, shape (n, classes), for embeddings of shape (n, dimensions)."""
    logits = normalise(vectors, roots=probe.roots) @ probe.coefficients.T + probe.intercepts
    return floored(softmax(logits), probe.floor)
