"""The encoder in use: which one, on what, and how to change it."""

from __future__ import annotations

import streamlit as st

from featclass import encoders
from featclass.downloads import Phase
from featclass.errors import EncoderUnavailable, FeatclassError
from featclass.service import AUTO
from featclass.studio import studio
from featclass.trainer import State
from featclass.ui import wording
from featclass.ui.session import acting
from featclass.workspaces import Workspace


def title(spec: str) -> str:
    """Return what an encoder is called on the page."""
    for entry in encoders.CATALOGUE:
        if entry.spec == spec:
            return entry.title
    return spec


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
    return download is not None and download.phase is Phase.RUNNING


def wanted(workspace: Workspace, state: State) -> str:
    """Return the spec this workspace hopes for; empty where it is not known or not missing."""
    if state.waits_for:
        return state.waits_for
    device = studio().engines.device
    return encoders.preferred(device) if workspace.encoder == AUTO and device else ""


def notice(workspace: Workspace, state: State) -> None:
    """Say how the download of a wanted encoder goes, and let the person stop or resume it."""
    spec = wanted(workspace, state)
    if why := studio().trainer.why_unusable(spec):
        st.caption(wording.escaped(f"{why} The built-in encoder serves."))
    download = studio().downloads.state(spec) if spec else None
    if download is None or download.phase is Phase.DONE:
        if state.waits_for and studio().config.offline:
            st.warning(
                f"{wording.escaped(title(spec))} is not on this machine, and downloads are"
                " forbidden here. Choose another encoder in the menu above."
            )
        return
    text = wording.download(download, title(spec), meanwhile=not state.waits_for)
    with st.container(key="download", horizontal=True, vertical_alignment="center", gap="small"):
        if download.phase is Phase.RUNNING:
            share = download.done / download.total if download.total else 0.0
            st.progress(share, text=wording.escaped(text))
            st.button("Cancel", on_click=studio().downloads.cancel, args=(spec,), type="tertiary")
        else:
            st.caption(wording.escaped(text), help=wording.escaped(download.message) or None)
            start = studio().downloads.start
            st.button("Try again", key="fetch", on_click=start, args=(spec,), type="tertiary")


def menu(workspace: Workspace, state: State) -> None:
    """Draw the choice of encoder."""
    specs = [AUTO, *(entry.spec for entry in encoders.CATALOGUE)]
    captions = ["The best one this machine can run", *map(_caption, encoders.CATALOGUE)]
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
    other = ""
    if not studio().config.is_shared:
        key = f"other-{workspace.token}-{workspace.encoder}"
        placeholder = "MODEL/PRETRAINED, hf-hub:…, timm:…"
        other = st.text_input("Another one", placeholder=placeholder, key=key).strip()
    wish = other or chosen
    if not wish or wish == workspace.encoder:
        return
    try:
        check(wish)
    except FeatclassError as error:
        st.error(wording.escaped(str(error)), icon=":material/error:")
        return
    with acting():
        studio().workspaces.choose_encoder(workspace.token, wish)
    st.rerun()


def check(spec: str) -> None:
    """Raise `EncoderUnavailable`, in a sentence, for a spec that may not be chosen here."""
    if spec == AUTO or any(entry.spec == spec for entry in encoders.CATALOGUE):
        return
    if studio().config.is_shared:
        raise EncoderUnavailable(
            f"This server offers the encoders of its menu only, and {spec} is not among them."
            " Its administrator can use it from the command line."
        )
    encoders.is_local(spec, studio().config)  # raises for a spec that nobody knows


def _caption(entry: encoders.CatalogueEntry) -> str:
    here = encoders.is_local(entry.spec, studio().config)
    size = "on this machine" if here else f"{entry.megabytes:,} MB to download"
    return f"{entry.advice} {entry.input_pixels} px, {entry.licence}, {size}."
