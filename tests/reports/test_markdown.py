from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from featclass.base import sentences
from featclass.base.records import Rejected, Report
from featclass.classifiers import report
from featclass.reports.markdown import report_markdown


def scored(matrix: list[list[int]], names: list[str] | None = None, images: int = 0) -> Report:
    names = names or [f"class {place:03d}" for place in range(len(matrix))]
    labels = [name for name, row in zip(names, matrix, strict=True) for _ in range(sum(row))]
    predicted = [j for row in matrix for j, count in enumerate(row) for _ in range(count)]
    return report.score(
        labels,
        np.eye(len(matrix))[predicted],
        names,
        encoder="builtin",
        rejected=(),
        method="by hand",
        seconds={"embed": 1.0},
        images=images or None,
    )


def test_the_sentence_counts_first_and_says_what_it_does_not_know() -> None:
    assert sentences.score_sentence(scored([[12, 1], [1, 10]])) == (
        "22 of 24 right when each picture is judged by a classifier that never saw it; with so few"
        " pictures the true rate is somewhere between 71 % and 100 %; guessing would give 54 %."
    )


def test_the_sentence_knows_many_pictures() -> None:
    sentence = sentences.score_sentence(scored([[950, 50], [0, 1000]]))
    assert "1,950 of 2,000 right" in sentence
    assert "with this many pictures" in sentence


def test_the_interval_is_rounded_outwards() -> None:
    for right in range(1, 40):
        made = scored([[right, 40 - right], [0, 1]])
        assert made.accuracy_interval is not None
        words = sentences.score_sentence(made).split(" between ")[1].split()
        assert int(words[0]) <= 100 * made.accuracy_interval[0] + 1e-9
        assert int(words[3]) >= 100 * made.accuracy_interval[1] - 1e-9


def test_the_table_of_classes_holds_the_interval_of_each_recall_that_has_one() -> None:
    made = scored([[27, 3], [0, 5]], ["a", "b"])
    low, high = made.per_class["a"].recall_interval or (0, 0)
    text = report_markdown(made)
    assert (
        "| class | pictures | found (recall) | between | right when named (precision) | F1 |"
        in (text)
    )
    [row] = [line for line in text.splitlines() if line.startswith("| a |")]
    assert f"| 90 % | {math.floor(100 * low)} to {math.ceil(100 * high)} % | 100 % |" in row
    [row] = [line for line in text.splitlines() if line.startswith("| b |")]
    assert row.startswith("| b | 5 | 100 % |  | ")


def test_without_an_interval_the_table_of_classes_has_no_place_for_one() -> None:
    assert "between |" not in report_markdown(scored([[8, 1], [0, 5]]))


def test_the_sentence_of_a_split_speaks_of_the_pictures_held_back() -> None:
    sentence = sentences.score_sentence(scored([[2, 1], [0, 2]], images=24))
    assert sentence.startswith("4 of 5 right of the pictures held back")


def test_without_a_score_the_sentence_says_what_to_add() -> None:
    made = report.without_score(["a", "b", "b"], encoder="builtin", rejected=(), seconds={})
    assert sentences.score_sentence(made).startswith("No score yet: 'a' has only one picture: add")


def test_markdown_holds_the_matrix_and_the_figures_of_each_class() -> None:
    text = report_markdown(scored([[3, 1], [0, 0]], ["a", "b"]))
    assert text.startswith("**3 of 4 right")
    assert "| **a** | 3 | 1 |" in text
    assert "| a | 4 | 75 % | 100 % | 86 % |" in text
    assert "| b | 0 | – | 0 % | 0 % |" in text
    assert "How it was measured: by hand." in text
    assert "Encoder builtin; embed 1.0 s." in text


def test_markdown_of_many_classes_lists_what_is_confused_most() -> None:
    matrix = (9 * np.eye(20, dtype=int)).tolist()
    matrix[3][4], matrix[5][6] = 7, 2
    text = report_markdown(scored(matrix))
    assert "was taken for →" not in text
    assert text.index("7 of 16 **class 003** were taken for **class 004**") < text.index("2 of 11")
    assert "Nothing was confused." in report_markdown(scored(np.eye(20, dtype=int).tolist()))


def test_markdown_escapes_what_users_wrote() -> None:
    made = replace(
        scored([[1, 1], [1, 1]], ["a|b\n# x", "c <script> [d](http://e)"]),
        rejected=(Rejected("*x*`.jpg", "no_picture"),),
    )
    text = report_markdown(made)
    assert "a\\|b \\# x" in text
    assert "c \\<script\\> \\[d\\](http\\://e)" in text
    assert "- \\*x\\*\\`.jpg: no\\_picture" in text


def test_markdown_without_a_score_says_what_to_add() -> None:
    made = report.without_score(["a*", "b", "b"], encoder="builtin", rejected=(), seconds={})
    text = report_markdown(made)
    assert "'a\\*' has only one picture" in text
    assert "|" not in text
