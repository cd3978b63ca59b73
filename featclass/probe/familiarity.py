"""What a picture resembles among the training images, and whether it resembles any."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from featclass.probe.examples import Floats
from featclass.probe.regression import encode, normalise
from featclass.records import FloatArray

NEIGHBOURS = 3
REFUSED_SHARE = 0.05
QUERIES = 2000
"""Training images that set the threshold: more would not move it."""
ROWS = 1024


def nearest(exemplars: FloatArray, vectors: FloatArray, k: int) -> tuple[NDArray[np.intp], Floats]:
    """Return indices and cosine similarities, shape (n, min(k, exemplars)), most similar first.

    Args:
        exemplars: L2-normalised embeddings, shape (m, dimensions).
        vectors: Embeddings of the pictures, shape (n, dimensions), of any length.
        k: How many to return.
    """
    k = min(k, len(exemplars))
    indices = np.empty((len(vectors), k), dtype=np.intp)
    similarities = np.empty((len(vectors), k))
    for first in range(0, len(vectors), ROWS):
        rows = slice(first, first + ROWS)
        cosines = normalise(vectors[rows]) @ exemplars.T
        some = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        values = np.take_along_axis(cosines, some, axis=1)
        order = np.lexsort((some, -values), axis=1)
        indices[rows] = np.take_along_axis(some, order, axis=1)
        similarities[rows] = np.take_along_axis(values, order, axis=1)
    return indices, np.clip(similarities, -1.0, 1.0)


def familiarity(exemplars: FloatArray, vectors: FloatArray) -> Floats:
    """Return the mean cosine similarity to the three nearest exemplars, shape (n,)."""
    return np.asarray(nearest(exemplars, vectors, NEIGHBOURS)[1].mean(axis=1))


def known_threshold(exemplars: FloatArray, labels: Sequence[str]) -> float:
    """Return the familiarity below which a picture resembles none of the classes.

    Every training image is compared with the others; at most 5 % of them fall below the
    threshold. Under 20 images nothing supports a 5 % quantile: then it is the lowest familiarity,
    less half the standard deviation of all n and 0.2 / n. An image alone in its class is left
    out, as the others say nothing of its class; where all are, each counts.

    Args:
        exemplars: L2-normalised embeddings of the training images, shape (n, dimensions).
        labels: Class of each.

    Raises:
        FeatclassError: There are fewer than two classes.
    """
    _, codes = encode(labels)
    members = np.flatnonzero(np.bincount(codes)[codes] > 1)
    asked = members if members.size else np.arange(codes.size)
    asked = asked[np.linspace(0, asked.size - 1, min(asked.size, QUERIES)).astype(np.intp)]
    indices, similarities = nearest(exemplars, exemplars[asked], NEIGHBOURS + 1)
    others = indices != asked[:, None]
    # Copies of a picture can push it out of its own four nearest: then the last one goes.
    others[others.all(axis=1), -1] = False
    familiar = np.sort(similarities[others].reshape(asked.size, -1).mean(axis=1))
    threshold = familiar[int(REFUSED_SHARE * familiar.size)]
    if familiar.size < 1 / REFUSED_SHARE:
        threshold -= familiar.std() / 2 + 0.2 / familiar.size
    return float(threshold)


def exemplar_indices(labels: Sequence[str], limit: int) -> NDArray[np.intp]:
    """Return which training images to remember: at most `limit`, ascending, evenly by class.

    Every class keeps as many as the others while it has them; within a class they are spread
    evenly over the order given.
    """
    _, codes = np.unique(np.array(labels, dtype=object), return_inverse=True)
    members = [np.flatnonzero(codes == code) for code in range(int(codes.max(initial=-1)) + 1)]
    quotas = np.zeros(len(members), dtype=np.intp)
    sizes = np.array([member.size for member in members], dtype=np.intp)
    left = min(limit, codes.size)
    while left:
        hungry = np.flatnonzero(quotas < sizes)
        share = max(1, left // hungry.size)
        grant = np.minimum(share, sizes[hungry] - quotas[hungry])[:left]
        quotas[hungry[: grant.size]] += grant
        left -= int(grant.sum())
    kept = [
        member[np.linspace(0, member.size - 1, quota).astype(np.intp)]
        for member, quota in zip(members, quotas, strict=True)
    ]
    return np.sort(np.concatenate(kept)) if kept else np.empty(0, dtype=np.intp)
