"""What a saved classifier holds, as a JSON document and tensors; what is read is not trusted.

Whatever passes gives finite numbers for any embedding of its width, and names that can be shown.
The same is asked before it is written, so that what was saved can be loaded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from featclass.base import DISORDERLY, Exemplars, Probe, TrainedClassifier
from featclass.classifiers.report_json import from_json, to_json
from featclass.classifiers.untrusted import Malformed

Tensors = Mapping[str, NDArray[Any]]

MOST_CLASSES: Final = 10_000
MOST_DIMENSIONS: Final = 16_384
MOST_EXEMPLARS: Final = 100_000
"""Training gives a fifth of it."""
MOST_VERSIONS: Final = 100
LONGEST_CLASS: Final = 1_000
"""Characters; of folders and sets, whose names are cut, a quarter of it."""
LONGEST_NAME: Final = 2**16
"""Characters of a picture's name: no zip has longer ones."""
LONGEST_TEXT: Final = 4_096
"""Characters of whatever else is text: as many as of a path."""
LARGEST_WEIGHT: Final = 1e20
"""Of a coefficient, far beyond those of images that hardly differ: sums stay finite."""
LARGEST_VALUE: Final = 1e6
"""Of an embedding of length 1."""
MOST_PARTS: Final = 1_000_000
"""Lists and objects of a document, and brackets in names: each costs twenty times its bytes."""

_DIGEST: Final = re.compile("[0-9a-f]{64}")


def document(classifier: TrainedClassifier) -> str:
    """Return all but the numbers of a probe and the vectors, as JSON."""
    exemplars, probe = classifier.exemplars, classifier.probe
    fields = {
        "encoder": classifier.encoder,
        "encoder_id": classifier.encoder_id,
        "fingerprint": classifier.fingerprint,
        "classes": list(probe.classes),
        "roots": probe.roots,
        "floor": float(probe.floor),
        "exemplars": {
            "names": list(exemplars.names),
            "labels": list(exemplars.labels),
            "digests": list(exemplars.digests),
        },
        "report": to_json(classifier.report),
        "versions": dict(classifier.versions),
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)


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
        ValueError: The text is no JSON, or holds what is not a number; so KeyError and TypeError.
    """
    _require(text.count("[") + text.count("{") <= MOST_PARTS, "its document has too many parts")
    fields = json.loads(text, parse_constant=_no_number)
    classes = _classes(fields)
    report = from_json(fields["report"])
    _require(classes == report.classes, "its classes and those of its report differ")
    coefficients, intercepts = _map(named, len(classes))
    dimensions = coefficients.shape[1]
    exemplars = _exemplars(fields["exemplars"], named, dimensions)
    _require(set(exemplars.labels) <= set(classes), "a training image is of no class")
    is_something = bool(exemplars.names) or report.class_names is not None
    _require(is_something, "it remembers no training image")
    roots, floor = fields["roots"], float(fields["floor"])
    _require(0 <= floor <= 1, "a setting is not a number between 0 and 1")
    _require(isinstance(roots, bool), "a setting is not true or false")
    return TrainedClassifier(
        encoder=_text(fields["encoder"], "encoder"),
        encoder_id=_digest(fields["encoder_id"], "encoder_id"),
        fingerprint=_digest(fields["fingerprint"], "fingerprint"),
        probe=Probe(classes, coefficients, intercepts, roots=roots, floor=floor),
        exemplars=exemplars,
        report=report,
        strangers=_vectors(named, "strangers", dimensions) if "strangers" in named else None,
        versions=_versions(fields["versions"]),
    )


def _classes(fields: Mapping[str, Any]) -> tuple[str, ...]:
    classes = _texts(fields, "classes", MOST_CLASSES, LONGEST_CLASS)
    _require(all(classes), "a class has no name")
    _require(not any(map(DISORDERLY.search, classes)), "the name of a class cannot be shown")
    return classes


def _map(named: Tensors, classes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coefficients and intercepts, with a row for each class."""
    coefficients = _tensor(named, "coefficients", np.float64, 2, LARGEST_WEIGHT)
    intercepts = _tensor(named, "intercepts", np.float64, 1, LARGEST_WEIGHT)
    fits = len(coefficients) == classes and len(intercepts) == classes
    _require(fits, "its coefficients do not fit its classes")
    _require(0 < coefficients.shape[1] <= MOST_DIMENSIONS, "its coefficients are of no encoder")
    return coefficients, intercepts


def _exemplars(fields: Mapping[str, Any], named: Tensors, dimensions: int) -> Exemplars:
    vectors = _vectors(named, "exemplars", dimensions)
    names, labels, digests = (
        _texts(fields, name, MOST_EXEMPLARS, LONGEST_NAME)
        for name in ("names", "labels", "digests")
    )
    lengths = {len(names), len(labels), len(digests), len(vectors)}
    _require(len(lengths) == 1, "its lists of training images differ in length")
    return Exemplars(
        names, labels, tuple(_digest(digest, "digests") for digest in digests), vectors
    )


def _vectors(named: Tensors, name: str, dimensions: int) -> NDArray[np.float32]:
    """Return embeddings, shape (n, dimensions)."""
    vectors = _tensor(named, name, np.float32, 2, LARGEST_VALUE)
    _require(vectors.shape[1] == dimensions, "its vectors differ in length")
    _require(len(vectors) <= MOST_EXEMPLARS, f"its {name} are too many")
    return vectors


def _tensor(named: Tensors, name: str, kind: type, dimensions: int, largest: float) -> NDArray[Any]:
    values = named[name]
    _require(values.dtype == kind and values.ndim == dimensions, f"its {name} are of another kind")
    ends = values.min(initial=0), values.max(initial=0)
    _require(bool(np.isfinite(ends).all()), f"its {name} hold what is not a number")
    _require(-largest <= ends[0] and ends[1] <= largest, f"its {name} hold numbers far too large")
    return values


def _versions(value: object) -> dict[str, str]:
    _require(isinstance(value, dict) and len(value) <= MOST_VERSIONS, "its versions are none")
    assert isinstance(value, dict)
    return {_text(name, "versions"): _text(version, "versions") for name, version in value.items()}


def _texts(fields: Mapping[str, Any], name: str, most: int, longest: int) -> tuple[str, ...]:
    values = fields[name]
    _require(isinstance(values, list), f"its {name} are not a list")
    _require(len(values) <= most, f"its {name} are too many")
    return tuple(_text(value, name, longest) for value in values)


def _text(value: object, name: str, longest: int = LONGEST_TEXT) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise Malformed(f"its {name} should be text of {longest:,} or fewer characters")
    return value


def _digest(value: object, name: str) -> str:
    text = _text(value, name)
    _require(_DIGEST.fullmatch(text) is not None, f"its {name} should be a SHA-256")
    return text


def _no_number(constant: str) -> float:
    raise Malformed(f"its document holds {constant}, which is not a number")


def _require(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise Malformed(otherwise)
