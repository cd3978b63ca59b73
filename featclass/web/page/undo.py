"""Taking back what was done: nothing on the page asks "are you sure?"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from featclass.base import FeatclassError
from featclass.server.studio import studio
from featclass.web import views
from featclass.web.page import components
from featclass.web.page.session import acting
from featclass.web.page.wording import escaped
from featclass.workspaces import Act, Workspace

OFFERED = timedelta(minutes=5)
"""How old an act may be that a page which is opened offers to undo, for so many seconds:"""
SECONDS = 12
DISMISSED = "undo_dismissed"
REMOVED_WORKSPACE = "removed_workspace"


def draw(workspace: Workspace, *, is_busy: bool) -> None:
    """Offer to undo the newest act, also after a reload; and by Ctrl+Z, for as long as it is kept.

    What the visitor did comes before what somebody else did. While the page `is_busy` following
    what was done, the offer stays.
    """
    tokens = {workspace.token, st.session_state.get(REMOVED_WORKSPACE, workspace.token)}
    offered = [(token, *line) for token in tokens if (line := _offered(token)) is not None]
    newest = max(offered, key=lambda offer: offer[1].at, default=None)
    with st.container(key="undo_place"):
        if newest is not None:
            _draw_line(*newest)
        components.undo(
            {
                "base": views.base(workspace),
                "act": None if newest is None else newest[1].id,
                "seconds": SECONDS,
                "busy": is_busy,
            }
        )


def _draw_line(token: str, act: Act, whose: str) -> None:
    with st.container(key="undo", horizontal=True, vertical_alignment="center", gap="small"):
        args, icon = (token, act.id), ":material/undo:"
        st.markdown(f"{whose}{escaped(act.what)}.", width="content")
        st.button("Undo", "undo_button", on_click=_undo, args=args, type="tertiary", icon=icon)
        st.button("Close", "undo_close", on_click=_dismiss, args=args, type="tertiary")


def _offered(token: str) -> tuple[Act, str] | None:
    """Return the newest act that is offered to be undone in a workspace, and how to say whose."""
    store = studio().workspaces
    with acting():
        own, newest = store.last_act(token, own=True), store.last_act(token)
    dismissed: set[tuple[str, int]] = st.session_state.get(DISMISSED, set())
    for act in (own, newest):
        if act is None or (token, act.id) in dismissed:
            continue
        if datetime.now(UTC) - act.at <= OFFERED:
            return act, "" if act == own else "Somebody else: "
    return None


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
