"""The score before a change, told beside the one after it."""

from __future__ import annotations

import pytest

from featclass.server import state
from featclass.server.state import Before
from tests.server.learning import Bench


def test_after_a_few_pictures_have_changed_the_score_before_is_remembered(bench: Bench) -> None:
    bench.add(0, "red", range(5))
    bench.add(1, "blue", range(4))
    bench.add(0, "blue", range(80, 81))
    first = bench.settle().result
    assert first is not None
    assert first.classifier is not None
    assert first.before_change is None
    stray = bench.store.open(bench.token).sets[0].pictures[-1]
    moved = bench.store.move_picture(
        bench.token, stray.id, bench.store.open(bench.token).sets[1].id
    )
    second = bench.settle().result
    assert second is not None
    assert second.classifier is not None
    assert second.before_change is not None
    assert second.before_change.report == first.classifier.report
    assert second.before_change.same == 9
    assert moved is not None
    bench.store.undo(bench.token, moved.id)
    third = bench.settle().result
    assert third is not None
    assert third.before_change is not None
    assert third.before_change.report == second.classifier.report


def test_a_picture_moved_to_where_it_was_guessed_raises_the_score_by_itself(bench: Bench) -> None:
    bench.add(0, "red", range(5))
    bench.add(1, "blue", range(4))
    bench.add(0, "blue", range(80, 81))
    bench.settle()
    blue = bench.store.open(bench.token).sets[1].id
    stray = bench.store.open(bench.token).sets[0].pictures[-1]
    moved = bench.store.move_picture(bench.token, stray.id, blue)
    before = before_of(bench)
    assert (before.moved_as_guessed, before.left_out_wrong) == (1, 0)
    assert moved is not None
    bench.store.undo(bench.token, moved.id)
    assert not before_of(bench).raises_itself  # against what it says
    bench.store.leave_out(bench.token, stray.id)
    before = before_of(bench)
    assert (before.moved_as_guessed, before.left_out_wrong) == (0, 1)
    bench.add(1, "blue", range(4, 5))
    assert not before_of(bench).raises_itself
    right = bench.store.open(bench.token).sets[0].counted[0]
    bench.store.leave_out(bench.token, right.id)
    assert not before_of(bench).raises_itself
    other = bench.store.open(bench.token).sets[0].counted[0]
    bench.store.move_picture(bench.token, other.id, blue)
    assert not before_of(bench).raises_itself


def before_of(bench: Bench) -> Before:
    """Return what the score was before the last change."""
    result = bench.settle().result
    assert result is not None
    assert result.before_change is not None
    return result.before_change


def test_however_many_pictures_changed_one_moved_to_where_it_was_guessed_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.add(0, "red", range(5))
    bench.add(1, "blue", range(4))
    bench.add(0, "blue", range(80, 81))
    bench.settle()
    monkeypatch.setattr(state, "FEW", 0)  # so that one is many
    [red, blue] = bench.store.open(bench.token).sets[:2]
    moved = bench.store.move_picture(bench.token, red.pictures[-1].id, blue.id)
    assert before_of(bench).moved_as_guessed == 1
    assert moved is not None
    bench.store.undo(bench.token, moved.id)
    result = bench.settle().result
    assert result is not None
    assert result.before_change is None


def test_a_hard_picture_that_is_added_is_told_apart_from_those_there_before(bench: Bench) -> None:
    bench.add(0, "red", range(5))
    bench.add(1, "blue", range(5))
    bench.settle()
    bench.add(0, "blue", range(80, 81))
    result = bench.settle().result
    assert result is not None
    assert result.classifier is not None
    before = result.before_change
    assert before is not None
    assert before.report.accuracy == 1
    assert (before.same, before.same_right) == (10, 10)
    matrix = result.classifier.report.confusion_matrix
    assert matrix is not None
    right = matrix[0][0] + matrix[1][1]
    assert right == before.same_right_now  # and the new one is wrong


def test_after_many_pictures_have_come_no_score_before_is_shown(bench: Bench) -> None:
    bench.add(0, "red", range(3))
    bench.add(1, "blue", range(3))
    bench.settle()
    bench.add(0, "red", range(3, 9))
    result = bench.settle().result
    assert result is not None
    assert result.before_change is None
