"""What an audit looks at, and all its checks together, with those for outliers and balance."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from featclass.audit import labels, quality, shortcuts
from featclass.audit.duplicates import Copies, find_copies
from featclass.audit.findings import (
    Audit,
    Balance,
    DuplicateGroup,
    GiveAway,
    LabelError,
    Outlier,
    QualityFault,
)
from featclass.images import Appearance
from featclass.probe import Codes, Floats


@dataclass(frozen=True)
class AuditInput:
    """Labelled images, each with its embedding and its appearance, in any one order."""

    names: Sequence[str]
    digests: Sequence[str]
    labels: Sequence[str]
    vectors: NDArray[np.float32]
    """L2-normalised embeddings, shape (n, dimensions)."""
    appearances: Sequence[Appearance]

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The labels, sorted."""
        return tuple(sorted(set(self.labels)))

    @cached_property
    def codes(self) -> Codes:
        """Each label's place among `classes`, shape (n,)."""
        places = {name: place for place, name in enumerate(self.classes)}
        return np.array([places[label] for label in self.labels], dtype=np.intp)

    def key(self, kind: str, rows: Iterable[int], *words: str) -> str:
        """Return what a finding about these images is remembered by, whatever their order."""
        parts = sorted(self.digests[row] for row in rows)
        digest = hashlib.sha256("\n".join([*words, *parts]).encode()).hexdigest()
        return f"{kind}:{digest[:32]}"


RATIO = 3.0
"""Of the largest class to the smallest."""


def sizes(labels: Sequence[str]) -> dict[str, int]:
    """Return how many images each class has, by name."""
    return dict(sorted(Counter(labels).items()))


def is_unbalanced(images: dict[str, int]) -> bool:
    """Return whether the largest class has at least three times the images of the smallest."""
    return len(images) > 1 and max(images.values()) >= RATIO * min(images.values())


ODD = 4.0
"""Robust standard deviations."""
FEWEST = 10
LEAST_OF_A_CLASS = 5
LEAST_DEVIATION = 0.05
LEAST_DISTANCE = 0.1
"""In sets where everything is alike, a cosine of 0.9 is still no stranger."""


def strangeness(familiarity: Floats, codes: Codes) -> Floats:
    """Return how strange each image is for its class, in robust standard deviations, shape (n,).

    Measured on the logarithm of one less the mean cosine to the nearest others: distances to
    neighbours are skewed, their logarithms hardly. The middle is that of the class where it has
    five images or more, the deviation that of all, or of the class where that is larger.

    Args:
        familiarity: Mean cosine of each image to the nearest others, shape (n,).
        codes: Class of each.
    """
    logs = np.log(np.maximum(1 - familiarity, 1e-6))
    middles = np.full(logs.shape, np.median(logs))
    large = np.flatnonzero(np.bincount(codes) >= LEAST_OF_A_CLASS)
    for code in large:
        middles[codes == code] = np.median(logs[codes == code])
    away = np.abs(logs - middles)
    deviations = np.full(logs.shape, max(float(np.median(away)), LEAST_DEVIATION))
    for code in large:
        members = codes == code
        deviations[members] = np.maximum(deviations[members], np.median(away[members]))
    return np.asarray((logs - middles) / (1.4826 * deviations))


def outliers(familiarity: Floats, codes: Codes) -> list[int]:
    """Return the places of images unlike all others, the strangest first; none of fewer than 10."""
    if len(familiarity) < FEWEST:
        return []
    scores = strangeness(familiarity, codes)
    odd = np.flatnonzero((scores > ODD) & (1 - familiarity > LEAST_DISTANCE))
    return [int(row) for row in odd[np.argsort(-scores[odd], kind="stable")]]


def audit(
    pictures: AuditInput,
    *,
    probabilities: Floats | None = None,
    distances: Floats | None = None,
    copies: Copies | None = None,
) -> Audit:
    """Look for whatever is probably wrong with labelled pictures.

    Args:
        pictures: At least one.
        probabilities: Out-of-fold, shape (n, classes), classes sorted; without them (a class has
            one image, say) no label is doubted.
        distances: Squared Mahalanobis distances to the class means, each image left out with its
            copies, shape (n, classes): they find more wrong labels together with the probabilities.
        copies: What `find_copies` says of these pictures, where that is known already.
    """
    copies = copies or find_copies(pictures.vectors, pictures.appearances, pictures.names)
    return Audit(
        _label_errors(pictures, probabilities, distances),
        _duplicates(pictures, copies),
        _outliers(pictures, copies),
        _quality(pictures),
        _shortcuts(pictures, copies),
        _balance(pictures),
    )


def _label_errors(
    pictures: AuditInput, probabilities: Floats | None, distances: Floats | None
) -> tuple[LabelError, ...]:
    if probabilities is None or len(pictures.classes) < 2:
        return ()
    doubts = labels.label_errors(pictures.codes, probabilities, distances)
    errors = []
    for row in np.argsort(-doubts.scores, kind="stable").tolist():
        label, suggested = pictures.labels[row], pictures.classes[doubts.suggested[row]]
        is_suspect = bool(doubts.is_suspect[row])
        errors.append(
            LabelError(
                pictures.names[row], label, suggested, float(doubts.scores[row]), is_suspect,
                pictures.key("label", [row], label), bool(doubts.is_strong[row]),
            )
        )  # fmt: skip
    return tuple(errors)


def _duplicates(pictures: AuditInput, copies: Copies) -> tuple[DuplicateGroup, ...]:
    """Return the groups, those across classes first, then the largest."""
    members: dict[int, list[int]] = {}
    for row, group in enumerate(copies.groups.tolist()):
        members.setdefault(group, []).append(row)
    groups = []
    for rows in members.values():
        if len(rows) > 1:
            is_exact = len(set(copies.exact[rows].tolist())) == 1
            groups.append(
                DuplicateGroup(
                    tuple(pictures.names[row] for row in rows),
                    tuple(pictures.labels[row] for row in rows),
                    is_exact, pictures.key("duplicates", rows),
                )
            )  # fmt: skip
    return tuple(sorted(groups, key=lambda group: (not group.is_across_classes, -len(group.paths))))


def _outliers(pictures: AuditInput, copies: Copies) -> tuple[Outlier, ...]:
    scores = strangeness(copies.familiarity, pictures.codes)
    return tuple(
        Outlier(
            pictures.names[row], pictures.labels[row], float(scores[row]),
            pictures.key("outlier", [row]),
        )
        for row in outliers(copies.familiarity, pictures.codes)
    )  # fmt: skip


def _quality(pictures: AuditInput) -> tuple[QualityFault, ...]:
    return tuple(
        QualityFault(
            pictures.names[fault.row], pictures.labels[fault.row],
            pictures.key("quality", [fault.row], fault.kind), fault,
        )
        for fault in quality.faults(pictures.appearances)
    )  # fmt: skip


def _shortcuts(pictures: AuditInput, copies: Copies) -> tuple[GiveAway, ...]:
    cues = []
    for cue in shortcuts.shortcuts(pictures.appearances, pictures.codes, copies.groups):
        label = pictures.classes[cue.label]
        paths = tuple(pictures.names[row] for row in cue.rows)
        key = pictures.key("shortcut", cue.rows, cue.cue, label)
        images = pictures.labels.count(label)
        cues.append(GiveAway(cue.cue, cue.accuracy, cue.chance, label, paths, key, images))
    return tuple(cues)


def _balance(pictures: AuditInput) -> Balance:
    images = sizes(pictures.labels)
    unbalanced = is_unbalanced(images)
    words = [f"{name}:{count}" for name, count in images.items()] if unbalanced else []
    return Balance(images, unbalanced, pictures.key("balance", [], *words))
