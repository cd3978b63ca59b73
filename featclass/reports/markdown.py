"""A report, and all that there is to say of a classifier, as Markdown: words without pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from featclass.base import OutOfFoldPrediction, Report, bounds, percent, sentences
from featclass.reports.contents import (
    EXAMPLES,
    LISTED,
    Contents,
    cleaned,
    confusions,
    not_used,
    shares,
    spent,
)

# A colon before a space is punctuation; any other could make a link or an emoji.
MARKDOWN = re.compile(r"([\\`*_{}\[\]#|<>~$&@]|:(?=\S))")
# What makes a list or a heading at the start of a line, and what is a link without any sign.
_START = re.compile(r"^(\d{0,9})([-+=.)])(?=[-+=\s]|$)")
_LINK = re.compile(r"(www)\.", re.IGNORECASE)
_SAID = ("Method", "Time")
"""What the report's own Markdown says already."""
MANY_CLASSES = 15
"""Above this a table is too wide."""
MOST_CONFUSED = 10


def as_markdown(contents: Contents) -> str:
    """Return all that `contents` say; names of classes and files are escaped."""
    report, curve = contents.report, contents.report.learning_curve
    parts = [
        f"# {_escaped(contents.title)}",
        f"*{_escaped(contents.made)}*",
        _score(report),
        *map(_escaped, contents.verdict),
        _list(map(_escaped, contents.notes)),
        _escaped(curve.reason) if curve else "",
        _curve(report),
        "## What was taken for what",
        *_figures(report),
        *_section("Taken wrong, the most sure first", contents.wrong, LISTED),
        *_section("Taken right, the most typical", contents.right, EXAMPLES),
        "## What to look at in the pictures" if contents.findings else "",
    ]
    for title, sentence, digests in contents.findings:
        images = _list((_escaped(contents.name_of(digest)) for digest in digests), LISTED)
        parts += [f"### {_escaped(title)}", _escaped(sentence), images]
    facts = (f"{_escaped(f)}: {_escaped(v)}" for f, v in contents.facts if f not in _SAID)
    return _joined([*parts, "## How it was measured", _list(facts)])


def report_markdown(report: Report, cautions: Sequence[str] | None = None) -> str:
    """Return the whole report as Markdown, what to make of the score included; names escaped.

    `cautions` are what could make the score worthless; without them, what the report knows of it.
    """
    cautions = [sentences.refusing(report)] if cautions is None else cautions
    notes = map(_escaped, [*cautions, *sentences.conclusions(report)])
    return _joined([_score(report), *notes, *_figures(report)])


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(filter(None, parts)) + "\n"


def _score(report: Report) -> str:
    return f"**{_escaped(sentences.score_sentence(report))}**"


def _figures(report: Report) -> list[str]:
    """Return matrix, figures, and what was not used."""
    parts: list[str] = []
    if report.confusion_matrix is not None:
        small = len(report.classes) <= MANY_CLASSES
        parts.append(_matrix(report) if small else _confused(report))
        parts.append(_per_class(report))
        parts.append(f"How it was measured: {_escaped(report.method)}.")
    if unused := not_used(report):
        lines = (": ".join(map(_escaped, filter(None, line))) for line in unused)
        parts += ["Not used:", _list(lines)]
    if report.seconds:
        made = f"Encoder {report.encoder}; {spent(report)}. Probe: {report.probe.words}."
        parts.append(_escaped(made))
    return parts


def _matrix(report: Report) -> str:
    names = [_escaped(name) for name in report.classes]
    rows = [
        [f"**{name}**", *(f"{count:,}" for count in row)]
        for name, row in zip(names, report.confusion_matrix or (), strict=True)
    ]
    return _table(["is ↓, was taken for →", *names], rows)


def _confused(report: Report) -> str:
    """List what is confused most, where a table would be too wide."""
    lines = [
        f"{count:,} of {report.per_class[label].support:,} **{_escaped(label)}** were taken for"
        f" **{_escaped(said)}**"
        for label, said, count in confusions(report)[:MOST_CONFUSED]
    ]
    return f"Confused most:\n\n{_list(lines)}" if lines else "Nothing was confused."


def _per_class(report: Report) -> str:
    has_bounds = any(figures.recall_interval for figures in report.per_class.values())
    head = ["class", "pictures", "found (recall)", "right when named (precision)", "F1"]
    rows = []
    for name in report.classes:
        figures = report.per_class[name]
        recall, ends, precision, f1 = shares(figures)
        cells = [recall, *([ends] if has_bounds else []), precision, f1]
        rows.append([_escaped(name), f"{figures.support:,}", *cells])
    return _table([*head[:3], *(["between"] if has_bounds else []), *head[3:]], rows)


def _curve(report: Report) -> str:
    if report.learning_curve is None or not report.learning_curve.points:
        return ""
    rows = []
    for point in report.learning_curve.points:
        low, high = bounds(point.low, point.high)
        rows.append([f"{point.images:,.0f}", percent(point.accuracy), f"{low} % to {high} %"])
    return _table(["trained on", "right", "95 % band"], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    aligned = ["---", *["--:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, aligned, *rows])


def _section(heading: str, images: Sequence[OutOfFoldPrediction], most: int) -> list[str]:
    return [f"## {heading}", _list(map(_judged, images), most)] if images else []


def _judged(image: OutOfFoldPrediction) -> str:
    said = f"**{_escaped(image.said)}** ({percent(image.probability)})"
    if image.said != image.label:
        share = percent(image.label_probability)
        said = f"taken for {said}, is **{_escaped(image.label)}** ({share})"
    alike = "; ".join(
        f"{_escaped(near.name)} (**{_escaped(near.label)}**, {near.similarity:.2f})"
        for near in image.neighbours
    )
    return f"{_escaped(image.name)}: {said}" + (f"; most like {alike}" if alike else "")


def _list(lines: Iterable[str], most: int | None = None) -> str:
    lines = [*lines]
    more = 0 if most is None else max(0, len(lines) - most)
    rest = [f"and {more:,} more"] if more else []
    return "\n".join(f"- {line}" for line in [*lines[:most], *rest])


def _escaped(text: str) -> str:
    text = MARKDOWN.sub(r"\\\1", cleaned(text))
    return _LINK.sub(r"\1\.", _START.sub(r"\1\\\2", text))
