"""The routes of the pictures tried: what is said of them, and why."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from featclass import classifiers
from featclass.base import FeatclassError, Image, Probe
from featclass.datasets import BytesSource
from featclass.explain import Heat
from featclass.server.studio import studio
from featclass.web import views


async def rows(request: Request) -> Response:
    """Answer with a row for each picture tried, newest first, and the stamp of what is said."""
    try:
        return JSONResponse(await run_in_threadpool(_rows, request.path_params["token"]))
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 404)


def _rows(token: str) -> dict[str, Any]:
    workspace = studio().workspaces.open(token)
    state = studio().trainer.follow(workspace)
    return {
        "stamp": views.stamp(workspace, state),
        "version": workspace.version,
        "rows": [views.row(picture, state) for picture in workspace.tried],
    }


async def one(request: Request) -> Response:
    """Answer with all that is said of one picture tried."""
    token, picture_id = request.path_params["token"], request.path_params["picture_id"]
    try:
        found = await run_in_threadpool(_one, token, picture_id)
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 404)
    return JSONResponse(found) if found else JSONResponse({"error": "no such picture"}, 404)


def _one(token: str, picture_id: int) -> dict[str, Any] | None:
    workspace = studio().workspaces.open(token)
    state = studio().trainer.follow(workspace)
    for picture in workspace.tried:
        if picture.id == picture_id:
            return {"stamp": views.stamp(workspace, state), **views.told(picture, workspace, state)}
    return None


KEPT = 256
_threads = CapacityLimiter(2)
"""They are worked out one after the other: who waits must not keep other routes waiting."""
_lock = threading.Lock()
_kept: OrderedDict[tuple[str, str | None], tuple[weakref.ref[Probe], Heat]] = OrderedDict()
"""By picture and class, with the probe that each was made with, which others keep."""


async def why(request: Request) -> Response:
    """Answer with the map of a picture of this workspace for the class `label`.

    Without a label, for the class it is taken for. See `Heat.to_json`.
    """
    token, digest = request.path_params["token"], request.path_params["digest"]
    label = request.query_params.get("label")
    try:
        return JSONResponse(await to_thread.run_sync(_why, token, digest, label, limiter=_threads))
    except (FeatclassError, OSError) as error:
        return JSONResponse({"error": str(error)}, 404)


def _why(token: str, digest: str, label: str | None) -> dict[str, Any]:
    data = studio().workspaces.read(token, digest)  # also checks that it is one of its own
    result = studio().trainer.follow(studio().workspaces.open(token)).result
    if result is None or result.classifier is None:
        raise FeatclassError("There is no classifier yet: fill two sets first.")
    fitted = result.classifier.probe
    with _lock:
        made_with, heat = _kept.get((digest, label), (None, None))
    if heat is None or made_with is None or made_with() is not fitted:
        image = Image("The picture", digest, BytesSource(data))
        heat = classifiers.explain(result.engine, result.classifier, image, label)
        _keep((digest, label), fitted, heat)
    return heat.to_json()


def _keep(key: tuple[str, str | None], fitted: Probe, heat: Heat) -> None:
    with _lock:
        _kept[key] = weakref.ref(fitted), heat
        _kept.move_to_end(key)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
