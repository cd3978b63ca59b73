"""A plain model of undoing, and a store seen as the model sees it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from featclass.workspaces import Act, NewPicture, Workspaces, acting

NONE, TRIED = "none", "tried"
Place = int | str
"""The id of a set, NONE or TRIED."""
AUTHORS = ("ann", "bob", "cem")


@dataclass
class Field:
    """A first value, and a line for each act that changed it; what the last not undone says."""

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
