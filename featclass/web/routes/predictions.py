"""The routes of the pictures tried: what is said of them, and why."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from typing import Any, TypedDict

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
from featclass.web.routes.requests import followed


class TriedRows(TypedDict):
    """The pictures tried, newest first, and the stamp of what is said of them."""

    stamp: str
    version: int
    rows: list[views.TriedRow]


class Stamped(views.TriedPicture):
    """A picture tried, and the stamp of what is said of it."""

    stamp: str


async def rows(request: Request) -> Response:
    """Answer with `TriedRows`."""
    return JSONResponse(await run_in_threadpool(_rows, request.path_params["token"]))


def _rows(token: str) -> TriedRows:
    workspace, state = followed(token)
    return {
        "stamp": views.stamp(workspace, state),
        "version": workspace.version,
        "rows": [views.tried_row(picture, state) for picture in workspace.tried],
    }


async def one(request: Request) -> Response:
    """Answer with all that is said of one picture tried, `Stamped`."""
    token, picture_id = request.path_params["token"], request.path_params["picture_id"]
    return JSONResponse(await run_in_threadpool(_one, token, picture_id))


def _one(token: str, picture_id: int) -> Stamped:
    workspace, state = followed(token)
    for picture in workspace.tried:
        if picture.id == picture_id:
            seen = views.tried_picture(picture, workspace, state)
            return {"stamp": views.stamp(workspace, state), **seen}
    raise FeatclassError("no such picture")


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
    return JSONResponse(await to_thread.run_sync(_why, token, digest, label, limiter=_threads))


def _why(token: str, digest: str, label: str | None) -> dict[str, Any]:
    data = studio().workspaces.read(token, digest)  # also checks that it is one of its own
    _, state = followed(token)
    result = state.result
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
