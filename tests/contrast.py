"""How well text on a page stands out, by the colours that the browser computed."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from playwright.sync_api import Page

LEAST, LEAST_LARGE = 4.5, 3.0
"""WCAG 2.2, 1.4.3: of text, and of text of 24 pixels, or of 18.66 in bold."""

MEASURE = (Path(__file__).parent / "contrast.js").read_text("utf-8")


class Text(TypedDict):
    """A text as the browser shows it; `size` in pixels."""

    text: str
    ratio: float
    size: float
    weight: float


def faint(page: Page) -> list[str]:
    """Return the texts on a page that hardly stand out, each with its ratio."""
    texts: list[Text] = page.evaluate(MEASURE)
    assert texts
    return sorted(
        {f"{text['ratio']:.2f} {text['text']!r}" for text in texts if text["ratio"] < _least(text)}
    )


def _least(text: Text) -> float:
    is_large = text["size"] >= 24 or (text["size"] >= 18.66 and text["weight"] >= 700)
    return LEAST_LARGE if is_large else LEAST
