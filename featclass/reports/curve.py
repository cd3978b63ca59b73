"""A learning curve as a drawing of a few lines of SVG, in the colours of the page around it."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator

from featclass.base import LearningCurve, Report, between, percent

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 68, 16, 14, 46
TICKS = 5


def drawn(curve: LearningCurve, report: Report) -> str:
    """Return the curve with its 95 % band, guessing, and what more pictures should bring, as SVG.

    Without points there is nothing to draw, and the result is empty.
    """
    if not curve.points:
        return ""
    axes = _Axes(curve, report)
    parts = [*axes.drawn(), _guessing(axes, report.chance_accuracy), _band(axes, curve)]
    along = " ".join(axes.at(p.images, p.accuracy) for p in curve.points)
    parts.append(f'<polyline class="curve" points="{along}"/>')
    parts += [_dot(axes, p.images, p.accuracy, "dot") for p in curve.points]
    if curve.projected is not None:
        ahead, then = curve.projected, report.images + curve.projected.more
        start = axes.at(report.images, ahead.accuracy_now)
        end = axes.at(then, ahead.accuracy_then)
        low, high = axes.at(then, ahead.low), axes.at(then, ahead.high)
        parts.append(f'<polyline class="ahead" points="{start} {end}"/>')
        parts.append(f'<polyline class="whisker" points="{low} {high}"/>')
        parts.append(_dot(axes, report.images, ahead.accuracy_now, "dot"))
        parts.append(_dot(axes, then, ahead.accuracy_then, "hollow"))
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{html.escape(_spoken(curve))}">{"".join(parts)}</svg>'
    )


class _Axes:
    """From pictures and shares to places in the drawing."""

    def __init__(self, curve: LearningCurve, report: Report) -> None:
        most, low = max(p.images for p in curve.points), min(p.low for p in curve.points)
        if curve.projected is not None:
            most = max(most, report.images + curve.projected.more)
            low = min(low, curve.projected.low)
        self._most = most * 1.05
        self._low = max(0.0, math.floor(10 * min(low, report.chance_accuracy)) / 10)

    def x(self, images: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * images / self._most

    def y(self, share: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share) / max(1 - self._low, 0.1)

    def at(self, images: float, share: float) -> str:
        return f"{self.x(images):.1f},{self.y(share):.1f}"

    def drawn(self) -> Iterator[str]:
        """Yield grid and labels."""
        step = 0.1 if self._low >= 0.5 else 0.2
        for place in range(round(1 / step) + 1):
            share = 1 - place * step
            if share < self._low - 1e-9:
                break
            y = self.y(share)
            yield _across("grid", y)
            yield _text(LEFT - 8, y + 4, "end", percent(round(share, 3)).replace(" ", "\u00a0"))
        step = _round_step(self._most / TICKS)
        for place in range(int(self._most / step) + 1):
            yield _text(self.x(place * step), HEIGHT - 26, "middle", f"{place * step:,}")
        middle = (LEFT + WIDTH - RIGHT) / 2
        yield _text(middle, HEIGHT - 6, "middle", "pictures to learn from")


def _round_step(least: float) -> int:
    """Return 1, 2 or 5 times a power of ten, no smaller than `least`."""
    power: int = 10 ** math.floor(math.log10(max(least, 1)))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= least)


def _guessing(axes: _Axes, share: float) -> str:
    y = axes.y(share)
    return _across("guess", y) + _text(WIDTH - RIGHT, y - 6, "end", "guessing")


def _across(kind: str, y: float) -> str:
    return f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _text(x: float, y: float, anchor: str, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def _band(axes: _Axes, curve: LearningCurve) -> str:
    above = [axes.at(p.images, p.high) for p in curve.points]
    below = [axes.at(p.images, p.low) for p in reversed(curve.points)]
    return f'<polygon class="band" points="{" ".join(above + below)}"/>'


def _dot(axes: _Axes, images: float, share: float, kind: str) -> str:
    x, y = axes.at(images, share).split(",")
    return f'<circle class="{kind}" cx="{x}" cy="{y}" r="4"/>'


def _spoken(curve: LearningCurve) -> str:
    points = (
        f"{p.images:,.0f} pictures: {percent(p.accuracy)} right, {between(p.low, p.high)}"
        for p in curve.points
    )
    return "Learning curve. " + "; ".join(points) + "."
