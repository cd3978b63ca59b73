"""The table of our routes; everything below `/api/w/{token}` needs the link of a workspace."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable
from importlib import import_module

from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Scope
from starlette.websockets import WebSocket

from featclass.base import FeatclassError, WorkspaceMissing, WorkspaceRemoved
from featclass.server.studio import studio
from featclass.web import ASSETS, scripts


class Fonts(StaticFiles):
    """The fonts of the page; their names change with their content, so browsers may keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file that may be cached."""
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "public, max-age=604800"
        return response


async def module(request: Request) -> Response:
    """Answer with an ES module of the page; where it changes, its address does."""
    name = request.path_params["name"]
    body = scripts.compressed().get(name)
    if body is None or request.path_params["stamp"] != scripts.stamp():
        return await unknown(request)
    headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
    else:
        body = gzip.decompress(body)
    return Response(body, media_type="text/javascript", headers=headers)


async def unknown(request: Request) -> Response:
    """Answer 404: without this, Streamlit answers every unknown path with its page."""
    return JSONResponse({"error": "there is nothing here"}, 404)


Handler = Callable[[Request], Awaitable[Response]]


def late(
    module: str,
    name: str,
    *,
    refused: int = 404,
    missing: int = 404,
    removed_too: bool = False,
    errors: tuple[type[Exception], ...] = (FeatclassError,),
) -> Handler:
    """Return a handler whose module is loaded at its first request, not before the first paint.

    Whose link leads nowhere is answered before anything is read of what they send. Here alone
    errors become answers, `{"error": sentence}`: handlers raise them.

    Args:
        module: Of `featclass.web.routes`.
        name: Of the handler in it.
        refused: The status of an answer to what cannot be done.
        missing: The status of an answer to a link that leads nowhere.
        removed_too: Whether the link of a removed workspace passes.
        errors: What says in a sentence that it cannot be done.
    """

    def prepared(token: str | None) -> Handler:
        if token is not None:
            _require(token, removed_too)
        handler: Handler = getattr(import_module(f"featclass.web.routes.{module}"), name)
        return handler

    async def handler(request: Request) -> Response:
        status = 503
        try:
            loaded = await run_in_threadpool(prepared, request.path_params.get("token"))
            status = refused
            return await loaded(request)
        except WorkspaceMissing as error:
            return _told(error, missing)
        except errors as error:
            return _told(error, status)

    return handler


def _told(error: Exception, status: int) -> Response:
    return JSONResponse({"error": str(error)}, status)


def _require(token: str, removed_too: bool) -> None:
    """Raise `WorkspaceMissing` where a link leads nowhere."""
    try:
        studio().workspaces.version(token)
    except WorkspaceRemoved:
        if not removed_too:
            raise


class _Id(Convertor[int]):
    """The number of a set or of a picture: no more digits than the database has for one."""

    regex = "[0-9]{1,18}"

    def convert(self, value: str) -> int:
        """Return the number."""
        return int(value)

    def to_string(self, value: int) -> str:
        """Return its digits."""
        return str(value)


register_url_convertor("id", _Id())


async def live(socket: WebSocket) -> None:
    """Hand the socket over to its module, loaded when the first camera opens."""
    loaded = await run_in_threadpool(import_module, "featclass.web.routes.live")
    await loaded.live(socket)


W = "/api/w/{token}"
_FILE = (FeatclassError, OSError)
"""What is raised where a picture cannot be read."""


def _posted(
    path: str, module: str, name: str, *, missing: int = 404, removed_too: bool = False
) -> Route:
    """Return the route of something done; it answers 400 where it cannot be."""
    handler = late(module, name, refused=400, missing=missing, removed_too=removed_too)
    return Route(f"{W}{path}", handler, methods=["POST"])


ROUTES = (
    _posted("/act", "acts", "act", missing=400, removed_too=True),
    _posted("/plan", "plans", "plan", missing=400),
    _posted("/plan/form", "plans", "plan_form", missing=400),
    _posted("/pictures", "uploads", "pictures", missing=400),
    _posted("/zip", "uploads", "archive", missing=400),
    _posted("/classifier", "classifiers", "saved"),
    Route(f"{W}/thumbnail/{{digest}}", late("pictures", "thumbnail", errors=_FILE)),
    Route(f"{W}/pictures.zip", late("pictures", "archive", errors=_FILE)),
    Route(f"{W}/sets/{{set_id:id}}", late("pictures", "of_set")),
    Route(f"{W}/tried", late("predictions", "rows")),
    Route(f"{W}/tried/{{picture_id:id}}", late("predictions", "one")),
    Route(f"{W}/judged", late("labelled", "out_of_fold")),
    Route(f"{W}/report.html", late("classifiers", "html")),
    Route(f"{W}/report.md", late("classifiers", "markdown")),
    Route(f"{W}/findings", late("findings", "findings")),
    Route(f"{W}/why/{{digest}}", late("predictions", "why", errors=_FILE)),
    Route(f"{W}/map", late("labelled", "picture_map")),
    WebSocketRoute(f"{W}/live", live),
    Route(f"{W}/questions", late("questions", "most_useful")),
    Route(f"{W}/batches", late("batches", "listed", refused=400)),
    _posted("/batches/zip", "batches", "of_zip"),
    _posted("/batches/folder", "batches", "of_folder"),
    Route(f"{W}/batches/{{batch}}/predictions.csv", late("batches", "table", refused=400)),
    Route(f"{W}/batches/{{batch}}/sorted.zip", late("batches", "sorted_pictures", refused=400)),
    _posted("/batches/{batch}/{act}", "batches", "change"),
    Route("/api/{rest:path}", unknown, methods=["GET", "POST", "PUT", "DELETE"]),
    Route(f"/{scripts.FOLDER}/{{stamp}}/{{name}}", module),
    Mount("/assets", Fonts(directory=ASSETS)),
)
