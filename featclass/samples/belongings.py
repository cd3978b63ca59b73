"""Things held in a hand or worn on a head, by members of either family."""

from __future__ import annotations

from collections.abc import Callable

from featclass.samples.drawing import WHITE, Canvas, Colour, blob, box, curve, ellipse, mix, polygon


def balloon(canvas: Canvas, colour: Colour) -> None:
    """Draw a balloon on a string, its end at the origin."""
    canvas.ink(curve([(0, 0), (6, -22), (-4, -48), (4, -74)]), 0.7)
    canvas.solid(polygon([(-5, -68), (5, -68), (0, -78)], 1), colour, shade=0)
    canvas.solid(blob([(4, -74), (-26, -104), (0, -140), (32, -106)]), colour, shade=9)
    canvas.fill(ellipse(-8, -120, 5, 10, 30), WHITE, 190)


def mug(canvas: Canvas, colour: Colour) -> None:
    """Draw a steaming mug."""
    canvas.ink(polygon([(10, -18), (26, -18), (26, 0), (10, 0)], 8), 1.2)
    canvas.solid(box(-15, -26, 15, 8, 5), colour, shade=5)
    canvas.fill(ellipse(0, -24, 12, 3), (126, 84, 66))
    for x in (-6, 6):
        canvas.line(curve([(x, -34), (x + 5, -42), (x - 3, -50), (x + 3, -58)]), WHITE, 3)


def flower(canvas: Canvas, colour: Colour) -> None:
    """Draw a long-stemmed flower."""
    canvas.line(curve([(0, 16), (3, -16), (0, -46)]), (88, 142, 96), 5)
    canvas.fill(ellipse(11, -14, 11, 5, -30), (104, 160, 104))
    for angle in range(0, 360, 60):
        petal = canvas.at(0, -54, angle=angle)
        petal.solid(ellipse(0, -14, 9, 12), colour, shade=0, weight=0.8)
    canvas.solid(ellipse(0, -54, 9), (252, 208, 92), shade=3, weight=0.8)


def ice_cream(canvas: Canvas, colour: Colour) -> None:
    """Draw a cone with two scoops."""
    cone = polygon([(-14, -20), (14, -20), (0, 24)], 2)
    canvas.solid(cone, (232, 176, 110), shade=4)
    canvas.solid(ellipse(0, -28, 18, 16), WHITE, shade=5)
    canvas.solid(ellipse(0, -50, 15, 15), colour, shade=5)
    canvas.solid(ellipse(2, -67, 5), (214, 66, 80), shade=0, weight=0.8)


def book(canvas: Canvas, colour: Colour) -> None:
    """Draw an upright book."""
    canvas.solid(box(-20, -42, 20, 12, 3), colour, shade=6)
    canvas.fill(box(-9, -32, 12, -22), WHITE)
    canvas.line([(-13, -38), (-13, 8)], mix(colour, WHITE, 0.5), 3)


def lantern(canvas: Canvas, colour: Colour) -> None:
    """Draw a paper lantern hanging from the hand, glowing."""
    canvas.fill(ellipse(0, 40, 50), (255, 232, 160), 70)
    canvas.ink([(0, 0), (0, 16)], 0.8)
    canvas.solid(ellipse(0, 40, 22, 25), (255, 224, 138), shade=6)
    for y in (30, 40, 50):
        canvas.line(curve([(-19, y), (0, y + 3), (19, y)]), mix(colour, WHITE, 0.2), 2.5)
    canvas.solid(box(-11, 11, 11, 18, 2), colour, shade=0)
    canvas.solid(box(-11, 62, 11, 69, 2), colour, shade=0)


def pinwheel(canvas: Canvas, colour: Colour) -> None:
    """Draw a toy windmill on a stick."""
    canvas.line([(0, 14), (0, -52)], (186, 134, 98), 5)
    for index in range(4):
        vane = canvas.at(0, -54, angle=index * 90 + 15)
        shade = colour if index % 2 else mix(colour, WHITE, 0.6)
        vane.solid(polygon([(0, 0), (0, -34), (17, -21)], 2), shade, shade=0, weight=0.9)
    canvas.solid(ellipse(0, -54, 4), WHITE, shade=0, weight=0.8)


HELD: dict[str, Callable[[Canvas, Colour], None]] = {
    "balloon": balloon,
    "mug": mug,
    "flower": flower,
    "ice-cream": ice_cream,
    "book": book,
    "lantern": lantern,
    "pinwheel": pinwheel,
}


def cap(canvas: Canvas, colour: Colour, half: float) -> None:
    """Draw a peaked cap, its brim on the origin and its peak to the right."""
    dome = blob([(-half, 2), (-half * 0.86, -half * 0.5), (0, -half * 0.86),
                 (half * 0.86, -half * 0.5), (half, 2), (0, 7)])  # fmt: skip
    canvas.solid(dome, colour, shade=8)
    canvas.ink(curve([(0, -half * 0.84), (half * 0.3, -half * 0.4), (half * 0.34, 4)]), 0.7)
    peak = blob([(half * 0.1, -2), (half * 0.9, -8), (half * 1.5, 5), (half * 0.7, 11)])
    canvas.solid(peak, mix(colour, WHITE, 0.25), shade=4)
    canvas.solid(ellipse(0, -half * 0.88, 6, 5), mix(colour, WHITE, 0.4), shade=0)


def beanie(canvas: Canvas, colour: Colour, half: float) -> None:
    """Draw a knitted hat with a bobble, its rim on the origin."""

    def ribs(inside: Canvas) -> None:
        for index in range(-3, 4):
            x = index * half / 3
            inside.line([(x, 8), (x * 0.4, -half)], mix(colour, WHITE, 0.3), 5)

    top = blob([(-half, 2), (-half * 0.8, -half * 0.62), (0, -half * 0.98),
                (half * 0.8, -half * 0.62), (half, 2)])  # fmt: skip
    canvas.solid(ellipse(0, -half * 1.06, 15), WHITE, shade=5)
    canvas.solid(top, colour, shade=8, pattern=ribs)
    canvas.solid(box(-half * 1.06, -11, half * 1.06, 12, 9), mix(colour, WHITE, 0.55), shade=5)


def hat(canvas: Canvas, colour: Colour, half: float) -> None:
    """Draw a felt hat, its brim on the origin."""
    crown = blob([(-half * 0.82, 0), (-half * 0.74, -half * 0.8), (0, -half * 0.86),
                  (half * 0.74, -half * 0.8), (half * 0.82, 0)])  # fmt: skip
    canvas.solid(crown, colour, shade=7)
    canvas.solid(box(-half * 0.86, -16, half * 0.86, 0, 3), mix(colour, WHITE, 0.55), shade=0)
    canvas.solid(box(-half * 1.35, -5, half * 1.35, 8, 6), colour, shade=3)


def eggshell(canvas: Canvas, half: float) -> None:
    """Draw the shell a chick has not quite left, its broken rim on the origin."""
    rim = [(half * x / 4, 10 if x % 2 else -6) for x in range(4, -5, -1)]
    dome = ellipse(0, 0, half * 1.02, half * 1.05)
    canvas.solid([*rim, *(p for p in dome if p[1] < -8)], (252, 244, 226), shade=8)
    for x, y in ((-18, -24), (8, -34), (24, -16)):
        canvas.fill(ellipse(x, y, 4, 3), (222, 196, 160))


def headphones(canvas: Canvas, colour: Colour, half: float, height: float) -> None:
    """Draw headphones over a head `half` wide each side; the origin is between the ears."""
    band = curve([(-half, -6), (-half * 0.8, -height * 0.8), (0, -height * 1.06),
                  (half * 0.8, -height * 0.8), (half, -6)])  # fmt: skip
    canvas.tube(band, mix(colour, WHITE, 0.15), 8)
    for side in (-1, 1):
        canvas.solid(ellipse(side * half, 4, 12, 19), colour, shade=5)


def bow(canvas: Canvas, colour: Colour) -> None:
    """Draw a ribbon bow."""
    for side in (-1, 1):
        loop = blob([(0, 0), (side * 20, -15), (side * 27, 0), (side * 20, 14)])
        canvas.solid(loop, colour, shade=5)
    canvas.solid(ellipse(0, 0, 7, 8), mix(colour, WHITE, 0.25), shade=0)


def glasses(canvas: Canvas, left: float, right: float, y: float, radius: float) -> None:
    """Draw round spectacles about two eyes."""
    gap = radius * 0.96
    canvas.ink([(left + gap, y - 2), (right - gap, y - 2)])
    for x in (left, right):
        canvas.fill(ellipse(x, y, radius), WHITE, 60)
        canvas.outline(ellipse(x, y, radius), 1.15)


def dummy(canvas: Canvas, colour: Colour) -> None:
    """Draw a baby's dummy over a mouth."""
    canvas.solid(ellipse(0, 0, 15, 11), colour, shade=3)
    canvas.solid(ellipse(0, 2, 6), WHITE, shade=0)
