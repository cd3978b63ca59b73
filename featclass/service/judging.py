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
from featclass.records import Image, NearDuplicates, Progress, Report

Groups = NDArray[np.intp]
NO_SECONDS = {"embed": 0.0, "fit": 0.0, "evaluate": 0.0}
"""Who asked measures them."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What probes that never saw the images say of them."""

    labels: tuple[str, ...]
    vectors: NDArray[np.float32]
    """L2-normalised embeddings, shape (n, dimensions)."""
    copies: audit.Copies | None
    """Which images show the same; None where nobody looked at the pixels."""
    groups: Groups | None
    """Of `kept_together`."""
    predictions: probe.OutOfFold | None
    """None where there is no score."""
    report: Report
    """Without encoder and seconds."""

    def distinct(self) -> NDArray[np.intp]:
        """Return which images to remember, ascending: of near-duplicates in a class the first.

        Beside its copy a picture looks more familiar than any new one can.
        """
        groups = self.groups
        if groups is None:
            return np.arange(len(self.labels))
        firsts: dict[tuple[int, str], int] = {}
        for row, key in enumerate(zip(groups.tolist(), self.labels, strict=True)):
            firsts.setdefault(key, row)
        return np.array([*firsts.values()], dtype=np.intp)


def judge(
    embeddings: Embeddings, labels: Sequence[str], *, seed: int, progress: Progress
) -> Judged:
    """Predict every image by probes that saw neither it nor its near-duplicates, and count."""
    vectors = normalised(embeddings)
    copies = find_copies(embeddings, vectors)
    groups = kept_together(embeddings.images, labels, copies)
    found, why = None, _single_burst(embeddings.images, labels)
    if not why and min(Counter(labels).values()) > 1:
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
            why = str(error).rstrip(".")
    if found is not None:
        said = _scored(embeddings, labels, found, groups)
    else:
        said = report.without_score(
            labels, encoder="", rejected=embeddings.rejected, seconds=NO_SECONDS, why=why
        )
    return Judged(tuple(labels), vectors, copies, groups, found, said)


def _scored(
    embeddings: Embeddings, labels: Sequence[str], found: probe.OutOfFold, groups: Groups | None
) -> Report:
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
            bursts=any(image.burst is not None for image in embeddings.images),
        ),
        encoder="",
        rejected=embeddings.rejected,
        seconds=NO_SECONDS,
        interval=lambda right, n: interval.accuracy_interval(right, n, n_groups=independent),
    )
    right = int(_is_right(labels, found).sum())
    return replace(
        said,
        verdict=verdict.judge(right, Counter(labels), n_groups=independent),
        calibration_error=found.calibration_error,
    )


def looked_into(judged: Judged, embeddings: Embeddings, *, seed: int) -> Report:
    """Return the report with what takes longer: what more images would bring, what a leak did."""
    found, labels, groups = judged.predictions, judged.labels, judged.groups
    if found is None:
        return judged.report
    curve = learning_curve.learning_curve(
        labels,
        _is_right(labels, found),
        probe.learner(embeddings.vectors, labels),
        groups=None if groups is None else groups.tolist(),
        seed=seed,
    )
    return replace(
        judged.report,
        learning_curve=curve,
        near_duplicates=_leak(groups, embeddings, labels, seed),
        refused_share=_refused(judged, found),
    )


def normalised(embeddings: Embeddings) -> NDArray[np.float32]:
    """Return the embeddings scaled to length 1, in single precision."""
    return probe.normalise(embeddings.vectors).astype(np.float32)


def find_copies(embeddings: Embeddings, vectors: NDArray[np.float32]) -> audit.Copies | None:
    """Return which images show the same; None where nobody looked at the pixels."""
    if not embeddings.appearances:
        return None
    return audit.find_copies(vectors, embeddings.appearances)


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


def _single_burst(images: Sequence[Image], labels: Sequence[str]) -> str:
    """Return that a second recording is needed, of a class that has nothing but one; or nothing."""
    bursts: dict[str, set[str | None]] = {}
    for image, label in zip(images, labels, strict=True):
        bursts.setdefault(label, set()).add(image.burst)
    alone = sorted(
        label for label, found in bursts.items() if len(found) == 1 and None not in found
    )
    if not alone:
        return ""
    names = ", ".join(map(repr, alone[:3])) + (f" and {len(alone) - 3} more" if alone[3:] else "")
    return (
        f"All pictures of {names} were recorded in one go: record some at another moment or place,"
        " so that featclass can judge itself on a picture that is really new"
    )


def _is_right(labels: Sequence[str], found: probe.OutOfFold) -> NDArray[np.bool_]:
    names = np.array(sorted(set(labels)), dtype=object)
    return np.asarray(names[found.probabilities.argmax(axis=1)] == np.array(labels, dtype=object))


def _leak(
    groups: Groups | None, embeddings: Embeddings, labels: Sequence[str], seed: int
) -> NearDuplicates | None:
    """Count near-duplicates, and what the score would be if they stood on both sides."""
    if groups is None:
        return None
    sizes = np.bincount(groups)
    leaking = probe.out_of_fold(embeddings.vectors, labels, seed=seed)
    accuracy = float(_is_right(labels, leaking).mean())
    recorded = [image.burst is not None for image in embeddings.images]
    bursts = sum(bool(sizes[group] > 1) for group in set(groups[recorded].tolist()))
    return NearDuplicates(int(sizes[sizes > 1].sum()), int((sizes > 1).sum()), accuracy, bursts)


def _refused(judged: Judged, found: probe.OutOfFold) -> float:
    """Return the share of images that resemble no class to whoever has not seen their fold."""
    known = np.empty(len(judged.labels), dtype=bool)
    distinct = judged.distinct()
    for fold in np.unique(found.held_out):
        asked = found.held_out == fold
        kept = distinct[~asked[distinct]]
        own = [judged.labels[row] for row in kept]
        members = probe.Familiarity.of(judged.vectors[kept], own)
        known[asked] = members.is_known(judged.vectors[asked])
    return float(1 - known.mean())
