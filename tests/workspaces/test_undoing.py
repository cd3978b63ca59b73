"""Undoing in any order, by several people, against a plain model of what undoing means."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from featclass.base.errors import FeatclassError
from featclass.base.records import Rejected, digest_of
from featclass.workspaces import Act, NewPicture, Workspaces, acting

AUTHORS = ("ann", "bob", "cem")
NONE, TRIED = "none", "tried"
Place = int | str
"""The id of a set, NONE or TRIED."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Workspaces]:
    with Workspaces(tmp_path / "data") as store:
        yield store


# The model: every field has a first value, and a line for each act that changed it. It is what the
# last act says that is not undone.


@dataclass
class Field:
    first: Any
    lines: list[tuple[int, Any]] = field(default_factory=list)

    def now(self, undone: set[int]) -> Any:
        return next((v for act, v in reversed(self.lines) if act not in undone), self.first)


@dataclass
class Model:
    """What pictures and sets are like; acts are numbered by the caller."""

    fields: dict[tuple[str, int, str], Field] = field(default_factory=dict)
    digests: dict[int, str] = field(default_factory=dict)
    undone: set[int] = field(default_factory=set)
    arrivals: int = 0

    def get(self, kind: str, number: int, what: str) -> Any:
        return self.fields[kind, number, what].now(self.undone)

    def set(self, act: int, kind: str, number: int, what: str, value: Any) -> None:
        self.fields[kind, number, what].lines.append((act, value))

    def new_set(self, set_id: int, name: str, act: int | None = None) -> None:
        self.fields["set", set_id, "gone"] = Field(act is not None)
        self.fields["set", set_id, "name"] = Field(name)
        if act is not None:
            self.set(act, "set", set_id, "gone", False)

    def new_picture(self, act: int, picture: int, digest: str, place: Place) -> None:
        self.digests[picture] = digest
        self.fields["picture", picture, "place"] = Field((place, self.arrived()))
        self.fields["picture", picture, "left out"] = Field(None)
        self.fields["picture", picture, "gone"] = Field(True)
        self.set(act, "picture", picture, "gone", False)

    def arrived(self) -> int:
        self.arrivals += 1
        return self.arrivals

    def sets(self) -> list[int]:
        ids = [number for kind, number, what in self.fields if (kind, what) == ("set", "gone")]
        held = {place for place, _ in self.pictures()}
        return [s for s in ids if s in held or not self.get("set", s, "gone")]

    def pictures(self) -> dict[tuple[Place, str], int]:
        """Return those shown, by place and bytes: of two alike at one place, the last to come."""
        there = [p for p in self.digests if not self.get("picture", p, "gone")]
        places = {p: self.get("picture", p, "place") for p in there}
        in_order = sorted(there, key=lambda p: (places[p][1], p))
        return {(places[p][0], self.digests[p]): p for p in in_order}

    def view(self) -> dict[Any, Any]:
        seen: dict[Any, Any] = {set_id: {} for set_id in [*self.sets(), NONE, TRIED]}
        for (place, digest), picture in self.pictures().items():
            counts = place in (NONE, TRIED)
            left_out = None if counts else self.get("picture", picture, "left out")
            seen[place][picture] = (digest, left_out)
        return seen

    # Acts

    def remove(self, act: int, picture: int) -> None:
        """Take a picture away, with what is hidden beneath it."""
        place, digest = self.get("picture", picture, "place")[0], self.digests[picture]
        for other, bytes_of in self.digests.items():
            is_there = not self.get("picture", other, "gone")
            if is_there and (self.get("picture", other, "place")[0], bytes_of) == (place, digest):
                self.set(act, "picture", other, "gone", True)

    def remove_set(self, act: int, set_id: int) -> None:
        self.set(act, "set", set_id, "gone", True)
        for picture in self.digests:
            if self.get("picture", picture, "place")[0] == set_id:
                self.set(act, "picture", picture, "gone", True)

    def move(self, act: int, pictures: list[int], to: Place) -> None:
        pictures = [p for p in pictures if self.get("picture", p, "place")[0] != to]
        arrived = self.arrived()
        there = {digest for place, digest in self.pictures() if place == to}
        against = [
            picture
            for (place, digest), picture in self.pictures().items()
            if digest in {self.digests[p] for p in pictures}
            and (place not in (NONE, TRIED) if to == NONE else place == NONE)
            and picture not in pictures
        ]
        for picture in pictures:
            digest = self.digests[picture]
            others = set(self.twins(picture))
            for other in others:
                self.set(act, "picture", other, "gone", True)
            if digest in there:
                self.set(act, "picture", picture, "gone", True)
                continue
            there.add(digest)
            self.set(act, "picture", picture, "place", (to, arrived))
            if to == NONE and self.get("picture", picture, "left out") is not None:
                self.set(act, "picture", picture, "left out", None)
        for picture in against:
            self.remove(act, picture)

    def twins(self, picture: int) -> list[int]:
        place = self.get("picture", picture, "place")[0]
        return [
            other
            for other, digest in self.digests.items()
            if other != picture
            and digest == self.digests[picture]
            and not self.get("picture", other, "gone")
            and self.get("picture", other, "place")[0] == place
        ]


# The store, seen as the model sees it


def view(store: Workspaces, token: str) -> dict[Any, Any]:
    workspace = store.open(token)
    places: dict[Any, Any] = {s.id: s.pictures for s in workspace.sets}
    places |= {NONE: workspace.strangers, TRIED: workspace.tried}
    return {
        place: {picture.id: (picture.digest, picture.left_out) for picture in pictures}
        for place, pictures in places.items()
    }


class Session:
    """Random acts on a workspace and on the model at once."""

    def __init__(self, store: Workspaces, seed: int) -> None:
        self.store, self.random = store, random.Random(seed)
        self.token, self.model = store.create(), Model()
        one, two = store.open(self.token).sets
        for labelled in (one, two):
            self.model.new_set(labelled.id, labelled.name)
        self.first = store.open(self.token)
        self.acts: list[int] = []
        self.names = 0

    def step(self) -> None:
        doings: list[Callable[[], None]] = [self.add, self.add, self.move, self.move]
        doings += [self.leave_out, self.take_back, self.remove, self.remove_set, self.stranger]
        doings += [self.add_set, self.rename, self.to_new_set, self.undo, self.undo, self.undo]
        with acting(self.random.choice(AUTHORS)):
            self.random.choice(doings)()

    def shown(self, *, of_sets: bool = False) -> list[int]:
        places = self.model.pictures().items()
        shown = [p for (place, _), p in places if not of_sets or place not in (NONE, TRIED)]
        return self.random.sample(shown, min(len(shown), self.random.choice((1, 1, 1, 2, 4))))

    def done(self, act: Act | None) -> int | None:
        if act is None:
            return None
        if act.id not in self.acts:
            self.acts.append(act.id)
        return act.id

    def last(self) -> int:
        act = self.store.last_act(self.token)
        assert act is not None
        self.acts.append(act.id)
        return act.id

    def add(self) -> None:
        every = [n for k, n, what in self.model.fields if (k, what) == ("set", "gone")]
        set_id = self.random.choice([*every, None])  # also of sets that another removed meanwhile
        data = [bytes([self.random.randrange(12)]) for _ in range(self.random.choice((1, 3)))]
        before = self.model.pictures()
        known = self.store.last_act(self.token)
        files = [NewPicture(f"{n[0]}.png", n) for n in dict.fromkeys(data)]
        added = self.store.add_pictures(self.token, set_id, files)
        if self.store.last_act(self.token) == known:
            return
        act, place = self.last(), set_id if set_id is not None else TRIED
        if set_id is not None and self.model.get("set", set_id, "gone"):
            self.model.set(act, "set", set_id, "gone", False)
        again = self.model.arrived()
        for item in added:
            assert item.picture_id is not None
            if not item.duplicate:
                self.model.new_picture(act, item.picture_id, item.digest, place)
            elif place == TRIED:
                self.model.set(act, "picture", item.picture_id, "place", (TRIED, again))
        assert [i.duplicate for i in added] == [
            (place, i.digest) in before or (place != TRIED and (NONE, i.digest) in before)
            for i in added
        ]

    def move(self) -> None:
        pictures, sets = self.shown(), self.model.sets()
        if pictures and sets:
            to = self.random.choice(sets)
            twice = [*pictures, *pictures]
            if act := self.done(self.store.move_pictures(self.token, twice, to)):
                self.model.move(act, pictures, to)

    def stranger(self) -> None:
        pictures = self.shown()
        if pictures and (act := self.done(self.store.none_of_these(self.token, pictures))):
            self.model.move(act, pictures, NONE)

    def to_new_set(self) -> None:
        pictures = self.shown()
        if pictures:
            name = self.name()
            act = self.done(self.store.move_to_new_set(self.token, pictures, name))
            assert act is not None
            [made] = [s.id for s in self.store.open(self.token).sets if s.name == name]
            if ("set", made, "gone") not in self.model.fields:
                self.model.new_set(made, name, act)
            else:
                self.model.set(act, "set", made, "name", name)
            self.model.move(act, pictures, made)

    def leave_out(self) -> None:
        pictures = self.shown(of_sets=True)
        reason = self.name()
        act = self.done(self.store.leave_out_pictures(self.token, pictures, reason))
        for picture in pictures if act else ():
            if self.model.get("picture", picture, "left out") is None:
                self.model.set(act or 0, "picture", picture, "left out", reason)

    def take_back(self) -> None:
        for picture in self.shown(of_sets=True)[:1]:
            if act := self.done(self.store.take_back(self.token, picture)):
                self.model.set(act, "picture", picture, "left out", None)

    def remove(self) -> None:
        pictures = self.shown()
        act = self.done(self.store.remove_pictures(self.token, [*pictures, *pictures]))
        for picture in pictures if act else ():
            self.model.remove(act or 0, picture)

    def remove_set(self) -> None:
        sets = self.model.sets()
        if len(sets) > 1:
            set_id = self.random.choice(sets)
            self.model.remove_set(self.done(self.store.remove_set(self.token, set_id)) or 0, set_id)

    def add_set(self) -> None:
        name = self.name()
        self.model.new_set(self.store.add_set(self.token, name), name, self.last())

    def rename(self) -> None:
        sets = self.model.sets()
        if sets:
            set_id, name = self.random.choice(sets), self.name()
            if act := self.done(self.store.rename_set(self.token, set_id, name)):
                self.model.set(act, "set", set_id, "name", name)

    def undo(self) -> None:
        left = [act for act in self.acts if act not in self.model.undone]
        if left and self.random.random() < 0.3:
            last = self.store.last_act(self.token, own=True)
            undone = self.store.undo_last(self.token)
            assert undone == last
            if undone is not None:
                self.model.undone.add(undone.id)
        elif left:
            self.undo_act(self.random.choice(left))

    def undo_act(self, act: int) -> None:
        self.store.undo(self.token, act)
        self.model.undone.add(act)

    def name(self) -> str:
        self.names += 1
        return f"name {self.names}"

    def agree(self) -> None:
        assert view(self.store, self.token) == self.model.view()
        shown = self.store.open(self.token).sets
        names = {labelled.id: self.model.get("set", labelled.id, "name") for labelled in shown}
        assert {labelled.id: labelled.name for labelled in shown} == names
        assert len({labelled.colour for labelled in shown}) == len(shown)
        for labelled in shown:
            pictures = [picture.name for picture in labelled.pictures]
            assert len(set(pictures)) == len(pictures)


@pytest.mark.parametrize("seed", range(12))
def test_random_acts_and_undos_of_three_people_leave_what_a_plain_model_says(
    store: Workspaces, seed: int
) -> None:
    session = Session(store, seed)
    for _ in range(60):
        session.step()
        session.agree()
    left = [act for act in session.acts if act not in session.model.undone]
    session.random.shuffle(left)
    for act in left:
        session.undo_act(act)
        session.agree()
    last = store.open(session.token)
    assert (last.sets, last.tried, last.strangers) == (session.first.sets, (), ())
    assert store.last_act(session.token) is None


# One by one


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


def add(store: Workspaces, token: str, set_id: int | None, *names: str) -> None:
    files = [NewPicture(name, f"bytes of {name}".encode()) for name in names]
    store.add_pictures(token, set_id, files)


def set_id(store: Workspaces, token: str, name: str) -> int:
    return next(found.id for found in store.open(token).sets if found.name == name)


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


def done(act: Act | None) -> Act:
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
