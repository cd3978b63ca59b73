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
from pathlib import Path

from safetensors import SafetensorError
from safetensors.numpy import load as read_tensors
from safetensors.numpy import save as write_tensors

from featclass.base import ClassifierUnusable, FeatclassError, TrainedClassifier
from featclass.classifiers import artifact_content
from featclass.classifiers.untrusted import Malformed

VERSION = 2
MOST_BYTES = 2 * 10**9
MOST_HEADER_BYTES = 64 * 10**6
MOST_LISTED_BYTES = 64 * 10**3
"""Of the list of tensors that follows the document: there are four."""
OPENING = re.compile(rb'\{"__metadata__":\{"featclass":"(\d{1,6}) ([0-9a-f]{64}) ')
TEXT = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
"""What a JSON string holds, up to its closing quote. Without a way back: each would be kept, which
is a hundred bytes for an escaped sign."""
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
    """Return the file's bytes: the same ones for an equal classifier.

    Raises:
        ClassifierUnusable: `loads` would refuse them, for a number that is none, say.
    """
    try:
        text, tensors = artifact_content.document(classifier), artifact_content.tensors(classifier)
        artifact_content.classifier_of(text, tensors)
    except (FeatclassError, *UNREADABLE) as error:
        raise ClassifierUnusable(
            f"This classifier cannot be saved: {_said(error)}. Train it again."
        ) from error
    data = write_tensors(tensors, {"featclass": f"{VERSION} {'0' * DIGITS} {text}"})
    if (size := _header(data)) > MOST_HEADER_BYTES:
        raise ClassifierUnusable(
            f"This classifier cannot be saved: its names and report have {size:,} bytes, and may"
            f" have {MOST_HEADER_BYTES:,}. Train it with fewer classes, or shorter file names."
        )
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
    size = _header(data)
    if size > MOST_HEADER_BYTES or _digest(data, opening.start(2)) != opening[2]:
        raise _damaged("its checksum does not fit its content")
    try:
        text = _document(data, opening.end(), 8 + size)
        return artifact_content.classifier_of(text, read_tensors(data))
    except (FeatclassError, *UNREADABLE) as error:
        raise _damaged(_said(error)) from error


def _header(data: bytes) -> int:
    return int.from_bytes(data[:8], "little")


def _document(data: bytes, start: int, end: int) -> str:
    """Return the document; nothing is parsed of a header that lists far too many tensors."""
    text = TEXT.match(data, start, end)
    if text is None or end - text.end() > MOST_LISTED_BYTES:
        raise Malformed("it lists more tensors than a classifier has")
    document: str = json.loads(b'"' + text[0] + b'"')
    return document


def _said(error: Exception) -> str:
    """Return what is wrong, as a clause."""
    if isinstance(error, Malformed):
        return str(error)
    return f"its content cannot be read ({type(error).__name__})"


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
