"""The same classifier, its classes called otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from msgspec import structs

from featclass.audit import Audit, DuplicateGroup, GiveAway, LabelError, Outlier, QualityFault
from featclass.base import (
    Exemplars,
    LearningCurve,
    Method,
    Neighbour,
    OutOfFoldPrediction,
    Rejected,
    Report,
    SavedClassifier,
    TooFewOfAClass,
    TrainedClassifier,
    Unscored,
    Verdict,
)
from featclass.classifiers.training import Training

New = Callable[[str], str]
"""From a class's name to its new one."""
_OfOne = TypeVar("_OfOne", LabelError, Outlier, QualityFault)


def renamed(
    training: Training,
    names: Mapping[str, str],
    *,
    rejected: tuple[Rejected, ...] | None = None,
    empty_classes: tuple[str, ...] | None = None,
) -> Training:
    """Return the same, with classes called otherwise; nothing is learned anew.

    Args:
        training: What was learned.
        names: The new name of each class; what they leave out keeps its own.
        rejected: The images that could not be used, by their new names, where these are known.
        empty_classes: The classes without an image, sorted, where these are known.
    """

    def new(name: str) -> str:
        return names.get(name, name)

    report = training.classifier.report
    empty = _sorted(report.empty_classes, new) if empty_classes is None else empty_classes
    refused = report.rejected if rejected is None else rejected
    return replace(
        training,
        classifier=_classifier(training.classifier, new, rejected=refused, empty_classes=empty),
        out_of_fold=tuple(_judgement(prediction, new) for prediction in training.out_of_fold),
        audit=training.audit and _audit(training.audit, new),
    )


def _classifier(
    classifier: TrainedClassifier,
    new: New,
    *,
    rejected: tuple[Rejected, ...],
    empty_classes: tuple[str, ...],
) -> TrainedClassifier:
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
        report=replace(
            _report(classifier.report, order, new), rejected=rejected, empty_classes=empty_classes
        ),
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
        unknown_classes=_sorted(report.unknown_classes, new),
        class_names=names and replace(names, without_images=_sorted(names.without_images, new)),
        classes=tuple(new(report.classes[i]) for i in order),
        confusion_matrix=matrix and tuple(tuple(matrix[i][j] for j in order) for i in order),
        per_class={new(c): report.per_class[c] for c in (report.classes[i] for i in order)},
        procedure=_procedure(report.procedure, new),
        verdict=report.verdict and _verdict(report.verdict, new),
        learning_curve=report.learning_curve and _curve(report.learning_curve, new),
    )


def _procedure(method: Method, new: New) -> Method:
    match method:
        case Unscored():
            return structs.replace(method, classes=_sorted(method.classes, new))
        case SavedClassifier():
            alike = {new(unknown): new(known) for unknown, known in method.alike.items()}
            return structs.replace(method, alike=alike)
        case _:  # name no class
            return method


def _verdict(verdict: Verdict, new: New) -> Verdict:
    rate = verdict.rate
    if isinstance(rate, str) or rate.largest is None:
        return verdict
    return structs.replace(verdict, rate=structs.replace(rate, largest=new(rate.largest)))


def _curve(curve: LearningCurve, new: New) -> LearningCurve:
    projected, why = curve.projected, curve.unforeseen
    if projected is not None and projected.label is not None:
        ahead = structs.replace(projected, label=new(projected.label))
        return structs.replace(curve, projected=ahead)
    if isinstance(why, TooFewOfAClass):
        return structs.replace(curve, unforeseen=structs.replace(why, label=new(why.label)))
    return curve


def _judgement(prediction: OutOfFoldPrediction, new: New) -> OutOfFoldPrediction:
    return replace(
        prediction,
        name=_path(prediction.name, prediction.label, new),
        label=new(prediction.label),
        said=new(prediction.said),
        neighbours=tuple(_neighbour(neighbour, new) for neighbour in prediction.neighbours),
    )


def _neighbour(neighbour: Neighbour, new: New) -> Neighbour:
    name, label = _path(neighbour.name, neighbour.label, new), new(neighbour.label)
    return replace(neighbour, name=name, label=label)


def _sorted(names: Iterable[str], new: New) -> tuple[str, ...]:
    return tuple(sorted(map(new, names)))


def _path(name: str, label: str, new: New) -> str:
    """Return the path of an image whose folder is called as its class."""
    return new(label) + name[len(label) :] if name.startswith(f"{label}/") else name


def _audit(audit: Audit, new: New) -> Audit:
    """Return the findings under the new names; what they are remembered by stays as it was."""
    balance = audit.balance
    return Audit(
        tuple(_label_error(error, new) for error in audit.label_errors),
        tuple(_copies(group, new) for group in audit.duplicates),
        tuple(_of_one(outlier, new) for outlier in audit.outliers),
        tuple(_of_one(fault, new) for fault in audit.quality),
        tuple(_give_away(cue, new) for cue in audit.shortcuts),
        replace(balance, counts={new(name): count for name, count in balance.counts.items()}),
    )


def _label_error(error: LabelError, new: New) -> LabelError:
    return replace(_of_one(error, new), suggested=new(error.suggested))


def _of_one(finding: _OfOne, new: New) -> _OfOne:
    path = _path(finding.path, finding.label, new)
    return replace(finding, path=path, label=new(finding.label))


def _copies(group: DuplicateGroup, new: New) -> DuplicateGroup:
    pairs = zip(group.paths, group.labels, strict=True)
    paths = tuple(_path(path, label, new) for path, label in pairs)
    return replace(group, paths=paths, labels=tuple(map(new, group.labels)))


def _give_away(cue: GiveAway, new: New) -> GiveAway:
    paths = tuple(_path(path, cue.label, new) for path in cue.paths)
    return replace(cue, paths=paths, label=new(cue.label))
