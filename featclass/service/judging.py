"""How far a classifier of some images can be trusted, measured on images it never saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from featclass import audit, interval, learning_curve, probe, report, verdict
from featclass.engine import Embeddings
from featclass.errors import Cancelled, FeatclassError
from featclass.records import NearDuplicates, Progress, Report

Groups = NDArray[np.intp]
NO_SECONDS = {"embed": 0.0, "fit": 0.0, "evaluate": 0.0}
"""Who asked measures them."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What probes that never saw the images say of them."""

    report: Report
    """Without encoder and seconds."""
    predictions: probe.OutOfFold | None
    """None where there is no score."""
    groups: Groups | None
    """Equal for near-duplicates; None where there are none, or nobody looked."""
    copies: audit.Copies | None
    """The same in full; None where nobody looked."""
    labels: tuple[str, ...]

    def distinct(self) -> NDArray[np.intp]:
        """Return which images to remember, ascending: of near-duplicates in a class the first.

        Beside its copy a picture looks more familiar than any new one can.
        """
        if self.groups is None:
            return np.arange(len(self.labels))
        firsts: dict[tuple[int, str], int] = {}
        for row, key in enumerate(zip(self.groups.tolist(), self.labels, strict=True)):
            firsts.setdefault(key, row)
        return np.array([*firsts.values()], dtype=np.intp)


def judge(
    embeddings: Embeddings, labels: Sequence[str], *, seed: int, progress: Progress
) -> Judged:
    """Predict every image by probes that saw neither it nor its near-duplicates, and count."""
    copies = find_copies(embeddings)
    groups = near_duplicates(copies)
    if min(Counter(labels).values()) < 2:
        return Judged(_unscored(embeddings, labels), None, groups, copies, tuple(labels))
    try:
        found = probe.out_of_fold(
            embeddings.vectors,
            labels,
            groups=groups,
            names=[image.digest for image in embeddings.images],
            seed=seed,
            progress=progress,
        )
    except Cancelled:
        raise
    except FeatclassError as error:  # nothing but copies in a class: none can be left out
        said = _unscored(embeddings, labels, str(error).rstrip("."))
        return Judged(said, None, groups, copies, tuple(labels))
    independent = len(labels) if groups is None else int(groups.max()) + 1
    said = report.score(
        labels,
        found.probabilities,
        sorted(set(labels)),
        method=report.cross_validated(
            len(labels),
            folds=found.folds,
            repeats=found.repeats,
            leave_one_out=found.leave_one_out,
            groups=independent,
        ),
        encoder="",
        rejected=embeddings.rejected,
        seconds=NO_SECONDS,
        interval=lambda right, n: interval.accuracy_interval(right, n, n_groups=independent),
    )
    right = round((said.accuracy or 0.0) * len(labels))
    sizes = Counter(labels)
    return Judged(
        replace(
            said,
            verdict=verdict.judge(right, sizes, n_groups=independent),
            calibration_error=found.calibration_error,
        ),
        found,
        groups,
        copies,
        tuple(labels),
    )


def looked_into(judged: Judged, embeddings: Embeddings, labels: Sequence[str], seed: int) -> Report:
    """Return the report with what takes longer: what more images would bring, what a leak did."""
    found = judged.predictions
    if found is None:
        return judged.report
    places = {name: place for place, name in enumerate(sorted(set(labels)))}
    right = found.probabilities.argmax(axis=1) == [places[label] for label in labels]
    curve = learning_curve.learning_curve(
        labels,
        right,
        probe.learner(embeddings.vectors, labels),
        groups=None if judged.groups is None else judged.groups.tolist(),
        seed=seed,
    )
    return replace(
        judged.report,
        learning_curve=curve,
        near_duplicates=_leak(judged.groups, embeddings, labels, seed),
        refused_share=_refused(judged, found, embeddings),
    )


def _unscored(embeddings: Embeddings, labels: Sequence[str], why: str = "") -> Report:
    return report.without_score(
        labels, encoder="", rejected=embeddings.rejected, seconds=NO_SECONDS, why=why
    )


def find_copies(embeddings: Embeddings) -> audit.Copies | None:
    """Return which images show the same; None where nobody looked at the pixels."""
    if not embeddings.appearances:
        return None
    vectors = probe.normalise(embeddings.vectors).astype(np.float32)
    return audit.find_copies(vectors, embeddings.appearances)


def near_duplicates(copies: audit.Copies | None) -> Groups | None:
    """Return the group of each image, shape (n,), near-duplicates in one; None without any."""
    if copies is None or int(copies.groups.max()) + 1 == copies.groups.size:
        return None
    return copies.groups


def _leak(
    groups: Groups | None, embeddings: Embeddings, labels: Sequence[str], seed: int
) -> NearDuplicates | None:
    """Count near-duplicates, and what the score would be if they stood on both sides."""
    if groups is None:
        return None
    sizes = np.bincount(groups)
    leaking = probe.out_of_fold(embeddings.vectors, labels, seed=seed)
    names = np.array(sorted(set(labels)))
    accuracy = float(np.mean(names[leaking.probabilities.argmax(axis=1)] == np.array(labels)))
    return NearDuplicates(int(sizes[sizes > 1].sum()), int((sizes > 1).sum()), accuracy)


def _refused(judged: Judged, found: probe.OutOfFold, embeddings: Embeddings) -> float:
    """Return the share of images that resemble no class to whoever has not seen their fold."""
    vectors = probe.normalise(embeddings.vectors)
    known = np.empty(len(vectors), dtype=bool)
    distinct = judged.distinct()
    for fold in np.unique(found.held_out):
        asked = found.held_out == fold
        kept = distinct[~asked[distinct]]
        own = [judged.labels[row] for row in kept]
        known[asked] = probe.Familiarity.of(vectors[kept], own).is_known(vectors[asked])
    return float(1 - known.mean())
