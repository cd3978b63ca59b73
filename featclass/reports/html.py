"""The report as one HTML file: no scripts, nothing from elsewhere, made to be printed too."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from featclass.base import bounds, percent, sentences
from featclass.reports import curve
from featclass.reports.colours import class_colour
from featclass.reports.contents import (
    EXAMPLES,
    LISTED,
    Contents,
    cleaned,
    confusions,
    not_used,
    shares,
)

if TYPE_CHECKING:
    from jinja2 import Template

PICTURES = 40
BYTES = 1_400_000
"""Of all pictures, before base64 makes a third more of them."""
WRONG_SHOWN, NEIGHBOURS = 6, 2
"""Of those taken wrong, with what each is like; the others are listed."""
FINDING_IMAGES = 6
WIDEST = 30
"""Classes that a matrix on A4 has room for; of more, what is confused most is listed."""
FEW = 6
"""With more classes their names stand upright, and the cells are small."""

Thumbnail = Callable[[str], bytes | None]
"""A small JPEG of the image with this digest, or None where it cannot be had."""


class Album:
    """Shows pictures until there are enough of them, and then says only that there were more."""

    def __init__(self, thumbnail: Thumbnail) -> None:
        self._thumbnail = thumbnail
        self._pictures = PICTURES
        self._bytes = BYTES

    def __call__(self, digest: str) -> str:
        """Return the picture as the base64 of a JPEG; empty where there is none to show."""
        data = self._thumbnail(digest) if self._pictures else None
        if data is None or len(data) > self._bytes:
            return ""
        self._pictures -= 1
        self._bytes -= len(data)
        return base64.b64encode(data).decode()


def as_html(
    contents: Contents, *, thumbnail: Thumbnail, colours: Mapping[str, str] | None = None
) -> str:
    """Return one HTML file of under 2 MB that needs nothing else; all text in it is escaped.

    Args:
        contents: What it says.
        thumbnail: Asked for at most `PICTURES` small JPEGs that it has.
        colours: Of the classes, "#rrggbb"; `class_colour` by default.
    """
    report = contents.report
    usual = {name: class_colour(place) for place, name in enumerate(report.classes)}
    room = PICTURES - WRONG_SHOWN * (1 + NEIGHBOURS) - EXAMPLES
    return _template().render(
        contents=contents,
        report=report,
        album=Album(thumbnail),
        colours=usual | dict(colours or {}),
        confused=confusions(report) if len(report.classes) > WIDEST else None,
        drawing=curve.drawn(report.learning_curve, report) if report.learning_curve else "",
        of_finding=min(FINDING_IMAGES, max(1, room // max(1, len(contents.findings)))),
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def shown(value: object) -> object:
        """Return text as one line, in which a number stays with its percent sign."""
        if not isinstance(value, str) or isinstance(value, Markup):
            return value
        return cleaned(value).replace(" %", "\u00a0%")

    environment = Environment(
        autoescape=True,
        finalize=shown,
        loader=FileSystemLoader(Path(__file__).parent),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"percent": percent, "shares": shares}
    environment.globals |= {
        "EXAMPLES": EXAMPLES, "FEW": FEW, "LISTED": LISTED, "NEIGHBOURS": NEIGHBOURS,
        "WRONG_SHOWN": WRONG_SHOWN, "bounds": bounds, "not_used": not_used, "sentences": sentences,
    }  # fmt: skip
    return environment.get_template("report.html.j2")
