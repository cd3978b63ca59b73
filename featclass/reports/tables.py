"""Scores as HTML: the bar of the interval, the confusion matrix, the figures of each class."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping

from featclass.base import Report, bounds, percent, span
from featclass.reports.contents import LISTED, cleaned, confusions


def escaped(text: str) -> str:
    """Return text of anyone as HTML, fit for attributes too; a number keeps its percent sign."""
    return html.escape(cleaned(text)).replace(" %", "\u00a0%")


def named(text: str) -> str:
    """Return a name, whose direction of writing does not spread to what stands around it."""
    return f"<bdi>{escaped(text)}</bdi>"


def paragraphs(texts: Iterable[str]) -> str:
    """Return a paragraph of each text."""
    return "".join(f"<p>{escaped(text)}</p>" for text in texts)


def listed(items: Iterable[str], more: int = 0) -> str:
    """Return a list of HTML items, and how many more there are."""
    rest = [f"and {more:,} more"] if more > 0 else []
    return "<ul>" + "".join(f"<li>{item}</li>" for item in [*items, *rest]) + "</ul>"


WIDEST = 30
"""Classes that a matrix on A4 has room for; of more, what is confused most is listed."""
FEW = 6
"""With more classes their names stand upright, and the cells are small."""
FIGURES = (
    "class",
    "pictures",
    "found <small>(recall)</small>",
    "right when named <small>(precision)</small>",
    "F1",
)


def interval_bar(report: Report) -> str:
    """Return the accuracy, its interval and guessing on a line from 0 to 100 %."""
    seen = report.seen_in_training
    if report.accuracy is None or report.accuracy_interval is None or (seen and seen.images):
        return ""  # no score, or one that is too good for its interval to hold
    low, high = bounds(*report.accuracy_interval)
    mark, guess = 100 * report.accuracy, 100 * report.chance_accuracy
    return (
        '<div class="range">'
        '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="rail" width="100" height="10" vector-effect="non-scaling-stroke"/>'
        f'<rect class="interval" x="{low}" width="{high - low}" height="10"/>'
        f'<rect class="mark" x="{min(mark, 99.4):.2f}" width="0.6" height="10"/>'
        f'<line class="guess" x1="{guess:.2f}" x2="{guess:.2f}" y1="-1" y2="11"'
        ' vector-effect="non-scaling-stroke"/></svg><p class="muted">'
        f'<span class="key mark">{escaped(percent(report.accuracy))} right</span>'
        f'<span class="key interval">true rate between {low}&nbsp;% and'
        f" {high}&nbsp;% (95&nbsp;% interval)</span>"
        f'<span class="key guess">guessing {escaped(percent(report.chance_accuracy))}</span>'
        "</p></div>"
    )


def matrix(report: Report, colours: Mapping[str, str]) -> str:
    """Return the confusion matrix as a table; of very many classes, what is confused most."""
    if len(report.classes) > WIDEST:
        return _confused(report)
    counts = report.confusion_matrix or ()
    heads = [_head(name, colours, "col") for name in report.classes]
    rows = [
        f"<tr>{_head(name, colours, 'row')}{_cells(row, place)}</tr>"
        for place, (name, row) in enumerate(zip(report.classes, counts, strict=True))
    ]
    many = " many" if len(report.classes) > FEW else ""
    return (
        '<p class="muted" id="key">Rows: what the pictures are. Columns: what they were taken for.'
        " ✓ and a firm border: right; ✗ and a dotted border: wrong.</p>"
        '<div class="scroll" tabindex="0" role="group" aria-label="Confusion matrix">'
        f'<table class="matrix{many}" aria-label="Confusion matrix" aria-describedby="key">'
        f'<thead><tr><th scope="col"><small>is ↓ taken for →</small></th>{"".join(heads)}</tr>'
        f"</thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def figures(report: Report) -> str:
    """Return precision, recall, F1 and number of pictures of each class, as a table.

    Below the recall stands its interval, where there are pictures enough for one.
    """
    heads = [f'<th scope="col">{head}</th>' for head in FIGURES]
    rows = []
    for name in report.classes:
        of_class = report.per_class[name]
        shares = (of_class.recall, of_class.precision, of_class.f1)
        shown = ["–" if share is None else escaped(percent(share)) for share in shares]
        if of_class.recall_interval:
            ends = escaped(span(*of_class.recall_interval))
            shown[0] += f'<small class="bounds">{ends}</small>'
        cells = "".join(f"<td>{share}</td>" for share in shown)
        rows.append(f'<tr><th scope="row">{named(name)}</th><td>{of_class.support:,}</td>{cells}')
    return (
        f"{_bounds_explained(report)}"
        '<div class="scroll" tabindex="0" role="group" aria-label="Figures of each class">'
        '<table class="figures"><thead><tr>'
        f"{''.join(heads)}</tr></thead>"
        f"<tbody>{'</tr>'.join(rows)}</tr></tbody></table></div>"
    )


def _bounds_explained(report: Report) -> str:
    if not any(of_class.recall_interval for of_class in report.per_class.values()):
        return ""
    return '<p class="muted">Below the recall: its 95&nbsp;% interval, of ten pictures or more.</p>'


def _head(name: str, colours: Mapping[str, str], scope: str) -> str:
    dot = f'<span class="dot" style="background:{escaped(colours[name])}"></span>'
    return f'<th scope="{scope}">{dot}{named(name)}</th>'


def _cells(row: tuple[int, ...], diagonal: int) -> str:
    total = max(sum(row), 1)
    cells = []
    for place, count in enumerate(row):
        kind, sign = ("right", "✓") if place == diagonal else ("wrong", "✗")
        if not count:
            cells.append("<td>0</td>")
            continue
        cells.append(
            f'<td class="{kind}" style="--share:{count / total:.2f}">{count:,}'
            f'<span class="sign" aria-hidden="true">{sign}</span>'
            f'<span class="hidden"> {kind}</span></td>'
        )
    return "".join(cells)


def _confused(report: Report) -> str:
    found = confusions(report)
    if not found:
        return "<p>Nothing was confused.</p>"
    lines = []
    for i, j, count in found[:LISTED]:
        label, said = report.classes[i], report.classes[j]
        total = report.per_class[label].support
        lines.append(f"{count:,} of {total:,} {named(label)} were taken for {named(said)}")
    return "<p>Confused most:</p>" + listed(lines, len(found) - len(lines))
