"""Undoing, act by act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from featclass.base.errors import FeatclassError
from featclass.base.records import Rejected, digest_of
from featclass.workspaces import Act, NewPicture, Workspaces, acting
from tests.workspaces.stored import add, done, set_id


@pytest.fixture
def token(store: Workspaces) -> str:
    """A workspace of two sets: A (x.png, y.png) and B (z.png), and one picture tried."""
    token = store.create()
    one, two = store.open(token).sets
    store.rename_sets(token, [(one.id, "A"), (two.id, "B")])
    add(store, token, one.id, "x.png", "y.png")
    add(store, token, two.id, "z.png")
    add(store, token, None, "tried.png")
    return token


def picture(store: Workspaces, token: str, name: str) -> int:
    workspace = store.open(token)
    every = [
        *workspace.tried,
        *workspace.strangers,
        *(p for s in workspace.sets for p in s.pictures),
    ]
    return next(found.id for found in every if found.name == name)


def shown(store: Workspaces, token: str) -> dict[str, list[str]]:
    sets = store.open(token).sets
    return {
        found.name: [p.name + (" (out)" if p.left_out is not None else "") for p in found.pictures]
        for found in sets
    }


def last(store: Workspaces, token: str) -> Act:
    act = store.last_act(token)
    assert act is not None
    return act


def test_undoing_a_move_keeps_that_the_picture_was_left_out_afterwards(
    store: Workspaces, token: str
) -> None:
    x = picture(store, token, "x.png")
    moved = done(store.move_picture(token, x, set_id(store, token, "B")))
    left_out = done(store.leave_out(token, x, "blurred"))
    store.undo(token, moved.id)
    assert shown(store, token) == {"A": ["x.png (out)", "y.png"], "B": ["z.png"]}
    store.undo(token, left_out.id)
    assert shown(store, token) == {"A": ["x.png", "y.png"], "B": ["z.png"]}


def test_undoing_an_earlier_move_keeps_where_a_later_one_put_the_picture(
    store: Workspaces, token: str
) -> None:
    x, third = picture(store, token, "x.png"), store.add_set(token, "C")
    first = done(store.move_picture(token, x, set_id(store, token, "B")))
    second = done(store.move_picture(token, x, third))
    store.undo(token, first.id)
    assert shown(store, token)["C"] == ["x.png"]
    store.undo(token, second.id)
    assert shown(store, token) == {"A": ["x.png", "y.png"], "B": ["z.png"], "C": []}


def test_the_portions_of_one_drop_and_the_sets_it_made_are_one_act(
    store: Workspaces, token: str
) -> None:
    before = store.open(token)
    with acting("ann", "drop-1"):
        made = store.set_named(token, "C")
        assert last(store, token).what == "Added set C"
        add(store, token, made, "1.png", "2.png")
        store.leave_out(token, picture(store, token, "1.png"))
        add(store, token, set_id(store, token, "A"), "3.png")
        store.reject(token, made, [Rejected("notes.txt", "text")])
    left_out = last(store, token)
    assert left_out.what == "Left out 1.png"
    store.undo(token, left_out.id)
    act = last(store, token)
    assert act.what == "Added 3 pictures to 2 sets"
    store.undo(token, act.id)
    assert store.open(token).sets == before.sets
    assert last(store, token).what == "Added 1 picture to try"


def test_what_arrives_of_a_drop_after_it_was_undone_is_an_act_of_its_own(
    store: Workspaces, token: str
) -> None:
    with acting("ann", "drop-1"):
        made = store.set_named(token, "C")
        add(store, token, made, "1.png")
        store.undo(token, last(store, token).id)
        add(store, token, made, "2.png")
    assert shown(store, token)["C"] == ["2.png"]
    store.undo(token, last(store, token).id)
    assert "C" not in shown(store, token)


def test_everything_that_a_person_does_can_be_undone(store: Workspaces, token: str) -> None:
    a = set_id(store, token, "A")
    store.reject(token, a, [Rejected("notes.txt", "text")])
    acts: list[Callable[[], object]] = [
        lambda: store.rename(token, "Bees"),
        lambda: store.choose_encoder(token, "builtin"),
        lambda: store.add_set(token),
        lambda: store.rename_set(token, a, "Wasps"),
        lambda: store.rename_sets(token, [(a, "B"), (set_id(store, token, "B"), "A")]),
        lambda: store.set_named(token, "Flies"),
        lambda: add(store, token, a, "new.png"),
        lambda: add(store, token, None, "new.png"),
        lambda: add(store, token, None, "tried.png", "newer.png"),
        lambda: store.reject(token, a, [Rejected("more.txt", "text")]),
        lambda: store.dismiss_rejected(token, a),
        lambda: store.move_picture(token, picture(store, token, "z.png"), a),
        lambda: store.move_to_new_set(token, [picture(store, token, "z.png")], "New"),
        lambda: store.none_of_these(token, [picture(store, token, "x.png")]),
        lambda: store.leave_out(token, picture(store, token, "x.png")),
        lambda: store.accept(token, "dark:x"),
        lambda: store.remove_picture(token, picture(store, token, "tried.png")),
        lambda: store.remove_pictures(
            token, [picture(store, token, n) for n in ("x.png", "y.png")]
        ),
        lambda: store.remove_set(token, a),
        lambda: store.clear_tried(token),
    ]
    for do in acts:
        before, newest = store.open(token), last(store, token)
        do()
        act = last(store, token)
        assert act != newest
        assert act.what
        assert store.open(token) != before
        assert store.undo_last(token) == act
        after = store.open(token)
        # Where strangers are kept stays, for the next one.
        assert replace(after, version=0, strangers_id=None) == replace(
            before, version=0, strangers_id=None
        )


def test_removing_several_pictures_of_a_set_is_one_act(store: Workspaces, token: str) -> None:
    both = [picture(store, token, name) for name in ("x.png", "y.png")]
    act = done(store.remove_pictures(token, both))
    assert act.what == "Removed 2 pictures of A"
    assert shown(store, token) == {"A": [], "B": ["z.png"]}
    assert store.remove_pictures(token, both) is None
    store.undo(token, act.id)
    assert shown(store, token) == {"A": ["x.png", "y.png"], "B": ["z.png"]}


def test_acts_are_kept_with_their_author_and_everybody_undoes_their_own(
    store: Workspaces, token: str
) -> None:
    with acting("visitor-ann"):
        hers = done(store.leave_out(token, picture(store, token, "x.png")))
    with acting("visitor-bob"):
        his = done(store.leave_out(token, picture(store, token, "z.png")))
    assert hers.author != his.author
    assert "ann" not in str(hers.author)
    with acting("visitor-ann"):
        assert (store.last_act(token, own=True), store.last_act(token)) == (hers, his)
        assert store.undo_last(token) == hers
    assert shown(store, token) == {"A": ["x.png", "y.png"], "B": ["z.png (out)"]}


def test_an_act_of_which_nobody_knows_the_author_is_anybodys(store: Workspaces, token: str) -> None:
    act = done(store.leave_out(token, picture(store, token, "x.png")))
    with acting("visitor-ann"):
        assert store.undo_last(token) == act


def test_pictures_added_to_a_set_that_another_removed_bring_it_back_with_them_alone(
    store: Workspaces, token: str
) -> None:
    before, a = store.open(token), set_id(store, token, "A")
    with acting("visitor-ann"):
        removal = store.remove_set(token, a)
    with acting("visitor-bob"):
        [added] = store.add_pictures(token, a, [NewPicture("new.png", b"new")])
    assert added.brought_back == "A"
    assert shown(store, token) == {"A": ["new.png"], "B": ["z.png"]}
    store.undo(token, removal.id)
    assert shown(store, token)["A"] == ["x.png", "y.png", "new.png"]
    with acting("visitor-bob"):
        store.undo_last(token)
    assert store.open(token).sets == before.sets


def test_removing_a_set_leaves_what_another_added_to_it_since_it_was_seen(
    store: Workspaces, token: str
) -> None:
    a, seen = set_id(store, token, "A"), store.version(token)
    add(store, token, a, "new.png")
    act = store.remove_set(token, a, seen=seen)
    assert act.what == "Removed 2 pictures of A, which stays: 1 picture came to it meanwhile"
    assert shown(store, token) == {"A": ["new.png"], "B": ["z.png"]}
    seen = store.version(token)
    assert store.remove_set(token, a, seen=seen).what == "Removed set A with 1 picture"
    assert list(shown(store, token)) == ["B"]


def test_a_set_brought_back_by_pictures_outlives_the_purge_of_its_removal(
    store: Workspaces, token: str
) -> None:
    a, x = set_id(store, token, "A"), picture(store, token, "x.png")
    moved = done(store.move_picture(token, x, set_id(store, token, "B")))
    store.remove_set(token, a)
    store.undo(token, moved.id)
    store.purge(older_than=timedelta(0))
    assert shown(store, token) == {"A": ["x.png"], "B": ["z.png"]}


@pytest.mark.parametrize(
    "do",
    [
        lambda store, token, ids, to: store.move_pictures(token, ids, to),
        lambda store, token, ids, to: store.move_to_new_set(token, ids, "C"),
        lambda store, token, ids, to: store.none_of_these(token, ids),
        lambda store, token, ids, to: store.leave_out_pictures(token, ids),
        lambda store, token, ids, to: store.remove_pictures(token, ids),
        lambda store, token, ids, to: store.rename_sets(
            token, [(to, f"C{i}") for i in ids][:1] * len(ids)
        ),
        lambda store, token, ids, to: store.reject(token, to, [Rejected("a", "b") for _ in ids]),
    ],
)
def test_any_argument_twice_is_the_same_as_once(
    store: Workspaces, token: str, do: Callable[[Workspaces, str, list[int], int], object]
) -> None:
    x, b = picture(store, token, "x.png"), set_id(store, token, "B")
    do(store, token, [x], b)
    once = seen(store, token)
    store.undo_last(token)
    do(store, token, [x, x, x], b)
    assert seen(store, token) == once


def seen(store: Workspaces, token: str) -> object:
    workspace = store.open(token)
    return (
        [
            (s.name, [p.name for p in s.counted], len(s.pictures), s.rejected)
            for s in workspace.sets
        ],
        [p.name for p in workspace.strangers],
        last(store, token).what,
    )


def test_true_is_no_id(store: Workspaces, token: str) -> None:
    one = store.create()  # whose first set and picture are perhaps the ones that 1 means
    before = store.open(token)
    refused: list[Callable[[], object]] = [
        lambda: store.move_pictures(token, [True], set_id(store, token, "B")),
        lambda: store.move_pictures(token, [picture(store, token, "x.png")], True),
        lambda: store.remove_picture(token, True),
        lambda: store.remove_pictures(token, [True]),
        lambda: store.remove_set(token, True),
        lambda: store.rename_set(token, True, "C"),
        lambda: add(store, token, True, "new.png"),
        lambda: store.undo(token, True),
        lambda: store.dismiss_rejected(one, True),
    ]
    for attempt in refused:
        with pytest.raises(FeatclassError):
            attempt()
    assert store.open(token) == before


def test_a_picture_found_unreadable_leaves_no_row_of_its_bytes_hidden_at_its_place(
    store: Workspaces, token: str
) -> None:
    x, a = picture(store, token, "x.png"), set_id(store, token, "A")
    moved = done(store.move_picture(token, x, set_id(store, token, "B")))
    add(store, token, a, "x.png")
    store.undo(token, moved.id)
    store.reject_picture(token, picture(store, token, "x.png"), "cut short")
    assert shown(store, token)["A"] == ["y.png"]
    assert store.unreferenced() == [digest_of(b"bytes of x.png")]
