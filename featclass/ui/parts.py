"""The page's own components: labelled sets and "Try it", drawn by the browser."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

ASSETS = Path(__file__).parent / "assets"

SETS_HTML = '<div class="sets"></div>'
TRYOUT_HTML = """<div class="tryout">
<div class="zone"><p class="what"></p><div class="row">
<button class="pill pick">Choose pictures</button><button class="pill camera">Camera</button>
</div><div class="note" role="status"></div></div>
<div class="viewfinder"></div><div class="results" aria-live="polite"></div></div>"""


@cache
def _asset(name: str) -> str:
    return (ASSETS / name).read_text("utf-8")


def sets(data: dict[str, Any], *, token: str) -> None:
    """Draw the labelled sets; what the person does there reaches the routes by itself."""
    _component("featclass_sets", SETS_HTML, "sets.js")(
        data=data, key=_key("sets", token), on_redraw_change=_nothing
    )


def tryout(data: dict[str, Any], *, token: str) -> bool:
    """Draw "Try it"; returns whether the person just asked for more of the earlier ones."""
    drawn = _component("featclass_tryout", TRYOUT_HTML, "tryout.js")(
        data=data,
        key=_key("tryout", token),
        on_redraw_change=_nothing,
        on_more_change=_nothing,
    )
    return drawn.more is not None


def _key(name: str, token: str) -> str:
    """Return a widget key: two underscores in a row, as a token may have, are Streamlit's own."""
    return f"{name}-{hashlib.sha256(token.encode()).hexdigest()[:16]}"


def _component(name: str, html: str, script: str) -> Any:
    return st.components.v2.component(
        name, html=html, css=_asset("parts.css"), js=_asset("upload.js") + _asset(script)
    )


def _nothing() -> None:
    """Stand in for a callback, which Streamlit asks for with every trigger."""
