"""Words and numbers as HTML."""

from __future__ import annotations

import html
from collections.abc import Iterable

from featclass.document.contents import cleaned


def escaped(text: str) -> str:
    """Return text of anyone as HTML, fit for attributes too; a number keeps its percent sign."""
    return html.escape(cleaned(text)).replace(" %", "\u00a0%")


def named(text: str) -> str:
    """Return a name, whose direction of writing does not spread to what stands around it."""
    return f"<bdi>{escaped(text)}</bdi>"


def paragraphs(texts: Iterable[str]) -> str:
    """Return a paragraph of each text."""
    return "".join(f"<p>{escaped(text)}</p>" for text in texts)


def listed(items: Iterable[str], more: int = 0) -> str:
    """Return a list of HTML items, and how many more there are."""
    rest = [f"and {more:,} more"] if more > 0 else []
    return "<ul>" + "".join(f"<li>{item}</li>" for item in [*items, *rest]) + "</ul>"
