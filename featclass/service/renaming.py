"""The same classifier, its classes called otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

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
