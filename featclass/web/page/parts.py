"""The page's own components, drawn by the browser: sets, matrix, findings, map, "Try it"."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Any

import streamlit as st

from featclass.web import ASSETS

SETS_HTML = '<div class="sets"></div>'
MATRIX_HTML = """<div class="matrix"><div class="scroll">
<div class="cells" role="grid"
aria-label="Rows: what pictures are. Columns: what they were taken for"></div>
</div><div class="worst"></div><section class="panel" hidden></section></div>"""
FINDINGS_HTML = """<div class="findings" hidden><button class="toggle"></button>
<div class="found" hidden></div></div>"""
MAP_HTML = """<div class="map" hidden><button class="toggle"></button><div class="inside" hidden>
<p class="quiet note" role="status"></p><div class="ground"><canvas tabindex="0" role="application"
aria-label="Map of the pictures: arrows go from one to the next, Enter picks it"></canvas>
<div class="tip" aria-live="polite" hidden></div></div>
<div class="picked" hidden></div></div></div>"""
TRYOUT_HTML = """<div class="tryout">
<div class="zone"><p class="what"></p><div class="row">
<button class="pill pick">Choose pictures</button><button class="pill camera">Camera</button>
</div><div class="note" role="status"></div></div>
<div class="viewfinder"></div><div class="working"></div>
<p class="came" role="status" hidden></p>
<div class="results" aria-live="polite"></div>
<section class="gallery" aria-label="Gallery" hidden></section><div class="after"></div></div>"""

ASKING_HTML = """<div class="asking" hidden><button class="toggle"></button>
<section class="panel" role="group" aria-label="Label pictures" tabindex="-1" hidden>
</section></div>"""

BATCHES_HTML = """<div class="batches"><button class="toggle"></button><div class="inside" hidden>
<div class="zone"><p class="what"></p><div class="row">
<button class="pill pick">Choose a zip</button>
<button class="pill halt" hidden>Stop sending</button></div>
<div class="bar" role="progressbar" aria-label="Sent" hidden><i></i></div>
<div class="note" role="status"></div></div>
<form hidden><div class="row"><input type="text" aria-label="Folder on the server"
autocomplete="off" spellcheck="false"><button class="pill">Predict</button></div>
<p class="hint"></p></form>
<p class="problem" role="status"></p><div class="removed" hidden></div>
<div class="cards"></div></div></div>"""

GONE_HTML = '<p class="gone" role="alert" hidden></p>'


SAVED_HTML = """<div class="saved"><div class="zone"><p class="what">Load a saved classifier</p>
<div class="row"><button class="pill pick">Choose a .featclass file</button></div>
<div class="note" role="status"></div></div></div>"""


UNDO_HTML = '<div class="undo"><p role="status"></p></div>'


@cache
def _asset(name: str) -> str:
    return (ASSETS / name).read_text("utf-8")


def sets(data: dict[str, Any], *, token: str) -> None:
    """Draw the labelled sets; what the person does there reaches the routes by itself."""
    _component(
        "featclass_sets",
        SETS_HTML,
        *("upload.js", "drops.js", "camera.js", "burst.js", "sets.js"),
        styles=("live.css", "drops.css"),
    )(data=data, key=_key("sets", token), on_redraw_change=_nothing)


def matrix(data: dict[str, Any], *, token: str) -> None:
    """Draw the confusion matrix; what the person does to its pictures reaches the routes."""
    _component("featclass_matrix", MATRIX_HTML, "matrix.js", styles=("matrix.css",))(
        data=data, key=_key("matrix", token), on_redraw_change=_nothing
    )


def findings(data: dict[str, Any], *, token: str) -> None:
    """Draw what is worth a look; what the person does about it reaches the routes."""
    _component("featclass_findings", FINDINGS_HTML, "findings.js", styles=("findings.css",))(
        data=data, key=_key("findings", token), on_redraw_change=_nothing
    )


def map_of(data: dict[str, Any], *, token: str) -> None:
    """Draw the map; what the person does to the pictures picked there reaches the routes."""
    _component("featclass_map", MAP_HTML, "map.js", styles=("map.css",))(
        data=data, key=_key("map", token), on_redraw_change=_nothing
    )


def tryout(data: dict[str, Any], *, token: str) -> None:
    """Draw "Try it"; what the person says of the predictions reaches the routes."""
    scripts = ("upload.js", "camera.js", "live.js", "why.js", "results.js", "gallery.js")
    styles = ("live.css", "results.css", "why.css")
    _component("featclass_tryout", TRYOUT_HTML, *scripts, "tryout.js", styles=styles)(
        data=data, key=_key("tryout", token), on_redraw_change=_nothing
    )


def batches(data: dict[str, Any], *, token: str) -> None:
    """Draw the predictions of whole zips and folders; what the person does reaches the routes."""
    scripts = ("upload.js", "batches.js")
    _component("featclass_batches", BATCHES_HTML, *scripts, styles=("batches.css",))(
        data=data, key=_key("batches", token)
    )


def gone() -> None:
    """Draw what says that the server does not answer, while that is so."""
    _component("featclass_gone", GONE_HTML, "gone.js", styles=("gone.css",))(
        key="gone", on_back_change=_nothing
    )


def asking(data: dict[str, Any], *, token: str) -> None:
    """Draw the questions about unlabelled pictures; the answers reach the routes by themselves."""
    _component("featclass_asking", ASKING_HTML, "asking.js", styles=("asking.css",))(
        data=data, key=_key("asking", token), on_redraw_change=_nothing
    )


def saved(data: dict[str, Any], *, token: str) -> None:
    """Draw the place for a saved classifier; the browser opens the workspace that it gets."""
    _component("featclass_saved", SAVED_HTML, "upload.js", "saved.js")(
        data=data, key=_key("saved", token)
    )


def undo(data: dict[str, Any], *, token: str) -> None:
    """Let Ctrl+Z undo what this visitor did last, and the line that undoes go after a while."""
    _component("featclass_undo", UNDO_HTML, "undo.js", styles=("undo.css",))(
        data=data, key=_key("undo", token), on_redraw_change=_nothing
    )


def _key(name: str, token: str) -> str:
    """Return a widget key: two underscores in a row, as a token may have, are Streamlit's own."""
    return f"{name}-{hashlib.sha256(token.encode()).hexdigest()[:16]}"


def _component(name: str, html: str, *scripts: str, styles: Sequence[str] = ()) -> Any:
    css = "".join(map(_asset, ("parts.css", *styles)))
    js = "".join(map(_asset, ("common.js", *scripts)))
    return st.components.v2.component(name, html=html, css=css, js=js)


def _nothing() -> None:
    """Stand in for a callback, which Streamlit asks for with every trigger."""
