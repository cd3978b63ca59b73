"""The labelled sets: what the person gave."""

from __future__ import annotations

from typing import Any

import streamlit as st

from featclass.render import class_colour
from featclass.ui import parts
from featclass.workspaces import LabelledSet, Workspace

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
    }
    parts.sets(data, token=workspace.token)


def _as_data(labelled: LabelledSet, version: int) -> dict[str, Any]:
    shown = labelled.pictures[:SENT_AT_ONCE]
    return {
        "id": labelled.id,
        "name": labelled.name,
        "colour": class_colour(labelled.colour),
        "count": len(labelled.pictures),
        "version": version,
        "left_out": len(labelled.pictures) - len(labelled.counted),
        "pictures": [[p.id, p.digest, p.name, p.left_out] for p in shown],
        "rejected": [[rejected.name, rejected.reason] for rejected in labelled.rejected],
    }
