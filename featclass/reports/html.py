"""A document as one HTML file: no scripts, nothing from elsewhere, made to be printed too."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from featclass.base import OutOfFoldPrediction, Report, percent, sentences
from featclass.classifiers import Training
from featclass.reports import curve, figures, tables
from featclass.reports.contents import (
    EXAMPLES,
    FINDING_IMAGES,
    LISTED,
    NEIGHBOURS,
    Contents,
    Finding,
    names,
)
from featclass.reports.tables import escaped, listed, named, paragraphs

PICTURES = 40
BYTES = 1_400_000
"""Of all pictures, before base64 makes a third more of them."""

Thumbnail = Callable[[str], bytes | None]
"""A small JPEG of the image with this digest, or None where it cannot be had."""


class Album:
    """Shows pictures until there are enough of them, and then says only that there were more."""

    def __init__(self, thumbnail: Thumbnail) -> None:
        self._thumbnail = thumbnail
        self._pictures = PICTURES
        self._bytes = BYTES

    def shown(self, digest: str, name: str) -> str:
        """Return the picture as an `img`, or a placeholder of the same size."""
        data = self._thumbnail(digest) if self._pictures else None
        if data is None or len(data) > self._bytes:
            return '<span class="picture">no picture</span>'
        self._pictures -= 1
        self._bytes -= len(data)
        encoded = base64.b64encode(data).decode()
        return (
            f'<img class="picture" alt="{escaped(name)}"'
            f' src="data:image/jpeg;base64,{encoded}" width="160" height="160">'
        )


STYLE = Path(__file__).with_name("style.css")
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What a browser may load for the document, whatever got into it: what is in it."""
WRONG_SHOWN = 6
"""With their neighbours; the others taken wrong are listed."""


def html(
    training: Training,
    *,
    title: str,
    made: str,
    thumbnail: Thumbnail,
    notes: Sequence[str] = (),
    findings: Sequence[Finding] = (),
    colours: Mapping[str, str] | None = None,
) -> str:
    """Return the document as one HTML file of under 2 MB that needs nothing else.

    Args:
        training: The classifier, and what was said of each of its images.
        title: Of the document, such as the name of the workspace; escaped, as all text here is.
        made: When, and with what.
        thumbnail: Asked for at most `PICTURES` small JPEGs that it has.
        notes: Sentences that belong to the score.
        findings: Of an audit.
        colours: Of the classes, "#rrggbb"; `figures.class_colour` by default.
    """
    report, contents, album = training.classifier.report, Contents.of(training), Album(thumbnail)
    shades = {name: figures.class_colour(place) for place, name in enumerate(report.classes)}
    called = names(training)
    body = [
        f'<h1>{escaped(title)}</h1><p class="made">{escaped(made)}</p>',
        _score(contents, report, notes),
        _taken(report, shades | dict(colours or {})),
        _wrong(contents.wrong, album),
        _right(contents.right, album),
        _findings(findings, called, album),
        _measured(contents, report),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escaped(title)}</title><style>{STYLE.read_text('utf-8')}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def _score(contents: Contents, report: Report, notes: Sequence[str]) -> str:
    headline = f"<strong>{escaped(contents.headline)}</strong> " if contents.headline else ""
    parts = [
        f'<p class="score">{headline}{escaped(contents.sentence)}</p>',
        tables.interval_bar(report),
        paragraphs(contents.verdict),
        "".join(f'<p class="caution">{escaped(note)}</p>' for note in notes),
    ]
    if contents.curve is not None:
        parts.append("<h2>Would more pictures help?</h2>")
        parts.append(paragraphs([contents.curve.reason] if contents.curve.reason else []))
        drawing = curve.drawn(contents.curve, report)
        if drawing:
            parts.append(
                f"<figure>{drawing}<figcaption>Right among pictures left out, by classifiers that"
                " learned from fewer; with the 95&nbsp;% band.</figcaption>"
                "</figure>"
            )
    return "".join(parts)


def _taken(report: Report, colours: Mapping[str, str]) -> str:
    if report.confusion_matrix is None:
        return ""
    heading = "<h2>What was taken for what</h2>"
    return heading + tables.matrix(report, colours) + tables.figures(report)


def _wrong(out_of_fold: Sequence[OutOfFoldPrediction], album: Album) -> str:
    if not out_of_fold:
        return ""
    cards = [_beside_its_like(prediction, album) for prediction in out_of_fold[:WRONG_SHOWN]]
    others = out_of_fold[WRONG_SHOWN:][:LISTED]
    lines = [f"{named(prediction.name)}: {_verdict_on(prediction)}" for prediction in others]
    more = len(out_of_fold) - len(cards) - len(others)
    return (
        '<h2>Taken wrong</h2><p class="muted">The most sure first. Beside each: the pictures it'
        f' is most like.</p><div class="cards wide">{"".join(cards)}</div>'
        + (listed(lines, more) if lines else "")
    )


def _beside_its_like(prediction: OutOfFoldPrediction, album: Album) -> str:
    alike = prediction.neighbours[:NEIGHBOURS]
    beside = "".join(album.shown(near.digest, near.name) for near in alike)
    most_like = ", ".join(
        f"{named(near.name.rpartition('/')[2])} ({named(near.label)}, {near.similarity:.2f})"
        for near in alike
    )
    return (
        f'<figure><div class="pictures">{album.shown(prediction.digest, prediction.name)}'
        f'<div class="alike">{beside}</div></div><figcaption>{_verdict_on(prediction)}'
        f"{_file(prediction.name)}"
        + (f'<span class="name">most like {most_like}</span>' if alike else "")
        + "</figcaption></figure>"
    )


def _file(name: str) -> str:
    """Return the last part of a path, which tells more of it than the beginning of a long one."""
    return f'<span class="name" title="{escaped(name)}">{named(name.rpartition("/")[2])}</span>'


def _verdict_on(prediction: OutOfFoldPrediction) -> str:
    said = f"<b>{named(prediction.said)}</b> ({escaped(percent(prediction.probability))})"
    if prediction.said == prediction.label:
        return said
    share = escaped(percent(prediction.label_probability))
    return f"taken for {said}, is <b>{named(prediction.label)}</b> ({share})"


def _right(out_of_fold: Sequence[OutOfFoldPrediction], album: Album) -> str:
    if not out_of_fold:
        return ""
    cards = [
        f"<figure>{album.shown(prediction.digest, prediction.name)}"
        f"<figcaption>{_verdict_on(prediction)}{_file(prediction.name)}</figcaption></figure>"
        for prediction in out_of_fold[:EXAMPLES]
    ]
    return (
        '<h2>Taken right</h2><p class="muted">The most typical: those it was surest of.</p>'
        f'<div class="cards">{"".join(cards)}</div>'
    )


def _findings(findings: Sequence[Finding], called: Mapping[str, str], album: Album) -> str:
    if not findings:
        return ""
    room = PICTURES - WRONG_SHOWN * (1 + NEIGHBOURS) - EXAMPLES
    shown = min(FINDING_IMAGES, max(1, room // len(findings)))
    parts = ["<h2>What to look at in the pictures</h2>"]
    for title, sentence, digests in findings:
        pictures = []
        for digest in digests[:shown]:
            name = called.get(digest, digest[:12])
            shown_as = f"{album.shown(digest, name)}<figcaption>{_file(name)}</figcaption>"
            pictures.append(f"<figure>{shown_as}</figure>")
        more = len(digests) - len(pictures)
        parts.append(f"<h3>{escaped(title)}</h3><p>{escaped(sentence)}</p>")
        parts.append(f'<div class="strip">{"".join(pictures)}</div>' if pictures else "")
        parts.append(f'<p class="muted">and {more:,} more</p>' if more > 0 else "")
    return "".join(parts)


def _measured(contents: Contents, report: Report) -> str:
    facts = "".join(
        f"<dt>{escaped(name)}</dt><dd>{escaped(value)}</dd>" for name, value in contents.facts
    )
    parts = [f"<h2>How it was measured</h2><dl>{facts}</dl>"]
    lines = [escaped(sentence) for sentence in sentences.empty_sentences(report)]
    lines += [f"{named(one.name)}: {escaped(one.reason)}" for one in report.rejected]
    if lines:
        parts.append("<h3>Not used</h3>" + listed(lines[:LISTED], len(lines) - LISTED))
    return "".join(parts)
