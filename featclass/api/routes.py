"""The table of our routes; everything below `/api/w/{token}` needs the link of a workspace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Scope
from starlette.websockets import WebSocket

ASSETS = Path(__file__).parent.parent / "ui" / "assets"


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


def late(module: str, name: str) -> Callable[[Request], Awaitable[Response]]:
    """Return a handler whose module is loaded at its first request, not before the first paint."""

    async def handler(request: Request) -> Response:
        loaded = await run_in_threadpool(import_module, f"featclass.api.{module}")
        response: Response = await getattr(loaded, name)(request)
        return response

    return handler


async def live(socket: WebSocket) -> None:
    """Hand the socket over to its module, loaded when the first camera opens."""
    loaded = await run_in_threadpool(import_module, "featclass.api.live")
    await loaded.live(socket)


W = "/api/w/{token}"
ROUTES = (
    Route(f"{W}/act", late("acts", "act"), methods=["POST"]),
    Route(f"{W}/plan", late("uploads", "plan"), methods=["POST"]),
    Route(f"{W}/pictures", late("uploads", "pictures"), methods=["POST"]),
    Route(f"{W}/zip", late("uploads", "archive"), methods=["POST"]),
    Route(f"{W}/thumbnail/{{digest}}", late("pictures", "thumbnail")),
    Route(f"{W}/pictures.zip", late("pictures", "archive")),
    Route(f"{W}/sets/{{set_id:int}}", late("pictures", "of_set")),
    Route(f"{W}/tried", late("tried", "rows")),
    Route(f"{W}/tried/{{picture_id:int}}", late("tried", "one")),
    Route(f"{W}/judged", late("judged", "judged")),
    Route(f"{W}/report.html", late("reports", "html")),
    Route(f"{W}/report.md", late("reports", "markdown")),
    Route(f"{W}/findings", late("findings", "findings")),
    Route(f"{W}/why/{{digest}}", late("why", "why")),
    Route(f"{W}/map", late("map", "pictures")),
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
