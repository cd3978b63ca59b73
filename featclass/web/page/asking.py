"""Label the most useful ones: a pile of unlabelled pictures, asked about one after the other."""

from __future__ import annotations

from typing import Any

import streamlit as st

from featclass.reports.figures import class_colour
from featclass.server.state import State
from featclass.web import views
from featclass.web.page import parts
from featclass.workspaces import Workspace

FEWEST = 10
"""Unlabelled pictures for which the line appears; once there, it stays for this visit."""


def draw(workspace: Workspace, state: State) -> None:
    """Draw the line; what to ask about is fetched by the browser when it is opened."""
    unlabelled = len(workspace.unlabelled)
    key = f"asking-{workspace.token}"
    if unlabelled >= FEWEST:
        st.session_state[key] = True
    if workspace.classifier is not None or key not in st.session_state:
        return  # pictures of the sets teach a classifier that was loaded from a file nothing
    data = {
        "base": f"/api/w/{workspace.token}",
        "count": unlabelled,
        "sets": [[found.id, found.name, class_colour(found.colour)] for found in workspace.sets],
        "key": state.result.key if state.result and state.result.classifier else "",
        "classifier": views.classifier_stamp(state),
        "current": state.is_current,
        "busy": state.is_predicting,
        "seen": len(state.predictions),
        "score": _score(state),
        "expected": _expected(workspace, state),
    }
    parts.asking(data, token=workspace.token)


def _score(state: State) -> list[Any] | None:
    """Return how many were right of how many out of fold, and the interval; None without it."""
    classifier = state.result.classifier if state.result and state.is_current else None
    report = classifier.report if classifier else None
    if report is None or report.confusion_matrix is None or report.accuracy_interval is None:
        return None
    right = sum(row[place] for place, row in enumerate(report.confusion_matrix))
    return [right, sum(map(sum, report.confusion_matrix)), *report.accuracy_interval]


def _expected(workspace: Workspace, state: State) -> list[float] | None:
    """Return the sum of the probabilities of what it says of the unlabelled, and their number.

    Those that resemble none of the sets are left out: of these no class can be right.
    """
    if not state.is_current or state.is_predicting:
        return None
    said = [state.predictions.get(picture.digest) for picture in workspace.unlabelled]
    known = [one for one in said if one and one.known]
    shares = [one.probability for one in known if one.probability is not None]
    return [sum(shares), len(shares)] if shares else None
