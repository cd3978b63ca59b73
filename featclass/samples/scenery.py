"""Things that scenes are made of: flat, calm, without outlines."""

from __future__ import annotations

from random import Random

from featclass.samples.drawing import SIZE, WHITE, Canvas, Colour, box, ellipse, mix, polygon

LEFT, RIGHT = -160.0, SIZE + 160.0
"""Scenes are drawn wider than the picture, so that their frame may move and grow."""
HORIZON = 330.0

PASTELS: tuple[Colour, ...] = (
    (250, 214, 190), (247, 226, 170), (205, 228, 196), (190, 224, 226), (205, 208, 240),
    (240, 205, 222), (226, 216, 200),
)  # fmt: skip
DEEP: tuple[Colour, ...] = (
    (222, 118, 98), (232, 168, 76), (108, 164, 124), (84, 152, 170), (122, 120, 186),
    (206, 118, 156),
)  # fmt: skip
SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((150, 208, 240), (226, 243, 248)),
    ((176, 206, 246), (252, 232, 226)),
    ((252, 200, 158), (255, 238, 200)),
    ((170, 222, 222), (246, 246, 220)),
)


def window(canvas: Canvas, rng: Random, accent: Colour) -> None:
    """Draw a curtained window about the origin."""
    canvas.fill(box(-62, -82, 62, 82, 6), WHITE)
    sky(canvas, *rng.choice(SKIES), span=(-54, -74, 54, 74))
    canvas.fill(polygon([(-54, 74), (-54, 38), (-10, 18), (54, 48), (54, 74)], 2), (150, 196, 140))
    for x in (-3, 3):
        canvas.line([(x, -74), (x, 74)], WHITE, 5)
    canvas.line([(-54, 0), (54, 0)], WHITE, 6)
    for side in (-1, 1):
        drape = [(side * 30, -92), (side * 84, -92), (side * 78, 96), (side * 58, 96)]
        canvas.fill(polygon(drape, 8), mix(accent, WHITE, 0.25))


def framed_picture(canvas: Canvas, rng: Random) -> None:
    """Draw a picture on the wall about the origin."""
    canvas.fill(box(-38, -46, 38, 46, 3), (176, 124, 88))
    canvas.fill(box(-29, -37, 29, 37), WHITE)
    canvas.fill(ellipse(0, 2, 17), rng.choice(DEEP))


def pot_plant(canvas: Canvas, pot: Colour) -> None:
    """Draw a leafy plant whose pot stands on the origin."""
    for angle in (-48, -22, 4, 30, 54):
        leaf = canvas.at(0, -44, angle=angle)
        leaf.fill(ellipse(0, -48, 14, 46), (104, 158, 108) if angle % 4 else (124, 176, 120))
    canvas.fill(polygon([(-30, -52), (30, -52), (22, 14), (-22, 14)], 5), mix(pot, WHITE, 0.15))


def round_tree(canvas: Canvas, rng: Random) -> None:
    """Draw a tree that stands on the origin."""
    leaves = rng.choice(((118, 172, 112), (222, 160, 92), (232, 160, 176)))
    canvas.fill(box(-10, -80, 10, 12), (160, 116, 88))
    for x, y, radius in ((-34, -110, 44), (34, -112, 46), (0, -150, 54)):
        canvas.fill(ellipse(x, y, radius), leaves)
    canvas.fill(ellipse(-14, -160, 30), mix(leaves, WHITE, 0.15))


def flower(canvas: Canvas, petal: Colour) -> None:
    """Draw a flower of the meadow."""
    canvas.line([(0, 0), (0, 14)], (104, 158, 96), 2.5)
    for x, y in ((-4, 0), (4, 0), (0, -4), (0, 4)):
        canvas.fill(ellipse(x, y, 4.4), petal)
    canvas.fill(ellipse(0, 0, 3), (250, 208, 96))


def parasol(canvas: Canvas, colour: Colour) -> None:
    """Draw a beach parasol whose pole stands on the origin."""
    canvas.line([(0, 0), (0, -170)], WHITE, 6)
    dome = [p for p in ellipse(0, -150, 92, 74) if p[1] <= -150]
    canvas.fill(dome, colour)
    canvas.fill([p for p in ellipse(0, -150, 52, 74) if p[1] <= -150], mix(colour, WHITE, 0.75))
    canvas.fill([p for p in ellipse(0, -150, 20, 74) if p[1] <= -150], colour)


def town_house(canvas: Canvas, rng: Random, width: float) -> None:
    """Draw a gabled house at night, its left foot on the origin."""
    height = rng.uniform(110, 190)
    wall = mix(rng.choice(DEEP), (70, 66, 126), 0.72)
    canvas.fill([(-3, -height), (width / 2, -height - 44), (width + 3, -height)], (66, 58, 112))
    canvas.fill(box(0, -height, width, 0), wall)
    for column in (0.28, 0.72):
        for row in range(int(height // 56)):
            y = -height + 22 + row * 52
            lit = (250, 212, 132) if rng.random() < 0.55 else (84, 80, 138)
            canvas.fill(box(width * column - 10, y, width * column + 10, y + 26, 2), lit)


def street_lamp(canvas: Canvas) -> None:
    """Draw a glowing lamp that stands on the origin."""
    for radius, alpha in ((88, 26), (58, 34), (34, 60)):
        canvas.fill(ellipse(0, -262, radius), (255, 226, 150), alpha)
    canvas.line([(0, 0), (0, -240)], (58, 52, 96), 7)
    canvas.fill(polygon([(-16, -284), (16, -284), (11, -240), (-11, -240)], 4), (255, 236, 178))
    canvas.fill(polygon([(-20, -282), (0, -302), (20, -282)], 3), (58, 52, 96))


def fir(canvas: Canvas) -> None:
    """Draw a snowy fir that stands on the origin."""
    canvas.fill(box(-6, -14, 6, 8), (140, 104, 96))
    for y, half, green in ((-12, 42, (96, 148, 140)), (-44, 34, (108, 160, 150)),
                           (-76, 25, (122, 172, 160))):  # fmt: skip
        canvas.fill(polygon([(-half, y), (0, y - 54), (half, y)], 4), green)
    canvas.fill(polygon([(-11, -106), (0, -130), (11, -106)], 3), (247, 249, 253))


def jar(canvas: Canvas, rng: Random) -> None:
    """Draw a jar that stands on the origin."""
    height = rng.uniform(26, 46)
    canvas.fill(box(-16, -height, 16, 0, 6), mix(rng.choice(DEEP), WHITE, 0.4))
    canvas.fill(box(-14, -height - 8, 14, -height + 2, 3), (186, 138, 104))


def sky(
    canvas: Canvas,
    top: Colour,
    bottom: Colour,
    span: tuple[float, float, float, float] = (LEFT, -160, RIGHT, 400),
) -> None:
    """Fill a span of the picture from one colour above to another below."""
    left, upper, right, lower = span
    bands = 72
    step = (lower - upper) / bands
    for band in range(bands):
        y = upper + band * step
        canvas.fill(box(left, y, right, min(lower, y + step + 1)), mix(top, bottom, band / bands))


def sun(canvas: Canvas) -> None:
    """Draw a sun with its halo about the origin."""
    for radius, alpha in ((58, 40), (44, 70)):
        canvas.fill(ellipse(0, 0, radius), (255, 240, 190), alpha)
    canvas.fill(ellipse(0, 0, 30), (255, 226, 140))


def clouds(canvas: Canvas, rng: Random) -> None:
    """Draw three clouds somewhere in the sky."""
    for _ in range(3):
        cloud = canvas.at(rng.uniform(-60, 540), rng.uniform(30, 150), rng.uniform(0.7, 1.2))
        for x, y, radius in ((-30, 4, 17), (-8, -8, 25), (22, -2, 21), (42, 6, 13)):
            cloud.fill(ellipse(x, y, radius), WHITE, 215)
        cloud.fill(box(-42, 4, 52, 20, 8), WHITE, 215)
