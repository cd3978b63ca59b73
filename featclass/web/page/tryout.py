"""What the classifier says of new pictures, and which of them to label."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from featclass.base import DOUBTFUL_BELOW
from featclass.server.readiness import hindrance, is_ready
from featclass.server.state import State
from featclass.web import views
from featclass.web.page import components, wording
from featclass.web.page.data import TargetRow
from featclass.workspaces import Picture, Workspace

MOST_CARDS = 8
"""Of more pictures the browser shows a gallery, and asks for what it shows."""
FEWEST = 10
"""Unlabelled pictures for which the questions appear; once there, they stay for this visit."""


def draw(workspace: Workspace, state: State) -> None:
    """Draw the questions, and the drop zone with the predictions, newest first."""
    st.subheader("Try it", anchor=False)
    with st.container():  # also where nothing is asked: what follows keeps its position
        _draw_asking(workspace, state)
    _draw_predictions(workspace, state)


def _draw_predictions(workspace: Workspace, state: State) -> None:
    ready = is_ready(workspace, state)
    total = len(workspace.tried)
    shown = workspace.tried[: MOST_CARDS if total <= MOST_CARDS else 1]
    components.tryout(
        {
            "base": views.base(workspace),
            "version": workspace.version,
            "stamp": views.stamp(workspace, state),
            "classifier": views.classifier_stamp(state),
            "ready": ready,
            "waiting": hindrance(workspace, state)
            or ("Looking at it" if ready else "Waiting for two filled sets"),
            "stale": not state.is_current,
            "working": wording.trying(state),
            "share": state.tried_pace.done / max(1, state.tried_pace.total),
            "colours": views.class_colours(workspace, state.result),
            "sets": _targets(workspace, state),
            "score": wording.score_now(state),
            "doubtful": wording.doubtful(DOUBTFUL_BELOW),
            "total": total,
            "most": MOST_CARDS,
            "results": [views.tried_picture(picture, workspace, state) for picture in shown],
            "rejected": views.rejected_rows(workspace.tried_rejected),
        }
    )


def _targets(workspace: Workspace, state: State) -> list[TargetRow]:
    """Return the sets that a picture can join: none of a saved classifier."""
    if workspace.classifier is not None:
        return []
    names = state.result.names if state.result else {}
    return [TargetRow(*row, names.get(row.id)) for row in views.set_rows(workspace)]


def _draw_asking(workspace: Workspace, state: State) -> None:
    """Draw the line; what to ask about is fetched by the browser when it is opened."""
    unlabelled = workspace.unlabelled
    key = f"asking-{workspace.token}"
    if len(unlabelled) >= FEWEST:
        st.session_state[key] = True
    if workspace.classifier is not None or key not in st.session_state:
        return  # pictures of the sets teach a classifier that was loaded from a file nothing
    components.asking(
        {
            "base": views.base(workspace),
            "count": len(unlabelled),
            "sets": views.set_rows(workspace),
            "key": state.result.key if state.result and state.result.classifier else "",
            "classifier": views.classifier_stamp(state),
            "current": state.is_current,
            "busy": state.is_predicting,
            "seen": len(state.predictions),
            "score": _score(state),
            "expected": expected_right(unlabelled, state),
        }
    )


def _score(state: State) -> tuple[int, int, float, float] | None:
    """Return how many were right of how many out of fold, and the interval; None without it."""
    report = state.classifier.report if state.classifier and state.is_current else None
    if report is None or report.confusion_matrix is None or report.accuracy_interval is None:
        return None
    right = sum(row[place] for place, row in enumerate(report.confusion_matrix))
    return (right, sum(map(sum, report.confusion_matrix)), *report.accuracy_interval)


def expected_right(unlabelled: Sequence[Picture], state: State) -> tuple[float, int] | None:
    """Return the sum of the probabilities of what it says of the unlabelled, and their number.

    Those that resemble none of the sets are left out: of these no class can be right.
    """
    if not state.is_current or state.is_predicting:
        return None
    predictions = [state.predictions.get(picture.digest) for picture in unlabelled]
    known = [prediction for prediction in predictions if prediction and prediction.known]
    shares = [prediction.probability for prediction in known if prediction.probability is not None]
    return (sum(shares), len(shares)) if shares else None
