"""The same classifier, its classes called otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from featclass.audit import Audit
from featclass.audit.findings import Outlier, QualityFault
from featclass.learned import Learned
from featclass.records import Exemplars, Judgement, Neighbour, Report, TrainedClassifier

New = Callable[[str], str]
"""From a class's name to its new one."""
Found = TypeVar("Found", Outlier, QualityFault)


def renamed(learned: Learned, names: Mapping[str, str]) -> Learned:
    """Return the same, with classes called otherwise; nothing is learned anew.

    `names` gives the new name of each class; what it leaves out keeps its own.
    """

    def new(name: str) -> str:
        return names.get(name, name)

    return replace(
        learned,
        classifier=_classifier(learned.classifier, new),
        judgements=tuple(_judgement(judgement, new) for judgement in learned.judgements),
        audit=learned.audit and _audit(learned.audit, names),
    )


def _classifier(classifier: TrainedClassifier, new: New) -> TrainedClassifier:
    order = sorted(range(len(classifier.classes)), key=lambda i: new(classifier.classes[i]))
    fitted = classifier.probe
    return replace(
        classifier,
        probe=replace(
            fitted,
            classes=tuple(new(classifier.classes[i]) for i in order),
            coefficients=fitted.coefficients[order],
            intercepts=fitted.intercepts[order],
        ),
        exemplars=_exemplars(classifier.exemplars, new),
        report=_report(classifier.report, order, new),
    )


def _exemplars(exemplars: Exemplars, new: New) -> Exemplars:
    return replace(
        exemplars,
        labels=tuple(map(new, exemplars.labels)),
        names=tuple(
            _path(name, label, new)
            for name, label in zip(exemplars.names, exemplars.labels, strict=True)
        ),
    )


def _report(report: Report, order: list[int], new: New) -> Report:
    matrix = report.confusion_matrix
    return replace(
        report,
        classes=tuple(new(report.classes[i]) for i in order),
        confusion_matrix=matrix and tuple(tuple(matrix[i][j] for j in order) for i in order),
        per_class={new(c): report.per_class[c] for c in (report.classes[i] for i in order)},
    )


def _judgement(judgement: Judgement, new: New) -> Judgement:
    return replace(
        judgement,
        name=_path(judgement.name, judgement.label, new),
        label=new(judgement.label),
        said=new(judgement.said),
        neighbours=tuple(_neighbour(neighbour, new) for neighbour in judgement.neighbours),
    )


def _neighbour(neighbour: Neighbour, new: New) -> Neighbour:
    name, label = _path(neighbour.name, neighbour.label, new), new(neighbour.label)
    return replace(neighbour, name=name, label=label)


def _path(name: str, label: str, new: New) -> str:
    """Return the path of an image whose folder is called as its class."""
    return new(label) + name[len(label) :] if name.startswith(f"{label}/") else name


def _audit(found: Audit, names: Mapping[str, str]) -> Audit:
    """Return the findings under the new names; what they are remembered by stays as it was."""

    def new(name: str) -> str:
        return names.get(name, name)

    quoted = {repr(old): repr(name) for old, name in names.items()}
    pattern = re.compile("|".join(map(re.escape, quoted)) or "(?!)")

    def sentence(text: str) -> str:
        return pattern.sub(lambda match: quoted[match[0]], text)

    return Audit(
        tuple(
            replace(
                item,
                path=_path(item.path, item.label, new),
                label=new(item.label),
                suggested=new(item.suggested),
                sentence=sentence(item.sentence),
            )
            for item in found.label_errors
        ),
        tuple(
            replace(
                item,
                paths=tuple(
                    _path(path, label, new)
                    for path, label in zip(item.paths, item.labels, strict=True)
                ),
                labels=tuple(map(new, item.labels)),
                sentence=sentence(item.sentence),
            )
            for item in found.duplicates
        ),
        tuple(_of_one(item, new, sentence) for item in found.outliers),
        tuple(_of_one(item, new, sentence) for item in found.quality),
        tuple(
            replace(
                item,
                paths=tuple(_path(path, item.label, new) for path in item.paths),
                label=new(item.label),
                sentence=sentence(item.sentence),
            )
            for item in found.shortcuts
        ),
        replace(
            found.balance,
            images={new(name): count for name, count in found.balance.images.items()},
            sentence=sentence(found.balance.sentence),
        ),
    )


def _of_one(item: Found, new: New, sentence: New) -> Found:
    return replace(
        item,
        path=_path(item.path, item.label, new),
        label=new(item.label),
        sentence=sentence(item.sentence),
    )
