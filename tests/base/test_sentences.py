"""What values say in words: numbers, and what stands beside a score, at their ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from featclass.base import sentences
from featclass.base.records import Prediction
from featclass.base.scores import Advice, Projection, Remedy
from featclass.classifiers import report
from featclass.cli.output import prediction_line
from tests.classifiers.scoring import scored
from tests.reports.written import page, prose, training


@pytest.mark.parametrize(
    ("share", "digits", "shown"),
    [
        (0.9999, 3, "0.999"),
        (1.0, 3, "1.000"),
        (0.997, 2, "0.99"),
        (0.0004, 3, "0.001"),
        (0.0, 3, "0.000"),
        (0.5416, 3, "0.542"),
    ],
)
def test_a_decimal_is_all_or_none_only_where_it_is_so(
    share: float, digits: int, shown: str
) -> None:
    assert sentences.decimal(share, digits) == shown


def test_nothing_is_predicted_with_a_probability_of_one() -> None:
    assert prediction_line(Prediction("a.png", "dog", 0.9968)) == "a.png: dog 0.99"


def test_an_accuracy_of_nearly_all_is_not_1_among_the_facts() -> None:
    made = training()
    figures = replace(made.classifier.report, accuracy=0.9997)
    made = replace(made, classifier=replace(made.classifier, report=figures))
    for text in (page(made), prose(made).replace("\\", "")):
        assert "0.999, 95" in text
        assert "1.000, 95" not in text


def test_one_picture_more_is_one_picture() -> None:
    projection = Projection(1, "cat", 0.9, 0.93, 0.85, 0.99)
    assert projection.sentence.startswith("About 1 more picture of cat should")
    assert Advice(Remedy.MORE, 1).sentence.startswith("About 1 more picture would")
    assert Advice(Remedy.TOO_FEW, 1).sentence.startswith("With only 1 picture even")
    assert structs.replace(projection, more=2000).sentence.startswith(
        "About 2,000 more pictures of cat"
    )


def test_a_gain_too_small_for_whole_percent_is_told_by_the_errors_that_go() -> None:
    small = Projection(90, None, 0.99, 0.9925, 0.985, 0.999)
    assert small.sentence == (
        "About 90 more pictures, as many of each class, should take away about 25 % of the errors:"
        " 99 % right (between 98 % and 100 %)."
    )
    assert (
        "from 90 to 93 % right"
        in structs.replace(small, accuracy_now=0.9, accuracy_then=0.93).sentence
    )
    forged = structs.replace(small, accuracy_now=1.0, accuracy_then=1.0)  # of a file of anybody
    assert "from 100 to 100 % right" in forged.sentence


@pytest.mark.parametrize(
    ("refuses", "start"),
    [
        (0.0, "Hardly any pictures that"),
        (0.004, "Hardly any pictures that"),
        (0.02, "Only about 2 % of pictures that"),
    ],
)
def test_refusing_next_to_nothing_is_said_without_a_share(refuses: float, start: str) -> None:
    assert sentences.refusing(replace(scored(), refuses=refuses)).startswith(start)


def test_a_score_has_one_headline_wherever_it_stands() -> None:
    made = scored()
    headline = sentences.headline(made)
    assert headline == f"{round((made.accuracy or 0) * made.images)} of {made.images} right"
    assert sentences.score_sentence(made).startswith(f"{headline} ")
    alone = report.without_score(["a", "b"], encoder="e", rejected=(), seconds={})
    assert sentences.headline(alone) == ""
