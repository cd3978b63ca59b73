"""What the classifier says of new pictures: the column "Try it"."""

from __future__ import annotations

from typing import Any

import streamlit as st

from featclass.base import DOUBTFUL_BELOW
from featclass.reports.figures import class_colour
from featclass.server.state import State
from featclass.web import views
from featclass.web.page import asking, parts, wording
from featclass.workspaces import Workspace

MOST_CARDS = 8
"""Of more pictures the browser shows a gallery, and asks for what it shows."""


def draw(workspace: Workspace, state: State) -> None:
    """Draw the drop zone and the predictions, newest first."""
    st.subheader("Try it", anchor=False)
    with st.container():  # also where nothing is asked: what follows keeps its position
        asking.draw(workspace, state)
    total = len(workspace.tried)
    shown = workspace.tried[: MOST_CARDS if total <= MOST_CARDS else 1]
    ready = views.is_ready(workspace, state)
    data = {
        "base": f"/api/w/{workspace.token}",
        "version": workspace.version,
        "stamp": views.stamp(workspace, state),
        "classifier": views.classifier_stamp(state),
        "ready": ready,
        "waiting": views.hindrance(workspace, state)
        or ("Looking at it" if ready else "Waiting for two filled sets"),
        "stale": not state.is_current,
        "working": wording.trying(state),
        "share": state.tried_pace.done / max(1, state.tried_pace.total),
        "colours": class_colours(workspace, state),
        "sets": _sets(workspace, state),
        "score": wording.score_now(state),
        "doubtful": wording.doubtful(DOUBTFUL_BELOW),
        "total": total,
        "most": MOST_CARDS,
        "results": [views.told(picture, workspace, state) for picture in shown],
        "rejected": [[item.name, item.reason] for item in workspace.tried_rejected],
    }
    parts.tryout(data, token=workspace.token)


def class_colours(workspace: Workspace, state: State) -> dict[str, str]:
    """Return the colour of each class; those of a saved classifier go by their order."""
    if workspace.classifier is not None and state.result and state.result.classifier:
        classes = state.result.classifier.classes
        return {name: class_colour(i) for i, name in enumerate(classes)}
    return {labelled.name: class_colour(labelled.colour) for labelled in workspace.sets}


def _sets(workspace: Workspace, state: State) -> list[list[Any]]:
    """Return [id, name, colour, class] of the sets a picture can join: none of a saved classifier.

    The class is what the set was called when it was learned, None where it was not.
    """
    if workspace.classifier is not None:
        return []
    names = state.result.names if state.result else {}
    return [
        [found.id, found.name, class_colour(found.colour), names.get(found.id)]
        for found in workspace.sets
    ]
