"""Taking back what was removed: nothing on the page asks "are you sure?"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from featclass.studio import studio
from featclass.ui.wording import escaped
from featclass.workspaces import Workspace

OFFERED = timedelta(minutes=15)
DISMISSED = "undo_dismissed"
REMOVED_WORKSPACE = "removed_workspace"


def offer(workspace: Workspace) -> None:
    """Offer to take back the newest removal, also after a reload."""
    token = st.session_state.get(REMOVED_WORKSPACE, workspace.token)
    removal = studio().workspaces.last_removal(token)
    if removal is None or datetime.now(UTC) - removal.at > OFFERED:
        return
    if st.session_state.get(DISMISSED) == (token, removal.id):
        return
    with st.container(key="undo", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"Removed {escaped(removal.what)}.", width="content")
        st.button(
            "Undo",
            key="undo_button",
            type="tertiary",
            icon=":material/undo:",
            on_click=_undo,
            args=(token, removal.id),
        )
        st.button(
            "Close",
            key="undo_close",
            type="tertiary",
            on_click=st.session_state.update,
            args=({DISMISSED: (token, removal.id)},),
        )


def bring_back(token: str) -> None:
    """Undo the removal of a workspace."""
    removal = studio().workspaces.last_removal(token)
    if removal is not None:
        studio().workspaces.undo(token, removal.id)


def _undo(token: str, removal_id: int) -> None:
    studio().workspaces.undo(token, removal_id)
    if st.session_state.pop(REMOVED_WORKSPACE, None) == token:
        st.query_params["w"] = token
