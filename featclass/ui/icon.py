"""The icon of the browser tab: three pictures in two colours."""

from __future__ import annotations

from functools import cache

from PIL import Image, ImageDraw

from featclass.render import class_colour

SIDE = 64
SCALE = 4


@cache
def icon() -> Image.Image:
    """Draw the icon, 64 x 64 RGBA."""
    large = Image.new("RGBA", (SIDE * SCALE, SIDE * SCALE))
    draw = ImageDraw.Draw(large)
    tiles = ((6, 6, 0), (35, 6, 0), (6, 35, 1), (35, 35, 1))
    for x, y, colour in tiles:
        corners = [value * SCALE for value in (x, y, x + 23, y + 23)]
        draw.rounded_rectangle(corners, radius=7 * SCALE, fill=class_colour(colour))
    return large.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
