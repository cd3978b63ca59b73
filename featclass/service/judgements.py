"""What probes that never saw a training image say of it."""

from __future__ import annotations

from collections.abc import Sequence

from featclass.neighbours import nearest_others
from featclass.records import Image, Judgement, Neighbour
from featclass.service.judging import Judged

NEIGHBOURS = 3


def judgements(images: Sequence[Image], judged: Judged) -> tuple[Judgement, ...]:
    """Return what was said of each image by probes that never saw it; none without a score."""
    if judged.predictions is None:
        return ()
    labels = judged.labels
    classes = judged.report.classes
    places = {name: place for place, name in enumerate(classes)}
    nearest, cosines = nearest_others(judged.vectors, NEIGHBOURS)
    judgements = []
    for row, image in enumerate(images):
        chances = judged.predictions.probabilities[row]
        others = tuple(
            _neighbour(images[i], labels[i], min(1.0, float(cosine)))
            for i, cosine in zip(nearest[row], cosines[row], strict=True)
        )
        judgements.append(
            Judgement(
                name=image.name,
                digest=image.digest,
                label=labels[row],
                said=classes[int(chances.argmax())],
                probability=float(chances.max()),
                label_probability=float(chances[places[labels[row]]]),
                neighbours=others,
            )
        )
    return tuple(judgements)


def _neighbour(image: Image, label: str, similarity: float) -> Neighbour:
    return Neighbour(image.name, label, image.digest, similarity)
