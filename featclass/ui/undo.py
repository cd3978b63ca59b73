"""Taking back what was removed: nothing on the page asks "are you sure?"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from featclass.studio import studio
from featclass.ui.wording import escaped
from featclass.workspaces import Removal, Workspace

OFFERED = timedelta(minutes=15)
DISMISSED = "undo_dismissed"
REMOVED_WORKSPACE = "removed_workspace"


def offer(workspace: Workspace) -> None:
    """Offer to take back the newest removal, also after a reload."""
    removals = [
        (token, removal)
        for token in {workspace.token, st.session_state.get(REMOVED_WORKSPACE, workspace.token)}
        if (removal := _offered(token)) is not None
    ]
    if not removals:
        return
    token, removal = max(removals, key=lambda found: found[1].at)
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
            on_click=_dismiss,
            args=(token, removal.id),
        )


def _offered(token: str) -> Removal | None:
    """Return the newest removal of a workspace, while it is offered to be undone."""
    removal = studio().workspaces.last_removal(token)
    if removal is None or datetime.now(UTC) - removal.at > OFFERED:
        return None
    dismissed: set[tuple[str, int]] = st.session_state.get(DISMISSED, set())
    return None if (token, removal.id) in dismissed else removal


def _dismiss(token: str, removal_id: int) -> None:
    st.session_state.setdefault(DISMISSED, set()).add((token, removal_id))


def bring_back(token: str) -> None:
    """Undo the removal of a workspace."""
    removal = studio().workspaces.last_removal(token)
    if removal is not None:
        studio().workspaces.undo(token, removal.id)


def _undo(token: str, removal_id: int) -> None:
    studio().workspaces.undo(token, removal_id)
    if st.session_state.pop(REMOVED_WORKSPACE, None) == token:
        st.query_params["w"] = token
