"""What is probably wrong with labelled pictures, from what training has found out already."""

from __future__ import annotations

from featclass import audit, probe
from featclass.engine import Embeddings
from featclass.service.judging import Judged


def audited(embeddings: Embeddings, judged: Judged) -> audit.Audit | None:
    """Look for whatever is wrong; None where nobody looked at the pixels."""
    if judged.copies is None:
        return None
    pictures = audit.Pictures(
        names=[image.name for image in embeddings.images],
        digests=[image.digest for image in embeddings.images],
        labels=judged.labels,
        vectors=judged.vectors,
        appearances=embeddings.appearances,
    )
    if judged.predictions is None:
        return audit.audit(pictures, copies=judged.copies)
    return audit.audit(
        pictures,
        probabilities=judged.predictions.probabilities,
        distances=probe.distances_left_out(judged.vectors, judged.labels),
        copies=judged.copies,
    )
