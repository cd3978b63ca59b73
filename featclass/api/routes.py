"""The table of our routes; everything below `/api/w/{token}` needs the link of a workspace."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from featclass.api import acts, pictures, uploads

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


W = "/api/w/{token}"
ROUTES = (
    Route(f"{W}/act", acts.act, methods=["POST"]),
    Route(f"{W}/plan", uploads.plan, methods=["POST"]),
    Route(f"{W}/pictures", uploads.pictures, methods=["POST"]),
    Route(f"{W}/zip", uploads.archive, methods=["POST"]),
    Route(f"{W}/thumbnail/{{digest}}", pictures.thumbnail),
    Route(f"{W}/pictures.zip", pictures.archive),
    Route(f"{W}/sets/{{set_id:int}}", pictures.of_set),
    Route("/api/{rest:path}", unknown, methods=["GET", "POST", "PUT", "DELETE"]),
    Mount("/assets", Fonts(directory=ASSETS)),
)
