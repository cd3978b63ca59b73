"""What is probably wrong with labelled pictures, from what training has found out already."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featclass import audit, probe
from featclass.engine import Embeddings


def audited(
    embeddings: Embeddings, labels: Sequence[str], found: probe.OutOfFold | None
) -> audit.Audit | None:
    """Look for whatever is wrong; None where nobody looked at the pixels."""
    if not embeddings.appearances:
        return None
    pictures = audit.Pictures(
        names=[image.name for image in embeddings.images],
        digests=[image.digest for image in embeddings.images],
        labels=labels,
        vectors=probe.normalise(embeddings.vectors).astype(np.float32),
        appearances=embeddings.appearances,
    )
    return audit.audit(pictures, probabilities=found.probabilities if found else None)
