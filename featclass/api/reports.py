"""The routes of the report to take to a meeting: one HTML file, and the same as Markdown."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from featclass.api.long_work import in_turn
from featclass.errors import FeatclassError
from featclass.learned import Learned
from featclass.render import class_colour
from featclass.service import documents
from featclass.studio import studio
from featclass.thumbnails import SIZES
from featclass.workspaces import Workspace, file_stem


async def html(request: Request) -> Response:
    """Answer with the report as one HTML file, pictures included."""
    return await _answer(request, _html, "html")


async def markdown(request: Request) -> Response:
    """Answer with the report as Markdown."""
    return await _answer(request, _markdown, "md")


async def _answer(
    request: Request, write: Callable[[Workspace, Learned], str], ending: str
) -> Response:
    try:
        name, text = await in_turn(request, _written, request.path_params["token"], write)
    except FeatclassError as error:
        return JSONResponse({"error": str(error)}, 404)
    file = f"{quote(name)}-report.{ending}"
    return Response(
        text,
        media_type="text/html" if ending == "html" else "text/markdown",
        headers={"content-disposition": f"attachment; filename*=UTF-8''{file}"},
    )


def _written(token: str, write: Callable[[Workspace, Learned], str]) -> tuple[str, str]:
    workspace = studio().workspaces.open(token)
    result = studio().trainer.follow(workspace).result
    if result is None or result.learned is None:
        raise FeatclassError("There is no report yet: fill two sets first.")
    return file_stem(workspace.name), write(workspace, result.learned)


def _html(workspace: Workspace, learned: Learned) -> str:
    def thumbnail(digest: str) -> bytes | None:
        try:
            original = studio().workspaces.read(workspace.token, digest)
            return studio().thumbnails.of(digest, original, SIZES[0])
        except (FeatclassError, OSError):
            return None  # removed meanwhile: the report does without it

    colours = {found.name: class_colour(found.colour) for found in workspace.sets}
    return documents.html(
        learned,
        title=workspace.name,
        thumbnail=thumbnail,
        colours=colours,
        accepted=workspace.accepted,
    )


def _markdown(workspace: Workspace, learned: Learned) -> str:
    return documents.markdown(learned, title=workspace.name, accepted=workspace.accepted)
