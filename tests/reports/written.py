"""A training of pictures that need not exist, and the report on it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from featclass.base.records import (
    Exemplars,
    Neighbour,
    OutOfFoldPrediction,
    Probe,
    Rejected,
    TrainedClassifier,
)
from featclass.classifiers import report
from featclass.classifiers.training import Training
from featclass.reports.contents import Contents, Finding
from featclass.reports.html import as_html
from featclass.reports.markdown import as_markdown


def digest_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def thumbnail(digest: str) -> bytes | None:
    return b"JPEG " + digest.encode()


def training(
    count: int = 12,
    classes: Sequence[str] = ("cat", "dog"),
    *,
    wrong: Sequence[int] = (),
    rejected: Sequence[Rejected] = (),
    folder: str = "pets",
) -> Training:
    """Each picture of the next class in turn; those numbered in `wrong` taken for the next one."""
    classes = sorted(classes)
    truths = [place % len(classes) for place in range(count)]
    said = [(t + (i in wrong)) % len(classes) for i, t in enumerate(truths)]
    names = [f"{folder}/{i}.jpg" for i in range(count)]
    digests = [digest_of(i) for i in range(count)]
    near = Neighbour(names[0], classes[truths[0]], digests[0], 0.87)
    out_of_fold = [
        OutOfFoldPrediction(
            names[i], digests[i], classes[truths[i]], classes[said[i]], 0.5 + i / 100, 0.3, (near,)
        )
        for i in range(count)
    ]
    made = report.score(
        [classes[truth] for truth in truths],
        np.eye(len(classes))[said],
        classes,
        encoder="builtin",
        rejected=tuple(rejected),
        method="by hand",
        seconds={"embed": 1.0},
    )
    labels = tuple(classes[truth] for truth in truths)
    vectors = np.zeros((count, 2), np.float32)
    classifier = TrainedClassifier(
        encoder="builtin",
        encoder_id="e" * 64,
        fingerprint="f" * 64,
        probe=Probe(
            classes=tuple(classes),
            coefficients=np.zeros((len(classes), 2)),
            intercepts=np.zeros(len(classes)),
            roots=True,
            floor=0.02,
        ),
        exemplars=Exemplars(tuple(names), labels, tuple(digests), vectors),
        report=made,
        versions={"featclass": "9.8.7"},
    )
    return Training(classifier, tuple(out_of_fold))


def page(
    training: Training,
    *,
    thumbnail: Callable[[str], bytes | None] = thumbnail,
    title: str = "Meeting",
    made: str = "27 July 2026",
    notes: Sequence[str] = (),
    findings: Sequence[Finding] = (),
    colours: Mapping[str, str] | None = None,
) -> str:
    return as_html(
        _contents(training, title, made, notes, findings), thumbnail=thumbnail, colours=colours
    )


def prose(
    training: Training,
    *,
    title: str = "Meeting",
    made: str = "27 July 2026",
    notes: Sequence[str] = (),
    findings: Sequence[Finding] = (),
) -> str:
    return as_markdown(_contents(training, title, made, notes, findings))


def _contents(
    training: Training, title: str, made: str, notes: Sequence[str], findings: Sequence[Finding]
) -> Contents:
    contents = Contents.of(training, title=title)
    return replace(contents, made=made, notes=notes, findings=findings)
