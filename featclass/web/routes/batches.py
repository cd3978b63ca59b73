"""The routes of predictions for a whole zip or folder: start, stop, resume, take away."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, NotRequired, TypedDict

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from featclass.base import Prediction, UploadRefused, file_stem, in_words
from featclass.reports import prediction_csv
from featclass.reports.sorting import sorted_zip
from featclass.server.batches import Batch, BatchPhase, BatchRequest
from featclass.server.readiness import hindrance, is_up_to_date, may_be_ready
from featclass.server.state import State
from featclass.server.studio import studio
from featclass.web import views
from featclass.web.routes import requests
from featclass.web.routes.requests import by_turns, followed, in_turn, refusing
from featclass.workspaces import Workspace

PATIENCE_SECONDS = 60
"""How long a batch waits for the classifier to follow what was changed just now."""
MOST_WAITING = 16
"""Requests that wait so at one time; the others are told at once that it is not ready."""
LOOK_SECONDS = 0.2
LINES_AT_ONCE = 500
_waiting = 0


class Shown(TypedDict):
    """One of the first predictions of a batch; no more than why where it could not be used."""

    path: str
    rejected: NotRequired[str]
    label: NotRequired[str | None]
    probability: NotRequired[float | None]
    known: NotRequired[bool]
    doubtful: NotRequired[bool]


class BatchClass(NamedTuple):
    """How many pictures were taken for a class."""

    name: str
    colour: str
    sure: int
    doubtful: int


class BatchData(TypedDict):
    """Where a batch stands."""

    id: str
    name: str
    phase: BatchPhase
    running: bool
    stopping: bool
    error: str
    done: int
    total: int
    words: str
    """How far it is."""
    classes: list[BatchClass]
    unknown: int
    rejected: int
    kept: int
    first: list[Shown]
    outdated: bool
    """Whether another classifier has taken over since."""


async def of_zip(request: Request) -> dict[str, str]:
    """Start on the zip in the body, which goes to the disk as it comes; answers with the batch."""
    token = request.path_params["token"]
    name = request.query_params.get("name", "pictures.zip")
    await run_in_threadpool(_opened_to_predict, token)
    with studio().batches.incoming(token) as file:
        await requests.receive(request, file)
        file.flush()
        order = await _ordered(token)
        arrived = Path(file.name)
        batch = await in_turn(request, studio().batches.start_zip, token, arrived, name, order)
    return {"id": batch.record.id}


async def of_folder(request: Request) -> dict[str, str]:
    """Start on `{"folder": path}` of this machine; answers with the batch."""
    token, body = request.path_params["token"], await request.body()
    with refusing("that names no folder"):
        folder = str(requests.parsed(body)["folder"])
    order = await _ordered(token)
    batch = await in_turn(request, studio().batches.start_folder, token, folder, order)
    return {"id": batch.record.id}


async def change(request: Request) -> Response | dict[str, str]:
    """Do to one batch what the address ends in."""
    token, batch_id = request.path_params["token"], request.path_params["batch"]
    batches, act = studio().batches, request.path_params["act"]
    changes: dict[str, Callable[[str, str], object]] = {
        "cancel": batches.cancel,
        "resume": batches.resume,
        "remove": batches.remove,
        "bring-back": batches.bring_back,
        "delete": batches.delete,
    }
    if act == "again":
        order = await _ordered(token)
        await in_turn(request, batches.start_again, token, batch_id, order)
    elif act in changes:
        await in_turn(request, changes[act], token, batch_id)
    else:
        return JSONResponse({"error": "there is nothing here"}, 404)
    return {}


@by_turns
def listed(request: Request) -> dict[str, list[BatchData]]:
    """Answer with where every batch of this workspace stands, newest first."""
    workspace, state = followed(request.path_params["token"])
    stamp = views.current_stamp(workspace, state)
    return {"batches": [_as_data(batch, stamp) for batch in studio().batches.of(workspace.token)]}


@by_turns
def table(request: Request) -> Response:
    """Answer with what was said so far as a CSV."""
    batch, predictions = _opened(request)
    lines = prediction_csv.lines(predictions, batch.record.classes)
    return _download(_encoded(lines), f"{_stem(batch)}-predictions.csv", "text/csv")


@by_turns
def sorted_pictures(request: Request) -> Response:
    """Answer with the pictures in folders by class, as a zip made while it is sent."""
    batch, predictions = _opened(request)
    pictures = studio().batches.pictures(request.path_params["token"], batch.record.id)
    pieces = sorted_zip(predictions, pictures.sources, batch.record.classes)
    return _download(pieces, f"{_stem(batch)}-sorted.zip", "application/zip")


def _download(pieces: Iterable[bytes], name: str, kind: str) -> Response:
    return StreamingResponse(pieces, media_type=kind, headers=requests.attachment(name))


def _encoded(lines: Iterator[str]) -> Iterator[bytes]:
    while part := "".join(itertools.islice(lines, LINES_AT_ONCE)):
        yield part.encode()


def _stem(batch: Batch) -> str:
    name = Path(batch.record.name).name
    return file_stem(name.removesuffix(".zip"))


def _opened(request: Request) -> tuple[Batch, Iterator[Prediction]]:
    token, batch_id = request.path_params["token"], request.path_params["batch"]
    batches = studio().batches
    return batches.get(token, batch_id), batches.predictions(token, batch_id)


def _opened_to_predict(token: str) -> tuple[Workspace, State]:
    """Open a workspace; raises `UploadRefused` where there can be no classifier."""
    workspace, state = followed(token)
    filled = sum(bool(labelled.counted) for labelled in workspace.sets)
    if filled < 2 and not may_be_ready(workspace, state):
        raise UploadRefused("There is nothing to predict with yet: fill two sets first.")
    if why := hindrance(workspace, state):
        raise UploadRefused(f"There is nothing to predict with yet. {why}")
    return workspace, state


async def _ordered(token: str) -> BatchRequest:
    """Return the classifier of a workspace as soon as it is current, and how it is shown.

    No thread waits meanwhile. Where that takes more than a minute it is the one of before, and what
    it says is shown as outdated. Raises `UploadRefused` where there is none.
    """
    global _waiting
    workspace, state = await run_in_threadpool(_opened_to_predict, token)
    if _waiting >= MOST_WAITING and not is_up_to_date(workspace, state):
        raise UploadRefused(state.error or views.NOT_READY)
    _waiting += 1
    try:
        end = time.monotonic() + PATIENCE_SECONDS
        while not (is_up_to_date(workspace, state) or state.error or time.monotonic() > end):
            await asyncio.sleep(LOOK_SECONDS)
            workspace, state = await run_in_threadpool(_opened_to_predict, token)
    finally:
        _waiting -= 1
    return views.batch_request(workspace, state)


def _as_data(batch: Batch, stamp: str) -> BatchData:
    record, counts = batch.record, batch.counts
    return {
        "id": record.id,
        "name": record.name,
        "phase": batch.phase,
        "running": batch.is_running,
        "stopping": batch.is_stopping and batch.is_running,
        "error": record.error,
        "done": batch.pace.done if batch.is_running else counts.done,
        "total": batch.pace.total,
        "words": in_words(batch.pace),
        "classes": [
            BatchClass(
                *(name, record.colours.get(name, "#888")), counts.sure[name], counts.doubtful[name]
            )
            for name in record.classes
        ],
        "unknown": counts.unknown,
        "rejected": counts.rejected,
        "kept": counts.done,
        "first": [_shown(prediction) for prediction in counts.first],
        "outdated": stamp not in ("", record.key),
    }


def _shown(prediction: Prediction) -> Shown:
    if prediction.rejected is not None:
        return {"path": prediction.path, "rejected": prediction.rejected}
    return {
        "path": prediction.path,
        "label": prediction.label,
        "probability": prediction.probability,
        "known": prediction.known,
        "doubtful": prediction.is_doubtful,
    }
