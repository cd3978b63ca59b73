"""Batches started, steered and read through their routes."""

from __future__ import annotations

import asyncio
import csv
import io
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.testclient import TestClient

from featclass.encoders import Pixels
from featclass.server import studio as studio_module
from featclass.server.batches import Batch, BatchPhase, BatchRequest
from featclass.server.batches.folder import BatchFolder
from featclass.server.studio import studio
from featclass.web.routes import batches as routes
from featclass.workspaces import NewPicture
from tests.fakes import GridEncoder, drawn
from tests.filled import OURS
from tests.people import zipped

SECONDS = 30


@dataclass
class GatedEncoder(GridEncoder):
    """Waits before a batch where the gate is shut, once so many images went through."""

    opened: threading.Event = field(default_factory=threading.Event)
    shut_after: int = 10**9

    def encode(self, pixels: Pixels, *, threads: int | None = None) -> NDArray[np.float32]:
        if self.encoded >= self.shut_after:
            assert self.opened.wait(SECONDS)
        return super().encode(pixels, threads=threads)


def filled() -> str:
    """Return a workspace that tells red from blue."""
    token = studio().workspaces.create()
    names = ("red", "blue")
    for found, colour in zip(studio().workspaces.open(token).sets, names, strict=True):
        studio().workspaces.rename_set(token, found.id, colour)
        files = [NewPicture(f"{colour}{seed}.png", drawn(seed, colour)) for seed in range(6)]
        studio().workspaces.add_pictures(token, found.id, files)
    return token


def new(count: int, start: int = 100) -> dict[str, bytes]:
    """Return so many pictures that no set has, red and blue in turns."""
    colours = ("red", "blue")
    return {
        f"new/{seed}.png": drawn(seed, colours[seed % 2]) for seed in range(start, start + count)
    }


def ordered(token: str) -> BatchRequest:
    """Wait for the classifier of a workspace as a request for a batch does."""
    return asyncio.run(routes._ordered(token))


def start(client: TestClient, token: str, files: dict[str, bytes], name: str = "new.zip") -> str:
    where = f"/api/w/{token}/batches/zip?name={name}"
    answer = client.post(where, content=zipped(files), headers=OURS)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def do(client: TestClient, token: str, batch: str, what: str) -> Any:
    return client.post(f"/api/w/{token}/batches/{batch}/{what}", headers=OURS)


def listed(client: TestClient, token: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/w/{token}/batches")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["batches"]
    return found


def until(token: str, batch: str, is_so: Callable[[Batch], bool]) -> Batch:
    end = time.monotonic() + SECONDS
    while not is_so(found := studio().batches.get(token, batch)):
        assert time.monotonic() < end, found
        threading.Event().wait(0.01)
    return found


def ended(token: str, batch: str) -> Batch:
    return until(token, batch, lambda found: not found.is_running)


def rows(client: TestClient, token: str, batch: str) -> list[dict[str, str]]:
    answer = client.get(f"/api/w/{token}/batches/{batch}/predictions.csv")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def opened_zip(client: TestClient, token: str, batch: str) -> zipfile.ZipFile:
    answer = client.get(f"/api/w/{token}/batches/{batch}/sorted.zip")
    assert answer.status_code == 200, answer.text
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


def folder_of(token: str, batch: str) -> BatchFolder:
    return studio().batches._found(token, batch, removed_too=True)[0]


def restart() -> None:
    """Begin a new process on the same data folder, as far as anybody can tell."""
    studio_module.close()


def stopped_half_way(
    client: TestClient, token: str, encoder: GatedEncoder, files: dict[str, bytes]
) -> str:
    """Start on `files`, and cancel once some are done and the encoder is at the next ones."""
    studio().trainer.follow(studio().workspaces.open(token))
    ordered(token)
    encoder.shut_after = encoder.encoded + 13
    batch = start(client, token, files)
    until(token, batch, lambda found: found.counts.done >= 8)
    assert do(client, token, batch, "cancel").status_code == 200
    encoder.opened.set()
    assert ended(token, batch).phase is BatchPhase.STOPPED
    return batch


def start_folder(client: TestClient, token: str, folder: object) -> Any:
    where = f"/api/w/{token}/batches/folder"
    return client.post(where, json={"folder": str(folder)}, headers=OURS)
