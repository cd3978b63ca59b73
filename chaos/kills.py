"""kill -9 at random moments: what was acknowledged is there, and nothing is half done."""

from __future__ import annotations

import csv
import hashlib
import io
import random
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from chaos.people import NOWHERE, Person, standings
from chaos.pictures import picture, zipped
from chaos.server import Server
from featclass.workspaces import NewPicture, Workspaces

PEOPLE = 3
SOONEST, LATEST = 0.1, 2.5
"""Seconds from when people begin to act to the kill."""
BATCH = 40
"""Pictures of a zip whose prediction is interrupted."""
PATIENCE_SECONDS = 120


def attack(folder: Path, rounds: int, seed: int = 0) -> Iterator[str]:
    """Kill a server `rounds` times; yields a sentence for each fault, and figures at the end."""
    chance = random.Random(seed)
    people = [Person(number, random.Random(seed + number)) for number in range(PEOPLE)]
    with Server(folder / "data") as server, Workspaces(server.data) as store:
        token = _filled(store)
        for number in range(rounds):
            batch = _start_batch(server, token)
            with ThreadPoolExecutor(PEOPLE) as living:
                lives = [living.submit(_live, server, store, token, one) for one in people]
                time.sleep(chance.uniform(SOONEST, LATEST))
                server.kill()
            for life in lives:
                life.result()
            server.start()
            faults = (
                *_misplaced(store, token, people),
                *_half_done(server.data),
                *_resumed(server, token, batch),
            )
            yield from (f"kill {number + 1}: {fault}" for fault in faults)
    told = sum(one.acknowledged for one in people)
    refused = [text for one in people for text in one.refused]
    for text in sorted(set(refused))[:5]:
        yield f"refused: {text}"
    print(f"kills: {rounds}, acknowledged: {told} acts, resumed: {rounds} batches")


def _filled(store: Workspaces) -> str:
    """Return a workspace whose two sets can be told apart, for batches to have a classifier."""
    token = store.create()
    for labelled, colour in zip(store.open(token).sets, ("red", "blue"), strict=True):
        files = [NewPicture(f"{n}.png", picture(900_000_000 + n, colour)) for n in range(6)]
        store.add_pictures(token, labelled.id, files)
    return token


def _live(server: Server, store: Workspaces, token: str, person: Person) -> None:
    """Act until the server is gone."""
    with server.client(token) as client:
        while True:
            try:
                person.act(client, store.open(token))
            except httpx.HTTPError:
                return


def _misplaced(store: Workspaces, token: str, people: list[Person]) -> Iterator[str]:
    """Compare where pictures are with what was acknowledged, and read their bytes."""
    there: dict[str, list[object]] = {}
    for digest, _, standing in standings(store.open(token)):
        there.setdefault(digest, []).append(standing)
        if hashlib.sha256(store.source(digest).read()).hexdigest() != digest:
            yield f"the file of {digest[:8]} holds other bytes"
    for person in people:
        for digest in person.known | person.under_way:
            places = there.get(digest, [NOWHERE])
            before = person.known.get(digest, NOWHERE)
            after = person.under_way.get(digest, before)
            if places not in ([before], [after]):
                yield f"{digest[:8]} is {places}, acknowledged was {before}, then perhaps {after}"
            elif digest in person.under_way:
                person.known[digest] = after if places == [after] else before
                person.acts = [act for act in person.acts if act[1] != digest]
        person.under_way = {}


def _half_done(data: Path) -> Iterator[str]:
    """Say what is damaged in the data folder."""
    for file in data.rglob("*.sqlite"):
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
            [[state]] = db.execute("PRAGMA integrity_check").fetchall()
        db.close()
        if state != "ok":
            yield f"{file.name}: {state}"
    for file in data.glob("blobs/??/*"):
        if hashlib.sha256(file.read_bytes()).hexdigest() != file.name:
            yield f"{file.name[:8]} is half written"


def _start_batch(server: Server, token: str) -> str:
    """Start on a zip; waits for the classifier that predicts it."""
    with server.client(token) as client:
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = client.post("batches/zip?name=some.zip", content=zipped(range(BATCH)))
            if answer.status_code == 200:
                return str(answer.json()["id"])
            if time.monotonic() > end:
                raise TimeoutError(f"No batch could be started: {answer.text}")
            time.sleep(0.5)


def _resumed(server: Server, token: str, batch: str) -> Iterator[str]:
    """Resume a batch that was acknowledged; each of its pictures is predicted once."""
    with server.client(token) as client:
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            listed = {one["id"]: one for one in client.get("batches").json()["batches"]}
            if (now := listed.get(batch)) is None:
                yield f"the batch {batch} is gone"
                return
            if now["done"] == BATCH and not now["running"]:
                break
            if not now["running"]:
                client.post(f"batches/{batch}/resume")
            if time.monotonic() > end:
                yield f"the batch {batch} does not end: {now['phase']}, {now['error']}"
                return
            time.sleep(0.2)
        table = client.get(f"batches/{batch}/predictions.csv").content.decode("utf-8-sig")
        paths = [row["path"] for row in csv.DictReader(io.StringIO(table))]
        if sorted(paths) != sorted(f"{number}.png" for number in range(BATCH)):
            rows = f"{len(paths)} rows of {len(set(paths))} pictures"
            yield f"the batch {batch} has {rows}, not of {BATCH}"
        client.post(f"batches/{batch}/delete")
