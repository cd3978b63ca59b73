"""Backgrounds, the same for both families."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from featclass.samples import scenery
from featclass.samples.drawing import SIZE, WHITE, Canvas, Point, blob, box, ellipse, mix
from featclass.samples.scenery import DEEP, HORIZON, LEFT, PASTELS, RIGHT, SKIES


def plain(canvas: Canvas, rng: Random) -> None:
    """A studio backdrop with one large disc."""
    wall = rng.choice(PASTELS)
    canvas.fill(box(LEFT, -160, RIGHT, SIZE + 160), wall)
    canvas.fill(ellipse(rng.uniform(190, 290), 220, rng.uniform(170, 200)), mix(wall, WHITE, 0.45))
    canvas.fill(box(LEFT, 372, RIGHT, SIZE + 160), mix(wall, rng.choice(DEEP), 0.35))


def room(canvas: Canvas, rng: Random) -> None:
    """A living room: striped wallpaper, a window, a plant, a rug."""
    wall, accent = rng.choice(PASTELS), rng.choice(DEEP)
    canvas.fill(box(LEFT, -160, RIGHT, HORIZON), wall)
    for index in range(-4, 16):
        canvas.fill(box(index * 44, -160, index * 44 + 20, HORIZON), mix(wall, WHITE, 0.28))
    floor = mix((196, 146, 108), wall, 0.35)
    canvas.fill(box(LEFT, HORIZON, RIGHT, SIZE + 160), floor)
    for y in (356, 392, 440):
        canvas.line([(LEFT, y), (RIGHT, y)], mix(floor, (120, 80, 70), 0.25), 2)
    canvas.fill(box(LEFT, HORIZON - 12, RIGHT, HORIZON), mix(wall, WHITE, 0.7))
    scenery.window(canvas.at(rng.uniform(60, 110), 130), rng, accent)
    scenery.framed_picture(canvas.at(rng.uniform(385, 425), 120), rng)
    scenery.pot_plant(canvas.at(rng.uniform(420, 455), 362), accent)
    rug = ellipse(240, 424, 205, 42)
    canvas.fill(rug, mix(accent, WHITE, 0.3))
    canvas.fill(ellipse(240, 424, 178, 34), mix(accent, WHITE, 0.5))


def garden(canvas: Canvas, rng: Random) -> None:
    """A garden: hills, a picket fence, a round tree, flowers."""
    scenery.sky(canvas, *rng.choice(SKIES))
    scenery.sun(canvas.at(rng.uniform(70, 410), rng.uniform(50, 90)))
    scenery.clouds(canvas, rng)
    canvas.fill(ellipse(rng.uniform(60, 160), 380, 290, 120), (178, 214, 160))
    canvas.fill(ellipse(rng.uniform(330, 440), 390, 260, 110), (160, 204, 148))
    scenery.round_tree(canvas.at(rng.choice((40, 440)), 318), rng)
    for index in range(-6, 24):
        x = index * 28
        post = [(x, 258), (x + 10, 246), (x + 20, 258), (x + 20, 330), (x, 330)]
        canvas.fill(post, (246, 240, 228))
    canvas.fill(box(LEFT, 276, RIGHT, 285), (232, 224, 212))
    canvas.fill(box(LEFT, 322, RIGHT, SIZE + 160), (136, 188, 116))
    canvas.fill(ellipse(240, 470, 330, 92), (150, 200, 126))
    for _ in range(16):
        petal = rng.choice((*DEEP, WHITE))
        scenery.flower(canvas.at(rng.uniform(-80, 560), rng.uniform(345, 470)), petal)


def beach(canvas: Canvas, rng: Random) -> None:
    """A beach: sea, sand, a sail, a parasol."""
    scenery.sky(canvas, *rng.choice(SKIES))
    scenery.sun(canvas.at(rng.uniform(70, 410), rng.uniform(50, 110)))
    scenery.clouds(canvas, rng)
    sea = (96, 180, 200)
    canvas.fill(box(LEFT, 238, RIGHT, SIZE), sea)
    for y, share in ((262, 0.15), (292, 0.3)):
        canvas.fill(box(LEFT, y, RIGHT, SIZE), mix(sea, WHITE, share))
    sail = canvas.at(rng.uniform(60, 150), 250)
    sail.fill([(-26, 0), (26, 0), (16, 14), (-18, 14)], (206, 110, 92))
    sail.fill([(2, -62), (2, -5), (34, -5)], WHITE)
    sail.fill([(-3, -52), (-3, -5), (-24, -5)], (250, 226, 190))
    wave = [(LEFT, 326.0), (0, 322), (110, 334), (230, 322), (360, 336), (480, 324), (RIGHT, 330)]
    canvas.fill(blob([*wave, (RIGHT, 360), (LEFT, 360)]), WHITE)
    sand = (244, 218, 170)
    lower: list[Point] = [(x, y + 9) for x, y in wave]
    canvas.fill(blob([*lower, (RIGHT + 200, 800), (LEFT - 200, 800)]), sand)
    for _ in range(26):
        speck = ellipse(rng.uniform(LEFT, RIGHT), rng.uniform(360, 500), rng.uniform(1.5, 4), 1.5)
        canvas.fill(speck, mix(sand, (170, 120, 90), 0.3))
    scenery.parasol(
        canvas.at(rng.uniform(400, 440), 372, angle=rng.uniform(4, 14)), rng.choice(DEEP)
    )


def street(canvas: Canvas, rng: Random) -> None:
    """A street at night: moon, lit windows, a lamp."""
    scenery.sky(canvas, (44, 52, 104), (112, 106, 164))
    for _ in range(34):
        star = ellipse(rng.uniform(LEFT, RIGHT), rng.uniform(-60, 190), rng.uniform(0.9, 2.2))
        canvas.fill(star, (250, 240, 214))
    canvas.fill(ellipse(rng.uniform(120, 380), 76, 32), (253, 238, 196))
    x = LEFT
    while x < RIGHT:
        width = rng.uniform(78, 112)
        scenery.town_house(canvas.at(x, 352), rng, width)
        x += width + 3
    canvas.fill(box(LEFT, 350, RIGHT, SIZE + 160), (92, 88, 132))
    canvas.fill(box(LEFT, 350, RIGHT, 366), (124, 118, 162))
    canvas.fill(ellipse(240, 440, 300, 62), (106, 100, 146))
    scenery.street_lamp(canvas.at(rng.choice((52, 428)), 366))


def snow(canvas: Canvas, rng: Random) -> None:
    """A winter hill: firs, drifts, flakes."""
    scenery.sky(
        canvas,
        *rng.choice((((160, 186, 224), (230, 236, 246)), ((196, 186, 222), (252, 228, 220)))),
    )
    canvas.fill(blob([(LEFT, 300), (60, 190), (190, 270), (330, 176), (RIGHT, 290),
                      (RIGHT, 420), (LEFT, 420)]), (206, 216, 236))  # fmt: skip
    canvas.fill(ellipse(rng.uniform(80, 170), 420, 330, 130), (232, 238, 248))
    for _ in range(7):
        scenery.fir(canvas.at(rng.uniform(-60, 540), rng.uniform(296, 336), rng.uniform(0.7, 1.25)))
    canvas.fill(ellipse(240, 520, 520, 190), (247, 249, 253))
    canvas.fill(ellipse(380, 540, 420, 170), (238, 242, 250))
    for _ in range(44):
        flake = ellipse(rng.uniform(LEFT, RIGHT), rng.uniform(-60, 400), rng.uniform(1.8, 4))
        canvas.fill(flake, (255, 255, 255))


def woods(canvas: Canvas, rng: Random) -> None:
    """Woods in autumn: trunks, drifting leaves."""
    scenery.sky(canvas, (250, 226, 176), (252, 240, 212))
    for middle in range(-150, 640, 66):
        trunk = middle + rng.uniform(-16, 16)
        canvas.fill(box(trunk, -160, trunk + rng.uniform(14, 24), 340), (222, 190, 154))
    for middle in range(-140, 640, 58):
        crown = ellipse(middle + rng.uniform(-20, 20), rng.uniform(-30, 40), rng.uniform(60, 96))
        canvas.fill(crown, rng.choice(((238, 182, 104), (230, 152, 98), (216, 190, 110))))
    for x in (rng.uniform(-10, 50), rng.uniform(410, 470)):
        canvas.fill([(x - 14, -160), (x + 14, -160), (x + 22, 372), (x - 22, 372)], (164, 122, 100))
    canvas.fill(ellipse(240, 480, 560, 158), (196, 186, 116))
    canvas.fill(ellipse(250, 500, 420, 116), (208, 198, 130))
    for _ in range(26):
        leaf = canvas.at(rng.uniform(-80, 560), rng.uniform(60, 470), 1, rng.uniform(0, 180))
        colour = rng.choice(((214, 110, 76), (226, 152, 70), (190, 96, 84)))
        leaf.fill(ellipse(0, 0, 7, 3.4), colour)


def kitchen(canvas: Canvas, rng: Random) -> None:
    """A kitchen: tiles, a shelf of jars, a counter."""
    tile, accent = rng.choice(PASTELS), rng.choice(DEEP)
    canvas.fill(box(LEFT, -160, RIGHT, HORIZON + 20), mix(tile, WHITE, 0.35))
    for column in range(-4, 16):
        for row in range(-4, 9):
            if (column + row) % 2:
                canvas.fill(box(column * 42, row * 42, column * 42 + 40, row * 42 + 40), tile)
    canvas.fill(box(LEFT, 100, RIGHT, 110), (186, 138, 104))
    for x in range(-140, 620, 58):
        scenery.jar(canvas.at(x + rng.uniform(-10, 10), 100), rng)
    canvas.fill(box(LEFT, 250, RIGHT, 264), WHITE)
    canvas.fill(box(LEFT, 264, RIGHT, 350), mix(accent, WHITE, 0.45))
    for x in range(-150, 640, 96):
        canvas.fill(box(x + 5, 272, x + 91, 344, 5), mix(accent, WHITE, 0.55))
        canvas.fill(ellipse(x + 80, 308, 4), WHITE)
    canvas.fill(box(LEFT, 350, RIGHT, SIZE + 160), (240, 230, 216))
    for y in (376, 410, 452):
        canvas.line([(LEFT, y), (RIGHT, y)], mix(accent, WHITE, 0.62), 3)
    canvas.fill(ellipse(240, 440, 190, 34), mix(accent, WHITE, 0.6))


SCENES: dict[str, Callable[[Canvas, Random], None]] = {
    "plain": plain,
    "room": room,
    "garden": garden,
    "beach": beach,
    "street": street,
    "snow": snow,
    "woods": woods,
    "kitchen": kitchen,
}
