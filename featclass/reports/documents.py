"""The report to take to a meeting, with what the audit found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Any

from featclass import __version__
from featclass.classifiers import Training
from featclass.reports import html as html_document
from featclass.reports import markdown as markdown_document
from featclass.reports.contents import Finding

MOST_FINDINGS = 12
"""Of one kind: the first say enough."""


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
    found = training.audit
    if found is None:
        return []
    digests = {prediction.name: prediction.digest for prediction in training.out_of_fold}

    def of(title: str, items: Sequence[Any]) -> list[Finding]:
        return [(title, item.sentence, _digests(item, digests)) for item in items[:MOST_FINDINGS]]

    given = of("Perhaps another class", [item for item in found.label_errors if item.suspect])
    given += of("A give-away", found.shortcuts)
    given += of("Near-duplicates", found.duplicates)
    given += of("Unlike all others", found.outliers)
    given += of("Hard to see", found.quality)
    return given + (of("Unbalanced", [found.balance]) if found.balance.is_unbalanced else [])


def _digests(item: Any, known: dict[str, str]) -> list[str]:
    paths = getattr(item, "paths", None) or [getattr(item, "path", "")]
    return [known[path] for path in paths if path in known]


def _made() -> str:
    return f"{date.today():%d %B %Y}, featclass {__version__}"
