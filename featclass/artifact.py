"""A saved classifier: one safetensors file that carries a JSON document; nothing in it executes.

The tensors are the probe's and the exemplars' vectors, the document all the rest. It stands in
the file's metadata behind the format version and a SHA-256 over the whole file (its own digits
counted as zeros), so that one flipped bit is noticed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as read_tensors
from safetensors.numpy import save as write_tensors

from featclass.errors import ClassifierUnusable, FeatclassError
from featclass.records import Exemplars, Probe, TrainedClassifier
from featclass.report_json import from_json, to_json

VERSION = 2
MOST_BYTES = 2 * 10**9
MOST_HEADER_BYTES = 64 * 10**6
OPENING = re.compile(rb'\{"__metadata__":\{"featclass":"(\d{1,6}) ([0-9a-f]{64}) ')
DIGITS = 64
UNREADABLE = (
    AttributeError,
    KeyError,
    OverflowError,
    RecursionError,
    SafetensorError,
    TypeError,
    ValueError,
)
"""What parsing the content of a forged file can raise."""

Tensors = Mapping[str, NDArray[Any]]


def save(classifier: TrainedClassifier, path: Path | str) -> None:
    """Write the classifier; a reader finds the old file or the new one, never half of it.

    Raises:
        OSError: The folder cannot be written to.
    """
    path = Path(path)
    data = dumps(classifier)
    unfinished = path.parent / f".{secrets.token_hex(8)}.featclass"
    try:
        with unfinished.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def load(path: Path | str) -> TrainedClassifier:
    """Read a classifier from a file.

    Raises:
        ClassifierUnusable: The file cannot be read, or `loads` refuses it.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > MOST_BYTES:
                raise ClassifierUnusable(_too_large(size))
            return loads(file.read(MOST_BYTES + 1))
    except OSError as error:
        raise ClassifierUnusable(
            f"{path.name!r} cannot be read: {error.strerror or error}. Check the path."
        ) from error
    except ClassifierUnusable as error:
        raise ClassifierUnusable(f"{path.name!r} cannot be used. {error}") from error


def dumps(classifier: TrainedClassifier) -> bytes:
    """Return the file's bytes: the same ones for an equal classifier."""
    exemplars, probe = classifier.exemplars, classifier.probe
    document = {
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
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    tensors = {
        "coefficients": np.ascontiguousarray(probe.coefficients, dtype="<f8"),
        "intercepts": np.ascontiguousarray(probe.intercepts, dtype="<f8"),
        "exemplars": np.ascontiguousarray(exemplars.vectors, dtype="<f4"),
    }
    if classifier.strangers is not None:
        tensors["strangers"] = np.ascontiguousarray(classifier.strangers, dtype="<f4")
    data = write_tensors(tensors, {"featclass": f"{VERSION} {'0' * DIGITS} {text}"})
    opening = OPENING.match(data, 8)
    if opening is None:
        raise FeatclassError("This version of safetensors lays its files out in another way.")
    return b"".join(
        [data[: opening.start(2)], _digest(data, opening.start(2)), data[opening.end(2) :]]
    )


def loads(data: bytes) -> TrainedClassifier:
    """Read a classifier from bytes that are not trusted.

    Raises:
        ClassifierUnusable: They are no classifier, damaged, of another format version, or
            contradict themselves.
    """
    if len(data) > MOST_BYTES:
        raise ClassifierUnusable(_too_large(len(data)))
    opening = OPENING.match(data, 8)
    if opening is None:
        raise ClassifierUnusable(
            "This is not a classifier saved by featclass, or its beginning is damaged: choose a"
            " file that featclass has written."
        )
    if int(opening[1]) != VERSION:
        raise ClassifierUnusable(
            f"It is of format version {int(opening[1])}, and this featclass reads version"
            f" {VERSION}: open it with the featclass that wrote it, or train it again here."
        )
    header = int.from_bytes(data[:8], "little")
    if _digest(data, opening.start(2)) != opening[2] or header > MOST_HEADER_BYTES:
        raise _damaged("its checksum does not fit its content")
    try:
        fields = json.loads(data[8 : 8 + header])["__metadata__"]["featclass"]
        document = json.loads(fields.split(" ", 2)[2])
        return _classifier(document, read_tensors(data))
    except FeatclassError as error:
        raise _damaged(str(error).rstrip(".")) from error
    except UNREADABLE as error:
        raise _damaged(f"its content cannot be read ({type(error).__name__})") from error


def _classifier(document: Mapping[str, Any], tensors: Tensors) -> TrainedClassifier:
    report = from_json(document["report"])
    classes = _texts(document, "classes")
    _require(classes == report.classes, "its classes and those of its report differ")
    coefficients = _tensor(tensors, "coefficients", np.float64, 2)
    intercepts = _tensor(tensors, "intercepts", np.float64, 1)
    shape = (len(classes), coefficients.shape[1])
    fits = coefficients.shape == shape and len(intercepts) == len(classes)
    _require(fits, "its coefficients do not fit its classes")
    exemplars = _exemplars(document["exemplars"], tensors)
    _require(exemplars.vectors.shape[1] == shape[1], "its vectors differ in length")
    _require(set(exemplars.labels) <= set(classes), "a training image is of no class")
    strangers = _strangers(tensors, shape[1])
    is_something = bool(exemplars.names) or report.class_names is not None
    _require(is_something, "it remembers no training image")
    floor = float(document["floor"])
    _require(0 <= floor <= 1, "a setting is not a number between 0 and 1")
    _require(isinstance(document["roots"], bool), "a setting is not true or false")
    versions = document["versions"]
    _require(isinstance(versions, dict), "its versions are not an object")
    return TrainedClassifier(
        encoder=_text(document["encoder"], "encoder"),
        encoder_id=_text(document["encoder_id"], "encoder_id"),
        fingerprint=_text(document["fingerprint"], "fingerprint"),
        probe=Probe(classes, coefficients, intercepts, roots=document["roots"], floor=floor),
        exemplars=exemplars,
        report=report,
        strangers=strangers,
        versions={_text(k, "versions"): _text(v, "versions") for k, v in versions.items()},
    )


def _exemplars(document: Mapping[str, Any], tensors: Tensors) -> Exemplars:
    vectors = _tensor(tensors, "exemplars", np.float32, 2)
    names, labels = _texts(document, "names"), _texts(document, "labels")
    digests = _texts(document, "digests")
    lengths = {len(names), len(labels), len(digests), len(vectors)}
    _require(len(lengths) == 1, "its lists of training images differ in length")
    are_digests = all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)
    _require(are_digests, "a digest of a training image is none")
    return Exemplars(names, labels, digests, vectors)


def _strangers(tensors: Tensors, dimensions: int) -> NDArray[np.float32] | None:
    """Return pictures called none of the classes; None where nobody called any so."""
    if "strangers" not in tensors:
        return None
    vectors = _tensor(tensors, "strangers", np.float32, 2)
    _require(vectors.shape[1] == dimensions, "its vectors differ in length")
    return vectors


def _tensor(tensors: Tensors, name: str, kind: type, dimensions: int) -> NDArray[Any]:
    values = tensors[name]
    _require(values.dtype == kind and values.ndim == dimensions, f"its {name} are of another kind")
    _require(bool(np.isfinite(values).all()), f"its {name} hold what is not a number")
    return values


def _texts(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = document[name]
    _require(isinstance(values, list), f"its {name} are not a list")
    return tuple(_text(value, name) for value in values)


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise FeatclassError(f"its {name} should be text")
    return value


def _require(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise FeatclassError(otherwise)


def _damaged(what: str) -> ClassifierUnusable:
    return ClassifierUnusable(
        f"It is damaged: {what}. Take it from where it was saved once more, or train it again."
    )


def _too_large(size: int) -> str:
    return (
        f"It has {size:,} bytes, and a classifier at most {MOST_BYTES:,}: choose a file that"
        " featclass has written."
    )


def _digest(data: bytes, start: int) -> bytes:
    """Return the SHA-256 of the file in hexadecimal, its own digits at `start` as zeros."""
    view = memoryview(data)
    digest = hashlib.sha256(view[:start])
    digest.update(b"0" * DIGITS)
    digest.update(view[start + DIGITS :])
    return digest.hexdigest().encode()
