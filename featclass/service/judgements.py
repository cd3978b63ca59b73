"""What probes that never saw a training image say of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featclass import probe
from featclass.engine import Embeddings
from featclass.records import Image, Judgement, Neighbour

NEIGHBOURS = 3


def judgements(
    embeddings: Embeddings, labels: Sequence[str], judged: probe.OutOfFold
) -> tuple[Judgement, ...]:
    """Return what was said of each image by probes that never saw it."""
    classes = sorted(set(labels))
    vectors = probe.normalise(embeddings.vectors).astype(np.float32)
    nearest, similarities = probe.nearest(vectors, vectors, NEIGHBOURS + 1)
    judgements = []
    for row, image in enumerate(embeddings.images):
        chances = judged.probabilities[row]
        others = [
            _neighbour(embeddings.images[i], labels[i], float(similarity))
            for i, similarity in zip(nearest[row], similarities[row], strict=True)
            if i != row
        ]
        judgements.append(
            Judgement(
                name=image.name,
                digest=image.digest,
                label=labels[row],
                said=classes[int(chances.argmax())],
                probability=float(chances.max()),
                label_probability=float(chances[classes.index(labels[row])]),
                neighbours=tuple(others[:NEIGHBOURS]),
            )
        )
    return tuple(judgements)


def _neighbour(image: Image, label: str, similarity: float) -> Neighbour:
    return Neighbour(image.name, label, image.digest, similarity)
