"""How far the score can be trusted, in the words of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from featclass.audit.findings import Audit, Balance, DuplicateGroup, LabelError, QualityFault
from featclass.audit.quality import Fault
from featclass.learned import Learned
from featclass.records import NearDuplicates, Report
from featclass.scores import LearningCurve, Told, Verdict
from featclass.ui import trust
from tests.test_document import learned


def reported(**changes: object) -> Report:
    return replace(learned(wrong=[0, 1]).classifier.report, **changes)  # type: ignore[arg-type]


def test_only_a_score_that_may_be_luck_is_doubted() -> None:
    good = Verdict(True, 0.001, Told("Better than guessing: 10 of 12 right."))
    luck = Told("Not shown to be better than guessing yet.")
    bad = Verdict(False, 0.3, luck, Told("Add pictures."))
    assert trust.doubt(reported()) == ""
    assert trust.doubt(reported(verdict=good)) == ""
    said = "Not shown to be better than guessing yet. Add pictures."
    assert trust.doubt(reported(verdict=bad)) == said


def test_what_would_help_stands_beside_the_score() -> None:
    curve = LearningCurve((), None, Told("About 8 more pictures should help."))
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


def audited(*, suspects: int = 0, copies: int = 0, unbalanced: bool = False) -> Learned:
    labels: Sequence[LabelError] = [
        LabelError(f"{i}.jpg", "cat", "dog", 0.9, i < suspects, f"label {i}") for i in range(5)
    ]
    groups = [
        DuplicateGroup(("a", "b"), ("cat", "cat"), "near", f"copies {i}") for i in range(copies)
    ]
    dark = QualityFault("0.jpg", "cat", "dark 0", Fault(0, "too dark", 64, 64, 0.1, ""))
    balance = Balance({"cat": 9, "dog": 1}, unbalanced, "balance")
    return replace(learned(), audit=Audit(tuple(labels), tuple(groups), (), (dark,), (), balance))


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
    assert trust.worth_a_look(learned(), ()) == ""
