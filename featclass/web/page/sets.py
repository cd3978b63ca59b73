"""The labelled sets: what the person gave; and beneath them what is none of these."""

from __future__ import annotations

import streamlit as st

from featclass.reports.colours import class_colour
from featclass.web import views
from featclass.web.page import components
from featclass.web.page.data import SetData
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
    components.sets(
        {
            "base": views.base(workspace),
            "sets": [_set(labelled, workspace.version) for labelled in workspace.sets],
            "none": _none_of_these(workspace),
        }
    )


def _set(labelled: LabelledSet, version: int) -> SetData:
    return {
        "id": labelled.id,
        "name": labelled.name,
        "colour": class_colour(labelled.colour),
        "left_out": len(labelled.pictures) - len(labelled.counted),
        "count": len(labelled.pictures),
        "version": version,
        "pictures": views.picture_rows(labelled.pictures[:SENT_AT_ONCE]),
        "rejected": views.rejected_rows(labelled.rejected),
    }


def _none_of_these(workspace: Workspace) -> SetData | None:
    """Return what is shown of the pictures that are none of these; None where there are none."""
    if not (workspace.strangers or workspace.strangers_rejected):
        return None
    return {
        "id": workspace.strangers_id,
        "name": "None of these",
        "left_out": 0,
        "count": len(workspace.strangers),
        "version": workspace.version,
        "pictures": views.picture_rows(workspace.strangers[:SENT_AT_ONCE]),
        "rejected": views.rejected_rows(workspace.strangers_rejected),
    }
