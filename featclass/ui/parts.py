"""The page's own components, drawn by the browser: sets, matrix, findings, map, "Try it"."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

ASSETS = Path(__file__).parent / "assets"

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
<div class="results" aria-live="polite"></div></div>"""


@cache
def _asset(name: str) -> str:
    return (ASSETS / name).read_text("utf-8")


def sets(data: dict[str, Any], *, token: str) -> None:
    """Draw the labelled sets; what the person does there reaches the routes by itself."""
    _component("featclass_sets", SETS_HTML, "upload.js", "sets.js")(
        data=data, key=_key("sets", token), on_redraw_change=_nothing
    )


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


def tryout(data: dict[str, Any], *, token: str) -> bool:
    """Draw "Try it"; returns whether the person just asked for more of the earlier ones."""
    drawn = _component(
        "featclass_tryout", TRYOUT_HTML, "upload.js", "why.js", "tryout.js", styles=("why.css",)
    )(
        data=data,
        key=_key("tryout", token),
        on_redraw_change=_nothing,
        on_more_change=_nothing,
    )
    return drawn.more is not None


def _key(name: str, token: str) -> str:
    """Return a widget key: two underscores in a row, as a token may have, are Streamlit's own."""
    return f"{name}-{hashlib.sha256(token.encode()).hexdigest()[:16]}"


def _component(name: str, html: str, *scripts: str, styles: Sequence[str] = ()) -> Any:
    css = "".join(map(_asset, ("parts.css", *styles)))
    js = "".join(map(_asset, ("common.js", *scripts)))
    return st.components.v2.component(name, html=html, css=css, js=js)


def _nothing() -> None:
    """Stand in for a callback, which Streamlit asks for with every trigger."""
