"""How good is it? The score, how far to trust it, and the confusion matrix."""

from __future__ import annotations

import streamlit as st

from featclass.base import Report, sentences
from featclass.server.state import LearningPhase, Result, State
from featclass.server.studio import studio
from featclass.web import views
from featclass.web.page import encoder, findings, matrix, picture_map, trust, wording
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
    if state.result is None or state.result.classifier is None:
        if state.phase is not LearningPhase.IDLE:
            _progress(state)
        elif not state.error and not state.waits_for:
            _empty(workspace, state)
    else:
        _score(state.result, workspace, state)
    if state.error and state.phase is LearningPhase.IDLE:
        st.error(wording.escaped(state.error), icon=":material/error:")
        if st.button("Try again"):
            studio().trainer.retry(workspace.token)
            st.rerun()
    encoder.notice(workspace, state)


def _progress(state: State) -> None:
    with st.container(key="progress", gap=None):
        st.progress(_share(state), text=wording.progress(state))


def _share(state: State) -> float:
    return min(1.0, state.pace.done / state.pace.total) if state.pace.total else 0.0


def _empty(workspace: Workspace, state: State) -> None:
    with st.container(key="empty"):
        st.markdown(wording.advice(workspace.sets))
    if state.result is not None:
        _not_counted(state.result)


def _not_counted(result: Result) -> None:
    if result.rejected:
        with st.expander(wording.not_counted(result.rejected)):
            lines = wording.notes(result.rejected)
            st.markdown("\n".join(f"- {wording.escaped(line)}" for line in lines))


def _score(result: Result, workspace: Workspace, state: State) -> None:
    """Draw a score; the matrix keeps its position whatever is said above, open as it may be."""
    assert result.classifier is not None
    report = result.classifier.report
    headline, rest = wording.headline(report), sentences.score_sentence(report)
    with st.container(key="current" if state.is_current else "stale", gap="small"):
        with st.container(key="headline", gap=None):
            st.markdown(wording.escaped(headline))
        st.markdown(wording.escaped(rest.removeprefix(headline).lstrip(": ")))
        if doubt := trust.doubt(report):
            st.markdown(wording.escaped(doubt))
    with st.container(key="since", gap=None):
        _since(result, report, state)
    if report.confusion_matrix is not None:
        matrix.draw(result, workspace, state)
    with st.container(key="trust", gap=None):
        _trust(result, workspace, state)
    if workspace.classifier is None:
        findings.draw(result, workspace, state)
        if report.confusion_matrix is not None:
            picture_map.draw(result, workspace, state)
    for note in result.notes:
        st.caption(wording.escaped(note))
    if shared := views.in_two_sets(workspace.sets):
        st.caption(wording.escaped(shared))
    _not_counted(result)
    with st.expander("Details"):
        _details(result, report)
        _download(workspace, state)


def _trust(result: Result, workspace: Workspace, state: State) -> None:
    """Say what could make the score worthless, then in a few lines what would help.

    The place is there also before they are known.
    """
    assert result.training is not None
    if not state.is_current:
        return
    if result.is_settling:
        st.caption(wording.escaped(trust.SETTLING))
        return
    if cautions := trust.cautions(result.training, workspace.accepted):
        with st.container(key="caution", gap="small"):
            for caution in cautions:
                st.markdown(wording.escaped(caution))
    for line in trust.lines(result.training.classifier.report):
        st.caption(wording.escaped(line))


def _download(workspace: Workspace, state: State) -> None:
    """Offer the report to take to a meeting, once everything in it is worked out."""
    if state.result is None or state.result.is_settling or not state.is_current:
        return
    with st.container(horizontal=True, gap="small"):
        for name, ending in (("Download the report", "html"), ("As Markdown", "md")):
            st.link_button(name, f"/api/w/{workspace.token}/report.{ending}", type="tertiary")


def _since(result: Result, report: Report, state: State) -> None:
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


def _details(result: Result, report: Report) -> None:
    assert result.classifier is not None
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
            f" {engine.dimensions} values an embedding; probe: shrinkage discriminant analysis;"
            f" embedded in {report.seconds['embed']:.1f} s,"
            f" fitted in {report.seconds['fit']:.1f} s,"
            f" evaluated in {report.seconds['evaluate']:.1f} s."
        )
    )
