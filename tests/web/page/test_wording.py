"""What the page says, decided without Streamlit."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from featclass.base.progress import Pace
from featclass.base.records import Rejected
from featclass.server.downloads import Download
from featclass.server.downloads import DownloadPhase as DownloadPhase
from featclass.server.state import Before, LearningPhase, State
from featclass.web.page import wording
from tests.reports.written import training


@pytest.mark.parametrize(
    "text", ["![x](http://e/a.png)", ":red[y]", "*b*", "$x^2$", "`c`", "<b>", "# h", "a_b", "~s~"]
)
def test_user_text_has_every_sign_of_markdown_escaped(text: str) -> None:
    escaped = wording.escaped(text)
    assert escaped.replace("\\", "") == text
    assert not any(
        escaped[i] in "*_`[]()<>#$:~!" and escaped[i - 1] != "\\" for i in range(len(escaped))
    )


def test_a_number_never_parts_from_its_percent_sign() -> None:
    assert wording.escaped("between 74 % and 98 %") == "between 74\u00a0% and 98\u00a0%"


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("localhost:8501", "Your pictures stay on this machine."),
        ("127.0.0.1", "Your pictures stay on this machine."),
        ("[::1]:8501", "Your pictures stay on this machine."),
        ("welds.intern:8501", "Your pictures stay on this server, welds.intern."),
        ("", "Your pictures stay on this machine."),
    ],
)
def test_the_keeper_of_the_pictures_is_named(host: str, said: str) -> None:
    assert wording.keeper(host) == said


def test_progress_tells_how_many_how_fast_and_how_long() -> None:
    state = State(phase=LearningPhase.EMBEDDING, pace=Pace(312, 1000, per_second=58.4))
    assert wording.progress(state) == (
        "Looking at the pictures: 312 of 1,000 · 58 a second · about 12 s left"
    )
    alone = State(phase=LearningPhase.EMBEDDING, pace=Pace(0, 1))
    assert wording.progress(alone) == "Looking at the picture: 0 of 1"


@pytest.mark.parametrize(
    "phase", [LearningPhase.WAITING, LearningPhase.LOADING, LearningPhase.LEARNING]
)
def test_only_looking_at_pictures_has_a_speed(phase: LearningPhase) -> None:
    said = wording.progress(State(phase=phase, pace=Pace(3, 13, per_second=2.0)))
    assert "second ·" not in said
    assert "left" not in said
    assert said != wording.progress(State(phase=LearningPhase.EMBEDDING))


def test_without_a_network_one_plain_sentence_says_so() -> None:
    cut_off = Download("x", DownloadPhase.FAILED, message="long story", is_cut_off=True)
    assert wording.download(cut_off, "ViT-B/32", meanwhile=True) == (
        "No connection to the internet, so ViT-B/32 could not be fetched."
        " The built-in encoder serves meanwhile."
    )


def test_a_running_download_tells_its_size() -> None:
    running = Download("x", DownloadPhase.RUNNING, done=151_000_000, total=605_000_000)
    assert "151 of 605 MB" in wording.download(running, "ViT-B/32", meanwhile=False)


def test_the_shell_command_quotes_what_a_shell_would_read() -> None:
    command = wording.shell_command("local-dir:/a b;rm", "My; pictures/$x")
    assert command == (
        "featclass train my-pictures-x.zip --encoder 'local-dir:/a b;rm'"
        " --output my-pictures-x.featclass"
    )


def test_of_many_pictures_that_do_not_count_the_first_are_named() -> None:
    rejected = [Rejected(f"{i}.png", "cut off") for i in range(wording.MOST_NOTES + 5)]
    assert wording.not_counted(rejected).startswith("55 pictures do not count")
    assert wording.not_counted(rejected[:1]) == "1 picture does not count"
    lines = wording.notes(rejected)
    assert lines[0] == "0.png: cut off"
    assert lines[-1] == "and 5 more"


def test_predictions_are_counted_only_while_many_wait() -> None:
    pace = Pace(120, 500, 40.0)
    said = wording.trying(State(is_predicting=True, tried_pace=pace))
    assert said == "120 of 500 · 40 a second · about 10 s left"
    assert wording.trying(State(is_predicting=False, tried_pace=pace)) == ""
    assert wording.trying(State(is_predicting=True, tried_pace=Pace(3, 8))) == ""


def test_doubtful_is_told_as_how_often_such_a_prediction_is_wrong() -> None:
    assert wording.doubtful(0.8) == (
        "Less than 80 % sure of its class: of such predictions more than one in five is wrong."
    )


def test_before_there_is_a_classifier_there_is_no_score_to_compare_with() -> None:
    assert wording.score_now(State()) == {"said": "", "key": "", "current": False}


@pytest.mark.parametrize(
    ("same", "images", "told"),
    [
        (8, 9, "Of these 8, now 7."),
        (7, 7, "Of the 7 in both, 6 were, now 7."),
        (0, 9, ""),
        (7, 8, ""),
    ],
)
def test_where_pictures_came_the_others_tell_whether_it_became_better(
    same: int, images: int, told: str
) -> None:
    old = replace(training().classifier.report, confusion_matrix=((3, 1), (1, 3)), images=8)
    said = wording.before_change(Before(old, same, 6, 7), replace(old, images=images))
    assert said == f"Was 6 of 8 right before the last change. {told}".strip()


@pytest.mark.parametrize(
    ("moved", "left_out", "start"),
    [
        (1, 0, "Moving pictures to where they were guessed raises this score by itself:"),
        (0, 2, "Leaving out pictures that were taken wrong raises this score by itself:"),
        (
            1,
            1,
            "Moving pictures to where they were guessed and leaving out pictures that were taken"
            " wrong raise this score by itself:",
        ),
    ],
)
def test_a_score_that_rose_by_moving_errors_to_where_they_were_guessed_is_no_news(
    moved: int, left_out: int, start: str
) -> None:
    old = replace(training().classifier.report, confusion_matrix=((3, 1), (1, 3)), images=8)
    said = wording.before_change(Before(old, 8, 6, 8, moved, left_out), old)
    assert said == f"{start} only new pictures can tell whether it got better."


def test_in_the_table_only_all_is_100_percent() -> None:
    made = training().classifier.report
    figures = replace(made.per_class["cat"], recall=299 / 300, precision=1 / 300, f1=1.0)
    rows = wording.class_rows(replace(made, per_class={"cat": figures}))
    assert [rows[0][name] for name in ("Recall", "Precision", "F1")] == [99, 1, 100]


def test_of_long_names_that_differ_at_their_end_the_table_shows_the_difference() -> None:
    names = [f"{40 * 'long '}{end}" for end in ("ceramic", "brick")]
    shown = [wording.without_middle(name) for name in names]
    assert len({*shown}) == 2
    assert all(len(text) < 30 for text in shown)
    assert wording.without_middle("a name like any other") == "a name like any other"


def test_beside_the_recall_stands_where_it_lies_for_sets_of_ten_pictures_or_more() -> None:
    report = training(23, ("cat", "dog")).classifier.report  # 12 and 11
    rows = wording.class_rows(report)
    low, high = report.per_class["cat"].recall_interval or (1, 0)
    assert rows[0]["Between"] == f"{math.floor(100 * low)} to {math.ceil(100 * high)} %"
    assert list(rows[0]) == ["Set", "Pictures", "Recall", "Between", "Precision", "F1"]
    rows = wording.class_rows(training(19, ("cat", "dog")).classifier.report)  # 10 and 9
    assert rows[0]["Between"]
    assert rows[1]["Between"] == ""


def test_small_sets_have_no_column_for_where_the_recall_lies() -> None:
    rows = wording.class_rows(training(18, ("cat", "dog")).classifier.report)
    assert [list(row) for row in rows] == [["Set", "Pictures", "Recall", "Precision", "F1"]] * 2
