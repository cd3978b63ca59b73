"""The confusion matrix as the browser draws it: counts, and whose pictures can be opened."""

from __future__ import annotations

from typing import Any

from featclass.reports.figures import class_colour
from featclass.server.state import Result, State
from featclass.web.page import parts
from featclass.web.page.tryout import class_colours
from featclass.workspaces import Workspace


def draw(result: Result, workspace: Workspace, state: State) -> None:
    """Draw the confusion matrix of a result that has one."""
    parts.matrix(_as_data(result, workspace, state), token=workspace.token)


def _as_data(result: Result, workspace: Workspace, state: State) -> dict[str, Any]:
    assert result.training is not None
    report = result.training.classifier.report
    ids = {name: set_id for set_id, name in result.names.items()}
    colours = class_colours(workspace, state)
    here = {found.id: class_colour(found.colour) for found in workspace.sets}
    return {
        "base": f"/api/w/{workspace.token}",
        "stale": not state.is_current,
        # Whatever changes what is said of the pictures, or where they stand.
        "shown": f"{result.key} {workspace.version}",
        "opens": bool(result.training.out_of_fold),
        "classes": [
            [ids.get(name), name, here.get(ids.get(name, 0)) or colours.get(name)]
            for name in report.classes
        ],
        "cells": [
            [i, j, count]
            for i, row in enumerate(report.confusion_matrix or ())
            for j, count in enumerate(row)
            if count
        ],
        "sets": [[found.id, found.name, here[found.id]] for found in workspace.sets],
        "none": workspace.strangers_id,
    }
