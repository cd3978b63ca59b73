"""The header: my workspaces, the encoder, and what to do with the classifier."""

from __future__ import annotations

import streamlit as st

from featclass.base import clean
from featclass.base.sentences import counted
from featclass.classifiers import artifact
from featclass.server.state import State
from featclass.server.studio import studio
from featclass.web import views
from featclass.web.page import components, encoder, undo, wording
from featclass.web.page.session import acting, go_to, host, known, start_new
from featclass.workspaces import Workspace


def draw(workspace: Workspace, state: State) -> None:
    """Draw the header line."""
    with st.container(key="header", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("**featclass**", width="content")
        with st.popover(wording.escaped(workspace.name), type="tertiary"):
            _workspaces(workspace)
        st.space("stretch")
        with st.popover(wording.escaped(encoder.in_use(workspace, state)), type="tertiary"):
            encoder.menu(workspace, state)
        with st.popover("Use it", type="tertiary"):
            _use(workspace, state)


def _workspaces(workspace: Workspace) -> None:
    key = f"name-{workspace.token}-{workspace.name}"
    name = st.text_input("Name of this workspace", workspace.name, max_chars=80, key=key)
    # Not in a callback: what was typed while the server was gone comes with the first run after it.
    if clean(name) not in ("", workspace.name):
        with acting():
            studio().workspaces.rename(workspace.token, name)
        st.rerun()
    for summary in known():
        if summary.token != workspace.token:
            label = wording.escaped(summary.name)
            st.button(
                f"{label} · {counted(summary.pictures, 'picture', 'pictures')}",
                key=f"go-{summary.token}",
                type="tertiary",
                on_click=go_to,
                args=(summary.token,),
            )
    with st.container(horizontal=True):
        st.button("New workspace", icon=":material/add:", on_click=start_new)
        st.button(
            "Remove this one",
            # Of this workspace alone: the next Enter must not remove the one that follows it.
            key=f"remove-{workspace.token}",
            icon=":material/delete:",
            on_click=_remove,
            args=(workspace.token,),
        )
    st.caption("Whoever has the link of this page can see and change this workspace.")


def _remove(token: str) -> None:
    with acting():
        studio().workspaces.remove_workspace(token)
    st.session_state[undo.REMOVED_WORKSPACE] = token
    if others := known():
        go_to(others[0].token)
    else:
        start_new()


def _use(workspace: Workspace, state: State) -> None:
    result = state.result
    if result is not None and result.classifier is not None and state.is_current:
        classifier = result.classifier
        st.download_button(
            "Download the classifier",
            data=lambda: artifact.dumps(classifier),
            file_name=wording.file_name(workspace.name),
            mime="application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
        )
        if workspace.classifier is None:
            st.caption("The same from a shell, with the pictures as a zip or a folder:")
            st.code(
                wording.shell_command(result.engine.encoder.spec, workspace.name), language="bash"
            )
            st.link_button(
                "Download the pictures",
                f"{views.base(workspace)}/pictures.zip",
                icon=":material/folder_zip:",
            )
    else:
        st.caption("A classifier can be downloaded here as soon as there is one.")
    components.saved({"base": views.base(workspace)})
    st.caption(wording.keeper(host()))
