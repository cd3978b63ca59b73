"""The Puddlewicks: round pond folk with feathery gills, wide-set eyes and wellingtons."""

from __future__ import annotations

import math

from featclass.samples import belongings
from featclass.samples.cast import FEET, RAISED, Build, Look, Member, arm
from featclass.samples.drawing import (
    INK,
    WHITE,
    Canvas,
    Point,
    blob,
    curve,
    ellipse,
    mix,
    polygon,
)

TEAL, LILAC, SKY, MINT, ROSE = (
    (112, 196, 190), (176, 156, 220), (134, 186, 226), (156, 212, 172), (226, 166, 196),
)  # fmt: skip
CORAL, PLUM, GOLD, BERRY = (240, 122, 112), (146, 88, 168), (244, 182, 84), (216, 86, 134)

MEMBERS = (
    Member("mum", LILAC, BERRY, "dress", ("bow", "lashes")),
    Member("dad", TEAL, CORAL, "dungarees", ("moustache",), 1.06, 0.98),
    Member("grandma", ROSE, PLUM, "coat", ("glasses", "bun", "lashes"), 0.94, 1.0),
    Member("grandpa", SKY, PLUM, "jumper", ("beard", "brows"), 0.96, 1.0),
    Member("teen", MINT, GOLD, "jumper", ("headphones",), 0.98, 0.98),
    Member("daughter", TEAL, BERRY, "coat", ("beanie", "lashes"), 0.82, 1.12),
    Member("son", SKY, CORAL, "dungarees", ("cap",), 0.8, 1.14),
    Member("baby", LILAC, CORAL, "jumper", ("curl", "dummy"), 0.66, 1.34),
    Member("pet", MINT, CORAL, "pet", (), 0.9, 0.86),
)
BUILD = Build(neck=150, rise=55, crown=70, figure=350, waist=1.3, portrait=1.62, pet=(48, 112))


def draw(canvas: Canvas, member: Member, look: Look) -> None:
    """Draw a member whose feet stand on the origin."""
    if member.outfit == "pet":
        _pet(canvas, member, look)
        return
    _tail(canvas, member)
    _legs(canvas, look)
    raised = [side for side, pose in zip((-1, 1), look.arms, strict=True) if pose in RAISED]
    if -1 not in raised:
        _arm(canvas, member, look, -1)
    _body(canvas, member, look)
    if 1 not in raised:
        _arm(canvas, member, look, 1)
    head = canvas.at(0, -BUILD.neck, angle=look.tilt).at(0, -BUILD.rise * member.head, member.head)
    _head(head, member, look)
    for side in raised:
        _arm(canvas, member, look, side)


def _tail(canvas: Canvas, member: Member) -> None:
    tail = blob([(-20, -50), (-70, -34), (-104, -58), (-112, -92), (-88, -84), (-52, -80)])
    canvas.solid(tail, member.skin)
    canvas.ink(curve([(-100, -78), (-84, -62), (-60, -58)]), 0.7)


def _legs(canvas: Canvas, look: Look) -> None:
    for side, (x, y) in zip((-1, 1), FEET[look.stance], strict=True):
        foot = canvas.at(x * 25, y, angle=-14 if look.stance != "stand" and side < 0 else 0)
        canvas.tube([(side * 24, -52), (x * 25, y - 24)], look.trim, 30)
        boot = blob([(-17, -30), (16, -30), (18, -14), (32, -8), (33, 0), (-17, 1), (-19, -12)])
        welly = mix(look.cloth, (60, 60, 110), 0.3)
        foot.solid(boot, welly, shade=5)
        foot.line([(-13, -25), (12, -25)], mix(welly, WHITE, 0.4), 4)


def _arm(canvas: Canvas, member: Member, look: Look, side: int) -> None:
    pose = look.arms[0 if side < 0 else 1]
    joints = arm((side * 44, -132), side, pose, 84)
    path = curve(joints)
    hand = joints[-1]
    if side > 0 and look.prop:
        belongings.HELD[look.prop](canvas.at(hand[0] + 6, hand[1] - 4), look.trim)
    canvas.tube(path, member.skin, 23)
    cut = len(path) * 5 // 8
    canvas.tube(path[:cut], look.cloth, 26)
    canvas.solid(ellipse(*hand, 15.5), member.skin, shade=4)
    thumb = canvas.at(*hand, angle=-side * 40)
    thumb.ink(curve([(-4, -5), (-1, 0), (-3, 6)]), 0.7)


def _body(canvas: Canvas, member: Member, look: Look) -> None:
    pear = blob([(0, -164), (38, -150), (58, -106), (68, -66), (46, -36), (0, -30),
                 (-46, -36), (-68, -66), (-58, -106), (-38, -150)])  # fmt: skip
    canvas.solid(pear, look.cloth, shade=11, pattern=lambda inside: _clothes(inside, member, look))


def _clothes(canvas: Canvas, member: Member, look: Look) -> None:
    light = mix(look.cloth, WHITE, 0.5)
    if member.outfit == "jumper":
        for y in (-136, -108, -80):
            canvas.line(curve([(-80, y - 6), (0, y + 4), (80, y - 6)]), light, 11)
        canvas.fill([(-90, -62), (90, -62), (90, 0), (-90, 0)], look.trim)
        canvas.ink([(-90, -62), (90, -62)], 0.8)
    elif member.outfit == "dress":
        for row, y in enumerate((-134, -108, -82, -56)):
            for x in range(-75, 90, 30):
                canvas.fill(ellipse(x + row % 2 * 15, y, 6), light)
        canvas.fill(blob([(-90, -50), (0, -40), (90, -50), (90, 0), (-90, 0)]), look.trim)
    elif member.outfit == "dungarees":
        for x in (-30, 30):
            canvas.line([(x, -160), (x, -104)], look.trim, 13)
        bib = polygon([(-42, -118), (42, -118), (90, -72), (90, 0), (-90, 0), (-90, -72)], 8)
        canvas.solid(bib, look.trim, shade=0, weight=0.8)
        canvas.solid(polygon([(-17, -98), (17, -98), (13, -72), (-13, -72)], 4),
                     mix(look.trim, WHITE, 0.25), shade=0, weight=0.7)  # fmt: skip
        for x in (-30, 30):
            canvas.fill(ellipse(x, -110, 5), (250, 214, 110))
    else:
        canvas.ink([(0, -160), (0, -20)], 0.8)
        for y in (-122, -94, -66):
            canvas.solid(ellipse(-13, y, 5), (250, 214, 110), shade=0, weight=0.7)
        canvas.fill(blob([(-60, -172), (60, -172), (34, -140), (0, -132), (-34, -140)]), look.trim)


def _head(canvas: Canvas, member: Member, look: Look) -> None:
    _gills(canvas, member)
    if "bun" in member.extras:
        canvas.solid(ellipse(0, -76, 27, 23), (238, 232, 240), shade=6)
        canvas.ink(curve([(-12, -80), (0, -88), (12, -78), (2, -70)]), 0.7)
    face = blob([(0, -66), (48, -56), (82, -16), (76, 28), (40, 54), (0, 60),
                 (-40, 54), (-76, 28), (-82, -16), (-48, -56)])  # fmt: skip
    canvas.solid(face, member.skin, shade=10, pattern=lambda inside: _markings(inside, member))
    canvas.fill(ellipse(canvas.lit_side * 44, -40, 15, 7, canvas.lit_side * 32), WHITE, 120)
    _features(canvas.at(8, 0), member, look)
    _headwear(canvas, member, look)


def _gills(canvas: Canvas, member: Member) -> None:
    frond = blob([(-11, 0), (-15, -22), (-9, -40), (0, -50), (9, -40), (15, -22), (11, 0)])
    for side in (-1, 1):
        for tilt, length in ((34, 1.0), (68, 1.14), (104, 0.94)):
            turn = math.radians(tilt - 90)
            base: Point = (side * 70 * math.cos(turn), 52 * math.sin(turn) - 4)
            gill = canvas.at(*base, length, side * tilt)
            gill.solid(frond, member.accent, shade=5)
            for y in (-12, -24, -35):
                vein = curve([(-8, y - 5), (0, y), (8, y - 5)])
                gill.line(vein, mix(member.accent, WHITE, 0.45), 3)


def _markings(canvas: Canvas, member: Member) -> None:
    canvas.fill(ellipse(8, 58, 52, 30), mix(member.skin, WHITE, 0.42))
    for x, y, radius in ((-16, -44, 6), (2, -52, 4.5), (18, -42, 7)):
        canvas.fill(ellipse(x, y, radius), mix(member.skin, INK, 0.2))


def _features(canvas: Canvas, member: Member, look: Look) -> None:
    for side in (-1, 1):
        canvas.fill(ellipse(side * 58, 20, 13, 9), member.accent, 120)
        _eye(canvas.at(side * 41, -8), look, side, "lashes" in member.extras)
    if "brows" in member.extras:
        for side in (-1, 1):
            canvas.line(curve([(side * 26, -35), (side * 42, -41), (side * 58, -34)]), WHITE, 9)
    if "beard" in member.extras:
        beard = blob([(-44, 22), (-20, 16), (0, 20), (20, 16), (44, 22), (36, 56), (12, 76),
                      (-12, 76), (-36, 56)])  # fmt: skip
        canvas.solid(beard, (246, 242, 246), shade=6)
    if "moustache" in member.extras:
        for side in (-1, 1):
            half = blob([(0, 14), (side * 18, 11), (side * 36, 20), (side * 18, 25), (0, 22)])
            canvas.solid(half, (112, 72, 96), shade=0, weight=0.8)
    low = 34 if {"moustache", "beard"} & set(member.extras) else 22
    if "dummy" in member.extras and look.mouth != "grin":
        belongings.dummy(canvas.at(0, low + 4), member.accent)
    else:
        mouth(canvas.at(0, low), look.mouth)
    if "glasses" in member.extras:
        belongings.glasses(canvas, -41, 41, -8, 27)


def _eye(canvas: Canvas, look: Look, side: int, lashes: bool) -> None:
    if look.eyes == "closed" or (look.eyes == "wink" and side > 0):
        canvas.ink(curve([(-16, 4), (0, -10), (16, 4)]), 1.3)
        return
    radius = 21 if look.eyes == "wide" else 18.5
    canvas.solid(ellipse(0, 0, radius, radius * 1.06), WHITE, shade=0)
    x = {"left": -6.0, "right": 6.0}.get(look.eyes, 3.0)
    canvas.fill(ellipse(x, 1, 11.5, 13), INK)
    canvas.fill(ellipse(x - 3.5, -4, 4.4), WHITE)
    canvas.fill(ellipse(x + 4, 6, 2.2), WHITE)
    if lashes:
        for step in (0, 1):
            start = (side * (13 + step * 4), -14 + step * 7)
            canvas.ink([start, (start[0] + side * 7, start[1] - 6)], 0.9)


def mouth(canvas: Canvas, kind: str) -> None:
    """Draw a soft mouth about the origin."""
    if kind == "grin":
        lips = blob([(-27, -4), (0, 1), (27, -4), (19, 15), (0, 22), (-19, 15)])
        canvas.solid(lips, (150, 54, 84), shade=0,
                     pattern=lambda c: c.fill(ellipse(0, 21, 15, 10), (244, 130, 130)))  # fmt: skip
    elif kind == "oh":
        canvas.solid(ellipse(0, 5, 9, 11), (150, 54, 84), shade=0)
    elif kind == "smirk":
        canvas.ink(curve([(-18, 2), (4, 7), (24, -5)]), 1.1)
    else:
        canvas.ink(curve([(-27, -4), (-14, 8), (0, 11), (14, 8), (27, -4)]), 1.1)


def _headwear(canvas: Canvas, member: Member, look: Look) -> None:
    if "bow" in member.extras:
        belongings.bow(canvas.at(-34, -62, 1.15, -18), look.trim)
    if "cap" in member.extras:
        belongings.cap(canvas.at(2, -40, angle=-4), look.trim, 60)
    if "beanie" in member.extras:
        belongings.beanie(canvas.at(0, -42), look.trim, 58)
    if "headphones" in member.extras:
        belongings.headphones(canvas.at(0, -6), look.trim, 82, 64)
    if "curl" in member.extras:
        canvas.ink(curve([(0, -64), (-6, -82), (8, -92), (16, -80), (6, -76)]), 1.2)


def _pet(canvas: Canvas, member: Member, look: Look) -> None:
    wag = {"stand": 0, "walk": -8, "jump": 14}[look.stance]
    tail = blob([(-60, -60), (-112, -70), (-132, -112 - wag), (-112, -126 - wag), (-92, -96),
                 (-60, -84)])  # fmt: skip
    canvas.solid(tail, member.skin)
    for x, lift in ((-52, -wag / 2), (34, wag / 2)):
        canvas.tube([(x, -40), (x + 4, -14 - abs(lift))], mix(member.skin, INK, 0.14), 26)
    trunk = blob([(-78, -66), (-58, -100), (0, -106), (56, -98), (70, -60), (44, -26), (0, -22),
                  (-52, -26)])  # fmt: skip
    canvas.solid(trunk, member.skin, shade=10)
    for x, y in ((-44, -82), (-22, -92), (-30, -68)):
        canvas.fill(ellipse(x, y, 6), mix(member.skin, INK, 0.2))
    for x, lift in ((-30, wag / 2), (52, -wag / 2)):
        canvas.tube([(x, -40), (x + 6, -13 - abs(lift))], member.skin, 28)
    ahead, up = BUILD.pet
    head = canvas.at(ahead, -up, angle=look.tilt).at(0, -BUILD.rise * member.head, member.head)
    _head(head, member, look)
    canvas.tube(curve([(10, -112), (46, -96), (84, -108)]), look.cloth, 10)
    canvas.solid(ellipse(50, -88, 9), (250, 214, 110), shade=2)
