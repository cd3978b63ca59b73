"""Four clients of two servers on one folder act on the same pictures at once, and undo each other.

Acts are numbered in the order in which they were done. What a picture's place is, whether it counts
and whether it is there is each what the last act says that nobody undid, in whatever order acts
were undone: so the answers alone tell the state that must come out.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from chaos.people import NOWHERE, Standing, standings
from chaos.pictures import picture
from chaos.server import Server
from featclass.workspaces import NewPicture, Workspaces

CLIENTS, SERVERS = 4, 2
ACTS = 10
"""Acts of each client, for each round that is asked for."""
PICTURES, SETS = 24, 4
UNDOING = 0.35

Value = int | bool


@dataclass
class Model:
    """The acts that were acknowledged, and the state that follows from them."""

    base: dict[int, int]
    """The set of each picture by its number, before any act."""
    done: dict[int, tuple[int, str, Value]] = field(default_factory=dict)
    """The picture, the field and its value of each act by its number."""
    undone: set[int] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def standing(self, number: int) -> Standing:
        """Return where a picture must be."""
        values: dict[str, Value] = {"set": self.base[number], "counts": True, "there": True}
        for act in sorted(self.done.keys() - self.undone):
            changed, name, value = self.done[act]
            if changed == number:
                values[name] = value
        if not values["there"]:
            return NOWHERE
        return Standing(str(values["set"]), bool(values["counts"]))


def attack(folder: Path, rounds: int, seed: int = 0) -> Iterator[str]:
    """Let clients act `rounds` times `ACTS` each; yields a sentence for each difference."""
    data = folder / "data"
    with Server(data) as one, Server(data) as other, Workspaces(data) as store:
        token = store.create()
        while len(store.open(token).sets) < SETS:
            store.add_set(token)
        sets = [labelled.id for labelled in store.open(token).sets]
        for place, set_id in enumerate(sets):
            numbers = range(place * 100, place * 100 + PICTURES // SETS)
            files = [NewPicture(f"{number}.png", picture(number)) for number in numbers]
            store.add_pictures(token, set_id, files)
        model = Model({number: int(at.place) for _, number, at in standings(store.open(token))})
        with ThreadPoolExecutor(CLIENTS) as pool:
            lives = []
            for client in range(CLIENTS):
                server, chance = (one, other)[client % SERVERS], random.Random(seed + client)
                lives.append(pool.submit(_live, server, token, model, sets, chance, rounds))
        refused = {text for life in lives for text in life.result()}
        yield from (f"refused: {text}" for text in sorted(refused) if "no such picture" not in text)
        there = {number: at for _, number, at in standings(store.open(token))}
        for number in model.base:
            must, found = model.standing(number), there.get(number, NOWHERE)
            if must != found:
                yield f"picture {number} is {found}, and must be {must}"
        for server in (one, other):
            yield from _shown_otherwise(server, token, sets, model)
    print(f"company: {len(model.done)} acts, of which {len(model.undone)} were undone")


def _live(
    server: Server,
    token: str,
    model: Model,
    sets: Sequence[int],
    chance: random.Random,
    rounds: int,
) -> list[str]:
    """Act and undo; returns what was refused."""
    refused = []
    with server.client(token) as client:
        for _ in range(rounds * ACTS):
            with model.lock:
                acts = sorted(model.done.keys() - model.undone)
            if acts and chance.random() < UNDOING:
                refused += _undo(client, model, chance.choice(acts))
            else:
                refused += _change(client, model, chance, sets)
    return refused


def _undo(client: httpx.Client, model: Model, act: int) -> list[str]:
    answer = client.post("act", json={"do": "undo", "act": act})
    if answer.status_code != 200:
        return [f"{answer.status_code} {answer.text}"]
    with model.lock:
        model.undone.add(act)
    return []


def _change(
    client: httpx.Client, model: Model, chance: random.Random, sets: Sequence[int]
) -> list[str]:
    number, to = chance.choice(list(model.base)), chance.choice(sets)
    changes: list[tuple[dict[str, object], str, Value]] = [
        ({"do": "move", "pictures": [number], "set": to}, "set", to),
        ({"do": "move", "pictures": [number, number], "set": to}, "set", to),
        ({"do": "leave out", "pictures": [number]}, "counts", False),
        ({"do": "take back", "picture": number}, "counts", True),
        ({"do": "remove picture", "picture": number}, "there", False),
    ]
    asked, name, value = chance.choice(changes)
    answer = client.post("act", json=asked)
    if answer.status_code != 200:
        return [f"{answer.status_code} {answer.text}"]
    if act := answer.json().get("act"):
        with model.lock:
            model.done[act] = number, name, value
    return []


def _shown_otherwise(
    server: Server, token: str, sets: Sequence[int], model: Model
) -> Iterator[str]:
    """Say where a server shows other pictures in a set than it has."""
    for set_id in sets:
        with server.client(token) as client:
            answer = client.get(f"sets/{set_id}")
        must = {number for number in model.base if model.standing(number).place == str(set_id)}
        shown = {number for number, *_ in answer.json()["pictures"]}
        if shown != must:
            yield f"{server.url} shows {shown ^ must} in set {set_id} alone or not at all"
