"""The labelled sets: what the person gave, and what they may do with it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from featclass.errors import FeatclassError
from featclass.render import class_colour
from featclass.studio import studio
from featclass.ui import parts
from featclass.ui.wording import escaped
from featclass.workspaces import LabelledSet, Workspace

# The browser asks for the others when they are unfolded.
SENT_AT_ONCE = 14


def draw(workspace: Workspace) -> None:
    """Draw the sets of a workspace, and do what the person did there."""
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
    done = parts.sets(data, key=f"sets-{workspace.token}")
    if done is not None:
        try:
            act(workspace.token, done)
        except FeatclassError as error:
            st.session_state["problem"] = str(error)
        st.rerun()
    if said := st.session_state.pop("problem", None):
        st.error(escaped(said), icon=":material/error:")


def _as_data(labelled: LabelledSet, version: int) -> dict[str, Any]:
    shown = labelled.pictures[:SENT_AT_ONCE]
    return {
        "id": labelled.id,
        "name": labelled.name,
        "colour": class_colour(labelled.colour),
        "count": len(labelled.pictures),
        "version": version,
        "pictures": [[picture.id, picture.digest, picture.name] for picture in shown],
        "rejected": [[rejected.name, rejected.reason] for rejected in labelled.rejected],
    }


def act(token: str, done: dict[str, Any]) -> None:
    """Do what the browser says the person did; raises `FeatclassError` in a sentence."""
    store = studio().workspaces
    match done:
        case {"do": "rename", "set": int(set_id), "name": str(name)}:
            store.rename_set(token, set_id, name)
        case {"do": "add set"}:
            store.add_set(token)
        case {"do": "remove set", "set": int(set_id)}:
            store.remove_set(token, set_id)
        case {"do": "remove picture", "picture": int(picture_id)}:
            store.remove_picture(token, picture_id)
        case {"do": "dismiss", "set": int() | "try" as where}:
            store.dismiss_rejected(token, None if where == "try" else where)
        case {"do": "clear tried"}:
            store.clear_tried(token)
        case _:  # "added": the files are here already, the page only needs drawing
            return
