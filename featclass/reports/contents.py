"""What the report to take to a meeting says, whether as HTML or as Markdown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

from featclass import __version__
from featclass.audit import FindingKind
from featclass.base import (
    ClassFigures,
    OutOfFoldPrediction,
    Report,
    TrainedClassifier,
    decimal,
    orderly,
    percent,
    sentences,
    span,
)
from featclass.base.sentences import counted
from featclass.classifiers import Training

Finding = tuple[str, str, Sequence[str]]
"""What an audit found: a title, a sentence, and the digests of the images, worst first."""
TITLES = {
    FindingKind.LABEL: "Perhaps another class",
    FindingKind.SHORTCUT: "A give-away",
    FindingKind.DUPLICATES: "Near-duplicates",
    FindingKind.OUTLIER: "Unlike all others",
    FindingKind.QUALITY: "Hard to see",
    FindingKind.BALANCE: "Unbalanced",
}
"""Worst kinds first."""
MOST_FINDINGS = 12
"""Of one kind: the first say enough."""
EXAMPLES = 8
"""Of those taken right, and of those taken wrong."""
LISTED = 30
"""More than these of anything are counted, not listed."""


def cleaned(text: str) -> str:
    """Return one line, with what cannot be shown, or would reorder the rest, replaced."""
    return orderly(" ".join(text.split()))


@dataclass(frozen=True, slots=True)
class Contents:
    """All that it says of a classifier; names and sentences are as they came, not escaped."""

    title: str
    """Such as the name of the workspace."""
    made: str
    """When, and with what."""
    report: Report
    notes: Sequence[str]
    """Sentences that belong to the score."""
    verdict: Sequence[str]
    wrong: Sequence[OutOfFoldPrediction]
    """Taken wrong, the most sure first."""
    right: Sequence[OutOfFoldPrediction]
    """The most typical few, each class in turn."""
    findings: Sequence[Finding]
    """Of an audit."""
    names: dict[str, str]
    """How the owner calls each image, by digest."""
    facts: Sequence[tuple[str, str]]
    """How it was measured: names and values."""

    @classmethod
    def of(cls, training: Training, *, title: str, accepted: Collection[str] = ()) -> Self:
        """Choose and phrase.

        `accepted` are keys of findings said to be fine: these do not stand beside the score.
        """
        report, exemplars = training.classifier.report, training.classifier.exemplars
        verdict, out_of_fold = report.verdict, training.out_of_fold
        names = dict(zip(exemplars.digests, exemplars.names, strict=True))
        return cls(
            title=title,
            made=f"{date.today():%d %B %Y}, featclass {__version__}",
            report=report,
            notes=training.cautions(accepted),
            verdict=[*filter(None, (verdict.sentence, verdict.advice))] if verdict else [],
            wrong=sorted((one for one in out_of_fold if one.said != one.label), key=_doubt),
            right=_typical([one for one in out_of_fold if one.said == one.label]),
            findings=_findings(training),
            names=names | {one.digest: one.name for one in out_of_fold},
            facts=_facts(training),
        )

    def name_of(self, digest: str) -> str:
        """Return how the owner calls an image, or else the beginning of its digest."""
        return self.names.get(digest, digest[:12])


def confusions(report: Report) -> list[tuple[str, str, int]]:
    """Return (class, what it was taken for, count) of what was confused, most often first."""
    cells = [
        (-count, i, j)
        for i, row in enumerate(report.confusion_matrix or ())
        for j, count in enumerate(row)
        if count and i != j
    ]
    return [(report.classes[i], report.classes[j], -less) for less, i, j in sorted(cells)]


def not_used(report: Report) -> list[tuple[str, str]]:
    """Return what was not used: a file and why; or no file, and which class has none."""
    empty = [("", sentence) for sentence in sentences.empty_sentences(report)]
    return empty + [(rejected.name, rejected.reason) for rejected in report.rejected]


def shares(figures: ClassFigures) -> list[str]:
    """Return recall, bounds of the recall, precision and F1 in percent, as far as there are any."""
    recall, precision, f1 = (
        "–" if share is None else percent(share)
        for share in (figures.recall, figures.precision, figures.f1)
    )
    bounds = span(*figures.recall_interval) if figures.recall_interval else ""
    return [recall, bounds, precision, f1]


def spent(report: Report) -> str:
    """Return how long each stage took."""
    return ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in report.seconds.items())


def _doubt(prediction: OutOfFoldPrediction) -> tuple[float, str]:
    return -prediction.probability, prediction.digest


def _typical(right: Sequence[OutOfFoldPrediction]) -> list[OutOfFoldPrediction]:
    """Return the surest of each class, then the second of each, and so on, class by class."""
    ranked = []
    for label in {prediction.label for prediction in right}:
        members = sorted((one for one in right if one.label == label), key=_doubt)
        ranked += [(rank, _doubt(one), one) for rank, one in enumerate(members[:EXAMPLES])]
    chosen = [one for *_, one in sorted(ranked, key=lambda item: item[:2])[:EXAMPLES]]
    return sorted(chosen, key=lambda one: one.label)


def _findings(training: Training) -> list[Finding]:
    """Return what the audit found, worst kinds first."""
    if training.audit is None:
        return []
    digests = {prediction.name: prediction.digest for prediction in training.out_of_fold}
    return [
        (title, finding.sentence, [digests[path] for path in finding.images if path in digests])
        for kind, title in TITLES.items()
        for finding in training.audit.of_kind(kind)[:MOST_FINDINGS]
    ]


def _facts(training: Training) -> list[tuple[str, str]]:
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
        ("Probe", _probe(classifier)),
        *_checks(report),
        ("Time", spent(report)),
        ("Versions", ", ".join(" ".join(library) for library in classifier.versions.items())),
    ]
    return [fact for fact in facts if fact[1]]


def _probe(classifier: TrainedClassifier) -> str:
    probe, report = classifier.probe, classifier.report
    of = "the square roots of embeddings" if probe.roots else "embeddings"
    penalty = "" if report.C is None else f", C = {report.C:,g}"
    shared = f"{probe.floor:.2g} of a probability shared by all"
    return f"{report.probe.words}{penalty}: a linear map on {of}, of length 1; {shared}"


def _checks(report: Report) -> list[tuple[str, str]]:
    facts = []
    if (alike := report.near_duplicates) is not None:
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
