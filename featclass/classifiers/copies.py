"""Which images are hardly independent, and must stay on one side of every split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from featclass import audit
from featclass.base import Image
from featclass.embedding import Embeddings

Groups = NDArray[np.intp]


def find_copies(embeddings: Embeddings, vectors: NDArray[np.float32]) -> audit.Copies | None:
    """Return which images show the same; None where nobody looked at the pixels."""
    if not embeddings.appearances:
        return None
    names = [image.name for image in embeddings.images]
    return audit.find_copies(vectors, embeddings.appearances, names)


def kept_together(
    images: Sequence[Image], labels: Sequence[str], copies: audit.Copies | None
) -> Groups | None:
    """Return the group of each image, shape (n,); None where each would be alone.

    In one are near-duplicates, where somebody looked for them, and what a camera recorded for a
    class in one go: however much it moved, light, background and thing are the same.
    """
    firsts: dict[object, int] = {}
    links = []
    for row, (image, label) in enumerate(zip(images, labels, strict=True)):
        if copies is not None:
            links.append((row, firsts.setdefault(int(copies.groups[row]), row)))
        if image.burst is not None:
            links.append((row, firsts.setdefault((image.burst, label), row)))
    groups = audit.connected(len(labels), links)
    return None if int(groups.max(initial=-1)) + 1 == groups.size else groups


def recorded_once(images: Sequence[Image], labels: Sequence[str]) -> tuple[str, ...]:
    """Return the classes that have nothing but a single recording, sorted."""
    bursts: dict[str, set[str | None]] = {}
    for image, label in zip(images, labels, strict=True):
        bursts.setdefault(label, set()).add(image.burst)
    alone = (label for label, own in bursts.items() if len(own) == 1 and None not in own)
    return tuple(sorted(alone))
