"""The report as a JSON object: what the command prints and a saved classifier carries."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from featclass.errors import FeatclassError
from featclass.records import (
    ClassFigures,
    ClassNames,
    LearningCurve,
    NearDuplicates,
    Point,
    Projection,
    Rejected,
    Report,
    SeenInTraining,
    Verdict,
)


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
            name: {
                "precision": figures.precision,
                "recall": figures.recall,
                "f1": figures.f1,
                "support": figures.support,
                "recall_interval": figures.recall_interval and list(figures.recall_interval),
            }
            for name, figures in report.per_class.items()
        },
        "method": report.method,
        "seconds": dict(report.seconds),
        "verdict": None if report.verdict is None else asdict(report.verdict),
        "learning_curve": _curve_json(report.learning_curve),
        "near_duplicates": None
        if report.near_duplicates is None
        else asdict(report.near_duplicates),
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


def _curve_json(curve: LearningCurve | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    projected = curve.projected
    return {
        "points": [asdict(point) for point in curve.points],
        "projected": projected
        and {
            "more": projected.more,
            "class": projected.label,
            "from": projected.accuracy_now,
            "to": projected.accuracy_then,
            "low": projected.low,
            "high": projected.high,
        },
        "reason": curve.reason,
    }


def from_json(document: object) -> Report:
    """Read back what `to_json` wrote, from a source that is not trusted.

    Raises:
        FeatclassError: A field is missing, of another kind, or contradicts the others.
    """
    fields = _object(document, "report")
    classes = _texts(fields.get("classes"), "classes")
    if len(classes) < 2 or list(classes) != sorted(set(classes)):
        raise _wrong("classes", "two or more different names, sorted")
    per_class = _object(fields.get("per_class"), "per_class")
    if set(per_class) != set(classes):
        raise _wrong("per_class", "one entry for each class")
    matrix = _matrix(fields.get("confusion_matrix"), len(classes))
    accuracy = _share(fields.get("accuracy"), "accuracy")
    interval = _interval(fields.get("accuracy_interval"), "accuracy_interval")
    if len({matrix is None, accuracy is None, interval is None}) > 1:
        raise _wrong("accuracy", "present together with its interval and the confusion matrix")
    chance = _share(fields.get("chance_accuracy"), "chance_accuracy")
    if chance is None:
        raise _wrong("chance_accuracy", "a number")
    seconds = _object(fields.get("seconds"), "seconds")
    return Report(
        encoder=_text(fields.get("encoder"), "encoder"),
        classes=classes,
        images=_count(fields.get("images"), "images"),
        rejected=tuple(_rejected(r) for r in _list(fields.get("rejected"), "rejected")),
        accuracy=accuracy,
        accuracy_interval=interval,
        chance_accuracy=chance,
        confusion_matrix=matrix,
        per_class={name: _figures(per_class[name]) for name in classes},
        method=_text(fields.get("method"), "method"),
        seconds={name: _number(value, "seconds", 1e12) for name, value in seconds.items()},
        verdict=_verdict(fields.get("verdict")),
        learning_curve=_curve(fields.get("learning_curve")),
        near_duplicates=_near_duplicates(fields.get("near_duplicates")),
        calibration_error=_share(fields.get("calibration_error"), "calibration_error"),
        refused_share=_share(fields.get("refused_share"), "refused_share"),
        refuses=_share(fields.get("refuses"), "refuses"),
        class_names=_class_names(fields.get("class_names"), classes),
        # Files of before these were said lack them.
        empty_classes=_texts(fields.get("empty_classes", []), "empty_classes"),
        unknown_classes=_unknown(fields.get("unknown_classes", []), classes),
        seen_in_training=_seen(fields.get("seen_in_training")),
    )


def _class_names(value: object, classes: tuple[str, ...]) -> ClassNames | None:
    if value is None:
        return None
    fields = _object(value, "class_names")
    lacking = _texts(fields.get("without_images"), "class_names")
    if not set(lacking) <= set(classes):
        raise _wrong("class_names", "about its classes")
    return ClassNames(_number(fields.get("weight"), "class_names", 1), lacking)


def _unknown(value: object, classes: tuple[str, ...]) -> tuple[str, ...]:
    unknown = _texts(value, "unknown_classes")
    if not set(unknown) <= set(classes):
        raise _wrong("unknown_classes", "about its classes")
    return unknown


def _seen(value: object) -> SeenInTraining | None:
    if value is None:
        return None
    fields = _object(value, "seen_in_training")
    return SeenInTraining(
        _count(fields.get("same"), "same"),
        _count(fields.get("near_duplicates"), "near_duplicates"),
        _share(fields.get("accuracy_without"), "accuracy_without"),
    )


def _wrong(field: str, expected: str) -> FeatclassError:
    return FeatclassError(f"The report's {field!r} should be {expected}.")


def _object(value: object, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(field, "an object")
    return value


def _list(value: object, field: str) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong(field, "a list")
    return value


def _texts(value: object, field: str) -> tuple[str, ...]:
    return tuple(_text(name, field) for name in _list(value, field))


def _text(value: object, field: str) -> str:
    if not isinstance(value, str):
        raise _wrong(field, "text")
    return value


def _count(value: object, field: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise _wrong(field, "a count")
    return value


def _number(value: object, field: str, most: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most:
        return float(value)
    raise _wrong(field, "a number between 0 and 1" if most == 1 else "a number of 0 or more")


def _share(value: object, field: str) -> float | None:
    return None if value is None else _number(value, field, 1)


def _interval(value: object, field: str) -> tuple[float, float] | None:
    if value is None:
        return None
    ends = [_number(end, field, 1) for end in _list(value, field)]
    if len(ends) != 2 or ends[0] > ends[1]:
        raise _wrong(field, "low and high")
    return ends[0], ends[1]


def _matrix(value: object, classes: int) -> tuple[tuple[int, ...], ...] | None:
    if value is None:
        return None
    rows = [_list(row, "confusion_matrix") for row in _list(value, "confusion_matrix")]
    if len(rows) != classes or any(len(row) != classes for row in rows):
        raise _wrong("confusion_matrix", "a row and a column for each class")
    return tuple(tuple(_count(cell, "confusion_matrix") for cell in row) for row in rows)


def _figures(value: object) -> ClassFigures:
    figures = _object(value, "per_class")
    return ClassFigures(
        precision=_share(figures.get("precision"), "precision"),
        recall=_share(figures.get("recall"), "recall"),
        f1=_share(figures.get("f1"), "f1"),
        support=_count(figures.get("support"), "support"),
        recall_interval=_interval(figures.get("recall_interval"), "recall_interval"),
    )


def _rejected(value: object) -> Rejected:
    entry = _object(value, "rejected")
    return Rejected(_text(entry.get("name"), "rejected"), _text(entry.get("reason"), "rejected"))


def _verdict(value: object) -> Verdict | None:
    if value is None:
        return None
    entry = _object(value, "verdict")
    better = entry.get("better_than_guessing")
    if not isinstance(better, bool):
        raise _wrong("verdict", "true or false")
    return Verdict(
        better,
        _number(entry.get("p_value"), "verdict", 1),
        _text(entry.get("sentence"), "verdict"),
        _text(entry.get("advice"), "verdict"),
    )


def _curve(value: object) -> LearningCurve | None:
    if value is None:
        return None
    entry = _object(value, "learning_curve")
    points = [_object(point, "learning_curve") for point in _list(entry.get("points"), "points")]
    return LearningCurve(
        tuple(
            Point(_number(point.get("images"), "images", 1e12), *_band(point, "accuracy"))
            for point in points
        ),
        _projection(entry.get("projected")),
        _text(entry.get("reason"), "learning_curve"),
    )


def _projection(value: object) -> Projection | None:
    if value is None:
        return None
    entry = _object(value, "projected")
    label = entry.get("class")
    return Projection(
        _count(entry.get("more"), "more"),
        None if label is None else _text(label, "class"),
        _number(entry.get("from"), "from", 1),
        *_band(entry, "to"),
    )


def _band(entry: dict[str, Any], middle: str) -> tuple[float, float, float]:
    """Return the figure named, and the ends of its band."""
    centre, low, high = (_number(entry.get(name), name, 1) for name in (middle, "low", "high"))
    return centre, low, high


def _near_duplicates(value: object) -> NearDuplicates | None:
    if value is None:
        return None
    entry = _object(value, "near_duplicates")
    return NearDuplicates(
        _count(entry.get("images"), "images"),
        _count(entry.get("groups"), "groups"),
        _share(entry.get("accuracy_with_leak"), "accuracy_with_leak"),
        _count(entry.get("bursts", 0), "bursts"),
    )
