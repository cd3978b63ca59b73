"""How far the score can be trusted, in the words of the page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import pytest

from featclass.audit.findings import (
    Audit,
    Balance,
    DuplicateGroup,
    GiveAway,
    LabelError,
    Outlier,
    QualityFault,
)
from featclass.audit.quality import Fault
from featclass.base.records import NearDuplicates, Report
from featclass.base.scores import LearningCurve, Verdict
from featclass.classifiers.training import Training
from featclass.reports.contents import Contents
from featclass.reports.html import as_html
from featclass.reports.markdown import as_markdown
from featclass.web.page import trust
from tests.reports.written import training


def reported(**changes: object) -> Report:
    return replace(training(wrong=[0, 1]).classifier.report, **changes)  # type: ignore[arg-type]


def test_only_a_score_that_may_be_luck_is_doubted() -> None:
    good = Verdict(True, 0.001, "Better than guessing: 10 of 12 right.")
    luck = "Not shown to be better than guessing yet."
    bad = Verdict(False, 0.3, luck, "Add pictures.")
    assert trust.doubt(reported()) == ""
    assert trust.doubt(reported(verdict=good)) == ""
    said = "Not shown to be better than guessing yet. Add pictures."
    assert trust.doubt(reported(verdict=bad)) == said


def test_what_would_help_stands_beside_the_score() -> None:
    curve = LearningCurve((), None, "About 8 more pictures should help.")
    assert trust.lines(reported(learning_curve=curve)) == ["About 8 more pictures should help."]
    assert trust.lines(reported()) == []


@pytest.mark.parametrize(
    ("leaked", "end"),
    [
        (0.96, "; with copies on both sides of the split it would have read 96 %."),
        (10 / 12, "."),
        (None, "."),
    ],
)
def test_copies_are_said_to_count_once_and_what_they_would_have_feigned(
    leaked: float | None, end: str
) -> None:
    [said] = trust.lines(reported(near_duplicates=NearDuplicates(6, 3, leaked)))
    start = "6 pictures are copies of 3: they count once for how sure the score is"
    assert said == start + end


def test_the_details_say_in_points_and_shares_how_sure_it_may_be() -> None:
    sure, refused = trust.details(reported(calibration_error=0.031, refused_share=0.02))
    assert "on average it is off by 3 points" in sure
    assert refused == "About 2 % of your own pictures would be taken for none of the sets."
    sure, refused = trust.details(reported(calibration_error=0.001, refused_share=0.0))
    assert sure.endswith("off by less than a point.")
    assert refused.startswith("None of your own")
    assert trust.details(reported()) == []


def audited(*, suspects: int = 0, copies: int = 0, unbalanced: bool = False) -> Training:
    labels: Sequence[LabelError] = [
        LabelError(f"{i}.jpg", "cat", "dog", 0.9, i < suspects, f"label {i}") for i in range(5)
    ]
    groups = [
        DuplicateGroup(("a", "b"), ("cat", "cat"), False, f"copies {i}") for i in range(copies)
    ]
    dark = QualityFault("0.jpg", "cat", "dark 0", Fault(0, "too dark", 64, 64, 0.1, ""))
    balance = Balance({"cat": 9, "dog": 1}, unbalanced, "balance")
    return replace(training(), audit=Audit(tuple(labels), tuple(groups), (), (dark,), (), balance))


def test_what_is_worth_a_look_is_counted_by_kind() -> None:
    said = trust.worth_a_look(audited(suspects=3, copies=2, unbalanced=True), ())
    assert said == (
        "3 pictures may be in the wrong set, 2 groups of copies, 1 hard to see,"
        " sets of very different sizes"
    )


def test_findings_that_are_fine_are_not_counted() -> None:
    fine = {"label 0", "dark 0", "balance"}
    said = trust.worth_a_look(audited(suspects=2, unbalanced=True), fine)
    assert said == "1 picture may be in the wrong set"
    assert trust.worth_a_look(audited(suspects=1), {"label 0", "dark 0"}) == ""


def test_before_the_audit_nothing_is_worth_a_look() -> None:
    assert trust.worth_a_look(training(), ()) == ""


CUE = "The size in pixels alone names the right class in 97 % of the pictures (guessing: 50 %): "
CUE += "the score may say nothing of what they show."


def given_away(*accuracies: float, right: int = 12, refuses: float | None = None) -> Training:
    """Return 12 pictures, so many `right`, with a cue for each accuracy."""
    cues = tuple(
        GiveAway("size in pixels" if i == 0 else "border", share, 0.5, "cat", (), f"cue {i}", 6)
        for i, share in enumerate(accuracies)
    )
    made = training(wrong=range(right, 12))
    changed = replace(made.classifier.report, refuses=refuses)
    audit = replace(empty_audit(), shortcuts=cues)
    return replace(made, classifier=replace(made.classifier, report=changed), audit=audit)


def empty_audit() -> Audit:
    balance = Balance({"cat": 6, "dog": 6}, False, "balance")
    return Audit((), (), (), (), (), balance)


def test_a_clue_that_alone_names_nearly_every_class_stands_beside_the_score() -> None:
    assert trust.cautions(given_away(0.97), ()) == [CUE]


def test_of_several_clues_the_strongest_alone_is_told() -> None:
    assert trust.cautions(given_away(0.97, 0.92), ()) == [CUE]
    [told] = trust.cautions(given_away(0.92, 0.97), ())
    assert told.startswith("The border alone names the right class in 97 %")


def test_a_clue_as_good_as_the_classifier_counts_though_both_are_often_wrong() -> None:
    [told] = trust.cautions(given_away(0.7, right=9), ())
    assert told.startswith("The size in pixels alone names the right class in 70 %")


def test_a_clue_much_weaker_than_the_classifier_explains_no_score() -> None:
    assert trust.cautions(given_away(0.8), ()) == []
    assert trust.cautions(given_away(), ()) == []
    assert trust.cautions(training(), ()) == []  # nothing was looked at yet


def test_a_clue_said_to_be_fine_leaves_its_place_to_the_next() -> None:
    assert trust.cautions(given_away(0.97), {"cue 0"}) == []
    [told] = trust.cautions(given_away(0.97, 0.92), {"cue 0"})
    assert told.startswith("The border")


def test_that_strangers_are_taken_for_a_class_stands_beside_the_score_with_what_to_do() -> None:
    assert trust.cautions(given_away(refuses=0.9), ()) == []
    [told] = trust.cautions(given_away(refuses=0.1), ())
    assert told.startswith("Only about 10 % of pictures that show something else")
    assert told.endswith("Look for them in the sets, and say that they are none of these.")
    found = given_away(0.97, refuses=0.1)
    assert found.audit is not None
    stray = Outlier("x.jpg", "cat", 9.0, "stray")
    found = replace(found, audit=replace(found.audit, outliers=(stray,)))
    cue, told = trust.cautions(found, ())
    assert cue == CUE
    assert 'under "Unlike all others" below' in told
    assert "in the sets" in trust.cautions(found, {"stray"})[1]


@pytest.mark.parametrize("ending", ["html", "md"])
def test_the_documents_say_near_the_score_what_could_make_it_worthless(ending: str) -> None:
    found = given_away(0.97, refuses=0.1)

    def text(accepted: Collection[str]) -> str:
        contents = Contents.of(found, title="Pets", accepted=accepted)
        if ending == "md":
            return as_markdown(contents)
        made = as_html(contents, thumbnail=lambda digest: None)
        return made.replace("&nbsp;", " ").replace("\u00a0", " ")

    heading = "What was taken for what"
    score = text(()).partition(heading)[0]
    assert CUE in score
    assert "Only about 10 % of pictures that show something else" in score
    assert CUE not in text({"cue 0"})
    harmless = as_markdown(Contents.of(given_away(), title="Pets"))
    assert "the score may say nothing" not in harmless
