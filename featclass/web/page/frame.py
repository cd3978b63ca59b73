"""The page as a whole: header, notices, three columns; which state it is in is decided here."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator, Sequence

import streamlit as st

from featclass import samples
from featclass.base import FeatclassError, WorkspaceMissing, WorkspaceRemoved, disk
from featclass.server.batches import Batch, BatchPhase
from featclass.server.state import State
from featclass.server.studio import studio
from featclass.web import ASSETS
from featclass.web.page import (
    batches,
    components,
    encoder,
    menus,
    score,
    sets,
    tryout,
    undo,
    wording,
)
from featclass.web.page.session import LINK, acting, current, host, start_new
from featclass.workspaces import NewPicture, Workspace

POLL_SECONDS, BATCH_SECONDS = 0.4, 1.0
"""How often the page is drawn anew while something goes on that a person waits for, or a batch."""
AFTER_FIRST_PAINT = 1.0
"""Seconds; who has read what the page is for finds the samples drawn."""
PITCH = (
    "Drop pictures into two or more sets. In seconds featclass learns to tell them apart, says how"
    " far you can trust it, and tries itself on new pictures."
)


def draw() -> None:
    """Draw the page for this visit."""
    st.set_page_config(page_title="featclass", page_icon=ASSETS / "icon.png", layout="wide")
    st.html(f"<style>{(ASSETS / 'page.css').read_text('utf-8')}</style>")
    components.gone()
    try:
        workspace = current()
    except WorkspaceMissing as missing:
        _draw_lost(missing)
    except FeatclassError as error:
        components.error(str(error))
    else:
        _draw_workspace(workspace)
        _draw_footer()
        studio().warm()


def _draw_workspace(workspace: Workspace) -> None:
    # Places that may stay empty keep what follows at its position: the browser would otherwise
    # build the columns anew, and an upload or a camera at work there would be lost.
    notices, welcome = st.container(), st.container()
    try:
        # Asked once a run: all that is drawn is of one moment.
        state = studio().trainer.follow(workspace)
        with notices:
            if studio().is_full:
                st.warning(disk.FULL, icon=":material/hard_drive:")
            menus.draw(workspace, state)
            undo.draw(workspace, is_busy=state.is_busy)
        if not _has_pictures(workspace) and workspace.classifier is None:
            with welcome:
                _draw_welcome(workspace)
        _draw_columns(workspace, state)
    except WorkspaceMissing:  # removed at this moment, in another window
        st.rerun()
    except FeatclassError as error:
        components.error(str(error))


def _draw_columns(workspace: Workspace, state: State) -> None:
    """Draw the three columns, and have the page drawn anew while work goes on.

    They are drawn by runs of the whole page alone. Where a fragment's own run begins before all of
    the run before it was sent, Streamlit sends of that fragment nothing more, but still that the
    run has ended: the browser takes what is missing for gone and builds it anew, without what was
    said there, or gives up the page. The fragment that does the polling draws nothing.
    """
    kept = studio().batches.of(workspace.token)
    left, rest = st.columns([10, 21], gap="medium")
    with left:
        st.html('<span id="sets"></span>')
        sets.draw(workspace)
    with rest:
        middle, right = st.columns([11, 10], gap="medium")
    with middle:
        st.html('<span id="score"></span>')
        score.draw(workspace, state)
    with right:
        st.html('<span id="try"></span>')
        tryout.draw(workspace, state)
        batches.draw(workspace, state, kept)
    seconds = _seconds_to_next_run(workspace, state, kept)
    st.fragment(_draw_anew, run_every=seconds)(itertools.count())


def _seconds_to_next_run(workspace: Workspace, state: State, kept: Sequence[Batch]) -> float | None:
    """Return when the page is to be drawn anew; None where nothing goes on."""
    is_soon_over = any(batch.is_stopping or batch.phase is BatchPhase.LOADING for batch in kept)
    if state.is_busy or encoder.is_downloading(workspace, state) or is_soon_over:
        return POLL_SECONDS
    return BATCH_SECONDS if any(batch.is_running for batch in kept) else None


def _draw_anew(calls: Iterator[int]) -> None:
    """Draw the page anew at every call but the first, which is a part of drawing it."""
    if next(calls):
        st.rerun()


def _has_pictures(workspace: Workspace) -> bool:
    beside_sets = workspace.tried or workspace.strangers
    return bool(beside_sets) or any(labelled.pictures for labelled in workspace.sets)


def _draw_welcome(workspace: Workspace) -> None:
    samples.draw_ahead(AFTER_FIRST_PAINT)
    with st.container(key="welcome", gap="small"):
        st.title("Teach it with a handful of pictures", anchor=False)
        st.markdown(f"{PITCH} {wording.keeper(host())}")
        if st.button("Load sample pictures", type="primary", icon=":material/auto_awesome:"):
            with st.spinner("Drawing 24 cartoon characters"):
                _load_samples(workspace)
            st.rerun()


def _load_samples(workspace: Workspace) -> None:
    """Fill the workspace with the drawn families, and the pictures held back to try."""
    store = studio().workspaces
    training = samples.training()
    with acting(f"samples-{uuid.uuid4()}"):
        for label in sorted({sample.label for sample in training if sample.label}):
            drawn = [NewPicture(s.name, s.data) for s in training if s.label == label]
            store.add_pictures(workspace.token, store.set_named(workspace.token, label), drawn)
        # The newest stands on top: a member of a family shows more than a teapot does.
        tried = [NewPicture(s.name, s.data) for s in reversed(samples.held_back())]
        store.add_pictures(workspace.token, None, tried)


def _draw_lost(missing: WorkspaceMissing) -> None:
    with st.container(key="welcome"):
        if isinstance(missing, WorkspaceRemoved):
            st.title("This workspace was removed", anchor=False)
            st.markdown("Its pictures are kept for 30 days, and can be brought back.")
            if st.button("Bring it back", type="primary"):
                undo.bring_back(st.query_params[LINK])
                st.rerun()
        else:
            st.title("This link leads to no workspace", anchor=False)
            st.markdown("Perhaps a part of it was lost on the way: compare it with the original.")
        if st.button("Start a new one"):
            start_new()
            st.rerun()


def _draw_footer() -> None:
    st.html(
        '<nav class="jump" aria-label="Jump to"><a href="#sets">Sets</a>'
        '<a href="#score">Score</a><a href="#try">Try it</a></nav>'
    )
