"""What the classifier says of new pictures: the column "Try it"."""

from __future__ import annotations

from typing import Any

import streamlit as st

from featclass.records import Neighbour, Prediction
from featclass.render import class_colour
from featclass.trainer import State
from featclass.ui import asking, parts, wording
from featclass.workspaces import Picture, Workspace

SHOWN_AT_FIRST = 8
SHOWN_MORE = 24
MOST_BARS = 5


def draw(workspace: Workspace, state: State) -> None:
    """Draw the drop zone and the predictions, newest first."""
    st.subheader("Try it", anchor=False)
    with st.container():  # also where nothing is asked: what follows keeps its position
        asking.draw(workspace, state)
    key = f"shown-{workspace.token}"
    shown = st.session_state.get(key, SHOWN_AT_FIRST)
    colours = class_colours(workspace, state)
    pictures = workspace.tried[:shown]
    here = {picture.digest for labelled in workspace.sets for picture in labelled.pictures}
    filled = sum(bool(labelled.counted) for labelled in workspace.sets)
    ready = filled > 1 or workspace.classifier is not None
    data = {
        "base": f"/api/w/{workspace.token}",
        "ready": ready,
        "stale": not state.is_current,
        "working": wording.trying(state),
        "share": state.tried_pace.done / max(1, state.tried_pace.total),
        "results": [_as_data(p, state, colours, here, ready=ready) for p in pictures],
        "rejected": [[item.name, item.reason] for item in workspace.tried_rejected],
        "more": max(0, len(workspace.tried) - shown),
    }
    if parts.tryout(data, token=workspace.token):
        st.session_state[key] = shown + SHOWN_MORE
        st.rerun(scope="fragment")


def class_colours(workspace: Workspace, state: State) -> dict[str, str]:
    """Return the colour of each class; those of a saved classifier go by their order."""
    if workspace.classifier is not None and state.result and state.result.classifier:
        classes = state.result.classifier.classes
        return {name: class_colour(i) for i, name in enumerate(classes)}
    return {labelled.name: class_colour(labelled.colour) for labelled in workspace.sets}


def _as_data(
    picture: Picture, state: State, colours: dict[str, str], here: set[str], *, ready: bool
) -> dict[str, Any]:
    prediction = state.predictions.get(picture.digest)
    data: dict[str, Any] = {"id": picture.id, "digest": picture.digest, "name": picture.name}
    if prediction is None:
        return {**data, "waiting": "Looking at it" if ready else "Waiting for two filled sets"}
    if prediction.rejected is not None:
        return {**data, "rejected": prediction.rejected}
    return {**data, **_said(prediction, colours, here)}


def _said(prediction: Prediction, colours: dict[str, str], here: set[str]) -> dict[str, Any]:
    ranked = sorted(prediction.probabilities.items(), key=lambda item: -item[1])[:MOST_BARS]

    def neighbour(like: Neighbour) -> list[Any]:
        return [like.digest, like.name, colours.get(like.label, "#888"), like.digest in here]

    return {
        "label": prediction.label,
        "known": prediction.known,
        "bars": [[name, colours.get(name, "#888"), share] for name, share in ranked],
        "neighbours": [neighbour(like) for like in prediction.neighbours],
    }
