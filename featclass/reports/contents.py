"""What a document says, whether as HTML or as Markdown: which examples, which facts, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from featclass.base import (
    LearningCurve,
    OutOfFoldPrediction,
    Probe,
    Report,
    decimal,
    orderly,
    percent,
    sentences,
)
from featclass.base.sentences import counted
from featclass.classifiers import Training

Finding = tuple[str, str, Sequence[str]]
"""What an audit found: a title, a sentence, and the digests of the images, worst first."""

EXAMPLES = 8
"""Of those taken right, and of those taken wrong."""
NEIGHBOURS = 2
"""Shown beside each that was taken wrong."""
FINDING_IMAGES = 6
LISTED = 30
"""More than these of anything are counted, not listed."""


def cleaned(text: str) -> str:
    """Return one line, with what cannot be shown, or would reorder the rest, replaced."""
    return orderly(" ".join(text.split()))


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a document says of a classifier."""

    headline: str
    """How many were right; empty where there is no score."""
    sentence: str
    """Goes on from the headline."""
    verdict: tuple[str, ...]
    curve: LearningCurve | None
    wrong: tuple[OutOfFoldPrediction, ...]
    """Taken wrong, the most sure first."""
    right: tuple[OutOfFoldPrediction, ...]
    """The most typical few, each class in turn."""
    facts: tuple[tuple[str, str], ...]
    """How it was measured: names and values."""

    @classmethod
    def of(cls, training: Training) -> Self:
        """Choose and phrase; names of classes and images are as their owner wrote them."""
        report = training.classifier.report
        headline = sentences.headline(report)
        sentence = sentences.score_sentence(report)
        verdict = report.verdict
        wrong = [
            prediction for prediction in training.out_of_fold if prediction.said != prediction.label
        ]
        return cls(
            headline=headline,
            sentence=sentence.removeprefix(headline).strip(),
            verdict=tuple(filter(None, (verdict.sentence, verdict.advice))) if verdict else (),
            curve=report.learning_curve,
            wrong=tuple(sorted(wrong, key=_doubt)),
            right=_typical(training),
            facts=_facts(training),
        )


def names(training: Training) -> dict[str, str]:
    """Return how the owner calls each image, by digest."""
    exemplars = training.classifier.exemplars
    known = dict(zip(exemplars.digests, exemplars.names, strict=True))
    return known | {prediction.digest: prediction.name for prediction in training.out_of_fold}


def confusions(report: Report) -> list[tuple[int, int, int]]:
    """Return (row, column, count) of what was confused, most often first."""
    matrix = report.confusion_matrix or ()
    cells = [(i, j, n) for i, row in enumerate(matrix) for j, n in enumerate(row) if n and i != j]
    return sorted(cells, key=lambda cell: (-cell[2], *cell[:2]))


def _doubt(prediction: OutOfFoldPrediction) -> tuple[float, str]:
    return -prediction.probability, prediction.digest


def _typical(training: Training) -> tuple[OutOfFoldPrediction, ...]:
    """Return the surest of each class, then the second of each, and so on."""
    right = sorted((j for j in training.out_of_fold if j.said == j.label), key=_doubt)
    turns: dict[str, int] = {}
    ranked = []
    for prediction in right:
        turns[prediction.label] = turns.get(prediction.label, 0) + 1
        ranked.append((turns[prediction.label], prediction))
    chosen = sorted(ranked, key=lambda item: item[0])[:EXAMPLES]
    return tuple(prediction for _, prediction in sorted(chosen, key=lambda item: item[1].label))


def _facts(training: Training) -> tuple[tuple[str, str], ...]:
    classifier = training.classifier
    report = classifier.report
    facts = [("Method", report.method)] if report.accuracy is not None else []
    if report.accuracy is not None and report.accuracy_interval is not None:
        low, high = report.accuracy_interval
        facts.append(
            ("Accuracy", f"{decimal(report.accuracy, 3)}, 95 % interval {low:.3f} to {high:.3f}")
        )
        facts.append(("Always guessing the largest class", decimal(report.chance_accuracy, 3)))
    facts += [
        ("Pictures", f"{report.images:,} in {len(report.classes):,} classes"),
        ("Encoder", f"{report.encoder} ({classifier.encoder_id[:12]})"),
        ("Probe", _probe(classifier.probe)),
    ]
    facts += _checks(report)
    spent = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in report.seconds.items())
    versions = ", ".join(f"{name} {version}" for name, version in classifier.versions.items())
    return (*facts, *(fact for fact in (("Time", spent), ("Versions", versions)) if fact[1]))


def _probe(probe: Probe) -> str:
    of = "the square roots of embeddings" if probe.roots else "embeddings"
    return f"a linear map on {of}, of length 1; {probe.floor:.2g} of a probability shared by all"


def _checks(report: Report) -> list[tuple[str, str]]:
    facts = []
    if report.near_duplicates is not None:
        alike = report.near_duplicates
        kinds = ("burst or original", "bursts or originals")
        groups = counted(alike.groups, *(kinds if alike.bursts else ("original", "originals")))
        copies = "its copies" if alike.groups == 1 else "their copies"
        sentence = f"{alike.images:,} pictures are {groups} and {copies}, kept together"
        if alike.accuracy_with_leak is not None:
            sentence += (
                f"; otherwise the accuracy would have been {decimal(alike.accuracy_with_leak, 3)}"
            )
        facts.append(("Near-duplicates", sentence))
    if report.calibration_error is not None:
        facts.append(("Calibration error", f"{report.calibration_error:.3f}"))
    if report.refused_share is not None:
        facts.append(("Of these pictures taken for none", percent(report.refused_share)))
    if report.refuses is not None:
        facts.append(("Of simulated strangers taken for none", percent(report.refuses)))
    return facts
