"""The routes of the pictures tried: what is said of them, and why."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from typing import Any, TypedDict

from starlette.requests import Request

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


def rows(request: Request) -> TriedRows:
    """Answer with all pictures tried."""
    workspace, state = followed(request.path_params["token"])
    return {
        "stamp": views.stamp(workspace, state),
        "version": workspace.version,
        "rows": [views.tried_row(picture, state) for picture in workspace.tried],
    }


def one(request: Request) -> Stamped:
    """Answer with all that is said of one picture tried."""
    workspace, state = followed(request.path_params["token"])
    for picture in workspace.tried:
        if picture.id == request.path_params["picture_id"]:
            seen = views.tried_picture(picture, workspace, state)
            return {"stamp": views.stamp(workspace, state), **seen}
    raise FeatclassError("no such picture")


KEPT = 256
_lock = threading.Lock()
_kept: OrderedDict[tuple[str, str | None], tuple[weakref.ref[Probe], Heat]] = OrderedDict()
"""By picture and class, with the probe that each was made with, which others keep."""


def why(request: Request) -> dict[str, Any]:
    """Answer with the map of a picture of this workspace for the class `label`.

    Without a label, for the class it is taken for. See `Heat.to_json`.
    """
    token, digest = request.path_params["token"], request.path_params["digest"]
    label = request.query_params.get("label")
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
