"""The same classifier, its classes called otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from featclass.audit import Audit
from featclass.learned import Learned
from featclass.records import Exemplars, Judgement, Neighbour, Report, TrainedClassifier

New = Callable[[str], str]
"""From a class's name to its new one."""


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
    matrix, names = report.confusion_matrix, report.class_names
    return replace(
        report,
        empty_classes=tuple(sorted(map(new, report.empty_classes))),
        unknown_classes=tuple(sorted(map(new, report.unknown_classes))),
        class_names=names and replace(names, without_images=tuple(map(new, names.without_images))),
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

    def said(sentence: str) -> str:
        return pattern.sub(lambda match: quoted[match[0]], sentence)

    def finding(item: Any) -> Any:
        """Rename what it has: one path or several, one label or one for each path."""
        changes: dict[str, Any] = {"sentence": said(item.sentence)}
        labels = getattr(item, "labels", None)
        for name in ("label", "suggested"):
            if hasattr(item, name):
                changes[name] = new(getattr(item, name))
        if labels is not None:
            changes["labels"] = tuple(map(new, labels))
        if hasattr(item, "path"):
            changes["path"] = _path(item.path, item.label, new)
        else:
            labels = labels or [item.label] * len(item.paths)
            pairs = zip(item.paths, labels, strict=True)
            changes["paths"] = tuple(_path(path, label, new) for path, label in pairs)
        return replace(item, **changes)

    images = {new(name): count for name, count in found.balance.images.items()}
    return Audit(
        tuple(map(finding, found.label_errors)),
        tuple(map(finding, found.duplicates)),
        tuple(map(finding, found.outliers)),
        tuple(map(finding, found.quality)),
        tuple(map(finding, found.shortcuts)),
        replace(found.balance, images=images, sentence=said(found.balance.sentence)),
    )
