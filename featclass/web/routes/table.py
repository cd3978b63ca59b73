"""The table of our routes; everything below `/api/w/{token}` needs the link of a workspace."""

from __future__ import annotations

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
from featclass.web import ASSETS


class Fonts(StaticFiles):
    """The fonts of the page; their names change with their content, so browsers may keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file that may be cached."""
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "public, max-age=604800"
        return response


async def unknown(request: Request) -> Response:
    """Answer 404: without this, Streamlit answers every unknown path with its page."""
    return JSONResponse({"error": "there is nothing here"}, 404)


def late(
    module: str, name: str, *, missing: int = 404, removed_too: bool = False
) -> Callable[[Request], Awaitable[Response]]:
    """Return a handler whose module is loaded at its first request, not before the first paint.

    Whose link leads nowhere is answered before anything is read of what they send.

    Args:
        module: Of `featclass.web.routes`.
        name: Of the handler in it.
        missing: The status of an answer to a link that leads nowhere.
        removed_too: Whether the link of a removed workspace passes.
    """

    def prepared(token: str | None) -> Callable[[Request], Awaitable[Response]]:
        if token is not None:
            _require(token, removed_too)
        handler: Callable[[Request], Awaitable[Response]] = getattr(
            import_module(f"featclass.web.routes.{module}"), name
        )
        return handler

    async def handler(request: Request) -> Response:
        try:
            loaded = await run_in_threadpool(prepared, request.path_params.get("token"))
        except WorkspaceMissing as error:
            return JSONResponse({"error": str(error)}, missing)
        except FeatclassError as error:
            return JSONResponse({"error": str(error)}, 503)
        return await loaded(request)

    return handler


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
ROUTES = (
    Route(f"{W}/act", late("acts", "act", missing=400, removed_too=True), methods=["POST"]),
    Route(f"{W}/plan", late("uploads", "plan", missing=400), methods=["POST"]),
    Route(f"{W}/plan/form", late("uploads", "plan_form", missing=400), methods=["POST"]),
    Route(f"{W}/pictures", late("uploads", "pictures", missing=400), methods=["POST"]),
    Route(f"{W}/zip", late("uploads", "archive", missing=400), methods=["POST"]),
    Route(f"{W}/classifier", late("classifiers", "saved"), methods=["POST"]),
    Route(f"{W}/thumbnail/{{digest}}", late("pictures", "thumbnail")),
    Route(f"{W}/pictures.zip", late("pictures", "archive")),
    Route(f"{W}/sets/{{set_id:id}}", late("pictures", "of_set")),
    Route(f"{W}/tried", late("predictions", "rows")),
    Route(f"{W}/tried/{{picture_id:id}}", late("predictions", "one")),
    Route(f"{W}/judged", late("judged", "judged")),
    Route(f"{W}/report.html", late("classifiers", "html")),
    Route(f"{W}/report.md", late("classifiers", "markdown")),
    Route(f"{W}/findings", late("findings", "findings")),
    Route(f"{W}/why/{{digest}}", late("predictions", "why")),
    Route(f"{W}/map", late("judged", "pictures")),
    WebSocketRoute(f"{W}/live", live),
    Route(f"{W}/questions", late("questions", "questions")),
    Route(f"{W}/batches", late("batches", "listed")),
    Route(f"{W}/batches/zip", late("batches", "of_zip"), methods=["POST"]),
    Route(f"{W}/batches/folder", late("batches", "of_folder"), methods=["POST"]),
    Route(f"{W}/batches/{{batch}}/predictions.csv", late("batches", "table")),
    Route(f"{W}/batches/{{batch}}/sorted.zip", late("batches", "sorted_pictures")),
    Route(f"{W}/batches/{{batch}}/{{act}}", late("batches", "change"), methods=["POST"]),
    Route("/api/{rest:path}", unknown, methods=["GET", "POST", "PUT", "DELETE"]),
    Mount("/assets", Fonts(directory=ASSETS)),
)
