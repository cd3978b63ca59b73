"""Clouds of vectors, one for each class."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
DIMENSIONS = pytest.mark.parametrize("dimensions", [6, 200], ids=["more images", "more dimensions"])


def blobs(
    sizes: list[int], dimensions: int = 40, *, spread: float = 1.0, seed: int = 0
) -> tuple[Vectors, list[str]]:
    """Embeddings around one centre a class, all far from the origin as real ones are."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(len(sizes), dimensions)) + 2.0
    codes = np.repeat(np.arange(len(sizes)), sizes)
    noise = spread * rng.normal(size=(codes.size, dimensions))
    vectors = (centres[codes] + noise).astype(np.float32)
    return vectors, [f"class {code}" for code in codes]


def codes_of(labels: list[str]) -> Codes:
    return np.unique(labels, return_inverse=True)[1]


def accuracy(probabilities: Floats, labels: list[str]) -> float:
    return float((probabilities.argmax(axis=1) == codes_of(labels)).mean())
