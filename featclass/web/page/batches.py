"""Predictions for a whole zip or folder, as the browser shows them: a line that opens."""

from __future__ import annotations

import streamlit as st

from featclass.server.state import State
from featclass.server.studio import studio
from featclass.web import views
from featclass.web.page import parts
from featclass.workspaces import Workspace


def draw(workspace: Workspace, state: State) -> None:
    """Draw the line; the browser asks how each batch goes, without any run of the page."""
    key = state.result.key if state.result else ""
    data = {
        "base": f"/api/w/{workspace.token}",
        "ready": views.is_ready(workspace, state),
        "roots": [str(root) for root in studio().config.pictures],
        "any": studio().batches.has_any(workspace.token),
        # Whatever makes another classifier.
        "shown": f"{key} {state.is_current} {workspace.version}",
    }
    with st.container(key="batches", gap=None):
        parts.batches(data, token=workspace.token)
