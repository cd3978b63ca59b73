"""Which workspace this browser session is at; found by its link, remembered for its visitor."""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress

import streamlit as st

from featclass import workspaces
from featclass.base import DiskFull
from featclass.server.studio import studio, visitor_in
from featclass.workspaces import Workspace, WorkspaceSummary

LINK = "w"


def visitor() -> str | None:
    """Return the name of this visitor's browser, None where it keeps no cookies."""
    return visitor_in(st.context.cookies)


def acting(drop: str | None = None) -> AbstractContextManager[None]:
    """Let what is done within be this visitor's; with a key, all that is added is one act."""
    return workspaces.acting(visitor(), drop)


def host() -> str:
    """Return the name under which the visitor reached this server."""
    name = st.context.headers.get("Host")
    return name if isinstance(name, str) else ""


def known() -> list[WorkspaceSummary]:
    """Return the workspaces that this visitor has seen, the newest visit first."""
    me = visitor()
    return studio().workspaces.known_to(me) if me else []


def current() -> Workspace:
    """Return the workspace of the link, of the last visit, or a new one.

    Raises `WorkspaceMissing` or `WorkspaceRemoved` for a link that leads nowhere.
    """
    store = studio().workspaces
    token = st.query_params.get(LINK)
    me = visitor()
    if not token:
        others = known()
        token = others[0].token if others else store.create(visitor=me)
        st.query_params[LINK] = token
    workspace = store.open(token)
    if me and st.session_state.get("visited") != token:
        with suppress(DiskFull):  # tried again at the next run; what is there can be looked at
            store.visit(token, me)
            st.session_state["visited"] = token
    return workspace


def go_to(token: str) -> None:
    """Switch to another workspace at the next run."""
    st.query_params[LINK] = token


def start_new(name: str = "My pictures") -> None:
    """Make a new workspace and switch to it; where the disk is full, say so and stay."""
    try:
        go_to(studio().workspaces.create(visitor=visitor(), name=name))
    except DiskFull as error:
        st.toast(str(error), icon=":material/hard_drive:")
