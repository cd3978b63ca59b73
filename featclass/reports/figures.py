"""The confusion matrix to look at, and the colours of classes."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from featclass.base import (
    Report,
    percent,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

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

MANY_CLASSES = 15
"""Above this, cells are too small for text and Markdown tables too wide."""
SHORT_NAME = 14


@dataclass(frozen=True, slots=True)
class _Palette:
    text: str
    muted: str
    faint: str
    empty: str
    right: tuple[str, str]
    """Of few and of all pictures of a class."""
    wrong: tuple[str, str]


LIGHT = _Palette(
    "#3b3a4a", "#6b6a7d", "#85849a", "#f0f0f6", ("#d9d8fb", "#4f46e5"), ("#fde0cb", "#dd4f0c")
)
DARK = _Palette(
    "#cfcddb", "#a09fb3", "#77768c", "#1b1b27", ("#2e2c66", "#7a73f2"), ("#4a2513", "#ee6a2c")
)


def class_colour(index: int) -> str:
    """Return the colour of the class at `index`, "#rrggbb"; after eight they start again."""
    return CLASS_COLOURS[index % len(CLASS_COLOURS)]


def confusion_figure(
    report: Report, *, colours: Mapping[str, str] | None = None, dark: bool = False
) -> go.Figure:
    """Draw the confusion matrix: rows are what a picture is, columns what it was taken for.

    An invisible scatter lies over the heat map, as Plotly reports no clicks on a heat map alone;
    the `customdata` of its points is [row, column].

    Args:
        report: With a confusion matrix.
        colours: Of the classes, for the dots beside their names; `class_colour` by default.
        dark: For a dark background.
    """
    import plotly.graph_objects as go

    matrix = report.confusion_matrix or ()
    palette = DARK if dark else LIGHT
    if colours is None:
        colours = {name: class_colour(place) for place, name in enumerate(report.classes)}
    figure = go.Figure([_heat_map(matrix, palette), _click_catcher(report.classes, matrix)])
    figure.update_layout(**_layout(report.classes, colours, palette))
    return figure


def _heat_map(matrix: Sequence[Sequence[int]], palette: _Palette) -> Any:
    import plotly.graph_objects as go

    rows = [
        [_shade(count, sum(row), is_right=i == j) for j, count in enumerate(row)]
        for i, row in enumerate(matrix)
    ]
    with_text = len(matrix) <= MANY_CLASSES
    text = [[_cell(count, sum(row), len(matrix), palette) for count in row] for row in matrix]
    gap = 4 if len(matrix) <= 6 else 2 if len(matrix) <= 30 else 1
    return go.Heatmap(
        z=rows,
        zmin=-1,
        zmax=1,
        colorscale=[
            [0.0, palette.wrong[1]],
            [0.4999, palette.wrong[0]],
            [0.5, palette.empty],
            [0.5001, palette.right[0]],
            [1.0, palette.right[1]],
        ],
        text=text if with_text else None,
        texttemplate="%{text}" if with_text else None,
        textfont={"size": _cell_size(len(matrix))},
        xgap=gap,
        ygap=gap,
        showscale=False,
        hoverinfo="skip",
    )


def _shade(count: int, total: int, *, is_right: bool) -> float:
    """Return where on the scale a cell lies: right above zero, wrong below, none at zero."""
    if not count:
        return 0.0
    share = max(count / total, 0.01)
    return share if is_right else -share


def _cell(count: int, total: int, classes: int, palette: _Palette) -> str:
    if not count:
        return f'<span style="color:{palette.faint}">0</span>'
    if classes > 8:
        return f"{count:,}"
    return f'<b>{count:,}</b><br><span style="font-size:0.68em">{percent(count / total)}</span>'


def _cell_size(classes: int) -> int:
    return 20 if classes <= 3 else 16 if classes <= 6 else 13 if classes <= 10 else 11


def _click_catcher(classes: Sequence[str], matrix: Sequence[Sequence[int]]) -> Any:
    import plotly.graph_objects as go

    cells = [(i, j) for i in range(len(matrix)) for j in range(len(matrix))]
    names = [_wrapped(name) for name in classes]
    unseen = {"marker": {"opacity": 0}}
    return go.Scatter(
        x=[j for _, j in cells],
        y=[i for i, _ in cells],
        customdata=[[i, j] for i, j in cells],
        hovertext=[_hover(names, matrix, i, j) for i, j in cells],
        hovertemplate="%{hovertext}<extra></extra>",
        mode="markers",
        marker={"symbol": "square", "size": 6, "opacity": 0},
        selected=unseen,
        unselected=unseen,
        showlegend=False,
    )


def _hover(names: Sequence[str], matrix: Sequence[Sequence[int]], i: int, j: int) -> str:
    count, total = matrix[i][j], sum(matrix[i])
    taken = "recognised" if i == j else f"taken for <b>{names[j]}</b>"
    share = f" ({percent(count / total)})" if total else ""
    return f"<b>{names[i]}</b><br>{taken}<br>{count:,} of {total:,}{share}"


def _layout(
    classes: Sequence[str], colours: Mapping[str, str], palette: _Palette
) -> dict[str, Any]:
    many = len(classes) > MANY_CLASSES
    size = 13 if len(classes) <= 8 else 12 if not many else max(7, 12 - len(classes) // 15)
    axis = {
        "tickvals": list(range(len(classes))),
        "ticktext": [_tick(name, colours.get(name, palette.faint)) for name in classes],
        "tickfont": {"size": size},
        "range": [-0.5, len(classes) - 0.5],
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        "automargin": True,
    }
    title = {"size": 13, "color": palette.muted}
    across = {"text": "was taken for", "font": title, "standoff": 8}
    return {
        "xaxis": {**axis, "side": "top", "autotickangles": [0, -90], "title": across},
        "yaxis": {
            **axis,
            "range": [len(classes) - 0.5, -0.5],
            "title": {"text": "is", "font": title, "standoff": 6},
        },
        "height": _height(classes),
        "margin": {"l": 8, "r": 8, "t": 12, "b": 8},
        "font": {"family": "Inter, sans-serif", "color": palette.text},
        "hoverlabel": {
            "align": "left",
            "bgcolor": palette.empty,
            "bordercolor": palette.faint,
            "font": {"family": "Inter, sans-serif", "size": 13, "color": palette.text},
        },
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "closest",
        "hoverdistance": -1,
        "dragmode": False,
    }


def _height(classes: Sequence[str]) -> int:
    """Return pixels: cells of a size for their number, and room for upright names above them."""
    cell = next(size for most, size in _CELLS if len(classes) <= most)
    upright = 0 if len(classes) <= 3 else 7 * min(SHORT_NAME, max(map(len, classes)))
    return round(len(classes) * cell + 64 + upright)


_CELLS = ((2, 96.0), (3, 84.0), (4, 68.0), (6, 56.0), (10, 44.0), (15, 34.0), (30, 24.0),
          (60, 14.0), (math.inf, 11.0))  # fmt: skip


def _tick(name: str, colour: str) -> str:
    short = name if len(name) <= SHORT_NAME else name[: SHORT_NAME - 1].rstrip() + "…"
    return f'<span style="color:{colour}">●</span> {_plotly_text(short)}'


def _wrapped(name: str) -> str:
    return "<br>".join(_plotly_text(line) for line in textwrap.wrap(name, 40, max_lines=4))


def _plotly_text(text: str) -> str:
    """Return user text for Plotly, which reads a subset of HTML in every label."""
    return html.escape(" ".join(text.split()), quote=False)
