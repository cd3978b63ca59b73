"""How far the score can be trusted, and what to look at, in words decided without Streamlit."""

from __future__ import annotations

from collections.abc import Collection

from featclass.audit import FindingKind
from featclass.base import NearDuplicates, Report, percent, refusing, whole
from featclass.base.sentences import counted
from featclass.classifiers import Training

SETTLING = "Still working out how far to trust it, and what would help."


def doubt(report: Report) -> str:
    """Return that the score may be luck, and what to do about it; nothing where it is none."""
    verdict = report.verdict
    if verdict is None or verdict.better_than_guessing:
        return ""
    return " ".join(filter(None, (verdict.sentence, verdict.advice)))


def lines(report: Report) -> list[str]:
    """Return what to know beside the score: what would help, and that copies count once."""
    sentences = []
    if report.learning_curve is not None and report.learning_curve.reason:
        sentences.append(report.learning_curve.reason)
    if report.near_duplicates is not None:
        sentences.append(_copies(report.near_duplicates, report.accuracy))
    return sentences


def cautions(training: Training, accepted: Collection[str]) -> list[str]:
    """Return what could make the score worthless, and where to look for why."""
    sentences = training.cautions(accepted)
    if sentences and sentences[-1] == refusing(training.classifier.report):
        strays = training.audit.outliers if training.audit else ()
        where = "in the sets"
        if any(stray.key not in accepted for stray in strays):
            where = 'under "Unlike all others" below'
        sentences[-1] += f" Look for them {where}, and say that they are none of these."
    return sentences


def _copies(copies: NearDuplicates, accuracy: float | None) -> str:
    if copies.bursts:
        or_copies = " or copies" if copies.groups > copies.bursts else ""
        clause = (
            f"{copies.images:,} pictures come from"
            f" {counted(copies.groups, 'burst', 'bursts')}{or_copies}:"
            f" {'each' if copies.groups > 1 else 'it'} counts once for how sure the score is"
        )
    else:
        pictures = counted(copies.images, "picture is a copy", "pictures are copies")
        clause = f"{pictures} of {copies.groups:,}: they count once for how sure the score is"
    leaked = copies.accuracy_with_leak
    if leaked is None or accuracy is None or whole(leaked) <= whole(accuracy):
        return f"{clause}."
    return (
        f"{clause}; with {'them' if copies.bursts else 'copies'} on both sides of the split it"
        f" would have read {percent(leaked)}."
    )


def details(report: Report) -> list[str]:
    """Return how well it knows how sure it may be, and whether it knows its own pictures."""
    sentences = []
    if report.calibration_error is not None:
        points = round(100 * report.calibration_error)
        off = counted(points, "point", "points") if points else "less than a point"
        sentences.append(
            "When it says that it is 80 % sure, it should be right about 80 times in 100; on"
            f" average it is off by {off}."
        )
    if report.refused_share is not None:
        refused = "None" if report.refused_share == 0 else f"About {percent(report.refused_share)}"
        sentences.append(f"{refused} of your own pictures would be taken for none of the sets.")
    return sentences


_COUNTED = {
    FindingKind.LABEL: ("picture may be in the wrong set", "pictures may be in the wrong set"),
    FindingKind.DUPLICATES: ("group of copies", "groups of copies"),
    FindingKind.SHORTCUT: ("give-away", "give-aways"),
    FindingKind.OUTLIER: ("unlike all others", "unlike all others"),
    FindingKind.QUALITY: ("hard to see", "hard to see"),
}


def worth_a_look(training: Training, accepted: Collection[str]) -> str:
    """Return in a line what the audit found and nobody said is fine; nothing where it is clean."""
    if training.audit is None:
        return ""
    numbers = {
        kind: sum(finding.key not in accepted for finding in training.audit.of_kind(kind))
        for kind in FindingKind
    }
    clauses = [counted(numbers[kind], *words) for kind, words in _COUNTED.items() if numbers[kind]]
    if numbers[FindingKind.BALANCE]:
        clauses.append("sets of very different sizes")
    return ", ".join(clauses)
