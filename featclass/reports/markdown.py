"""A report, and a document about a classifier, as Markdown: words and figures without pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence

from featclass.base import (
    OutOfFoldPrediction,
    Point,
    Report,
    bounds,
    empty_sentences,
    orderly,
    percent,
    score_sentence,
    sentences,
    span,
)
from featclass.classifiers import Training
from featclass.reports.contents import EXAMPLES, LISTED, Contents, Finding, cleaned, names
from featclass.reports.figures import MANY_CLASSES

# A colon before a space is punctuation; any other could make a link or an emoji.
MARKDOWN = re.compile(r"([\\`*_{}\[\]#|<>~$&@]|:(?=\S))")
# What makes a list or a heading at the start of a line, and what is a link without any sign.
_START = re.compile(r"^(\d{0,9})([-+=.)])(?=[-+=\s]|$)")
_SAID = ("Method", "Time")
"""What the report's own Markdown says already."""
_LINK = re.compile(r"www\.", re.IGNORECASE)


def markdown(
    training: Training,
    *,
    title: str,
    made: str,
    notes: Sequence[str] = (),
    findings: Sequence[Finding] = (),
) -> str:
    """Return the document as Markdown; names of classes and files are escaped.

    Args:
        training: The classifier, and what was said of each of its images.
        title: Of the document, such as the name of the workspace; escaped, as all text here is.
        made: When, and with what.
        notes: Sentences that belong to the score.
        findings: Of an audit.
    """
    contents = Contents.of(training)
    report = training.classifier.report
    called = names(training)
    parts = [
        f"# {_escaped(title)}",
        f"*{_escaped(made)}*",
        score_markdown(report),
        *(_escaped(line) for line in contents.verdict),
        _list([_escaped(note) for note in notes]),
        _curve(contents),
        "## What was taken for what",
        figures_markdown(report).strip(),
        *_section("Taken wrong, the most sure first", contents.wrong, LISTED),
        *_section("Taken right, the most typical", contents.right, EXAMPLES),
        *_findings(findings, called),
        "## How it was measured",
        _list([f"{_escaped(f)}: {_escaped(v)}" for f, v in contents.facts if f not in _SAID]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _curve(contents: Contents) -> str:
    curve = contents.curve
    if curve is None:
        return ""
    lines = [_escaped(curve.reason)]
    if curve.points:
        lines += ["", "| trained on | right | 95 % band |", "|--:|--:|--:|"]
        lines += [f"| {p.images:,.0f} | {percent(p.accuracy)} | {_band(p)} |" for p in curve.points]
    return "\n".join(lines).strip()


def _band(point: Point) -> str:
    low, high = bounds(point.low, point.high)
    return f"{low} % to {high} %"


def _section(heading: str, out_of_fold: Sequence[OutOfFoldPrediction], most: int) -> list[str]:
    if not out_of_fold:
        return []
    lines = [_judged(prediction) for prediction in out_of_fold[:most]]
    return [f"## {heading}", _list(lines, len(out_of_fold) - len(lines))]


def _judged(prediction: OutOfFoldPrediction) -> str:
    name, said = _escaped(prediction.name), _escaped(prediction.said)
    line = f"{name}: **{said}** ({percent(prediction.probability)})"
    if prediction.said != prediction.label:
        line = f"{name}: taken for **{said}** ({percent(prediction.probability)})"
        line += f", is **{_escaped(prediction.label)}** ({percent(prediction.label_probability)})"
    if prediction.neighbours:
        alike = "; ".join(
            f"{_escaped(near.name)} (**{_escaped(near.label)}**, {near.similarity:.2f})"
            for near in prediction.neighbours
        )
        line += f"; most like {alike}"
    return line


def _findings(findings: Sequence[Finding], called: dict[str, str]) -> list[str]:
    parts = ["## What to look at in the pictures"] if findings else []
    for title, sentence, digests in findings:
        shown = [_escaped(called.get(digest, digest[:12])) for digest in digests[:LISTED]]
        parts += [f"### {_escaped(title)}", _escaped(sentence)]
        parts.append(_list(shown, len(digests) - len(shown)))
    return parts


def _list(lines: Sequence[str], more: int = 0) -> str:
    rest = [f"and {more:,} more"] if more > 0 else []
    return "\n".join(f"- {line}" for line in [*lines, *rest])


def _escaped(text: str) -> str:
    text = MARKDOWN.sub(r"\\\1", cleaned(text))
    return _LINK.sub(lambda link: link[0][:-1] + r"\.", _START.sub(r"\1\\\2", text))


def report_markdown(report: Report, cautions: Sequence[str] | None = None) -> str:
    """Return the whole report as Markdown, what to make of the score included; names escaped.

    `cautions` are what could make the score worthless; without them, what the report knows of it.
    """
    if cautions is None:
        cautions = list(filter(None, [sentences.refusing(report)]))
    notes = map(_escaped, [*cautions, *sentences.conclusions(report)])
    return "\n\n".join([score_markdown(report), *notes, figures_markdown(report)])


def score_markdown(report: Report) -> str:
    """Return the sentence about the score as Markdown, in bold; names are escaped."""
    sentence = score_sentence(report)
    return f"**{sentence if report.confusion_matrix else _one_line(sentence)}**"


def figures_markdown(report: Report) -> str:
    """Return matrix, figures and what was not used as Markdown; names are escaped."""
    parts: list[str] = []
    if report.confusion_matrix is not None:
        small = len(report.classes) <= MANY_CLASSES
        parts.append(_matrix_table(report) if small else _confusions(report))
        parts.append(_class_table(report))
        parts.append(f"How it was measured: {_one_line(report.method)}.")
    listed = [f"- {_one_line(sentence)}" for sentence in empty_sentences(report)]
    listed += [f"- {_one_line(r.name)}: {_one_line(r.reason)}" for r in report.rejected]
    if listed:
        parts.append("\n".join(["Not used:", "", *listed]))
    spent = ", ".join(
        f"{_one_line(stage)} {value:.1f} s" for stage, value in report.seconds.items()
    )
    parts.append(f"Encoder {_one_line(report.encoder)}; {spent}." if spent else "")
    return "\n\n".join(part for part in parts if part) + "\n"


def _matrix_table(report: Report) -> str:
    names = [_one_line(name) for name in report.classes]
    lines = [
        f"| is ↓, was taken for → | {' | '.join(names)} |",
        f"|---|{'--:|' * len(names)}",
    ]
    for name, row in zip(names, report.confusion_matrix or (), strict=True):
        lines.append(f"| **{name}** | {' | '.join(f'{count:,}' for count in row)} |")
    return "\n".join(lines)


def _confusions(report: Report) -> str:
    """List what is confused most, where a table would be too wide."""
    confused = sorted(
        (-count, i, j)
        for i, row in enumerate(report.confusion_matrix or ())
        for j, count in enumerate(row)
        if count and i != j
    )
    if not confused:
        return "Nothing was confused."
    lines = ["Confused most:", ""]
    for count, i, j in confused[:10]:
        total = report.per_class[report.classes[i]].support
        is_name, taken = _one_line(report.classes[i]), _one_line(report.classes[j])
        lines.append(f"- {-count:,} of {total:,} **{is_name}** were taken for **{taken}**")
    return "\n".join(lines)


def _class_table(report: Report) -> str:
    bounds = [figures.recall_interval for figures in report.per_class.values()]
    head = " between |" if any(bounds) else ""
    lines = [
        f"| class | pictures | found (recall) |{head} right when named (precision) | F1 |",
        f"|---|--:|--:|{'--:|' if head else ''}--:|--:|",
    ]
    for name in report.classes:
        figures = report.per_class[name]
        shares = (figures.recall, figures.precision, figures.f1)
        shown = ["–" if share is None else percent(share) for share in shares]
        if head:
            interval = figures.recall_interval
            shown.insert(1, span(*interval) if interval else "")
        lines.append(f"| {_one_line(name)} | {figures.support:,} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _one_line(text: str) -> str:
    return MARKDOWN.sub(r"\\\1", orderly(" ".join(text.split())))
