from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from featclass.audit import AuditInput, audit
from featclass.audit.findings import GiveAway
from tests.audit.drawings import pictures, saved, scene


def sorted_pictures(order: list[int] | None = None) -> AuditInput:
    """Return 12 pictures of two classes, one of them twice under different labels."""
    drawn = [scene(seed) for seed in (*range(11), 0)]
    labels = ["cats"] * 6 + ["dogs"] * 6
    rows = order or [*range(12)]
    return pictures([drawn[i] for i in rows], [labels[i] for i in rows])


def probabilities(given: AuditInput) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    sure = np.where(np.eye(2)[given.codes] > 0, 0.9, 0.1)
    sure[3] = sure[3][::-1]
    return sure


def test_json_has_the_fields_of_the_command() -> None:
    given = sorted_pictures()
    found = audit(given, probabilities=probabilities(given)).to_json()
    assert [*found] == [
        "label_errors", "duplicates", "outliers", "quality", "shortcuts", "balance",
    ]  # fmt: skip
    assert json.loads(json.dumps(found)) == found
    worst = found["label_errors"][0]
    assert (worst["path"], worst["label"], worst["suggested"]) == ("cats/3.png", "cats", "dogs")
    assert worst["suspect"]
    assert len(found["label_errors"]) == 12
    assert [error["suspect"] for error in found["label_errors"]] == [True] + [False] * 11
    assert found["balance"]["images"] == {"cats": 6, "dogs": 6}


def test_a_copy_under_another_label_is_named_first() -> None:
    (group,) = audit(sorted_pictures()).duplicates
    assert sorted(group.paths) == ["cats/0.png", "dogs/11.png"]
    assert (group.is_exact, group.is_across_classes) == (True, True)
    assert "'cats' and 'dogs'" in group.sentence


def test_without_predictions_no_label_is_doubted() -> None:
    assert audit(sorted_pictures()).label_errors == ()


def test_strong_evidence_is_said_of_a_label_that_stands_out_alone() -> None:
    given = sorted_pictures()
    sure = np.where(np.eye(2)[given.codes] > 0, 0.999, 0.001)
    sure[3] = sure[3][::-1]
    errors = audit(given, probabilities=sure).label_errors
    assert [error.path for error in errors if error.strong] == ["cats/3.png"]
    assert [error.path for error in errors if error.suspect] == ["cats/3.png"]
    unsure = np.where(np.eye(2)[given.codes] > 0, 0.7, 0.3)
    unsure[3] = unsure[3][::-1]
    assert not any(error.strong for error in audit(given, probabilities=unsure).label_errors)


def test_a_key_stays_the_same_in_any_order_and_among_other_pictures() -> None:
    drawn = [scene(seed) for seed in (*range(11), 0)]
    files = [saved(each) for each in drawn[:11]] + [saved(scene(0), "JPEG")]
    labels = ["cats"] * 12
    (group,) = audit(pictures(drawn, labels, files)).duplicates
    (turned,) = audit(pictures(drawn[::-1], labels, files[::-1])).duplicates
    assert not group.is_exact
    assert turned.key == group.key
    assert audit(sorted_pictures()).duplicates[0].key != group.key


def test_a_relabelled_picture_has_a_new_key() -> None:
    given = sorted_pictures()
    before = {e.path: e.key for e in audit(given, probabilities=probabilities(given)).label_errors}
    moved = replace(given, labels=["dogs", *given.labels[1:]])
    after = {e.path: e.key for e in audit(moved, probabilities=probabilities(moved)).label_errors}
    assert {path for path in before if before[path] != after[path]} == {"cats/0.png"}


def test_unbalanced_classes_are_said() -> None:
    drawn = [scene(seed) for seed in range(16)]
    found = audit(pictures(drawn, ["cats"] * 13 + ["dogs"] * 3)).balance
    assert found.is_unbalanced
    assert found.sentence.startswith("'cats' has 13 pictures and 'dogs' 3")


def test_a_single_picture_can_be_audited() -> None:
    found = audit(pictures([scene(0)], ["cats"]))
    assert (found.duplicates, found.outliers, found.shortcuts) == ((), (), ())
    assert not found.balance.is_unbalanced


def test_every_finding_says_itself_in_json_too_and_a_label_only_where_it_is_suspect() -> None:
    given = sorted_pictures()
    found = audit(given, probabilities=probabilities(given))
    said = found.to_json()
    for item, plain in zip(found.label_errors, said["label_errors"], strict=True):
        assert plain["sentence"] == item.sentence
        assert bool(item.sentence) == item.suspect
    for kind in ("duplicates", "outliers", "quality", "shortcuts"):
        items = getattr(found, kind)
        assert [item.sentence for item in items] == [plain["sentence"] for plain in said[kind]]
    assert said["balance"]["sentence"] == "Every class has 6 pictures."


def test_a_give_away_that_is_nearly_always_right_is_not_called_always_right() -> None:
    cue = GiveAway("border", 299 / 300, 1 / 300, "cats", ("1.png",), "key", 300)
    assert "in 99 % of the pictures (guessing: 1 %): 1 of 300 pictures of 'cats'" in cue.sentence
