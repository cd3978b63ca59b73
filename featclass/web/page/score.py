"""How good is it? The score, how far to trust it; the matrix, what is worth a look, the map."""

from __future__ import annotations

import streamlit as st

from featclass.base import Report, sentences
from featclass.classifiers import Training
from featclass.server.readiness import in_two_sets
from featclass.server.state import LearningPhase, Result, State
from featclass.server.studio import studio
from featclass.web import views
from featclass.web.page import components, encoder, trust, wording
from featclass.web.page.data import JudgedData, MatrixCell, MatrixClass
from featclass.workspaces import Workspace

MEANINGS = {
    "Recall": "Of the pictures of this set, the share that was taken for it.",
    "Precision": "Of the pictures taken for this set, the share that belongs to it.",
    "F1": "The harmonic mean of recall and precision.",
}

BETWEEN = (
    "Where the recall on new pictures lies, as far as can be told (95 % interval); for sets of"
    " ten pictures or more."
)


def draw(workspace: Workspace, state: State) -> None:
    """Draw the score of the newest classifier, and what is being worked out."""
    st.subheader("How good is it?", anchor=False)
    result = state.result
    if result is not None and result.training is not None:
        _draw_result(result, result.training, workspace, state)
    elif state.phase is not LearningPhase.IDLE:
        with st.container(key="progress", gap=None):
            st.progress(_share(state), text=wording.progress(state))
    elif not state.error and not state.waits_for:
        with st.container(key="empty"):
            st.markdown(wording.advice(workspace.sets))
        if result is not None:
            _draw_not_counted(result)
    if state.error and state.phase is LearningPhase.IDLE:
        components.error(state.error)
        if st.button("Try again"):
            studio().trainer.retry(workspace.token)
            st.rerun()
    encoder.notice(workspace, state)


def _share(state: State) -> float:
    return min(1.0, state.pace.done / state.pace.total) if state.pace.total else 0.0


def _draw_not_counted(result: Result) -> None:
    if result.rejected:
        with st.expander(wording.not_counted(result.rejected)):
            lines = wording.notes(result.rejected)
            st.markdown("\n".join(f"- {wording.escaped(line)}" for line in lines))


def _draw_result(result: Result, training: Training, workspace: Workspace, state: State) -> None:
    """Draw a result; the matrix keeps its position whatever is said above, open as it may be."""
    report = training.classifier.report
    _draw_score(report, state)
    with st.container(key="since", gap=None):
        _draw_since(result, report, state)
    if report.confusion_matrix is not None:
        _draw_matrix(result, training, workspace, state)
    with st.container(key="trust", gap=None):
        if state.is_current:
            _draw_trust(result, training, workspace)
    if workspace.classifier is None:
        _draw_findings(result, training, workspace, state)
        if report.confusion_matrix is not None:
            judged, ready = _judged(result, workspace, state), result.vectors is not None
            components.picture_map({**judged, "ready": ready})
    for note in result.notes:
        st.caption(wording.escaped(note))
    if shared := in_two_sets(workspace.sets):
        st.caption(wording.escaped(shared))
    _draw_not_counted(result)
    with st.expander("Details"):
        _draw_details(result, report)
        if state.is_current and not result.is_settling:
            _draw_downloads(workspace)


def _draw_score(report: Report, state: State) -> None:
    with st.container(key="current" if state.is_current else "stale", gap="small"):
        with st.container(key="headline", gap=None):
            st.markdown(wording.escaped(wording.headline(report)))
        st.markdown(wording.escaped(sentences.how_far(report)))
        if doubt := trust.doubt(report):
            st.markdown(wording.escaped(doubt))


def _draw_matrix(result: Result, training: Training, workspace: Workspace, state: State) -> None:
    report = training.classifier.report
    ids = {name: set_id for set_id, name in result.names.items()}
    colours = views.class_colours(workspace, result)
    components.matrix(
        {
            **_judged(result, workspace, state),
            "opens": bool(training.out_of_fold),
            "classes": [
                MatrixClass(ids.get(name), name, colours.get(name)) for name in report.classes
            ],
            "cells": [
                MatrixCell(i, j, count)
                for i, row in enumerate(report.confusion_matrix or ())
                for j, count in enumerate(row)
                if count
            ],
        }
    )


def _draw_findings(result: Result, training: Training, workspace: Workspace, state: State) -> None:
    """Draw the line; the findings are fetched by the browser when it is opened."""
    judged, ready = _judged(result, workspace, state), training.audit is not None
    line = trust.worth_a_look(training, workspace.accepted)
    components.findings({**judged, "ready": ready, "line": line})


def _judged(result: Result, workspace: Workspace, state: State) -> JudgedData:
    """Return what all are drawn from of which the rest is fetched when it is opened."""
    return {
        "base": views.base(workspace),
        "stale": not state.is_current,
        "shown": f"{result.key} {workspace.version} {result.is_settling}",
        "sets": views.set_rows(workspace),
        "none": workspace.strangers_id,
    }


def _draw_trust(result: Result, training: Training, workspace: Workspace) -> None:
    """Say what could make the score worthless, then in a few lines what would help."""
    if result.is_settling:
        st.caption(wording.escaped(trust.SETTLING))
        return
    if cautions := trust.cautions(training, workspace.accepted):
        with st.container(key="caution", gap="small"):
            for caution in cautions:
                st.markdown(wording.escaped(caution))
    for line in trust.lines(training.classifier.report):
        st.caption(wording.escaped(line))


def _draw_downloads(workspace: Workspace) -> None:
    """Offer the report to take to a meeting."""
    with st.container(horizontal=True, gap="small"):
        for name, ending in (("Download the report", "html"), ("As Markdown", "md")):
            st.link_button(name, f"{views.base(workspace)}/report.{ending}", type="tertiary")


def _draw_since(result: Result, report: Report, state: State) -> None:
    """Say in a line what has changed since, or what the score was before.

    The line is there also where it is empty: what is below must not jump while a person acts on it.
    """
    before = result.before_change
    if not state.is_current:
        doing = "" if state.phase is LearningPhase.IDLE else f" {wording.progress(state)}."
        pictures = sentences.counted(result.images, "picture", "pictures")
        st.caption(wording.escaped(f"For {pictures}, before the change.{doing}"))
        if doing:
            st.progress(_share(state))
    elif result.before is not None and report.confusion_matrix is not None:
        now = encoder.title(report.encoder)
        st.caption(wording.escaped(wording.taken_over(result.before, now)))
    elif before is not None and before.report.confusion_matrix is not None:
        st.caption(wording.escaped(wording.before_change(before, report)))
    else:
        st.caption("&nbsp;")


def _draw_details(result: Result, report: Report) -> None:
    st.dataframe(
        wording.class_rows(report),
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="%d %%", help=meaning)
            for name, meaning in MEANINGS.items()
        }
        | {wording.BETWEEN: st.column_config.TextColumn(help=BETWEEN)},
    )
    engine = result.engine.encoder
    for line in trust.details(report):
        st.caption(wording.escaped(line))
    st.caption(wording.escaped(f"How it was measured: {report.method}."))
    st.caption(
        wording.escaped(
            f"Encoder {report.encoder} on {engine.device} ({engine.precision}),"
            f" {engine.dimensions} values an embedding; probe: {report.probe.words};"
            f" embedded in {report.seconds['embed']:.1f} s,"
            f" fitted in {report.seconds['fit']:.1f} s,"
            f" evaluated in {report.seconds['evaluate']:.1f} s."
        )
    )
