"""The Quillingtons: tall, angular bird folk with fans of crest feathers, long beaks and scarves."""

from __future__ import annotations

from featclass.samples import belongings
from featclass.samples.cast import FEET, RAISED, Build, Look, Member, arm
from featclass.samples.drawing import INK, WHITE, Canvas, Colour, Path, curve, ellipse, mix, polygon

AMBER, APRICOT, RUSSET, SAND, CORAL = (
    (236, 158, 78), (246, 168, 124), (220, 122, 88), (236, 190, 140), (240, 140, 112),
)  # fmt: skip
COCOA, NAVY, SILVER, PINE, WINE = (
    (112, 66, 76), (66, 66, 116), (206, 206, 226), (52, 112, 112), (150, 50, 78),
)  # fmt: skip
BEAK: Colour = (252, 190, 76)
GOLD: Colour = (250, 214, 110)

MEMBERS = (
    Member("mum", APRICOT, WINE, "coat", ("bow", "lashes"), 0.98, 1.12),
    Member("dad", AMBER, NAVY, "jumper", ("hat",), 1.04, 1.1),
    Member("grandma", SAND, SILVER, "dress", ("glasses", "bun", "lashes"), 0.94, 1.14),
    Member("grandpa", RUSSET, SILVER, "coat", ("beard", "brows"), 1.0, 1.12),
    Member("teen", CORAL, PINE, "jumper", ("headphones",), 0.96, 1.12),
    Member("daughter", RUSSET, NAVY, "dungarees", ("beanie", "lashes"), 0.8, 1.3),
    Member("son", AMBER, COCOA, "jumper", ("cap",), 0.8, 1.3),
    Member("baby", APRICOT, WINE, "dress", ("eggshell",), 0.66, 1.55),
    Member("pet", SAND, COCOA, "pet", (), 0.9, 1.02),
)
BUILD = Build(neck=188, rise=56, crown=98, figure=374, waist=1.3, portrait=1.72, pet=(34, 104))


def draw(canvas: Canvas, member: Member, look: Look) -> None:
    """Draw a member whose feet stand on the origin."""
    if member.outfit == "pet":
        _pet(canvas, member, look)
        return
    _tail(canvas, member)
    _legs(canvas, look)
    _arm(canvas, member, look, -1)
    _body(canvas, member, look)
    head = canvas.at(0, -BUILD.neck, angle=look.tilt).at(0, -BUILD.rise * member.head, member.head)
    raised = look.arms[1] in RAISED
    if not raised:
        _arm(canvas, member, look, 1)
    canvas.tube([(0, -176), (0, -204)], member.skin, 20)
    _scarf(canvas, look)
    _head(head, member, look)
    if raised:
        _arm(canvas, member, look, 1)


def _tail(canvas: Canvas, member: Member) -> None:
    for tip, side in (((-92, -42), (-76, -78)), ((-74, -26), (-48, -62))):
        feather = polygon([(-12, -118), side, tip, (tip[0] + 24, tip[1] + 2), (0, -84)], 3)
        canvas.solid(feather, member.accent, shade=5, pattern=_bar)


def _bar(canvas: Canvas) -> None:
    canvas.line([(-110, -76), (-20, -34)], WHITE, 9)


def _legs(canvas: Canvas, look: Look) -> None:
    for side, (x, y) in zip((-1, 1), FEET[look.stance], strict=True):
        foot = canvas.at(x * 21, y, angle=-12 if look.stance != "stand" and side < 0 else 0)
        knee = (x * 18 + (8 if look.stance != "stand" else 0), -44 + y / 2)
        canvas.tube([(side * 17, -84), knee, (x * 21, y - 10)], BEAK, 8)
        toes = polygon([(-7, -14), (6, -14), (32, -3), (30, 2), (14, -2), (13, 4), (-2, -1),
                        (-14, 3), (-17, -2)], 2)  # fmt: skip
        foot.solid(toes, BEAK, shade=0)
        sock = [(side * 17, -84), knee]
        canvas.tube(sock, look.trim, 13)


def _arm(canvas: Canvas, member: Member, look: Look, side: int) -> None:
    pose = look.arms[0 if side < 0 else 1]
    shoulder, elbow, hand = arm((side * 31, -160), side, pose, 104)
    if side > 0 and look.prop:
        belongings.HELD[look.prop](canvas.at(hand[0] + 4, hand[1] - 4), look.trim)
    wrist = (elbow[0] + (hand[0] - elbow[0]) * 0.66, elbow[1] + (hand[1] - elbow[1]) * 0.66)
    canvas.tube([elbow, hand], member.skin, 10)
    palm = canvas.at(*hand)
    for tip in ((-14, -8), (-2, -17), (13, -11)):
        palm.tube([(0, 0), tip], member.skin, 7)
    palm.fill(ellipse(0, 0, 7.5), member.skin)
    canvas.tube([shoulder, elbow, wrist], look.cloth, 18)


def _body(canvas: Canvas, member: Member, look: Look) -> None:
    hem = [(x, -72 + (0 if index % 2 else 13)) for index, x in enumerate(range(60, -61, -30))]
    flared = member.outfit in ("coat", "dress")
    lower: Path = hem if flared else [(48, -72), (-48, -72)]
    torso = polygon([(-30, -182), (30, -182), *lower], 5)
    canvas.solid(torso, look.cloth, shade=10, pattern=lambda inside: _clothes(inside, member, look))


def _clothes(canvas: Canvas, member: Member, look: Look) -> None:
    light = mix(look.cloth, WHITE, 0.5)
    if member.outfit == "jumper":
        for y in (-146, -118, -90):
            xs = enumerate(range(-64, 70, 16))
            canvas.line([(x, y + (7 if index % 2 else -7)) for index, x in xs], light, 8)
    elif member.outfit == "dress":
        for row, y in enumerate((-158, -134, -110, -86)):
            for x in range(-66, 70, 26):
                at = canvas.at(x + row % 2 * 13, y)
                at.fill([(0, -8), (7, 0), (0, 8), (-7, 0)], light)
    elif member.outfit == "dungarees":
        for x in (-18, 18):
            canvas.line([(x, -190), (x, -130)], look.trim, 9)
        bib = [(-26, -136), (26, -136), (64, -104), (64, -60), (-64, -60), (-64, -104)]
        canvas.solid(bib, look.trim, shade=0, weight=0.8)
        canvas.solid([(-14, -118), (14, -118), (0, -96)], mix(look.trim, WHITE, 0.25),
                     shade=0, weight=0.7)  # fmt: skip
    else:
        canvas.ink([(2, -186), (2, -50)], 0.8)
        for y in (-142, -118, -94):
            button = polygon([(-13, y - 7), (-6, y), (-13, y + 7), (-20, y)], 1)
            canvas.solid(button, GOLD, shade=0, weight=0.7)
        for side in (-1, 1):
            flap = [(side * 14, -106), (side * 64, -102), (side * 64, -88), (side * 18, -93)]
            canvas.solid(flap, look.trim, shade=0, weight=0.7)


def _scarf(canvas: Canvas, look: Look) -> None:
    stripe = mix(look.trim, WHITE, 0.5)

    def bands(inside: Canvas) -> None:
        for y in (-148, -128):
            inside.line([(-60, y), (40, y + 6)], stripe, 7)

    end = polygon([(-16, -178), (-40, -114), (-29, -119), (-19, -106), (6, -176)], 3)
    canvas.solid(end, look.trim, shade=5, pattern=bands)
    collar = polygon([(-34, -200), (34, -203), (42, -179), (2, -164), (-42, -178)], 7)
    canvas.solid(collar, look.trim, shade=6)
    canvas.ink([(-24, -184), (12, -179)], 0.7)


def _head(canvas: Canvas, member: Member, look: Look) -> None:
    _crest(canvas, member, look)
    face = polygon([(-36, -52), (30, -56), (54, -20), (46, 22), (14, 50), (-20, 48), (-50, 20),
                    (-54, -18)], 15)  # fmt: skip
    canvas.solid(face, member.skin, shade=10, pattern=lambda inside: _mask(inside, member))
    _features(canvas, member, look)
    _headwear(canvas, member, look)


def _crest(canvas: Canvas, member: Member, look: Look) -> None:
    if "bun" in member.extras:
        knot = polygon([(-52, -46), (-66, -80), (-36, -96), (-16, -66)], 8)
        canvas.solid(knot, member.accent, shade=6)
    # The crest rises with surprise and delight.
    spread = 1.12 if look.eyes == "wide" or look.mouth == "grin" else 0.92
    for angle, length in ((-62, 0.84), (-38, 1.0), (-14, 1.1), (10, 1.04), (33, 0.88)):
        feather = canvas.at(-2, -32, length, angle * spread - 6)
        vane = polygon([(-7, 0), (-15, -46), (0, -80), (15, -46), (7, 0)], 4)
        feather.solid(vane, member.skin, shade=5, pattern=lambda c: _tip(c, member.accent))


def _tip(canvas: Canvas, colour: Colour) -> None:
    canvas.fill([(-20, -52), (0, -44), (20, -52), (20, -90), (-20, -90)], WHITE)
    canvas.fill([(-20, -60), (0, -52), (20, -60), (20, -90), (-20, -90)], colour)


def _mask(canvas: Canvas, member: Member) -> None:
    pale = mix(member.skin, WHITE, 0.5)
    canvas.fill(polygon([(-44, -14), (-18, -40), (8, -20), (30, -42), (60, -14), (40, 60),
                         (-30, 60)], 8), pale)  # fmt: skip
    for x in (-31, 40):
        canvas.fill([(x - 11, 17), (x, 7), (x + 11, 17), (x, 27)], mix(pale, (232, 84, 72), 0.5))


def _features(canvas: Canvas, member: Member, look: Look) -> None:
    for x, side in ((-19, -1), (29, 1)):
        _eye(canvas.at(x, -13), look, side, "lashes" in member.extras)
        if "brows" in member.extras:
            brow = [(x - side * 11, -45), (x + side * 4, -43), (x + side * 17, -33)]
            canvas.line(brow, INK, 13)
            canvas.line(brow, WHITE, 8)
    if "beard" in member.extras:
        beard = [(-30, 26), (36, 24), (34, 52), (22, 48), (14, 74), (2, 56), (-10, 70), (-16, 48),
                 (-28, 50)]  # fmt: skip
        canvas.solid(polygon(beard, 4), WHITE, shade=5)
    beak(canvas.at(6, 15), look.mouth)
    if "glasses" in member.extras:
        belongings.glasses(canvas, -19, 29, -13, 23)


def _eye(canvas: Canvas, look: Look, side: int, lashes: bool) -> None:
    if look.eyes == "closed" or (look.eyes == "wink" and side < 0):
        canvas.ink([(-12, 4), (0, -8), (12, 4)], 1.3)
        return
    tall = 20.0 if look.eyes == "wide" else 17.5
    white = polygon([(-15, -tall), (15, -tall), (17, 2), (10, tall), (-10, tall), (-17, 2)], 9)
    canvas.solid(white, WHITE, shade=0)
    x = {"left": -5.0, "right": 5.0}.get(look.eyes, 2.5)
    canvas.fill(ellipse(x, 2, 9, 11.5), INK)
    canvas.fill(ellipse(x - 3, -3, 3.8), WHITE)
    canvas.fill(ellipse(x + 3, 6, 1.9), WHITE)
    if lashes:
        for step in (0, 1):
            start = (side * (14 + step * 2), -14 + step * 8)
            canvas.ink([start, (start[0] + side * 8, start[1] - 5)], 0.9)


def beak(canvas: Canvas, kind: str) -> None:
    """Draw a beak that points to the right, its base about the origin."""
    drop = {"grin": 17.0, "oh": 12.0}.get(kind, 0.0)
    if drop:
        throat = polygon([(-20, -1), (40, 4), (26, 9 + drop), (4, 13 + drop), (-12, 10)], 6)
        canvas.solid(throat, (150, 54, 84), shade=0)
        canvas.fill(ellipse(9, 8 + drop * 0.8, 13, 6, 8), (244, 130, 130))
    lower = polygon([(-10, 6 + drop * 0.5), (16, 8 + drop * 0.9), (44 - drop, 7 + drop),
                     (20, 17 + drop), (2, 15 + drop)], 4)  # fmt: skip
    canvas.solid(lower, mix(BEAK, (190, 96, 60), 0.3), shade=0)
    upper = polygon([(-20, -1), (-6, -19), (14, -19), (62, 9), (54, 13), (16, 7)], 6)
    canvas.solid(upper, BEAK, shade=5)
    canvas.line([(8, -12), (30, -1)], mix(BEAK, WHITE, 0.6), 4)
    canvas.ink([(0, -9), (3, -7)], 0.8)
    if kind != "oh":
        lift = 3 if kind == "smirk" else 8
        canvas.ink(curve([(-18, 0), (-25, -1), (-30, -lift)]), 1.1)


def _headwear(canvas: Canvas, member: Member, look: Look) -> None:
    if "bow" in member.extras:
        belongings.bow(canvas.at(-36, -46, 0.95, -38), look.trim)
    if "cap" in member.extras:
        belongings.cap(canvas.at(0, -38, angle=-3), look.trim, 47)
    if "hat" in member.extras:
        belongings.hat(canvas.at(-1, -42, angle=-5), look.trim, 44)
    if "beanie" in member.extras:
        belongings.beanie(canvas.at(-1, -38), look.trim, 47)
    if "headphones" in member.extras:
        belongings.headphones(canvas.at(0, -10), look.trim, 55, 54)
    if "eggshell" in member.extras:
        belongings.eggshell(canvas.at(-2, -36, angle=-6), 48)


def _pet(canvas: Canvas, member: Member, look: Look) -> None:
    wag = {"stand": 0, "walk": 8, "jump": 16}[look.stance]
    dark: Colour = mix(member.skin, INK, 0.18)
    for angle in (-84, -60, -36):
        plume = canvas.at(-42, -76, 1.05, angle - wag)
        vane = polygon([(-7, 0), (-15, -44), (0, -76), (15, -44), (7, 0)], 4)
        plume.solid(vane, member.skin, shade=5, pattern=lambda c: _tip(c, member.accent))
    for x, swing in ((-26, -wag), (24, wag)):
        canvas.tube([(x, -50), (x + swing, -12)], dark, 20)
    trunk = polygon([(-58, -80), (-30, -96), (20, -112), (52, -104), (64, -66), (42, -32),
                     (-40, -28), (-62, -50)], 12)  # fmt: skip
    canvas.solid(trunk, member.skin, shade=10, pattern=lambda inside: _chest(inside, member))
    for x, swing in ((-38, wag), (42, -wag)):
        canvas.tube([(x, -46), (x + swing, -13)], member.skin, 22)
        paw = [(x + swing - 13, -16), (x + swing + 10, -16), (x + swing + 26, -1),
               (x + swing - 14, -1)]  # fmt: skip
        canvas.solid(polygon(paw, 4), BEAK, shade=3)
    canvas.tube([(30, -92), (34, -116)], member.skin, 30)
    ahead, up = BUILD.pet
    head = canvas.at(ahead, -up, angle=look.tilt).at(0, -BUILD.rise * member.head, member.head)
    _head(head, member, look)
    _scarf(canvas.at(ahead, 86), look)


def _chest(canvas: Canvas, member: Member) -> None:
    chest = [(20, -20), (30, -84), (40, -70), (50, -88), (58, -68), (80, -80), (80, -20)]
    canvas.fill(chest, mix(member.skin, WHITE, 0.5))
