"""The encoder in use: which one, on what, and how to change it."""

from __future__ import annotations

import streamlit as st

from featclass import encoders
from featclass.base import FeatclassError
from featclass.encoders import AUTO
from featclass.server import choice
from featclass.server.downloads import DownloadPhase
from featclass.server.state import State
from featclass.server.studio import studio
from featclass.web.page import components, wording
from featclass.web.page.session import acting
from featclass.workspaces import Workspace


def title(spec: str) -> str:
    """Return what an encoder is called on the page."""
    return next((entry.title for entry in encoders.CATALOGUE if entry.spec == spec), spec)


def in_use(workspace: Workspace, state: State) -> str:
    """Return the label of the encoder menu: encoder and device."""
    device = studio().engines.device
    spec = state.result.engine.encoder.spec if state.result else workspace.encoder
    name = "Best encoder here" if spec == AUTO else title(spec)
    return f"{name}, {device.upper()}" if device else name


def is_downloading(workspace: Workspace, state: State) -> bool:
    """Say whether weights this workspace hopes for are on their way."""
    spec = wanted(workspace, state)
    download = studio().downloads.state(spec) if spec else None
    return download is not None and download.phase is DownloadPhase.RUNNING


def wanted(workspace: Workspace, state: State) -> str:
    """Return the spec this workspace hopes for; empty where it is not known or not missing."""
    if state.waits_for:
        return state.waits_for
    device = studio().engines.device
    return encoders.preferred(device) if workspace.encoder == AUTO and device else ""


def notice(workspace: Workspace, state: State) -> None:
    """Say how the download of a wanted encoder goes, and let the person stop or resume it."""
    spec = wanted(workspace, state)
    if why := studio().trainer.choice.why_unusable(spec):
        with st.container(key="unusable", horizontal=True, vertical_alignment="center"):
            st.caption(wording.escaped(f"{why} The built-in encoder serves."))
            again, here = studio().trainer.retry, (workspace.token,)
            st.button("Try again", key="reload", on_click=again, args=here, type="tertiary")
    download = studio().downloads.state(spec) if spec else None
    if download is None or download.phase is DownloadPhase.DONE:
        if state.waits_for and encoders.is_offline(studio().config):
            st.warning(
                f"{wording.escaped(title(spec))} is not on this machine, and downloads are"
                f" forbidden here. {_remedy(workspace)}"
            )
        return
    text = wording.download(download, title(spec), meanwhile=not state.waits_for)
    with st.container(key="download", horizontal=True, vertical_alignment="center", gap="small"):
        if download.phase is DownloadPhase.RUNNING:
            share = download.done / download.total if download.total else 0.0
            st.progress(share, text=wording.escaped(text))
            st.button("Cancel", on_click=studio().downloads.cancel, args=(spec,), type="tertiary")
        else:
            st.caption(wording.escaped(text), help=wording.escaped(download.message) or None)
            start = studio().downloads.start
            st.button("Try again", key="fetch", on_click=start, args=(spec,), type="tertiary")


def _remedy(workspace: Workspace) -> str:
    if workspace.classifier is None:
        return "Choose another encoder in the menu above."
    return "Have its files put into the folder FEATCLASS_MODELS: this classifier takes no other."


def menu(workspace: Workspace, state: State) -> None:
    """Draw the choice of encoder: of those that can be had, and why not of the others."""
    config = studio().config
    others = [e for e in encoders.CATALOGUE if not choice.can_be_had(e.spec, config)]
    offered = [e for e in encoders.CATALOGUE if e not in others or e.spec == workspace.encoder]
    specs = [AUTO, *(entry.spec for entry in offered)]
    captions = ["The best one this machine can run", *map(_caption, offered)]
    if workspace.encoder not in specs:
        specs.append(workspace.encoder)
        captions.append("Named by you")
    chosen = st.radio(
        "Encoder",
        specs,
        index=specs.index(workspace.encoder),
        captions=captions,
        format_func=lambda spec: "Automatic" if spec == AUTO else wording.escaped(title(spec)),
        key=f"encoder-{workspace.token}-{workspace.encoder}",
    )
    if others:
        st.caption(
            f"Not on this machine, and downloads are forbidden here:"
            f" {', '.join(wording.escaped(entry.title) for entry in others)}."
        )
    other = ""
    if not config.is_shared:
        key = f"other-{workspace.token}-{workspace.encoder}"
        placeholder = "MODEL/PRETRAINED, hf-hub:…, timm:…"
        other = st.text_input("Another one", placeholder=placeholder, key=key).strip()
    # What is typed stays there, right or wrong: a choice made after it counts.
    wish = chosen if chosen != workspace.encoder else other
    if not wish or wish == workspace.encoder:
        return
    try:
        choice.check(wish, config)
    except FeatclassError as error:
        components.error(str(error))
        return
    with acting():
        studio().workspaces.choose_encoder(workspace.token, wish)
    st.rerun()


def _caption(entry: encoders.CatalogueEntry) -> str:
    config = studio().config
    size = "on this machine"
    if not choice.can_be_had(entry.spec, config):
        size = "not on this machine, and downloads are forbidden here"
    elif not encoders.is_local(entry.spec, config):
        size = f"{entry.megabytes:,} MB to download"
    return f"{entry.advice} {entry.input_pixels} px, {entry.licence}, {size}."
