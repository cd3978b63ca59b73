"""The report as a JSON object: what the command prints and a saved classifier carries.

Values are written and read as the records have them, and beside them the sentences that they make.
Files of an older featclass hold the sentences alone: these then stand where the values would.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from featclass.base import (
    Lacking,
    ProbeKind,
    Rate,
    Report,
    SavedClassifier,
    TooFewOfAClass,
    Unscored,
)
from featclass.classifiers.untrusted import decoded, wrong

_WHOLE = "report"


def to_json(report: Report) -> dict[str, Any]:
    """Return the report's JSON object."""
    document: dict[str, Any] = {}
    fields = json.loads(json.dumps(msgspec.to_builtins(report)))  # tuples to lists
    for name, value in fields.items():
        if name == "procedure":
            document |= {"method": report.method, "method_values": _unless_said(value)}
        else:
            document[name] = value
    document["rejected"] = [{"name": r.name, "reason": r.reason} for r in report.rejected]
    if report.verdict is not None:
        verdict = document["verdict"]
        verdict |= {name: _unless_said(verdict[name]) for name in ("rate", "remedy")}
        verdict |= {"sentence": report.verdict.sentence, "advice": report.verdict.advice}
    if report.learning_curve is not None:
        curve = document["learning_curve"]
        curve["reason_values"] = _unless_said(curve.pop("unforeseen"))
        curve["reason"] = report.learning_curve.reason
    return document


def from_json(document: object) -> Report:
    """Read back what `to_json` wrote, from a source that is not trusted.

    Raises:
        Malformed: A field is missing, of another kind, or contradicts the others.
    """
    report = decoded(_recorded(document), Report, _WHOLE)
    for field, is_so, expected in _rules(report):
        if not is_so:
            raise wrong(_WHOLE, field, expected)
    return report


def _unless_said(values: object) -> object:
    return None if isinstance(values, str) else values


def _recorded(document: object) -> object:
    """Return what is read, by the names of the records, sentences where there are no values."""
    if not isinstance(document, dict):
        return document
    procedure = _values(document, "method_values", "method")
    verdict, curve = document.get("verdict"), document.get("learning_curve")
    if isinstance(verdict, dict) and verdict.get("rate") is None:
        said = {"rate": verdict.get("sentence"), "remedy": verdict.get("advice") or None}
        verdict = {**verdict, **said}
    if isinstance(curve, dict) and curve.get("projected") is None:
        curve = {**curve, "unforeseen": _values(curve, "reason_values", "reason")}
    return {**document, "procedure": procedure, "verdict": verdict, "learning_curve": curve}


def _values(entry: dict[str, Any], values: str, sentence: str) -> object:
    return entry.get(sentence) if entry.get(values) is None else entry[values]


def _rules(report: Report) -> Iterator[tuple[str, bool, str]]:
    """Yield what must hold between fields: the field, whether it does, and what it should be."""
    classes, curve = report.classes, report.learning_curve
    is_sorted = len(classes) > 1 and list(classes) == sorted(set(classes))
    yield "classes", is_sorted, "two or more different names, sorted"
    yield "per_class", set(report.per_class) == set(classes), "one entry for each class"
    matrix, score = report.confusion_matrix, (report.accuracy, report.accuracy_interval)
    sizes = {len(classes)} if matrix is None else {len(matrix), *map(len, matrix)}
    yield "confusion_matrix", sizes == {len(classes)}, "a row and a column for each class"
    is_whole = len({part is None for part in (matrix, *score)}) == 1
    yield "accuracy", is_whole, "present together with its interval and the confusion matrix"
    for interval in (score[1], *(figures.recall_interval for figures in report.per_class.values())):
        yield "interval", interval is None or interval[0] <= interval[1], "low and high"
    if curve is not None:
        is_told = curve.projected is not None or curve.unforeseen is not None
        yield "learning_curve", is_told, "with what it foresees, or the reason why it does not"
    if report.verdict is not None and isinstance(rate := report.verdict.rate, Rate):
        yield "rate", max(rate.right, rate.most) <= rate.images, "of no more than all pictures"
    if report.verdict is not None and not isinstance(report.verdict.rate, str):
        is_valued = not isinstance(report.verdict.remedy, str)
        yield "remedy", is_valued, "values where the rate is"
    if isinstance(why := report.procedure, Unscored):
        yield "method_values", bool(why.classes) or why.why is Lacking.UNDIVIDED, "about classes"
    yield "classes", _named(report) <= set(classes), "all that are named"
    has_none = report.C is None or report.probe is ProbeKind.LOGISTIC
    yield "C", has_none, "null but for logistic regression"


def _named(report: Report) -> set[str]:
    """Return the classes that are named beside their list."""
    names = {*report.unknown_classes}
    if report.class_names is not None:
        names |= {*report.class_names.without_images}
    match report.procedure:
        case SavedClassifier(alike=alike):
            names |= {*alike, *alike.values()}
        case Unscored(classes=classes):
            names |= {*classes}
    match report.verdict and report.verdict.rate:
        case Rate(largest=str(largest)):
            names.add(largest)
    match report.learning_curve and report.learning_curve.unforeseen:
        case TooFewOfAClass(label=label):
            names.add(label)
    return names
