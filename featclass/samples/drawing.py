"""Smooth shapes on a supersampled canvas, under a frame that moves, turns, scales and mirrors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float]
Path = Sequence[Point]
Frame = tuple[float, float, float, float, float, float]

SIZE = 480
OVERSAMPLING = 4
INK: Colour = (54, 38, 72)
INK_WIDTH = 3.4
SHADOW: Colour = (58, 30, 96)
WHITE: Colour = (255, 253, 247)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Return the colour `share` (0 to 1) of the way from one to the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def ellipse(x: float, y: float, rx: float, ry: float | None = None, angle: float = 0.0) -> Path:
    """Return an ellipse about (x, y), turned by `angle` degrees."""
    ry = rx if ry is None else ry
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    steps = 16 + round(max(rx, ry) / 2)
    turns = (2 * math.pi * step / steps for step in range(steps))
    ring = ((rx * math.cos(turn), ry * math.sin(turn)) for turn in turns)
    return [(x + u * cos - v * sin, y + u * sin + v * cos) for u, v in ring]


def blob(points: Path) -> Path:
    """Return a closed Catmull-Rom spline through the points."""
    count = len(points)
    return [
        _catmull_rom([points[(index + k - 1) % count] for k in range(4)], step / 8)
        for index in range(count)
        for step in range(8)
    ]


def curve(points: Path) -> Path:
    """Return an open Catmull-Rom spline from the first point to the last."""
    padded = [points[0], *points, points[-1]]
    spans = [padded[index : index + 4] for index in range(len(points) - 1)]
    return [_catmull_rom(span, step / 8) for span in spans for step in range(8)] + [points[-1]]


def _catmull_rom(span: Path, t: float) -> Point:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = span
    weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2)
    x = sum(weight * value for weight, value in zip(weights, (ax, bx, cx, dx), strict=True))
    y = sum(weight * value for weight, value in zip(weights, (ay, by, cy, dy), strict=True))
    return x / 2, y / 2


def polygon(points: Path, radius: float = 5.0) -> Path:
    """Return a closed polygon with its corners rounded off `radius` from each vertex."""
    rounded: list[Point] = []
    for index, corner in enumerate(points):
        start = _towards(corner, points[index - 1], radius)
        end = _towards(corner, points[(index + 1) % len(points)], radius)
        rounded += [_bezier(start, corner, end, step / 5) for step in range(6)]
    return rounded


def _towards(start: Point, end: Point, distance: float) -> Point:
    length = math.dist(start, end)
    share = min(distance, length / 2) / length if length else 0.0
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _bezier(start: Point, middle: Point, end: Point, t: float) -> Point:
    a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
    return (
        a * start[0] + b * middle[0] + c * end[0],
        a * start[1] + b * middle[1] + c * end[1],
    )


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> Path:
    """Return an upright rectangle, its corners rounded where `radius` is above zero."""
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return polygon(corners, radius) if radius else corners


class Canvas:
    """A picture being drawn, in points of 1/480 of its side."""

    def __init__(self, image: Image.Image, frame: Frame, light: float = -1.0) -> None:
        self._image = image
        self._frame = frame
        self._opaque = ImageDraw.Draw(image)
        self._blending = ImageDraw.Draw(image, "RGBA")
        self.light = light

    @classmethod
    def blank(cls, light: float = -1.0) -> Canvas:
        """Return a white canvas; the light falls from the left (-1) or the right (+1)."""
        side = SIZE * OVERSAMPLING
        frame = (OVERSAMPLING, 0.0, 0.0, 0.0, OVERSAMPLING, 0.0)
        return cls(Image.new("RGB", (side, side), WHITE), frame, light)

    @property
    def scale(self) -> float:
        """Pixels of the supersampled image to one unit of this frame."""
        a, b, _, c, d, _ = self._frame
        return math.sqrt(abs(a * d - b * c))

    @property
    def lit_side(self) -> float:
        """The side the light falls from as this frame sees it: -1 left, +1 right."""
        a, b, _, c, d, _ = self._frame
        return math.copysign(self.light, self.light * (a * d - b * c))

    def at(
        self, x: float, y: float, scale: float = 1.0, angle: float = 0.0, mirrored: bool = False
    ) -> Canvas:
        """Return the same canvas under a frame with its origin at (x, y), turned in degrees."""
        cos = math.cos(math.radians(angle)) * scale
        sin = math.sin(math.radians(angle)) * scale
        side = -1.0 if mirrored else 1.0
        a, b, tx, c, d, ty = self._frame
        p, q, r, s = cos * side, -sin, sin * side, cos
        frame = (
            a * p + b * r, a * q + b * s, a * x + b * y + tx,
            c * p + d * r, c * q + d * s, c * x + d * y + ty,
        )  # fmt: skip
        return Canvas(self._image, frame, self.light)

    def finished(self) -> Image.Image:
        """Return the picture at its final size."""
        return self._image.reduce(OVERSAMPLING)

    def fill(self, path: Path, colour: Colour, alpha: int = 255) -> None:
        """Fill a path without an outline."""
        if alpha == 255:
            self._opaque.polygon(self._pixels(path), fill=colour)
        else:
            self._blending.polygon(self._pixels(path), fill=(*colour, alpha))

    def line(self, path: Path, colour: Colour, width: float) -> None:
        """Draw an open line with round ends, `width` in units of this frame."""
        self._stroke(self._pixels(path), colour, width * self.scale)

    def ink(self, path: Path, weight: float = 1.0) -> None:
        """Draw an open line in ink of the weight that outlines have."""
        self._stroke(self._pixels(path), INK, self._ink_width() * weight)

    def outline(self, path: Path, weight: float = 1.0) -> None:
        """Draw a closed line in ink."""
        pixels = self._pixels(path)
        self._stroke([*pixels, pixels[0]], INK, self._ink_width() * weight)

    def solid(
        self,
        path: Path,
        colour: Colour,
        *,
        shade: float = 7.0,
        pattern: Callable[[Canvas], None] | None = None,
        weight: float = 1.0,
    ) -> None:
        """Fill a path, with a pattern clipped to it, shade on its far side, and an outline."""
        self.fill(path, colour)
        if pattern is not None:
            with self.clip(path) as inside:
                pattern(inside)
        if shade:
            self._shade(path, shade)
        self.outline(path, weight)

    def tube(self, path: Path, colour: Colour, width: float) -> None:
        """Draw a limb: a round-ended line with an outline and shade on its far side."""
        pixels, thickness = self._pixels(path), width * self.scale
        self._stroke(pixels, INK, thickness + 2 * self._ink_width())
        self._stroke(pixels, mix(colour, SHADOW, 0.22), thickness)
        # The lit part is a thinner line moved towards the light: shade without a mask.
        dx, dy = self.light * thickness * 0.12, -thickness * 0.07
        lit: list[Point] = [(round(x + dx), round(y + dy)) for x, y in pixels]
        self._stroke(lit, colour, thickness * 0.74)

    @contextmanager
    def clip(self, path: Path) -> Iterator[Canvas]:
        """Give a canvas whose drawing appears only inside the path."""
        pixels = self._pixels(path)
        left, top, right, bottom = self._bounds(pixels)
        if right <= left or bottom <= top:
            yield Canvas(Image.new("RGB", (1, 1)), self._frame, self.light)
            return
        layer = self._image.crop((left, top, right, bottom))
        a, b, tx, c, d, ty = self._frame
        yield Canvas(layer, (a, b, tx - left, c, d, ty - top), self.light)
        mask = Image.new("L", layer.size)
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in pixels], fill=255)
        self._image.paste(layer, (left, top), mask)

    def _shade(self, path: Path, depth: float, alpha: int = 64) -> None:
        pixels = self._pixels(path)
        left, top, right, bottom = self._bounds(pixels)
        if right <= left or bottom <= top:
            return
        mask = Image.new("L", (right - left, bottom - top))
        draw = ImageDraw.Draw(mask)
        dx, dy = self.light * depth * self.scale - left, -0.7 * depth * self.scale - top
        draw.polygon([(x - left, y - top) for x, y in pixels], fill=alpha)
        draw.polygon([(x + dx, y + dy) for x, y in pixels], fill=0)
        self._image.paste(SHADOW, (left, top, right, bottom), mask)

    def _ink_width(self) -> float:
        # Close-ups get a slightly bolder line, small figures a slightly finer one.
        return INK_WIDTH * OVERSAMPLING * math.pow(self.scale / OVERSAMPLING, 0.45)

    def _stroke(self, pixels: list[Point], colour: Colour, width: float) -> None:
        # Odd widths about whole pixels: discs and segments then agree to the pixel, where
        # Pillow's rounding of each by itself would make the edge rough.
        half = max(1, round((width - 1) / 2))
        self._opaque.line(pixels, fill=colour, width=2 * half + 1)
        for x, y in pixels:
            self._opaque.ellipse((x - half, y - half, x + half, y + half), fill=colour)

    def _pixels(self, path: Path) -> list[Point]:
        a, b, tx, c, d, ty = self._frame
        return [(round(a * x + b * y + tx), round(c * x + d * y + ty)) for x, y in path]

    def _bounds(self, pixels: list[Point]) -> tuple[int, int, int, int]:
        xs, ys = [x for x, _ in pixels], [y for _, y in pixels]
        width, height = self._image.size
        return (
            max(0, math.floor(min(xs))),
            max(0, math.floor(min(ys))),
            min(width, math.ceil(max(xs)) + 1),
            min(height, math.ceil(max(ys)) + 1),
        )
