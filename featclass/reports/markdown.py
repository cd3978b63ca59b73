"""A document as Markdown: the words and figures of the page, without its pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence

from featclass.base import Judgement, Point, bounds, percent
from featclass.classifiers import Learned
from featclass.reports import render
from featclass.reports.contents import EXAMPLES, LISTED, Contents, Finding, cleaned, names

# What makes a list or a heading at the start of a line, and what is a link without any sign.
_START = re.compile(r"^(\d{0,9})([-+=.)])(?=[-+=\s]|$)")
_SAID = ("Method", "Time")
"""What the report's own Markdown says already."""
_LINK = re.compile(r"www\.", re.IGNORECASE)


def markdown(
    learned: Learned,
    *,
    title: str,
    made: str,
    notes: Sequence[str] = (),
    findings: Sequence[Finding] = (),
) -> str:
    """Return the document as Markdown; names of classes and files are escaped.

    Args:
        learned: The classifier, and what was said of each of its images.
        title: Of the document, such as the name of the workspace; escaped, as all text here is.
        made: When, and with what.
        notes: Sentences that belong to the score.
        findings: Of an audit.
    """
    contents = Contents.of(learned)
    report = learned.classifier.report
    called = names(learned)
    parts = [
        f"# {_escaped(title)}",
        f"*{_escaped(made)}*",
        render.score_markdown(report),
        *(_escaped(line) for line in contents.verdict),
        _list([_escaped(note) for note in notes]),
        _curve(contents),
        "## What was taken for what",
        render.figures_markdown(report).strip(),
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


def _section(heading: str, judgements: Sequence[Judgement], most: int) -> list[str]:
    if not judgements:
        return []
    lines = [_judged(judged) for judged in judgements[:most]]
    return [f"## {heading}", _list(lines, len(judgements) - len(lines))]


def _judged(judged: Judgement) -> str:
    name, said = _escaped(judged.name), _escaped(judged.said)
    line = f"{name}: **{said}** ({percent(judged.probability)})"
    if judged.said != judged.label:
        line = f"{name}: taken for **{said}** ({percent(judged.probability)})"
        line += f", is **{_escaped(judged.label)}** ({percent(judged.label_probability)})"
    if judged.neighbours:
        alike = "; ".join(
            f"{_escaped(near.name)} (**{_escaped(near.label)}**, {near.similarity:.2f})"
            for near in judged.neighbours
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
    text = render.MARKDOWN.sub(r"\\\1", cleaned(text))
    return _LINK.sub(lambda link: link[0][:-1] + r"\.", _START.sub(r"\1\\\2", text))
