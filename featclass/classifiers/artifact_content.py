"""What a saved classifier holds, as a JSON document and tensors; what is read is not trusted.

Whatever passes gives finite numbers for any embedding of its width, and names that can be shown.
The same is asked before it is written, so that what was saved can be loaded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from featclass.base import ORDERLY, AnyText, Exemplars, Probe, Share, TrainedClassifier
from featclass.classifiers.report_json import from_json, to_json
from featclass.classifiers.untrusted import DIGEST, Malformed, decoded

Tensors = Mapping[str, NDArray[Any]]

MOST_DIMENSIONS: Final = 16_384
MOST_EXEMPLARS: Final = 100_000
"""Training gives a fifth of it."""
LARGEST_WEIGHT: Final = 1e20
"""Of a coefficient, far beyond those of images that hardly differ: sums stay finite."""
LARGEST_VALUE: Final = 1e6
"""Of an embedding of length 1."""
MOST_PARTS: Final = 1_000_000
"""Lists and objects of a document, and brackets in names: each costs twenty times its bytes."""

_Digest = Annotated[str, Meta(pattern=DIGEST)]
_Path = Annotated[str, Meta(max_length=4_096)]
_ClassName = Annotated[str, ORDERLY, Meta(min_length=1, max_length=1_000)]
"""Of folders and sets, whose names are cut, a quarter of it."""
_OfEach = Meta(max_length=MOST_EXEMPLARS)


class _Exemplars(Struct, frozen=True):
    """The training images remembered, without their vectors."""

    names: Annotated[tuple[AnyText, ...], _OfEach]
    labels: Annotated[tuple[AnyText, ...], _OfEach]
    digests: Annotated[tuple[_Digest, ...], _OfEach]


class _Document(Struct, frozen=True):
    """All but the numbers of a probe and the vectors."""

    encoder: _Path
    encoder_id: _Digest
    fingerprint: _Digest
    classes: Annotated[tuple[_ClassName, ...], Meta(max_length=10_000)]
    roots: bool
    floor: Share
    exemplars: _Exemplars
    report: dict[str, Any]
    versions: Annotated[Mapping[_Path, _Path], Meta(max_length=100)]


def document(classifier: TrainedClassifier) -> str:
    """Return all but the numbers of a probe and the vectors, as JSON."""
    exemplars, probe = classifier.exemplars, classifier.probe
    fields = _Document(
        encoder=classifier.encoder,
        encoder_id=classifier.encoder_id,
        fingerprint=classifier.fingerprint,
        classes=probe.classes,
        roots=probe.roots,
        floor=float(probe.floor),
        exemplars=_Exemplars(exemplars.names, exemplars.labels, exemplars.digests),
        report=to_json(classifier.report),
        versions=classifier.versions,
    )
    return json.dumps(
        msgspec.to_builtins(fields), sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def tensors(classifier: TrainedClassifier) -> dict[str, NDArray[Any]]:
    """Return the numbers of its probe, and its vectors, by name."""
    probe = classifier.probe
    named: dict[str, NDArray[Any]] = {
        "coefficients": np.ascontiguousarray(probe.coefficients, dtype="<f8"),
        "intercepts": np.ascontiguousarray(probe.intercepts, dtype="<f8"),
        "exemplars": np.ascontiguousarray(classifier.exemplars.vectors, dtype="<f4"),
    }
    if classifier.strangers is not None:
        named["strangers"] = np.ascontiguousarray(classifier.strangers, dtype="<f4")
    return named


def classifier_of(text: str, named: Tensors) -> TrainedClassifier:
    """Return the classifier that `document` and `tensors` give; raises where there is none.

    Raises:
        Malformed: A field or tensor is of another kind, size or range, or contradicts others.
        ValueError: The text is no JSON; RecursionError where it is nested without end.
    """
    _require(text.count("[") + text.count("{") <= MOST_PARTS, "its document has too many parts")
    fields = decoded(json.loads(text, parse_constant=_no_number), _Document, "document")
    classes, listed = fields.classes, fields.exemplars
    report = from_json(fields.report)
    _require(classes == report.classes, "its classes and those of its report differ")
    coefficients, intercepts = _map(named, len(classes))
    dimensions = coefficients.shape[1]
    vectors = _vectors(named, "exemplars", dimensions)
    lengths = {len(listed.names), len(listed.labels), len(listed.digests), len(vectors)}
    _require(len(lengths) == 1, "its lists of training images differ in length")
    _require(set(listed.labels) <= set(classes), "a training image is of no class")
    is_something = bool(listed.names) or report.class_names is not None
    _require(is_something, "it remembers no training image")
    return TrainedClassifier(
        encoder=fields.encoder,
        encoder_id=fields.encoder_id,
        fingerprint=fields.fingerprint,
        probe=Probe(classes, coefficients, intercepts, roots=fields.roots, floor=fields.floor),
        exemplars=Exemplars(listed.names, listed.labels, listed.digests, vectors),
        report=report,
        strangers=_vectors(named, "strangers", dimensions) if "strangers" in named else None,
        versions=fields.versions,
    )


def _map(named: Tensors, classes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coefficients and intercepts, with a row for each class."""
    coefficients = _tensor(named, "coefficients", np.float64, 2, LARGEST_WEIGHT)
    intercepts = _tensor(named, "intercepts", np.float64, 1, LARGEST_WEIGHT)
    fits = len(coefficients) == classes and len(intercepts) == classes
    _require(fits, "its coefficients do not fit its classes")
    _require(0 < coefficients.shape[1] <= MOST_DIMENSIONS, "its coefficients are of no encoder")
    return coefficients, intercepts


def _vectors(named: Tensors, name: str, dimensions: int) -> NDArray[np.float32]:
    """Return embeddings, shape (n, dimensions)."""
    vectors = _tensor(named, name, np.float32, 2, LARGEST_VALUE)
    _require(vectors.shape[1] == dimensions, "its vectors differ in length")
    _require(len(vectors) <= MOST_EXEMPLARS, f"its {name} are too many")
    return vectors


def _tensor(named: Tensors, name: str, kind: type, dimensions: int, largest: float) -> NDArray[Any]:
    _require(name in named, f"it has no {name}")
    values = named[name]
    _require(values.dtype == kind and values.ndim == dimensions, f"its {name} are of another kind")
    ends = values.min(initial=0), values.max(initial=0)
    _require(bool(np.isfinite(ends).all()), f"its {name} hold what is not a number")
    _require(-largest <= ends[0] and ends[1] <= largest, f"its {name} hold numbers far too large")
    return values


def _no_number(constant: str) -> float:
    raise Malformed(f"its document holds {constant}, which is not a number")


def _require(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise Malformed(otherwise)
