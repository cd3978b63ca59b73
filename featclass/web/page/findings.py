"""What is worth a look, as the browser shows it: a line that opens a list with its mends."""

from __future__ import annotations

from featclass.reports.figures import class_colour
from featclass.server.state import Result, State
from featclass.web.page import parts, trust
from featclass.workspaces import Workspace


def draw(result: Result, workspace: Workspace, state: State) -> None:
    """Draw the line; the findings are fetched by the browser when it is opened."""
    assert result.training is not None
    data = {
        "base": f"/api/w/{workspace.token}",
        "line": trust.worth_a_look(result.training, workspace.accepted),
        "ready": result.training.audit is not None,
        "stale": not state.is_current,
        "shown": f"{result.key} {workspace.version} {result.is_settling}",
        "sets": [[found.id, found.name, class_colour(found.colour)] for found in workspace.sets],
        "none": workspace.strangers_id,
    }
    parts.findings(data, token=workspace.token)
