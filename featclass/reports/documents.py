"""The report to take to a meeting, with what the audit found."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

from featclass import __version__
from featclass.audit import FindingKind
from featclass.classifiers import Training
from featclass.reports import html as html_document
from featclass.reports import markdown as markdown_document
from featclass.reports.contents import Finding

MOST_FINDINGS = 12
"""Of one kind: the first say enough."""
TITLES = {
    FindingKind.LABEL: "Perhaps another class",
    FindingKind.SHORTCUT: "A give-away",
    FindingKind.DUPLICATES: "Near-duplicates",
    FindingKind.OUTLIER: "Unlike all others",
    FindingKind.QUALITY: "Hard to see",
    FindingKind.BALANCE: "Unbalanced",
}
"""Worst kinds first."""


def html(
    training: Training,
    *,
    title: str,
    thumbnail: Callable[[str], bytes | None],
    colours: dict[str, str] | None = None,
    accepted: Collection[str] = (),
) -> str:
    """Return the document as one HTML file; see `reports.html`.

    `accepted` are keys of findings said to be fine: these do not stand beside the score.
    """
    return html_document.html(
        training,
        title=title,
        made=_made(),
        thumbnail=thumbnail,
        notes=training.cautions(accepted),
        findings=findings(training),
        colours=colours,
    )


def markdown(training: Training, *, title: str, accepted: Collection[str] = ()) -> str:
    """Return the document as Markdown; `accepted` as for HTML."""
    return markdown_document.markdown(
        training,
        title=title,
        made=_made(),
        notes=training.cautions(accepted),
        findings=findings(training),
    )


def findings(training: Training) -> list[Finding]:
    """Return what the audit found, worst kinds first: a title, a sentence and digests each."""
    if training.audit is None:
        return []
    digests = {prediction.name: prediction.digest for prediction in training.out_of_fold}
    return [
        (title, finding.sentence, [digests[path] for path in finding.images if path in digests])
        for kind, title in TITLES.items()
        for finding in training.audit.of_kind(kind)[:MOST_FINDINGS]
    ]


def _made() -> str:
    return f"{date.today():%d %B %Y}, featclass {__version__}"
