"""The routes of predictions for a whole zip or folder: start, stop, resume, take away."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from featclass.base import (
    FeatclassError,
    Prediction,
    UploadRefused,
    WorkspaceMissing,
    file_stem,
    in_words,
)
from featclass.reports import prediction_csv
from featclass.reports.figures import class_colour
from featclass.reports.sorting import sorted_zip
from featclass.server.batches import Batch, BatchRequest
from featclass.server.state import State, is_learned
from featclass.server.studio import studio
from featclass.web import views
from featclass.web.routes import requests
from featclass.web.routes.requests import in_turn
from featclass.workspaces import Workspace

PATIENCE_SECONDS = 60
"""How long a batch waits for the classifier to follow what was changed just now."""
MOST_WAITING = 16
"""Requests that wait so at one time; the others are told at once that it is not ready."""
LOOK_SECONDS = 0.2
LINES_AT_ONCE = 500
NOT_READY = "The classifier is not ready yet. Wait for its score, and try again."
_waiting = 0


async def of_zip(request: Request) -> Response:
    """Start on the zip in the body, which goes to the disk as it comes; answers with the batch."""
    token = request.path_params["token"]
    name = request.query_params.get("name", "pictures.zip")
    try:
        await run_in_threadpool(_opened_to_predict, token)
        with studio().batches.incoming(token) as file:
            await requests.receive(request, file)
            file.flush()
            order = await _ordered(token)
            arrived = Path(file.name)
            batch = await in_turn(request, studio().batches.start_zip, token, arrived, name, order)
    except FeatclassError as error:
        return _failed(error)
    return JSONResponse({"id": batch.record.id})


async def of_folder(request: Request) -> Response:
    """Start on `{"folder": path}` of this machine; answers with the batch."""
    token = request.path_params["token"]
    try:
        folder = str((await requests.json_of(request))["folder"])
    except (ValueError, KeyError, TypeError):
        return JSONResponse({"error": "that names no folder"}, 400)
    try:
        order = await _ordered(token)
        batch = await in_turn(request, studio().batches.start_folder, token, folder, order)
    except FeatclassError as error:
        return _failed(error)
    return JSONResponse({"id": batch.record.id})


async def change(request: Request) -> Response:
    """Do to one batch what the address ends in."""
    token, batch_id = request.path_params["token"], request.path_params["batch"]
    batches, act = studio().batches, request.path_params["act"]
    known: dict[str, Callable[[str, str], object]] = {
        "cancel": batches.cancel,
        "resume": batches.resume,
        "remove": batches.remove,
        "bring-back": batches.bring_back,
        "delete": batches.delete,
    }
    if act not in known and act != "again":
        return JSONResponse({"error": "there is nothing here"}, 404)
    try:
        if act == "again":
            order = await _ordered(token)
            await in_turn(request, batches.start_again, token, batch_id, order)
        else:
            await in_turn(request, known[act], token, batch_id)
    except FeatclassError as error:
        return _failed(error)
    return JSONResponse({})


async def listed(request: Request) -> Response:
    """Answer with where every batch of this workspace stands, newest first."""
    token = request.path_params["token"]
    try:
        found, key = await in_turn(request, _listed, token)
    except FeatclassError as error:
        return _failed(error)
    return JSONResponse({"batches": [_as_data(batch, key) for batch in found]})


async def table(request: Request) -> Response:
    """Answer with what was said so far as a CSV."""
    token, batch_id = request.path_params["token"], request.path_params["batch"]
    try:
        batch, said = await in_turn(request, _opened, token, batch_id)
    except FeatclassError as error:
        return _failed(error)
    name = f"{_stem(batch)}-predictions.csv"
    return _download(_encoded(prediction_csv.lines(said, batch.record.classes)), name, "text/csv")


async def sorted_pictures(request: Request) -> Response:
    """Answer with the pictures in folders by class, as a zip made while it is sent."""
    token, batch_id = request.path_params["token"], request.path_params["batch"]
    try:
        batch, said = await in_turn(request, _opened, token, batch_id)
        found = await in_turn(request, studio().batches.pictures, token, batch_id)
    except FeatclassError as error:
        return _failed(error)
    pieces = sorted_zip(said, found.sources, batch.record.classes)
    return _download(pieces, f"{_stem(batch)}-sorted.zip", "application/zip")


def _failed(error: FeatclassError) -> Response:
    status = 404 if isinstance(error, WorkspaceMissing) else 400
    return JSONResponse({"error": str(error)}, status)


def _download(pieces: Iterable[bytes], name: str, kind: str) -> Response:
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return StreamingResponse(pieces, media_type=kind, headers={"content-disposition": disposition})


def _encoded(lines: Iterator[str]) -> Iterator[bytes]:
    some: list[str] = []
    for line in lines:
        some.append(line)
        if len(some) == LINES_AT_ONCE:
            yield "".join(some).encode()
            some.clear()
    yield "".join(some).encode()


def _stem(batch: Batch) -> str:
    name = Path(batch.record.name).name
    return file_stem(name.removesuffix(".zip"))


def _opened(token: str, batch_id: str) -> tuple[Batch, Iterator[Prediction]]:
    studio().workspaces.version(token)
    batches = studio().batches
    return batches.get(token, batch_id), batches.predictions(token, batch_id)


def _listed(token: str) -> tuple[list[Batch], str]:
    workspace = studio().workspaces.open(token)
    found = studio().batches.of(token)
    return found, _key(workspace, studio().trainer.follow(workspace)) if found else ""


def _opened_to_predict(token: str) -> Workspace:
    """Open a workspace; raises `UploadRefused` where there can be no classifier."""
    workspace = studio().workspaces.open(token)
    state = studio().trainer.follow(workspace)
    filled = sum(bool(labelled.counted) for labelled in workspace.sets)
    if filled < 2 and not views.may_be_ready(workspace, state):
        raise UploadRefused("There is nothing to predict with yet: fill two sets first.")
    if why := views.hindrance(workspace, state):
        raise UploadRefused(f"There is nothing to predict with yet. {why}")
    return workspace


async def _ordered(token: str) -> BatchRequest:
    """Return the classifier of a workspace as soon as it is current, and how it is shown.

    No thread waits meanwhile. Where that takes more than a minute it is the one of before, and what
    it says is shown as outdated. Raises `UploadRefused` where there is none.
    """
    global _waiting
    workspace, state = await run_in_threadpool(_followed, token)
    if _waiting >= MOST_WAITING and not _is_ready(workspace, state):
        raise UploadRefused(state.error or NOT_READY)
    _waiting += 1
    try:
        end = time.monotonic() + PATIENCE_SECONDS
        while not (_is_ready(workspace, state) or state.error or time.monotonic() > end):
            await asyncio.sleep(LOOK_SECONDS)
            workspace, state = await run_in_threadpool(_followed, token, workspace)
    finally:
        _waiting -= 1
    result = state.result
    if result is None or result.classifier is None:
        raise UploadRefused(state.error or NOT_READY)
    return BatchRequest(
        result.classifier, _key(workspace, state), _colours(workspace, result.classifier.classes)
    )


def _followed(token: str, before: Workspace | None = None) -> tuple[Workspace, State]:
    """Return a workspace and its classifier; `before` saves reading it where it is the same."""
    if before is not None and studio().workspaces.version(token) == before.version:
        known = studio().trainer.known(token)
        if known.wanted_key:
            return before, known
    workspace = _opened_to_predict(token)
    return workspace, studio().trainer.follow(workspace)


def _is_ready(workspace: Workspace, state: State) -> bool:
    """Say whether there is a classifier of the sets as they are, also of what they are called."""
    has_one = state.result is not None and state.result.classifier is not None
    return has_one and is_learned(workspace, state)


def _key(workspace: Workspace, state: State) -> str:
    """Name the classifier as it is now: its sets, and what they are called; empty for none."""
    if not _is_ready(workspace, state):
        return ""
    assert state.result is not None
    names = json.dumps(sorted(state.result.names.items()))
    return hashlib.sha256(f"{state.result.key} {names}".encode()).hexdigest()


def _colours(workspace: Workspace, classes: Iterable[str]) -> dict[str, str]:
    if workspace.classifier is not None:
        return {name: class_colour(i) for i, name in enumerate(classes)}
    return {found.name: class_colour(found.colour) for found in workspace.sets}


def _as_data(batch: Batch, key: str) -> dict[str, Any]:
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
            [name, record.colours.get(name, "#888"), counts.sure[name], counts.doubtful[name]]
            for name in record.classes
        ],
        "unknown": counts.unknown,
        "rejected": counts.rejected,
        "kept": counts.done,
        "first": [_row(said) for said in counts.first],
        # Not while the classifier is being made: who knows what it will be.
        "outdated": bool(key) and key != record.key,
    }


def _row(said: Prediction) -> dict[str, Any]:
    if said.rejected is not None:
        return {"path": said.path, "rejected": said.rejected}
    return {
        "path": said.path,
        "label": said.label,
        "probability": said.probability,
        "known": said.known,
        "doubtful": said.is_doubtful,
    }
