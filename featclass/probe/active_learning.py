"""Which unlabelled images to ask a person about next: uncertain, typical, unlike each other."""

from __future__ import annotations

import heapq

import numpy as np

from featclass.base import FloatArray
from featclass.probe.normalisation import Codes, Floats, normalise, takes_roots

WIDTH = 0.1
"""Of the kernel, as a share of the median squared distance: from 20 answers about nine pools,
beginning with one and two images a class. At 0.25 coverage wins too often over doubt, at 0.05 an
image speaks for hardly any other."""
MOST = 1500
"""Images considered: of more, so many evenly spaced ones."""
MOST_LABELLED = 1000


def most_useful(
    labelled: FloatArray,
    unlabelled: FloatArray,
    chances: Floats | None = None,
    *,
    count: int = 50,
) -> Codes:
    """Return which unlabelled images to ask about, the most useful first.

    Uncertainty herding (Bae, Oliveira and Sutherland 2025): each image speaks for those near it,
    as far as a Gaussian kernel reaches; the next to be asked about is the one that adds most to
    what is spoken for, labelled images included, where an image counts as much as the probe
    hesitates between its two likeliest classes. Few answers thus go to the middle of each crowd,
    later ones to where classes meet, and none to a near-copy of what was asked. The same arguments
    give the same order.

    Args:
        labelled: Embeddings, shape (m, dimensions), of any length; m may be 0.
        unlabelled: Embeddings, shape (n, dimensions).
        chances: Calibrated probabilities of the unlabelled, shape (n, classes); without any, all
            count alike.
        count: How many to return at most.
    """
    considered = spaced(len(unlabelled), MOST)
    if not considered.size:
        return considered
    roots = takes_roots(unlabelled[considered]) and takes_roots(labelled)
    own = normalise(unlabelled[considered], roots=roots).astype(np.float32)
    known = normalise(labelled[spaced(len(labelled), MOST_LABELLED)], roots=roots)
    doubts = np.ones(considered.size) if chances is None else _doubts(chances[considered])
    apart = _squares(own, own)
    width = max(WIDTH * float(np.median(apart)), 1e-6)
    near = np.exp(-apart / width)
    covered = np.zeros(considered.size, np.float32)
    if len(known):
        covered = np.exp(-_squares(own, known.astype(np.float32)).min(axis=1) / width)
    chosen = _greedy(near, covered, doubts.astype(np.float32), min(count, considered.size))
    return np.asarray(considered[chosen], dtype=np.intp)


def spaced(n: int, most: int) -> Codes:
    """Return places of n images: all, or as many as `most`, evenly spaced."""
    return np.linspace(0, n - 1, min(n, most)).round().astype(np.intp)


def _doubts(chances: Floats) -> Floats:
    """Return how much the probe hesitates between the two likeliest classes, 0 to 1."""
    if chances.shape[1] < 2:
        return np.ones(len(chances))
    two = np.partition(chances, -2, axis=1)[:, -2:]
    return np.asarray(1 - (two[:, 1] - two[:, 0]))


def _squares(these: FloatArray, those: FloatArray) -> FloatArray:
    """Return squared distances between normalised embeddings."""
    return np.asarray(np.maximum(2 - 2 * these @ those.T, 0))


def _greedy(near: FloatArray, covered: FloatArray, doubts: FloatArray, count: int) -> list[int]:
    """Choose one after the other what adds most.

    What an image adds never grows while others are chosen, so that only those that might still be
    the best are worked out anew (Minoux 1978, accelerated greedy).
    """

    def adds(place: int) -> float:
        return float(np.maximum(near[place] - covered, 0) @ doubts)

    queue = [(-adds(place), place) for place in range(len(near))]
    heapq.heapify(queue)
    chosen: list[int] = []
    while queue and len(chosen) < count:
        _, place = heapq.heappop(queue)
        again = (-adds(place), place)
        if queue and again > queue[0]:
            heapq.heappush(queue, again)
            continue
        chosen.append(place)
        covered = np.maximum(covered, near[place])
    return chosen
