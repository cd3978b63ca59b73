"""The labelled sets: what the person gave; and beneath them what is none of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from featclass.base import Rejected
from featclass.reports.figures import class_colour
from featclass.web.page import parts
from featclass.workspaces import LabelledSet, Picture, Workspace

# The browser asks for the others when they are unfolded.
SENT_AT_ONCE = 14


def draw(workspace: Workspace) -> None:
    """Draw the sets of a workspace."""
    st.subheader("Labelled sets", anchor=False)
    if workspace.classifier is not None:
        st.info(
            "This workspace holds a saved classifier. Try pictures on it at the right; to teach"
            " a new one, start a new workspace.",
            icon=":material/inventory_2:",
        )
        return
    data = {
        "base": f"/api/w/{workspace.token}",
        "sets": [_as_data(labelled, workspace.version) for labelled in workspace.sets],
        "none": _none_of_these(workspace),
    }
    parts.sets(data, token=workspace.token)


def _as_data(labelled: LabelledSet, version: int) -> dict[str, Any]:
    return {
        "id": labelled.id,
        "name": labelled.name,
        "colour": class_colour(labelled.colour),
        "left_out": len(labelled.pictures) - len(labelled.counted),
        **_held(labelled.pictures, labelled.rejected, version),
    }


def _none_of_these(workspace: Workspace) -> dict[str, Any] | None:
    """Return what is shown of the pictures that are none of these; None where there are none."""
    if not (workspace.strangers or workspace.strangers_rejected):
        return None
    held = _held(workspace.strangers, workspace.strangers_rejected, workspace.version)
    return {"id": workspace.strangers_id, "name": "None of these", "left_out": 0, **held}


def _held(
    pictures: Sequence[Picture], rejected: Sequence[Rejected], version: int
) -> dict[str, Any]:
    return {
        "count": len(pictures),
        "version": version,
        "pictures": [[p.id, p.digest, p.name, p.left_out] for p in pictures[:SENT_AT_ONCE]],
        "rejected": [[item.name, item.reason] for item in rejected],
    }
