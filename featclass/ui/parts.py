"""The page's own components: labelled sets and "Try it", drawn by the browser."""

from __future__ import annotations

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


def _draw(name: str, html: str, script: str, data: dict[str, Any], key: str) -> Any:
    component = st.components.v2.component(
        name, html=html, css=_asset("parts.css"), js=_asset("upload.js") + _asset(script)
    )
    return component(data=data, key=key, on_act_change=_nothing).act


def sets(data: dict[str, Any], *, key: str) -> dict[str, Any] | None:
    """Draw the labelled sets; returns what the person just did there, once."""
    return _draw("featclass_sets", SETS_HTML, "sets.js", data, key)  # type: ignore[no-any-return]


def tryout(data: dict[str, Any], *, key: str) -> dict[str, Any] | None:
    """Draw "Try it"; returns what the person just did there, once."""
    return _draw("featclass_tryout", TRYOUT_HTML, "tryout.js", data, key)  # type: ignore[no-any-return]


def _nothing() -> None:
    """Stand in for a callback, which Streamlit asks for with every trigger."""
