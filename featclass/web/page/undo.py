"""Taking back what was done: nothing on the page asks "are you sure?"."""

from __future__ import annotations

from dataclasses import dataclass
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
    offered = [(token, line) for token in tokens if (line := _offered(token)) is not None]
    token, line = max(offered, key=lambda offer: offer[1].act.at, default=(workspace.token, None))
    with st.container(key="undo_place"):
        if line is not None:
            _draw_line(token, line)
        components.undo(
            {
                "base": views.base(workspace),
                "act": None if line is None else line.act.id,
                "seconds": SECONDS,
                "busy": is_busy,
            }
        )


@dataclass(frozen=True, slots=True)
class _Line:
    """An act to be undone, as the page says it."""

    act: Act
    is_own: bool


def _draw_line(token: str, line: _Line) -> None:
    with st.container(key="undo", horizontal=True, vertical_alignment="center", gap="small"):
        who = "" if line.is_own else "Somebody else: "
        st.markdown(f"{who}{escaped(line.act.what)}.", width="content")
        st.button(
            "Undo",
            key="undo_button",
            type="tertiary",
            icon=":material/undo:",
            on_click=_undo,
            args=(token, line.act.id),
        )
        st.button(
            "Close",
            key="undo_close",
            type="tertiary",
            on_click=_dismiss,
            args=(token, line.act.id),
        )


def _offered(token: str) -> _Line | None:
    """Return the newest act in a workspace, while it is offered to be undone."""
    store = studio().workspaces
    with acting():
        own, newest = store.last_act(token, own=True), store.last_act(token)
    dismissed: set[tuple[str, int]] = st.session_state.get(DISMISSED, set())
    for act in (own, newest):
        if act is None or (token, act.id) in dismissed:
            continue
        if datetime.now(UTC) - act.at <= OFFERED:
            return _Line(act, act == own)
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
