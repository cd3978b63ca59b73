"""How far the score can be trusted, and what to look at, in words decided without Streamlit."""

from __future__ import annotations

from collections.abc import Collection

from featclass.audit import Finding, FindingKind
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
    said = []
    if report.learning_curve is not None and report.learning_curve.reason:
        said.append(report.learning_curve.reason)
    if report.near_duplicates is not None:
        said.append(_copies(report.near_duplicates, report.accuracy))
    return said


def cautions(training: Training, accepted: Collection[str]) -> list[str]:
    """Return what could make the score worthless, and where to look for why."""
    told = training.cautions(accepted)
    if told and told[-1] == refusing(training.classifier.report):
        strays = training.audit.outliers if training.audit else ()
        where = "in the sets"
        if any(stray.key not in accepted for stray in strays):
            where = 'under "Unlike all others" below'
        told[-1] += f" Look for them {where}, and say that they are none of these."
    return told


def _copies(found: NearDuplicates, accuracy: float | None) -> str:
    said = (
        f"{counted(found.images, 'picture is a copy', 'pictures are copies')} of {found.groups:,}:"
        " they count once for how sure the score is"
    )
    if found.bursts:
        copies = " or copies" if found.groups > found.bursts else ""
        said = (
            f"{found.images:,} pictures come from"
            f" {counted(found.groups, 'burst', 'bursts')}{copies}:"
            f" {'each' if found.groups > 1 else 'it'} counts once for how sure the score is"
        )
    leaked = found.accuracy_with_leak
    if leaked is None or accuracy is None or whole(leaked) <= whole(accuracy):
        return f"{said}."
    return (
        f"{said}; with {'them' if found.bursts else 'copies'} on both sides of the split it would"
        f" have read {percent(leaked)}."
    )


def details(report: Report) -> list[str]:
    """Return how well it knows how sure it may be, and whether it knows its own pictures."""
    said = []
    if report.calibration_error is not None:
        points = round(100 * report.calibration_error)
        off = counted(points, "point", "points") if points else "less than a point"
        said.append(
            "When it says that it is 80 % sure, it should be right about 80 times in 100; on"
            f" average it is off by {off}."
        )
    if report.refused_share is not None:
        refused = "None" if report.refused_share == 0 else f"About {percent(report.refused_share)}"
        said.append(f"{refused} of your own pictures would be taken for none of the sets.")
    return said


def worth_a_look(training: Training, accepted: Collection[str]) -> str:
    """Return in a line what the audit found and nobody said is fine; nothing where it is clean."""
    found = training.audit
    if found is None:
        return ""
    counts = (
        (_open(found.of_kind(FindingKind.LABEL), accepted), *_LABELS),
        (_open(found.duplicates, accepted), "group of copies", "groups of copies"),
        (_open(found.shortcuts, accepted), "give-away", "give-aways"),
        (_open(found.outliers, accepted), "unlike all others", "unlike all others"),
        (_open(found.quality, accepted), "hard to see", "hard to see"),
    )
    said = [counted(number, one, many) for number, one, many in counts if number]
    balance = found.balance
    if balance.is_unbalanced and balance.key not in accepted:
        said.append("sets of very different sizes")
    return ", ".join(said)


_LABELS = ("picture may be in the wrong set", "pictures may be in the wrong set")


def _open(findings: Collection[Finding], accepted: Collection[str]) -> int:
    return sum(finding.key not in accepted for finding in findings)
