"""What is probably wrong with labelled pictures, from what training has found out already."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from featclass import audit, probe
from featclass.audit.findings import DuplicateGroup
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
        return _without_bursts(audit.audit(pictures, copies=judged.copies), embeddings)
    found = audit.audit(
        pictures,
        probabilities=_of_classes_shown(judged, judged.predictions.probabilities),
        distances=probe.distances_left_out(judged.vectors, judged.labels, judged.groups),
        copies=judged.copies,
    )
    return _without_bursts(found, embeddings)


def _without_bursts(found: audit.Audit, embeddings: Embeddings) -> audit.Audit:
    """Leave out the copies that are frames of one recording: they were made on purpose."""
    bursts = {image.name: image.burst for image in embeddings.images}
    if not any(bursts.values()):
        return found

    def is_burst(group: DuplicateGroup) -> bool:
        [first, *others] = {bursts[path] for path in group.paths}
        return first is not None and not others and not group.is_across_classes

    kept = tuple(group for group in found.duplicates if not is_burst(group))
    return replace(found, duplicates=kept)


def _of_classes_shown(judged: Judged, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities among the classes that have images, shape (n, those)."""
    shown = np.isin(judged.report.classes, judged.labels)
    if shown.all():
        return probabilities
    some = probabilities[:, shown]
    return np.asarray(some / some.sum(axis=1, keepdims=True))
