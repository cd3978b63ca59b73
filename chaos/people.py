"""People who act on pictures of their own, and remember what the server acknowledged.

What a person was told tells where each of their pictures must be; of the act under way when the
server died, where the picture was before or where it was to go.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import httpx

from chaos.pictures import picture
from featclass.workspaces import Workspace

FEWEST = 5
"""Pictures a person has before acting on them."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a picture stands, by the name of a set or what is like one, and whether it counts."""

    place: str
    counts: bool = True


NOWHERE, TRIED, NONE = Standing("nowhere"), Standing("tried"), Standing("none of these")


def standings(workspace: Workspace) -> Iterator[tuple[str, int, Standing]]:
    """Go through the digest, the number and the standing of every picture."""
    for labelled in workspace.sets:
        for one in labelled.pictures:
            yield one.digest, one.id, Standing(str(labelled.id), one.left_out is None)
    yield from ((one.digest, one.id, TRIED) for one in workspace.tried)
    yield from ((one.digest, one.id, NONE) for one in workspace.strangers)


@dataclass
class Person:
    """One client of a server, who acts at random."""

    number: int
    chance: random.Random
    known: dict[str, Standing] = field(default_factory=dict)
    """Of each picture by its digest, as acknowledged."""
    under_way: dict[str, Standing] = field(default_factory=dict)
    """Where a picture is if the act under way was done."""
    acts: list[tuple[int, str, Standing]] = field(default_factory=list)
    """The last act of each picture: its number, the digest, and where the picture was before."""
    acknowledged: int = 0
    refused: list[str] = field(default_factory=list)
    drawn: int = 0

    def act(self, client: httpx.Client, workspace: Workspace) -> None:
        """Do one thing and remember the answer; raises `httpx.HTTPError` where there is none."""
        sets = [labelled.id for labelled in workspace.sets]
        here = [digest for digest, at in self.known.items() if at != NOWHERE]
        chosen = self.chance.random()
        if len(here) < FEWEST or chosen < 0.35:
            self._add(client, self.chance.choice([*sets, None]))
        elif chosen < 0.5 and self.acts:
            number, digest, before = self.chance.choice(self.acts)
            self._do(client, {"do": "undo", "act": number}, before, digest)
        else:
            digest = self.chance.choice(here)
            numbers = {one: number for one, number, _ in standings(workspace)}
            self._change(client, digest, numbers[digest], self.chance.choice(sets))

    def _add(self, client: httpx.Client, set_id: int | None) -> None:
        self.drawn += 1
        data = picture(self.number * 1_000_000 + self.drawn)
        digest = hashlib.sha256(data).hexdigest()
        self.under_way = {digest: TRIED if set_id is None else Standing(str(set_id))}
        form = {"file": (f"{self.number}-{self.drawn}.png", data)}
        answer = client.post(f"pictures?set={set_id or 'try'}", files=form)
        self._hear(answer, digest, NOWHERE)

    def _change(self, client: httpx.Client, digest: str, number: int, to: int) -> None:
        at = self.known[digest]
        changes: list[tuple[dict[str, object], Standing]] = [
            ({"do": "move", "pictures": [number], "set": to}, replace(at, place=str(to))),
            ({"do": "none of these", "pictures": [number]}, NONE),
            ({"do": "remove picture", "picture": number}, NOWHERE),
        ]
        if at not in (TRIED, NONE):
            changes.append(({"do": "leave out", "pictures": [number]}, replace(at, counts=False)))
        if not at.counts:
            changes.append(({"do": "take back", "picture": number}, replace(at, counts=True)))
        self._do(client, *self.chance.choice(changes), digest)

    def _do(
        self, client: httpx.Client, asked: dict[str, object], after: Standing, digest: str
    ) -> None:
        before, self.under_way = self.known[digest], {digest: after}
        self._hear(client.post("act", json=asked), digest, before)

    def _hear(self, answer: httpx.Response, digest: str, before: Standing) -> None:
        """Remember what is acknowledged; acts before the last of a picture are not undone here."""
        if answer.status_code == 200:
            self.known |= self.under_way
            self.acknowledged += 1
            self.acts = [act for act in self.acts if act[1] != digest]
            if number := answer.json().get("act"):
                self.acts.append((number, digest, before))
        else:
            self.refused.append(f"{answer.status_code} {answer.text[:200]}")
        self.under_way = {}
