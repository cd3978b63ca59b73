"""The table of our routes; everything below `/api/w/{token}` needs the link of a workspace."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from inspect import iscoroutinefunction
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from featclass.base import FeatclassError, WorkspaceMissing, WorkspaceRemoved
from featclass.server.studio import studio
from featclass.web import ASSETS, scripts
from featclass.web.routes.compression import YEAR, CompressedFiles


async def unknown(request: Request) -> Response:
    """Answer 404: without this, Streamlit answers every unknown path with its page."""
    return JSONResponse({"error": "there is nothing here"}, 404)


W = "/api/w/{token}"


def late(
    path: str,
    handler: str,
    *,
    method: str = "GET",
    refused: int = 404,
    missing: int = 404,
    removed_too: bool = False,
    errors: tuple[type[Exception], ...] = (FeatclassError,),
    threads: int | None = None,
) -> Route:
    """Return a route whose module is loaded at its first request, not before the first paint.

    Whose link leads nowhere is answered before anything is read of what they send. Here alone
    errors become answers, `{"error": sentence}`, and values JSON: handlers raise and return them.

    Args:
        path: Below the link of the workspace.
        handler: Its module in this package, and its name there; it may block if it is no coroutine.
        method: Of the request.
        refused: The status of an answer to what cannot be done.
        missing: The status of an answer to a link that leads nowhere.
        removed_too: Whether the link of a removed workspace passes.
        errors: What says in a sentence that it cannot be done.
        threads: So many of its own instead of those that others share.
    """
    limiter = CapacityLimiter(threads) if threads else None

    async def answer(request: Request) -> Response:
        status = 503
        try:
            token = request.path_params["token"]
            work = await run_in_threadpool(_loaded, handler, token, removed_too)
            status = refused
            return await _answered(work, request, limiter)
        except WorkspaceMissing as error:
            return JSONResponse({"error": str(error)}, missing)
        except errors as error:
            return JSONResponse({"error": str(error)}, status)

    return Route(f"{W}{path}", answer, methods=[method])


async def _answered(
    work: Callable[[Request], Any], request: Request, limiter: CapacityLimiter | None
) -> Response:
    if iscoroutinefunction(work):
        value = await work(request)
    else:
        value = await to_thread.run_sync(work, request, limiter=limiter)
    return value if isinstance(value, Response) else JSONResponse(value)


def _loaded(handler: str, token: str, removed_too: bool) -> Callable[[Request], Any]:
    """Return a handler; raises `WorkspaceMissing` where the link of the workspace leads nowhere."""
    try:
        studio().workspaces.version(token)
    except WorkspaceRemoved:
        if not removed_too:
            raise
    module, name = handler.split(".")
    work: Callable[[Request], Any] = getattr(import_module(f"{__package__}.{module}"), name)
    return work


class _Id(IntegerConvertor):
    """The number of a set or of a picture: no more digits than the database has for one."""

    regex = "[0-9]{1,18}"


register_url_convertor("id", _Id())


async def live(socket: WebSocket) -> None:
    """Hand the socket over to its module, loaded when the first camera opens."""
    loaded = await run_in_threadpool(import_module, "featclass.web.routes.live")
    await loaded.live(socket)


_FILE = (FeatclassError, OSError)
"""What is raised where a picture cannot be read."""


def _posted(path: str, handler: str, *, missing: int = 404, removed_too: bool = False) -> Route:
    """Return the route of something done; it answers 400 where it cannot be."""
    return late(
        *(path, handler), method="POST", refused=400, missing=missing, removed_too=removed_too
    )


ROUTES = (
    _posted("/act", "acts.act", missing=400, removed_too=True),
    _posted("/plan", "plans.plan", missing=400),
    _posted("/plan/form", "plans.plan_form", missing=400),
    _posted("/pictures", "uploads.pictures", missing=400),
    _posted("/zip", "uploads.archive", missing=400),
    _posted("/classifier", "classifiers.saved"),
    # A large picture takes a second to be made small, and why it is taken for a class as long.
    late("/thumbnail/{digest}", "pictures.thumbnail", errors=_FILE, threads=4),
    late("/why/{digest}", "predictions.why", errors=_FILE, threads=2),
    late("/pictures.zip", "pictures.archive", errors=_FILE),
    late("/sets/{set_id:id}", "pictures.of_set"),
    late("/tried", "predictions.rows"),
    late("/tried/{picture_id:id}", "predictions.one"),
    late("/judged", "labelled.out_of_fold"),
    late("/report.html", "classifiers.html"),
    late("/report.md", "classifiers.markdown"),
    late("/findings", "findings.findings"),
    late("/map", "labelled.picture_map"),
    WebSocketRoute(f"{W}/live", live),
    late("/questions", "questions.most_useful"),
    late("/batches", "batches.listed", refused=400),
    _posted("/batches/zip", "batches.of_zip"),
    _posted("/batches/folder", "batches.of_folder"),
    late("/batches/{batch}/predictions.csv", "batches.table", refused=400),
    late("/batches/{batch}/sorted.zip", "batches.sorted_pictures", refused=400),
    _posted("/batches/{batch}/{act}", "batches.change"),
    Route("/api/{rest:path}", unknown, methods=["GET", "POST", "PUT", "DELETE"]),
    Mount(f"/{scripts.FOLDER}/{scripts.stamp()}", CompressedFiles(ASSETS, YEAR)),
    # Names of the fonts change with their content, so that browsers may keep them.
    Mount("/assets", CompressedFiles(ASSETS, "public, max-age=604800")),
)
