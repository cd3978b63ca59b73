"""The page's own components, which the browser draws.

What the person does there reaches the routes by itself, without a run of the page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import streamlit as st

from featclass.web import ASSETS, scripts
from featclass.web.page import wording
from featclass.web.page.data import (
    AskingData,
    BatchesData,
    FindingsData,
    MapData,
    MatrixData,
    SavedData,
    SetsData,
    TryoutData,
    UndoData,
)

D = TypeVar("D", bound=Mapping[str, object])

_SETS = '<div class="sets"></div>'
_MATRIX = """<div class="matrix"><div class="scroll">
<div class="cells" role="grid"
aria-label="Rows: what pictures are. Columns: what they were taken for"></div>
</div><div class="worst"></div><section class="panel" hidden></section></div>"""
_FINDINGS = """<div class="findings" hidden><button class="toggle"></button>
<div class="found" hidden></div></div>"""
_MAP = """<div class="map" hidden><button class="toggle"></button><div class="inside" hidden>
<p class="quiet note" role="status"></p><div class="ground"><canvas tabindex="0" role="application"
aria-label="Map of the pictures: arrows go from one to the next, Enter picks it"></canvas>
<div class="tip" aria-live="polite" hidden></div></div>
<div class="picked" hidden></div></div></div>"""
_TRYOUT = """<div class="tryout">
<div class="zone"><p class="what"></p><div class="row">
<button class="pill pick">Choose pictures</button><button class="pill camera">Camera</button>
</div><div class="note" role="status"></div></div>
<div class="viewfinder"></div><div class="working"></div>
<p class="came" role="status" hidden></p>
<div class="results" aria-live="polite"></div>
<section class="gallery" aria-label="Gallery" hidden></section><div class="after"></div></div>"""

_ASKING = """<div class="asking" hidden><button class="toggle"></button>
<section class="panel" role="group" aria-label="Label pictures" tabindex="-1" hidden>
</section></div>"""

_BATCHES = """<div class="batches">
<div class="zone"><p class="what"></p><div class="row">
<button class="pill pick">Choose a zip</button>
<button class="pill halt" hidden>Stop sending</button></div>
<div class="bar" role="progressbar" aria-label="Sent" hidden><i></i></div>
<div class="note" role="status"></div></div>
<form hidden><div class="row"><input type="text" aria-label="Folder on the server"
autocomplete="off" spellcheck="false"><button class="pill">Predict</button></div>
<p class="hint"></p></form></div>"""

_GONE = '<p class="gone" role="alert" hidden></p>'

_SAVED = """<div class="saved"><div class="zone"><p class="what">Load a saved classifier</p>
<div class="row"><button class="pill pick">Choose a .featclass file</button></div>
<div class="note" role="status"></div></div></div>"""

_UNDO = '<div class="undo"><p role="status"></p></div>'


# Streamlit runs a component's script from a `blob:` address, where relative imports do not resolve,
# and sends its text again with every run: so it is no more than this. It awaits what is returned,
# and cleans up also where that was asked for meanwhile.
_STUB = """export default async component => {
  const address = new URL('%s', document.baseURI);
  const module = await import(address).catch(() => null);
  if (module) return module.default(component);
  const said = document.createElement('p');
  said.setAttribute('role', 'alert');
  said.textContent = 'This part of the page could not be loaded. Load the page again.';
  component.parentElement.append(said);
};
"""


def loading(name: str) -> str:
    """Return the script of a component that loads its module."""
    return _STUB % scripts.address(f"{name}.js")


@cache
def _style(name: str) -> str:
    return (ASSETS / name).read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Component(Generic[D]):
    """A component, drawn from data that name the workspace as `base`; one on a page.

    Its script is the module `assets/NAME.js`.
    """

    name: str
    html: str
    styles: tuple[str, ...]
    trigger: str | None = "redraw"
    """With which its script has the page drawn anew."""

    def __call__(self, data: D | None = None) -> None:
        """Draw it."""
        component = st.components.v2.component(
            f"featclass_{self.name}",
            html=self.html,
            css="".join(map(_style, ("parts.css", *self.styles))),
            js=loading(self.name),
        )
        triggers: dict[str, Any] = {}
        if self.trigger is not None:
            triggers[f"on_{self.trigger}_change"] = _nothing
        component(data=data, key=self._key(data), **triggers)

    def _key(self, data: D | None) -> str:
        """Return a widget key: two underscores in a row, as a token may have, are Streamlit's."""
        if data is None:
            return self.name
        return f"{self.name}-{hashlib.sha256(str(data['base']).encode()).hexdigest()[:16]}"


def _nothing() -> None:
    """Stand in for a callback, which Streamlit asks for with every trigger."""


sets: Component[SetsData] = Component("sets", _SETS, ("live.css", "drops.css"))
matrix: Component[MatrixData] = Component("matrix", _MATRIX, ("matrix.css",))
findings: Component[FindingsData] = Component("findings", _FINDINGS, ("findings.css",))
picture_map: Component[MapData] = Component("map", _MAP, ("map.css",))
tryout: Component[TryoutData] = Component("tryout", _TRYOUT, ("live.css", "results.css", "why.css"))
asking: Component[AskingData] = Component("asking", _ASKING, ("asking.css",))
batches: Component[BatchesData] = Component("batches", _BATCHES, ("batches.css",))
saved: Component[SavedData] = Component("saved", _SAVED, (), trigger=None)
undo: Component[UndoData] = Component("undo", _UNDO, ("undo.css",))
gone: Component[Mapping[str, object]] = Component("gone", _GONE, ("gone.css",), trigger="back")


def error(sentence: str) -> None:
    """Draw what could not be done."""
    st.error(wording.escaped(sentence), icon=":material/error:")
