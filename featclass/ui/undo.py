"""Taking back what was done: nothing on the page asks "are you sure?"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from featclass.errors import FeatclassError
from featclass.studio import studio
from featclass.ui.wording import escaped
from featclass.workspaces import Act, Workspace

OFFERED = timedelta(minutes=15)
DISMISSED = "undo_dismissed"
REMOVED_WORKSPACE = "removed_workspace"


def offer(workspace: Workspace) -> None:
    """Offer to undo the newest act, also after a reload."""
    acts = [
        (token, act)
        for token in {workspace.token, st.session_state.get(REMOVED_WORKSPACE, workspace.token)}
        if (act := _offered(token)) is not None
    ]
    if not acts:
        return
    token, act = max(acts, key=lambda found: found[1].at)
    with st.container(key="undo", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"{escaped(act.what)}.", width="content")
        st.button(
            "Undo",
            key="undo_button",
            type="tertiary",
            icon=":material/undo:",
            on_click=_undo,
            args=(token, act.id),
        )
        st.button(
            "Close",
            key="undo_close",
            type="tertiary",
            on_click=_dismiss,
            args=(token, act.id),
        )


def _offered(token: str) -> Act | None:
    """Return the newest act in a workspace, while it is offered to be undone."""
    act = studio().workspaces.last_act(token)
    if act is None or datetime.now(UTC) - act.at > OFFERED:
        return None
    dismissed: set[tuple[str, int]] = st.session_state.get(DISMISSED, set())
    return None if (token, act.id) in dismissed else act


def _dismiss(token: str, act_id: int) -> None:
    st.session_state.setdefault(DISMISSED, set()).add((token, act_id))


def bring_back(token: str) -> None:
    """Undo the removal of a workspace."""
    act = studio().workspaces.last_act(token)
    if act is not None:
        studio().workspaces.undo(token, act.id)


def _undo(token: str, act_id: int) -> None:
    try:
        studio().workspaces.undo(token, act_id)
    except FeatclassError as error:  # something else was done meanwhile, in another window
        st.toast(escaped(str(error)), icon=":material/error:")
        return
    if st.session_state.pop(REMOVED_WORKSPACE, None) == token:
        st.query_params["w"] = token
