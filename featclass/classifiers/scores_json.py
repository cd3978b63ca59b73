"""Method, verdict and learning curve as JSON: their values, and the sentence that these make.

Files of an older featclass hold the sentences alone; from these comes a `SavedSentence`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from enum import StrEnum
from typing import Any, TypeVar

from featclass.base import (
    Advice,
    CrossValidation,
    ErrorsLeft,
    GivenFolds,
    GivenParts,
    Lacking,
    LearningCurve,
    Method,
    Point,
    Projection,
    Rate,
    Remedy,
    SavedClassifier,
    SavedSentence,
    SingleSplit,
    TooFewErrors,
    TooFewOfAClass,
    Unforeseen,
    Unscored,
    Verdict,
)
from featclass.classifiers import untrusted

_METHODS: dict[type, str] = {
    CrossValidation: "cross-validation",
    SingleSplit: "single split",
    GivenParts: "given parts",
    GivenFolds: "given folds",
    SavedClassifier: "saved classifier",
    Unscored: "unscored",
}
_METHOD = "method_values"
_REASON = "reason_values"

_Word = TypeVar("_Word", bound=StrEnum)


def method_json(method: Method) -> dict[str, Any] | None:
    """Return the values of a method beside their `kind`; None of a sentence alone."""
    if isinstance(method, SavedSentence):
        return None
    values = asdict(method).items()
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values}
    return {"kind": _METHODS[type(method)], **plain}


def method(sentence: object, values: object, classes: Collection[str]) -> Method:
    """Read a method back from its values, or from its sentence where there are none."""
    told = SavedSentence(untrusted.text(sentence, "method"))
    if values is None:
        return told
    entry = untrusted.an_object(values, _METHOD)

    def count(name: str) -> int:
        return untrusted.count(entry.get(name), name)

    match entry.get("kind"):
        case "cross-validation":
            leave_one_out = untrusted.flag(entry.get("leave_one_out"), "leave_one_out")
            bursts = untrusted.flag(entry.get("bursts"), "bursts")
            counts = (count("images"), count("folds"), count("repeats"))
            return CrossValidation(*counts, leave_one_out, count("groups"), bursts)
        case "single split":
            share = untrusted.number(entry.get("share"), "share", 1)
            return SingleSplit(count("trained"), count("tested"), share, count("seed"))
        case "given parts":
            parts = _some(untrusted.texts(entry.get("training"), "training"), "training")
            tested = untrusted.text(entry.get("tested"), "tested")
            return GivenParts(parts, tested, count("trained"), count("scored"))
        case "given folds":
            folds = _some(untrusted.texts(entry.get("folds"), "folds"), "folds")
            return GivenFolds(folds, count("images"))
        case "saved classifier":
            alike = untrusted.an_object(entry.get("alike"), "alike")
            untrusted.names([*alike, *alike.values()], "alike", classes)
            return SavedClassifier(count("images"), count("trained"), alike)
        case "unscored":
            why = _word(Lacking, entry.get("why"), "why")
            lacking = untrusted.names(entry.get("classes"), _METHOD, classes)
            if why is not Lacking.UNDIVIDED:
                _some(lacking, _METHOD)
            return Unscored(why, lacking, count("images"))
    raise untrusted.wrong(_METHOD, "of a kind that this featclass knows")


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict; `rate` and `remedy` are its values beside the sentences."""
    rate, remedy = verdict.rate, verdict.remedy
    return {
        "better_than_guessing": verdict.better_than_guessing,
        "p_value": verdict.p_value,
        "sentence": verdict.sentence,
        "advice": verdict.advice,
        "rate": None if isinstance(rate, SavedSentence) else asdict(rate),
        "remedy": {"kind": str(remedy.remedy), "count": remedy.count}
        if isinstance(remedy, Advice)
        else None,
    }


def verdict(value: object, classes: Collection[str]) -> Verdict | None:
    """Read a verdict back."""
    if value is None:
        return None
    entry = untrusted.an_object(value, "verdict")
    is_better = untrusted.flag(entry.get("better_than_guessing"), "verdict")
    p_value = untrusted.number(entry.get("p_value"), "verdict", 1)
    sentence = untrusted.text(entry.get("sentence"), "verdict")
    advice = untrusted.text(entry.get("advice"), "verdict")
    if entry.get("rate") is None:
        return Verdict(
            is_better, p_value, SavedSentence(sentence), SavedSentence(advice) if advice else None
        )
    return Verdict(is_better, p_value, _rate(entry["rate"], classes), _advice(entry.get("remedy")))


def _rate(value: object, classes: Collection[str]) -> Rate:
    entry = untrusted.an_object(value, "rate")
    right, images, most = (untrusted.count(entry.get(n), n) for n in ("right", "images", "most"))
    largest = entry.get("largest")
    if largest is not None:
        untrusted.names([largest], "largest", classes)
    if not images or max(right, most) > images:
        raise untrusted.wrong("rate", "of one picture or more, and of no more than all of them")
    return Rate(right, images, largest, most)


def _advice(value: object) -> Advice | None:
    if value is None:
        return None
    entry = untrusted.an_object(value, "remedy")
    remedy = _word(Remedy, entry.get("kind"), "remedy")
    return Advice(remedy, untrusted.count(entry.get("count"), "remedy"))


def curve_json(curve: LearningCurve) -> dict[str, Any]:
    """Return a learning curve; `reason_values` say why nothing is projected."""
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
        "reason_values": _unforeseen_json(curve.unforeseen),
    }


def _unforeseen_json(why: Unforeseen | None) -> dict[str, Any] | None:
    match why:
        case TooFewOfAClass():
            return {"kind": "too few of a class", "class": why.label, "fewest": why.fewest}
        case TooFewErrors():
            return {"kind": "too few errors", **asdict(why)}
        case ErrorsLeft():
            return {"kind": "errors left", **asdict(why)}
    return None


def curve(value: object, classes: Collection[str]) -> LearningCurve | None:
    """Read a learning curve back."""
    if value is None:
        return None
    entry = untrusted.an_object(value, "learning_curve")
    points = tuple(_point(point) for point in untrusted.a_list(entry.get("points"), "points"))
    reason = untrusted.text(entry.get("reason"), "learning_curve")
    projected = _projection(entry.get("projected"))
    if projected is not None:
        return LearningCurve(points, projected)
    if entry.get(_REASON) is None:
        return LearningCurve(points, None, SavedSentence(reason) if reason else None)
    return LearningCurve(points, None, _unforeseen(entry[_REASON], classes))


def _point(value: object) -> Point:
    entry = untrusted.an_object(value, "learning_curve")
    return Point(untrusted.number(entry.get("images"), "images", 1e12), *_band(entry, "accuracy"))


def _projection(value: object) -> Projection | None:
    if value is None:
        return None
    entry = untrusted.an_object(value, "projected")
    label = entry.get("class")
    return Projection(
        untrusted.count(entry.get("more"), "more"),
        None if label is None else untrusted.text(label, "class"),
        untrusted.number(entry.get("from"), "from", 1),
        *_band(entry, "to"),
    )


def _unforeseen(value: object, classes: Collection[str]) -> Unforeseen:
    entry = untrusted.an_object(value, _REASON)
    match entry.get("kind"):
        case "too few of a class":
            [label] = untrusted.names([entry.get("class")], _REASON, classes)
            return TooFewOfAClass(label, untrusted.count(entry.get("fewest"), "fewest"))
        case "too few errors":
            return TooFewErrors(
                untrusted.count(entry.get("wrong"), "wrong"),
                untrusted.count(entry.get("images"), "images"),
            )
        case "errors left":
            return ErrorsLeft(
                untrusted.flag(entry.get("is_flat"), _REASON),
                untrusted.count(entry.get("images"), "images"),
                untrusted.number(entry.get("low"), "low", 1),
                untrusted.number(entry.get("high"), "high", 1),
            )
    raise untrusted.wrong(_REASON, "of a kind that this featclass knows")


def _band(entry: dict[str, Any], middle: str) -> tuple[float, float, float]:
    """Return the figure named, and the ends of its band."""
    centre, low, high = (
        untrusted.number(entry.get(name), name, 1) for name in (middle, "low", "high")
    )
    return centre, low, high


def _word(words: type[_Word], value: object, field: str) -> _Word:
    """Return the member of an enumeration that is written so."""
    member = next((word for word in words if word == value), None)
    if member is None:
        raise untrusted.wrong(field, " or ".join(map(repr, map(str, words))))
    return member


def _some(names: tuple[str, ...], field: str) -> tuple[str, ...]:
    if not names:
        raise untrusted.wrong(field, "one name or more")
    return names
