"""Whole zips and folders: the line that opens, how each batch goes, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Literal

import streamlit as st

from featclass.base import FeatclassError, Prediction, in_words, percent
from featclass.base.sentences import counted
from featclass.server.batches import Batch, BatchPhase
from featclass.server.readiness import is_ready
from featclass.server.state import State
from featclass.server.studio import studio
from featclass.web import views
from featclass.web.page import components
from featclass.web.page.wording import escaped
from featclass.workspaces import Workspace

REMOVED = "removed_batch"
_WIDTHS = {"Picture": 100, "Looks like": 90, "How sure": 75}
"""Pixels of the columns of a table: a long file name must not push the answer out of view."""
OUTDATED = "Your sets have changed since: these are the answers of the classifier before."


def draw(workspace: Workspace, state: State, batches: Sequence[Batch]) -> None:
    """Draw the line; each batch only while it is open, but what is being sent goes on anyhow."""
    with st.container(key="batches", gap=None):
        key = f"batches-{workspace.token}"
        line = st.expander("Predict a whole zip or folder", key=key, on_change="rerun")
        with line:
            roots = [str(root) for root in studio().config.pictures]
            ready = is_ready(workspace, state)
            components.batches({"base": views.base(workspace), "ready": ready, "roots": roots})
            if line.open:
                _draw_removed(workspace.token)
                stamp = views.current_stamp(workspace, state)
                for batch in batches:
                    _draw_batch(batch, workspace, is_outdated=stamp not in ("", batch.record.key))
        if batches and not line.open:
            st.caption(escaped(_in_short(batches)))


def _in_short(batches: Sequence[Batch]) -> str:
    running = [batch for batch in batches if batch.is_running]
    if running:
        return _progress(running[0]) if len(running) == 1 else f"{len(running)} running"
    if stopped := sum(batch.phase is not BatchPhase.DONE for batch in batches):
        return f"{stopped} stopped"
    [newest, *others] = batches
    return f"{len(batches)} kept here" if others else f"{newest.record.name}: {_progress(newest)}"


def _progress(batch: Batch) -> str:
    """Return in a few words where a batch stands."""
    if batch.is_running and batch.is_stopping:
        return "Stopping"
    match batch.phase:
        case BatchPhase.WAITING:
            return "Waiting for its turn"
        case BatchPhase.LOADING:
            return "Getting ready"
        case BatchPhase.RUNNING:
            return in_words(batch.pace)
        case BatchPhase.DONE:
            return counted(batch.counts.done, "picture", "pictures")
    return f"Stopped at {batch.counts.done:,} of {batch.pace.total:,}"


def _draw_removed(token: str) -> None:
    """Offer to undo the last removal of this visit."""
    where, batch_id, name = st.session_state.get(REMOVED) or ("", "", "")
    if where != token:
        return
    with st.container(key="batch-removed", horizontal=True, vertical_alignment="center"):
        st.caption(f"Removed {escaped(name)}, with what was uploaded, in 15 minutes for good.")
        batches = studio().batches
        for label, act in (("Undo", batches.bring_back), ("Delete now", batches.delete)):
            args, after = (act, token, batch_id), {REMOVED: None}
            st.button(label, on_click=_do, args=args, kwargs=after, type="tertiary")


def _draw_batch(batch: Batch, workspace: Workspace, *, is_outdated: bool) -> None:
    record, counts = batch.record, batch.counts
    with st.container(key=f"batch-{record.id}", border=True, gap="small"):
        st.subheader(escaped(record.name), anchor=False)
        if batch.phase is BatchPhase.DONE:
            st.caption(_progress(batch))
        else:
            share = batch.pace.done / batch.pace.total if batch.pace.total else 0.0
            st.progress(min(1.0, share), text=_progress(batch))
        is_stale = is_outdated and not batch.is_running
        if problem := record.error or (OUTDATED if is_stale else ""):
            st.caption(escaped(problem))
        if counts.done:
            st.html(_counts(batch))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _draw_acts(batch, workspace, is_stale=is_stale)
        if counts.first:
            _draw_first(batch)


def _draw_acts(batch: Batch, workspace: Workspace, *, is_stale: bool) -> None:
    record, batches, token = batch.record, studio().batches, workspace.token

    def button(
        label: str,
        act: Callable[[str, str], object],
        style: Literal["primary", "secondary", "tertiary"] = "secondary",
        **after: object,
    ) -> None:
        key, args = f"{label}-{record.id}", (act, token, record.id)
        st.button(label, key, on_click=_do, args=args, kwargs=after, type=style)

    if batch.is_running and not batch.is_stopping:
        button("Cancel", batches.cancel)
    if not batch.is_running and batch.phase is not BatchPhase.DONE:
        button("Resume", batches.resume, "primary")
    if batch.counts.done:
        files = f"{views.base(workspace)}/batches/{record.id}"
        st.html(_links(escape(record.name), files), width="content")
    if is_stale:
        button("Predict again", _start_again, "primary")
    button("Remove", batches.remove, "tertiary", **{REMOVED: (token, record.id, record.name)})


def _do(act: Callable[[str, str], object], token: str, batch_id: str, **after: object) -> None:
    """Do something to a batch, and note in this visit what holds `after`; or say why it cannot."""
    try:
        act(token, batch_id)
    except FeatclassError as error:
        st.toast(escaped(str(error)), icon=":material/error:")
    else:
        st.session_state.update(after)


def _start_again(token: str, batch_id: str) -> None:
    workspace = studio().workspaces.open(token)
    request = views.batch_request(workspace, studio().trainer.follow(workspace))
    studio().batches.start_again(token, batch_id, request)


def _counts(batch: Batch) -> str:
    """Return, as HTML, a bar for each class, and for what is in none."""
    record, counts = batch.record, batch.counts
    rows = [
        (name, record.colours.get(name, "#888"), counts.sure[name], counts.doubtful[name])
        for name in record.classes
    ]
    rows += [
        (name, "gray", number, 0)
        for name, number in (
            ("None of these", counts.unknown),
            ("Could not be used", counts.rejected),
        )
        if number
    ]
    most = max(1, *(sure + doubtful for _, _, sure, doubtful in rows))
    return f'<div class="batch-counts">{"".join(_row(*row, most) for row in rows)}</div>'


def _row(name: str, colour: str, sure: int, doubtful: int, most: int) -> str:
    words = f"{sure + doubtful:,}" + (f", {doubtful:,} doubtful" if doubtful else "")
    bars = "".join(
        f'<i style="width:{100 * number / most:.1f}%;background:{colour};opacity:{opacity}"></i>'
        for number, opacity in ((sure, 1), (doubtful, 0.45))
    )
    return f'<b title="{escape(name)}">{escape(name)}</b><span>{bars}</span><span>{words}</span>'


def _links(name: str, files: str) -> str:
    """Return, as HTML, what can be taken away: streamed from where it lies, and held nowhere."""
    return "".join(
        f'<a class="batch-file" href="{files}/{file}" download aria-label="{label}: {name}">'
        f"{label}</a>"
        for label, file in (("Sorted zip", "sorted.zip"), ("CSV", "predictions.csv"))
    )


def _draw_first(batch: Batch) -> None:
    """Draw the first predictions as a table, once it is asked for."""
    first, counts = batch.counts.first, batch.counts
    label = f"The first {len(first)} results" if len(first) < counts.done else "All results"
    table = st.expander(label, key=f"first-{batch.record.id}", on_change="rerun")
    if table.open:
        lines = [_line(prediction) for prediction in first]
        columns = {name: st.column_config.Column(width=width) for name, width in _WIDTHS.items()}
        table.dataframe(lines, hide_index=True, column_config=columns)


def _line(prediction: Prediction) -> dict[str, str]:
    label, sure = prediction.label or "", ""
    if prediction.rejected is not None:
        label = f"could not be used: {prediction.rejected}"
    elif not prediction.known:
        label, sure = "none of these", f"nearest {label}"
    elif prediction.probability is not None:
        sure = percent(prediction.probability) + (", doubtful" if prediction.is_doubtful else "")
    return {"Picture": prediction.path, "Looks like": label, "How sure": sure}
