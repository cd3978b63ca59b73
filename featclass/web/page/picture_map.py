"""The map of the pictures, as the browser shows it: drawn only once somebody opens it."""

from __future__ import annotations

from featclass.reports.figures import class_colour
from featclass.server.state import Result, State
from featclass.web.page import parts
from featclass.workspaces import Workspace


def draw(result: Result, workspace: Workspace, state: State) -> None:
    """Draw the line that opens the map; the browser fetches where each picture lies."""
    data = {
        "base": f"/api/w/{workspace.token}",
        "ready": result.vectors is not None,
        "stale": not state.is_current,
        "shown": f"{result.key} {workspace.version} {result.is_settling}",
        "sets": [[found.id, found.name, class_colour(found.colour)] for found in workspace.sets],
        "none": workspace.strangers_id,
    }
    parts.map_of(data, token=workspace.token)
