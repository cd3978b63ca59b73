from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

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
    SingleSplit,
    TooFewErrors,
    TooFewOfAClass,
    Unforeseen,
    Unscored,
    Verdict,
)
from featclass.base.errors import FeatclassError
from featclass.base.records import ClassFigures, NearDuplicates, Report, SeenInTraining
from featclass.classifiers import report
from featclass.probe.statistics import accuracy_interval
from tests.classifiers.scoring import REPORT_FIELDS, scored


@pytest.mark.parametrize(
    ("successes", "n", "expected"),
    [(3, 4, (0.3006, 0.9544)), (22, 24, (0.7415, 0.9768)), (81, 263, (0.2553, 0.3662))],
)
def test_wilson_gives_published_intervals(
    successes: int, n: int, expected: tuple[float, float]
) -> None:
    assert report.wilson(successes, n) == pytest.approx(expected, abs=1e-4)


def test_wilson_stays_within_zero_and_one() -> None:
    assert report.wilson(0, 10)[0] == 0.0
    assert report.wilson(10, 10)[1] == 1.0
    assert report.wilson(0, 0) == (0.0, 1.0)
    for n in range(1, 60):
        for right in range(n + 1):
            low, high = report.wilson(right, n)
            assert 0 <= low <= right / n <= high <= 1


def test_wilson_is_wider_for_more_confidence() -> None:
    low, high = report.wilson(8, 10)
    surer_low, surer_high = report.wilson(8, 10, confidence=0.99)
    assert surer_low < low < high < surer_high


def test_score_counts_rows_true_and_columns_predicted() -> None:
    made = scored()
    assert made.confusion_matrix == ((2, 1, 0), (0, 2, 0), (1, 0, 0))
    assert made.images == 6
    assert made.accuracy == pytest.approx(4 / 6)
    assert made.accuracy_interval == accuracy_interval(4, 6)
    assert scored(interval=report.wilson).accuracy_interval == report.wilson(4, 6)
    assert made.chance_accuracy == pytest.approx(3 / 6)


def test_figures_are_none_where_their_denominator_is_zero() -> None:
    figures = scored().per_class
    assert figures["a"] == ClassFigures(2 / 3, 2 / 3, 2 / 3, 3)
    assert figures["b"] == ClassFigures(2 / 3, 1.0, 4 / 5, 2)
    assert figures["c"] == ClassFigures(None, 0.0, 0.0, 1)


def of_two_classes(
    counts: tuple[int, int],
    wrong: int = 0,
    groups: list[int] | None = None,
    interval: report.Interval = accuracy_interval,
) -> Report:
    """So many images of "a" and of "b", the first `wrong` of "a" taken for "b"."""
    codes = [0] * counts[0] + [1] * counts[1]
    said = [1] * wrong + codes[wrong:]
    return report.score(
        ["ab"[code] for code in codes],
        np.eye(2)[said],
        ["a", "b"],
        encoder="builtin",
        rejected=(),
        method="by hand",
        seconds={},
        groups=groups,
        interval=interval,
    )


def test_the_recall_of_ten_pictures_has_an_interval_and_that_of_nine_has_none() -> None:
    figures = of_two_classes((10, 9), wrong=2).per_class
    assert figures["a"].recall_interval == accuracy_interval(8, 10)
    assert figures["b"].recall_interval is None


def test_the_interval_of_a_recall_is_of_the_kind_of_that_of_the_accuracy() -> None:
    made = of_two_classes((20, 12), wrong=3, interval=report.wilson)
    assert made.per_class["a"].recall_interval == report.wilson(17, 20)
    assert made.per_class["b"].recall_interval == report.wilson(12, 12)


def test_near_duplicates_in_a_class_count_once_in_the_interval_of_its_recall() -> None:
    twice = [row // 2 for row in range(20)] + [*range(10, 24)]
    figures = of_two_classes((20, 14), wrong=4, groups=twice).per_class
    assert figures["a"].recall_interval == accuracy_interval(16, 20, n_groups=10)
    assert figures["b"].recall_interval == accuracy_interval(14, 14)
    nine = [min(row, 8) for row in range(20)] + [*range(10, 24)]
    assert of_two_classes((20, 14), groups=nine).per_class["a"].recall_interval is None


def test_a_copy_in_another_class_takes_nothing_from_the_pictures_of_a_class() -> None:
    shared = [*range(10), *range(10)]
    made = of_two_classes((10, 10), groups=shared)
    assert made.per_class["a"].recall_interval == accuracy_interval(10, 10)
    assert made.per_class["b"].recall_interval == accuracy_interval(10, 10)
    assert made.accuracy_interval == accuracy_interval(20, 20, n_groups=10)


def test_the_interval_of_a_recall_survives_json() -> None:
    made = of_two_classes((12, 3), wrong=1)
    document = json.loads(json.dumps(report.to_json(made)))
    assert document["per_class"]["a"]["recall_interval"] == list(accuracy_interval(11, 12))
    assert document["per_class"]["b"]["recall_interval"] is None
    assert report.from_json(document).per_class == made.per_class


def test_a_split_counts_the_images_used_beside_those_tested() -> None:
    made = scored(images=30)
    assert made.images == 30
    assert made.accuracy == pytest.approx(4 / 6)


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (["Flintstones", "Simpsons", "Simpsons"], "'Flintstones' has only one picture: add"),
        (["a", "b", "c", "c"], "'a' and 'b' have only one picture each: add"),
        (list("abcdef"), "'a', 'b', 'c' and 3 more have only one picture each: add"),
    ],
)
def test_without_a_score_the_method_says_what_to_add(labels: list[str], sentence: str) -> None:
    made = report.without_score(labels, encoder="builtin", rejected=(), seconds={})
    assert made.method.startswith(sentence)
    assert made.accuracy is None
    assert made.accuracy_interval is None
    assert made.confusion_matrix is None
    assert made.images == len(labels)
    assert made.classes == tuple(sorted(set(labels)))
    assert made.per_class[labels[-1]].support == labels.count(labels[-1])


def test_without_a_score_another_reason_stands_in_its_place() -> None:
    why = Unscored(Lacking.NOTHING_BUT_COPIES, ("a",), 2)
    made = report.without_score(list("aabb"), encoder="", rejected=(), seconds={}, why=why)
    assert made.method.startswith("The 2 pictures of 'a' are all nearly the same: add at least one")
    assert made.accuracy is None


def test_method_says_how_out_of_fold_predictions_were_made() -> None:
    said = CrossValidation(24, folds=5, repeats=3, leave_one_out=False, groups=24).sentence
    assert said == (
        "each of 24 images predicted by probes that never saw it: 5-fold stratified"
        " cross-validation, repeated 3 times and averaged"
    )
    said = CrossValidation(8, folds=8, repeats=1, leave_one_out=True, groups=8).sentence
    assert said.endswith("never saw it: leave-one-out")
    said = CrossValidation(8, folds=2, repeats=1, leave_one_out=False, groups=6).sentence
    assert "that never saw it nor a near-duplicate of it: 2-fold" in said


def test_method_says_how_a_single_split_was_made() -> None:
    said = SingleSplit(trained=19, tested=5, share=0.8, seed=0).sentence
    assert said.startswith(
        "a single 80/20 split, stratified, seed 0: 19 images to train, 5 to test"
    )


def test_json_has_exactly_the_fields_of_the_design() -> None:
    document = report.to_json(scored())
    assert list(document) == REPORT_FIELDS
    assert document["rejected"] == [{"name": "x.txt", "reason": "not a picture"}]
    assert document["per_class"]["c"] == {
        "precision": None,
        "recall": 0.0,
        "f1": 0.0,
        "support": 1,
        "recall_interval": None,
    }


@pytest.mark.parametrize("has_score", [True, False])
def test_json_round_trips(has_score: bool) -> None:
    made = scored()
    if not has_score:
        made = report.without_score(["a", "b"], encoder="é", rejected=(), seconds={"fit": 1.0})
    assert report.from_json(json.loads(json.dumps(report.to_json(made)))) == made


def trusted() -> Report:
    return replace(
        scored(),
        verdict=Verdict(False, 0.3, Rate(4, 6, "a", 3), Advice(Remedy.MORE, 12)),
        learning_curve=LearningCurve(
            (Point(4.5, 0.5, 0.2, 0.8),), Projection(8, "a", 0.5, 0.75, 0.6, 0.9)
        ),
        near_duplicates=NearDuplicates(4, 2, 0.9),
        calibration_error=0.04,
        refused_share=0.05,
    )


VERDICT = {
    "better_than_guessing": False,
    "p_value": 0.3,
    "sentence": "",
    "advice": "",
    "rate": {"right": 4, "images": 6, "largest": "a", "most": 3},
    "remedy": None,
}
CURVE: dict[str, Any] = {"points": [], "projected": None, "reason": ""}
METHODS: list[Method] = [
    CrossValidation(24, 5, 3, leave_one_out=False, groups=20, bursts=True),
    SingleSplit(19, 5, 0.8, 3),
    GivenParts(("train", "val"), "test", 12, 9),
    GivenFolds(("fold_0", "fold_1"), 9),
    SavedClassifier(9, 12, {"a": "b"}),
    Unscored(Lacking.NOTHING_BUT_COPIES, ("a",), 3),
    Unscored(Lacking.UNDIVIDED),
]
UNFORESEEN: list[Unforeseen] = [
    TooFewOfAClass("a", 5),
    TooFewErrors(1, 6),
    ErrorsLeft(True, 6, 0.95, 1.0),
    ErrorsLeft(False, 6, 0.5, 1.0),
]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_round_trips_and_is_a_sentence_too(method: Method) -> None:
    made = replace(scored(), procedure=method)
    document = json.loads(json.dumps(report.to_json(made)))
    assert report.from_json(document) == made
    assert not isinstance(method, str)
    assert document["method"] == method.sentence
    assert document["method_values"]["kind"]


@pytest.mark.parametrize("why", UNFORESEEN)
def test_every_reason_why_nothing_is_foreseen_round_trips(why: Unforeseen) -> None:
    made = replace(scored(), learning_curve=LearningCurve((), None, why))
    document = json.loads(json.dumps(report.to_json(made)))
    assert report.from_json(document) == made
    assert not isinstance(why, str)
    assert document["learning_curve"]["reason"] == why.sentence


def test_sentences_are_made_anew_from_the_values_whatever_the_document_says() -> None:
    document = json.loads(json.dumps(report.to_json(trusted())))
    document["verdict"]["sentence"] = document["learning_curve"]["reason"] = "Made up."
    read = report.from_json(document)
    assert read == trusted()
    assert read.verdict is not None
    assert read.verdict.sentence.startswith("Not shown to be better than guessing yet: 4 of 6")


def test_what_was_learned_from_and_what_was_not_learned_stands_in_the_method() -> None:
    made = replace(
        scored(),
        procedure=SavedClassifier(6, 12, {"c": "a"}),
        unknown_classes=("c",),
        seen_in_training=SeenInTraining(2, 1, 1.0),
    )
    assert made.method == (
        "each of 6 labelled pictures predicted by a saved classifier, which learned from 12"
        " pictures; not learned, and so counted as wrong: 'c' (1 picture; 'a' was learned: is it"
        " the same?); this score is too good: 2 of the 6 are pictures that were learned from and 1"
        " of the 6 are nearly the same as such a one; of the others 3 of 3 are right"
    )


def test_what_says_how_far_to_trust_the_score_round_trips() -> None:
    document = json.loads(json.dumps(report.to_json(trusted())))
    assert report.from_json(document) == trusted()
    assert document["learning_curve"]["projected"]["class"] == "a"
    assert document["learning_curve"]["projected"]["to"] == 0.75


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("verdict", {"better_than_guessing": 1, "p_value": 0.3, "sentence": "", "advice": ""}),
        ("verdict", {"better_than_guessing": True, "p_value": 1.3, "sentence": "", "advice": ""}),
        ("verdict", []),
        ("verdict", {**VERDICT, "rate": {"right": 7, "images": 6, "largest": "a", "most": 3}}),
        ("verdict", {**VERDICT, "rate": {"right": 0, "images": 0, "largest": "a", "most": 0}}),
        ("verdict", {**VERDICT, "rate": {"right": 4, "images": 6, "largest": "z", "most": 3}}),
        ("verdict", {**VERDICT, "rate": {"right": 4, "images": 6, "largest": 1, "most": 3}}),
        ("verdict", {**VERDICT, "remedy": {"kind": "wait", "count": 3}}),
        ("verdict", {**VERDICT, "remedy": {"kind": "more pictures", "count": -3}}),
        ("learning_curve", {**CURVE, "reason_values": {"kind": "luck"}}),
        ("learning_curve", {**CURVE, "reason_values": []}),
        (
            "learning_curve",
            {**CURVE, "reason_values": {"kind": "too few of a class", "class": "z", "fewest": 5}},
        ),
        (
            "learning_curve",
            {**CURVE, "reason_values": {"kind": "too few errors", "wrong": -1, "images": 5}},
        ),
        (
            "learning_curve",
            {
                **CURVE,
                "reason_values": {
                    "kind": "errors left",
                    "is_flat": 1,
                    "images": 5,
                    "low": 0.1,
                    "high": 1,
                },
            },
        ),
        ("method_values", []),
        ("method_values", {"kind": "guessed"}),
        ("method_values", {"kind": "given folds", "folds": [], "images": 4}),
        ("method_values", {"kind": "given parts", "training": [1], "tested": "test"}),
        ("method_values", {"kind": "single split", "trained": 4, "tested": 1, "share": 2}),
        ("method_values", {"kind": "unscored", "why": "bored", "classes": ["a"], "images": 0}),
        (
            "method_values",
            {"kind": "unscored", "why": "single pictures", "classes": [], "images": 0},
        ),
        (
            "method_values",
            {"kind": "unscored", "why": "single pictures", "classes": ["z"], "images": 0},
        ),
        (
            "method_values",
            {"kind": "saved classifier", "images": 4, "trained": 4, "alike": {"a": "z"}},
        ),
        ("learning_curve", {"points": [{}], "projected": None, "reason": ""}),
        ("learning_curve", {"points": [], "projected": {"more": -1}, "reason": ""}),
        ("learning_curve", {"points": [], "projected": None, "reason": None}),
        ("near_duplicates", {"images": 2.5, "groups": 1, "accuracy_with_leak": None}),
        ("calibration_error", 2),
        ("refused_share", "0.1"),
    ],
)
def test_what_says_how_far_to_trust_the_score_is_checked_when_read(field: str, value: Any) -> None:
    document = report.to_json(trusted())
    document[field] = value
    with pytest.raises(FeatclassError, match="should be"):
        report.from_json(document)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("encoder", None),
        ("classes", ["a"]),
        ("classes", ["c", "b", "a"]),
        ("classes", ["a", "a", "b"]),
        ("classes", [1, 2, 3]),
        ("images", -1),
        ("images", 1.5),
        ("images", True),
        ("rejected", [{"name": "x"}]),
        ("rejected", {}),
        ("accuracy", None),
        ("accuracy", 1.01),
        ("accuracy", float("nan")),
        ("accuracy", "0.9"),
        ("accuracy_interval", [0.9, 0.1]),
        ("accuracy_interval", [0.1]),
        ("chance_accuracy", None),
        ("confusion_matrix", [[1]]),
        ("confusion_matrix", [[1, 2, 3], [1, 2, 3], [1, 2]]),
        ("confusion_matrix", [[1, 2, 3], [1, 2, 3], [1, 2, -3]]),
        ("per_class", {}),
        ("per_class", {"a": 1, "b": 2, "c": 3}),
        ("method", 5),
        ("seconds", {"fit": float("inf")}),
        ("seconds", []),
    ],
)
def test_a_report_that_contradicts_itself_is_refused(field: str, value: Any) -> None:
    document = copy.deepcopy(report.to_json(scored()))
    document[field] = value
    with pytest.raises(FeatclassError, match="should be"):
        report.from_json(document)
    del document[field]
    with pytest.raises(FeatclassError, match="should be"):
        report.from_json(document)


@pytest.mark.parametrize("document", [None, [], "report", 5])
def test_what_is_no_report_is_refused(document: object) -> None:
    with pytest.raises(FeatclassError, match="should be an object"):
        report.from_json(document)
