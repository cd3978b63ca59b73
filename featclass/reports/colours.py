"""The colours of classes, wherever these are shown."""

from __future__ import annotations

CLASS_COLOURS = (
    "#1692fc",
    "#ed650e",
    "#a32ed9",
    "#768e72",
    "#b43062",
    "#05738a",
    "#bf7abc",
    "#5d6503",
)
"""Blue, orange, violet, sage, crimson, petrol, mauve, olive.

Each has a contrast of at least 3 to near-white and to near-black, and keeps its distance from all
others in OKLab as protanopes, deuteranopes and tritanopes see them (Machado et al. 2009).
"""


def class_colour(index: int) -> str:
    """Return the colour of the class at `index`, "#rrggbb"; after eight they start again."""
    return CLASS_COLOURS[index % len(CLASS_COLOURS)]
