"""The report as a JSON object: what the command prints and a saved classifier carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from featclass.base import (
    ClassFigures,
    NearDuplicates,
    Rejected,
    Report,
    SeenInTraining,
    TextPriorUse,
)
from featclass.classifiers import scores_json, untrusted


def to_json(report: Report) -> dict[str, Any]:
    """Return the report's JSON object."""
    interval, matrix = report.accuracy_interval, report.confusion_matrix
    return {
        "encoder": report.encoder,
        "classes": list(report.classes),
        "images": report.images,
        "rejected": [{"name": r.name, "reason": r.reason} for r in report.rejected],
        "accuracy": report.accuracy,
        "accuracy_interval": None if interval is None else list(interval),
        "chance_accuracy": report.chance_accuracy,
        "confusion_matrix": None if matrix is None else [list(row) for row in matrix],
        "per_class": {
            name: asdict(figures)
            | {"recall_interval": figures.recall_interval and list(figures.recall_interval)}
            for name, figures in report.per_class.items()
        },
        "method": report.method,
        "method_values": scores_json.method_json(report.procedure),
        "seconds": dict(report.seconds),
        "verdict": report.verdict and scores_json.verdict_json(report.verdict),
        "learning_curve": report.learning_curve and scores_json.curve_json(report.learning_curve),
        "near_duplicates": report.near_duplicates and asdict(report.near_duplicates),
        "calibration_error": report.calibration_error,
        "refused_share": report.refused_share,
        "refuses": report.refuses,
        "class_names": report.class_names
        and {
            "weight": report.class_names.weight,
            "without_images": list(report.class_names.without_images),
        },
        "empty_classes": list(report.empty_classes),
        "unknown_classes": list(report.unknown_classes),
        "seen_in_training": report.seen_in_training and asdict(report.seen_in_training),
    }


def from_json(document: object) -> Report:
    """Read back what `to_json` wrote, from a source that is not trusted.

    Raises:
        FeatclassError: A field is missing, of another kind, or contradicts the others.
    """
    fields = untrusted.an_object(document, "report")
    classes = untrusted.texts(fields.get("classes"), "classes")
    if len(classes) < 2 or list(classes) != sorted(set(classes)):
        raise untrusted.wrong("classes", "two or more different names, sorted")
    per_class = untrusted.an_object(fields.get("per_class"), "per_class")
    if set(per_class) != set(classes):
        raise untrusted.wrong("per_class", "one entry for each class")
    matrix, accuracy, interval = _score(fields, len(classes))
    chance = untrusted.share(fields.get("chance_accuracy"), "chance_accuracy")
    if chance is None:
        raise untrusted.wrong("chance_accuracy", "a number")
    seconds = untrusted.an_object(fields.get("seconds"), "seconds")
    return Report(
        encoder=untrusted.text(fields.get("encoder"), "encoder"),
        classes=classes,
        images=untrusted.count(fields.get("images"), "images"),
        rejected=tuple(_rejected(r) for r in untrusted.a_list(fields.get("rejected"), "rejected")),
        accuracy=accuracy,
        accuracy_interval=interval,
        chance_accuracy=chance,
        confusion_matrix=matrix,
        per_class={name: _figures(per_class[name]) for name in classes},
        procedure=scores_json.method(fields.get("method"), fields.get("method_values"), classes),
        seconds={name: untrusted.number(value, "seconds", 1e12) for name, value in seconds.items()},
        verdict=scores_json.verdict(fields.get("verdict"), classes),
        learning_curve=scores_json.curve(fields.get("learning_curve"), classes),
        near_duplicates=_near_duplicates(fields.get("near_duplicates")),
        calibration_error=untrusted.share(fields.get("calibration_error"), "calibration_error"),
        refused_share=untrusted.share(fields.get("refused_share"), "refused_share"),
        refuses=untrusted.share(fields.get("refuses"), "refuses"),
        class_names=_class_names(fields.get("class_names"), classes),
        # Files of before these were said lack them.
        empty_classes=untrusted.texts(fields.get("empty_classes", []), "empty_classes"),
        unknown_classes=untrusted.names(
            fields.get("unknown_classes", []), "unknown_classes", classes
        ),
        seen_in_training=_seen(fields.get("seen_in_training")),
    )


def _score(
    fields: Mapping[str, Any], classes: int
) -> tuple[tuple[tuple[int, ...], ...] | None, float | None, tuple[float, float] | None]:
    """Return the confusion matrix, the accuracy and its interval: all of them, or none."""
    matrix = _matrix(fields.get("confusion_matrix"), classes)
    accuracy = untrusted.share(fields.get("accuracy"), "accuracy")
    interval = untrusted.interval(fields.get("accuracy_interval"), "accuracy_interval")
    if len({matrix is None, accuracy is None, interval is None}) > 1:
        raise untrusted.wrong(
            "accuracy", "present together with its interval and the confusion matrix"
        )
    return matrix, accuracy, interval


def _class_names(value: object, classes: tuple[str, ...]) -> TextPriorUse | None:
    if value is None:
        return None
    fields = untrusted.an_object(value, "class_names")
    lacking = untrusted.names(fields.get("without_images"), "class_names", classes)
    return TextPriorUse(untrusted.number(fields.get("weight"), "class_names", 1), lacking)


def _seen(value: object) -> SeenInTraining | None:
    if value is None:
        return None
    fields = untrusted.an_object(value, "seen_in_training")
    return SeenInTraining(
        untrusted.count(fields.get("same"), "same"),
        untrusted.count(fields.get("near_duplicates"), "near_duplicates"),
        untrusted.share(fields.get("accuracy_without"), "accuracy_without"),
    )


def _matrix(value: object, classes: int) -> tuple[tuple[int, ...], ...] | None:
    if value is None:
        return None
    rows = [
        untrusted.a_list(row, "confusion_matrix")
        for row in untrusted.a_list(value, "confusion_matrix")
    ]
    if len(rows) != classes or any(len(row) != classes for row in rows):
        raise untrusted.wrong("confusion_matrix", "a row and a column for each class")
    return tuple(tuple(untrusted.count(cell, "confusion_matrix") for cell in row) for row in rows)


def _figures(value: object) -> ClassFigures:
    figures = untrusted.an_object(value, "per_class")
    return ClassFigures(
        precision=untrusted.share(figures.get("precision"), "precision"),
        recall=untrusted.share(figures.get("recall"), "recall"),
        f1=untrusted.share(figures.get("f1"), "f1"),
        support=untrusted.count(figures.get("support"), "support"),
        recall_interval=untrusted.interval(figures.get("recall_interval"), "recall_interval"),
    )


def _rejected(value: object) -> Rejected:
    entry = untrusted.an_object(value, "rejected")
    return Rejected(
        untrusted.file_name(entry.get("name"), "rejected"),
        untrusted.file_name(entry.get("reason"), "rejected"),
    )


def _near_duplicates(value: object) -> NearDuplicates | None:
    if value is None:
        return None
    entry = untrusted.an_object(value, "near_duplicates")
    return NearDuplicates(
        untrusted.count(entry.get("images"), "images"),
        untrusted.count(entry.get("groups"), "groups"),
        untrusted.share(entry.get("accuracy_with_leak"), "accuracy_with_leak"),
        untrusted.count(entry.get("bursts", 0), "bursts"),
    )
