from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from featclass.base import SavedSentence, sentences
from featclass.base.records import Rejected, Report
from featclass.classifiers import report
from featclass.reports import figures
from featclass.reports.markdown import report_markdown

NEAR_WHITE, NEAR_BLACK = "#fbfbfd", "#0f0f17"

# Machado, Oliveira and Fernandes (2009), full severity, on linear RGB.
SIGHTS = {
    "protanopia": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.052]],
    "deuteranopia": [[0.3673, 0.8606, -0.228], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "tritanopia": [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
}
TO_CONES = [[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.63]]
TO_OKLAB = [[0.2105, 0.7936, -0.0041], [1.978, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]]


def linear(colour: str) -> NDArray[np.float64]:
    values = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    low, high = sorted([float(linear(one) @ weights), float(linear(other) @ weights)])
    return (high + 0.05) / (low + 0.05)


def oklab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.array(TO_OKLAB) @ np.cbrt(np.array(TO_CONES) @ rgb))


def scored(matrix: list[list[int]], names: list[str] | None = None, images: int = 0) -> Report:
    names = names or [f"class {place:03d}" for place in range(len(matrix))]
    labels = [name for name, row in zip(names, matrix, strict=True) for _ in range(sum(row))]
    predicted = [j for row in matrix for j, count in enumerate(row) for _ in range(count)]
    return report.score(
        labels,
        np.eye(len(matrix))[predicted],
        names,
        encoder="builtin",
        rejected=[],
        method=SavedSentence("by hand"),
        seconds={"embed": 1.0},
        images=images or None,
    )


def drawn(made: Report, **options: Any) -> dict[str, Any]:
    """The figure as the browser gets it."""
    figure: dict[str, Any] = json.loads(figures.confusion_figure(made, **options).to_json())
    return figure


@pytest.mark.parametrize("colour", figures.CLASS_COLOURS)
def test_class_colours_stand_out_from_light_and_dark(colour: str) -> None:
    assert contrast(colour, NEAR_WHITE) >= 3
    assert contrast(colour, NEAR_BLACK) >= 3


@pytest.mark.parametrize("sight", SIGHTS)
def test_class_colours_differ_for_colour_blind_people(sight: str) -> None:
    seen = [
        oklab(np.clip(np.array(SIGHTS[sight]) @ linear(c), 0, 1)) for c in figures.CLASS_COLOURS
    ]
    for place, one in enumerate(seen):
        for other in seen[:place]:
            assert np.linalg.norm(one - other) > 0.08


def test_class_colours_start_again_after_eight() -> None:
    assert len({figures.class_colour(index) for index in range(8)}) == 8
    assert figures.class_colour(8) == figures.class_colour(0)


@pytest.mark.parametrize("palette", [figures.LIGHT, figures.DARK], ids=["light", "dark"])
def test_text_of_the_figure_is_readable_on_its_background(palette: Any) -> None:
    ground = NEAR_WHITE if palette is figures.LIGHT else NEAR_BLACK
    assert contrast(palette.text, ground) >= 7
    assert contrast(palette.muted, ground) >= 4.5
    assert contrast(palette.faint, palette.empty) >= 3


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
    made = report.without_score(["a", "b", "b"], encoder="builtin", rejected=[], seconds={})
    assert sentences.score_sentence(made).startswith("No score yet: 'a' has only one picture: add")


def test_cells_carry_counts_and_shares_of_their_row() -> None:
    text = drawn(scored([[13, 0], [1, 10]]))["data"][0]["text"]
    assert "<b>13</b>" in text[0][0]
    assert "100 %" in text[0][0]
    assert ">0</span>" in text[0][1]
    assert "<b>1</b>" in text[1][0]
    assert "9 %" in text[1][0]


def test_a_share_is_all_or_nothing_only_where_it_is() -> None:
    text = drawn(scored([[999, 1], [0, 1000]]))["data"][0]["text"]
    assert "99 %" in text[0][0]
    assert "1 %" in text[0][1]
    assert "100 %" in text[1][1]


def test_right_and_wrong_lie_on_different_sides_of_the_scale() -> None:
    heat_map = figures.confusion_figure(scored([[3, 1], [0, 4]])).data[0]
    assert heat_map.z[0][0] > 0 > heat_map.z[0][1]
    assert heat_map.z[1][0] == 0
    assert (heat_map.zmin, heat_map.zmax) == (-1, 1)


def test_every_cell_has_a_point_that_a_click_can_find() -> None:
    figure = figures.confusion_figure(scored([[3, 1, 0], [0, 4, 0], [1, 1, 1]]))
    points = figure.data[1]
    places = [(y, x) for y, x in zip(points.y, points.x, strict=True)]
    assert [tuple(cell) for cell in points.customdata] == places
    assert set(places) == {(i, j) for i in range(3) for j in range(3)}
    assert points.selected.marker.opacity == points.unselected.marker.opacity == 0
    assert (figure.layout.hovermode, figure.layout.hoverdistance) == ("closest", -1)


def test_names_are_escaped_and_shortened_with_the_whole_name_on_hover() -> None:
    name = "<a href='javascript:x'>Wolf & Fox</a> of the northern woods\n" * 2
    figure = drawn(scored([[2, 1], [0, 2]], [name, "b"]))
    labels = figure["layout"]["xaxis"]["ticktext"]
    assert "&lt;a href=" in labels[0]
    assert "<a" not in labels[0]
    assert labels[0].endswith("…")
    hover = figure["data"][1]["hovertext"][1].replace("<br>", " ")
    assert "Wolf &amp; Fox&lt;/a&gt; of the northern woods" in hover
    assert "<a" not in hover
    assert "taken for <b>b</b> 1 of 3 (33 %)" in hover


def test_names_that_are_alike_when_shortened_keep_their_own_rows() -> None:
    figure = figures.confusion_figure(
        scored([[2, 0], [0, 2]], ["a very long class name 1", "a very long class name 2"])
    )
    assert list(figure.layout.yaxis.tickvals) == [0, 1]
    assert list(figure.layout.yaxis.range) == [1.5, -0.5]


def test_class_colours_given_are_those_beside_the_names() -> None:
    made = scored([[2, 0], [0, 2]], ["a", "b"])
    figure = figures.confusion_figure(made, colours={"a": "#123456"})
    assert "#123456" in figure.layout.xaxis.ticktext[0]
    assert figures.class_colour(1) in figures.confusion_figure(made).layout.yaxis.ticktext[1]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("classes", [2, 15, 16, 100])
def test_any_number_of_classes_can_be_drawn(classes: int, dark: bool) -> None:
    figure = figures.confusion_figure(scored(np.eye(classes, dtype=int).tolist()), dark=dark)
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert (figure.data[0].texttemplate is None) == (classes > 15)
    assert 200 <= figure.layout.height <= 1400


def test_light_and_dark_are_drawn_in_their_own_colours() -> None:
    made = scored([[2, 1], [0, 2]])
    light, dark = (drawn(made, dark=dark)["data"][0]["colorscale"] for dark in (False, True))
    assert light != dark


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
    made = report.without_score(["a*", "b", "b"], encoder="builtin", rejected=[], seconds={})
    text = report_markdown(made)
    assert "'a\\*' has only one picture" in text
    assert "|" not in text


def test_words_need_no_drawing_library() -> None:
    code = "import sys, featclass.reports.figures; sys.exit('plotly' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
