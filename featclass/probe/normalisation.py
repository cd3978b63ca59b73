"""Embeddings as the probe sees them: scaled to length 1, and first their roots where fitting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from featclass.base import FeatclassError, FloatArray

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Masks = NDArray[np.bool_]


def normalise(vectors: FloatArray, *, roots: bool = False) -> Floats:
    """Scale each row of `vectors`, shape (n, dimensions), to length 1; zero rows stay zero.

    With `roots`, their signed square roots.
    """
    wide = np.array(vectors, dtype=np.float64)
    if roots:
        np.copysign(np.sqrt(np.abs(wide)), wide, out=wide)
    lengths = np.sqrt(np.einsum("ij,ij->i", wide, wide))[:, None]
    wide /= np.where(lengths > 0, lengths, 1.0)
    return wide


def blocks(rows: NDArray[Any], size: int = 1024) -> Iterator[NDArray[Any]]:
    """Yield so many rows at a time, one block at least: what is made of them fits in memory."""
    return (rows[first : first + size] for first in range(0, max(len(rows), 1), size))


def takes_roots(vectors: FloatArray) -> bool:
    """Say whether roots suit these embeddings: no value is negative, as after a rectifier.

    Such values are mostly small with a few large ones. Their square roots scaled to length 1
    compare as by the Hellinger distance (Arandjelovic and Zisserman 2012, RootSIFT), in which the
    few no longer drown the many.
    """
    return not bool(np.less(vectors, 0).any())


def encode(labels: Sequence[str]) -> tuple[tuple[str, ...], Codes]:
    """Return the sorted classes and each label's place among them.

    Raises:
        FeatclassError: There are fewer than two classes.
    """
    classes = tuple(sorted(set(labels)))
    if not classes:
        raise FeatclassError("There is no set with pictures yet; a classifier needs two.")
    if len(classes) < 2:
        raise FeatclassError(
            f"There is only one set with pictures, {classes[0]!r}: add a second, so that there is"
            " something to tell apart."
        )
    places = {name: place for place, name in enumerate(classes)}
    return classes, np.array([places[label] for label in labels], dtype=np.intp)


def softmax(logits: Floats) -> Floats:
    """Return probabilities, shape (n, classes); no logit is too large."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
