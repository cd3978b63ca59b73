"""One picture: who, where, how near, in what light; everything drawn by lot from one seed."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from PIL import Image

from featclass.samples.belongings import HELD
from featclass.samples.cast import CLOTHS, Build, Look, Member
from featclass.samples.drawing import SHADOW, SIZE, Canvas, ellipse
from featclass.samples.scenes import SCENES

T = TypeVar("T")

JPEG_QUALITY = 90
VIEWS = ("figure", "waist", "figure", "portrait", "figure")
TINTS = ((1.0, 1.0, 1.0), (1.04, 1.0, 0.9), (0.94, 0.98, 1.05), (1.03, 0.95, 1.0))
DUSK = (0.92, 0.9, 1.06)
FREE_ARMS = ("down", "hips", "out", "wave", "up", "down")
EYES = ("open", "left", "right", "wide", "closed", "open", "wink")
MOUTHS = ("smile", "grin", "smirk", "grin", "oh", "smile")
STANCES = ("stand", "walk", "walk", "jump")
PROPS: tuple[str | None, ...] = (*HELD, None, None, None, None)

Draw = Callable[[Canvas, Member, Look], None]


@dataclass(frozen=True)
class Plan:
    """What the lots decided for one picture."""

    member: Member
    scene: str
    view: str
    look: Look
    tint: tuple[float, float, float]


def plans(members: Sequence[Member], seed: str) -> Iterator[Plan]:
    """Give plan after plan; each choice goes through its whole deck before it repeats itself."""
    rng = Random(seed)
    scenes, views, tints = _deck(tuple(SCENES), rng), _deck(VIEWS, rng), _deck(TINTS, rng)
    eyes, mouths, props = _deck(EYES, rng), _deck(MOUTHS, rng), _deck(PROPS, rng)
    left_arms, right_arms = _deck(FREE_ARMS, rng), _deck(FREE_ARMS, rng)
    for member in _deck(members, rng):
        scene, view, tint = next(scenes), next(views), next(tints)
        prop = next(props) if view != "portrait" else None
        right = next(right_arms)
        if prop is not None:
            right = "wave" if prop == "balloon" else "hold"
        cloth, trim = rng.sample(CLOTHS, 2)
        look = Look(
            cloth=cloth,
            trim=trim,
            arms=(next(left_arms), right),
            stance=rng.choice(STANCES),
            tilt=rng.uniform(-10, 10),
            eyes=next(eyes),
            mouth=next(mouths),
            prop=prop,
        )
        yield Plan(member, scene, view, look, DUSK if scene == "street" else tint)


def _deck(choices: Sequence[T], rng: Random) -> Iterator[T]:
    while True:
        yield from rng.sample(choices, len(choices))


def backdrop(scene: str, zoom: float, rng: Random) -> Canvas:
    """Return a canvas with a scene on it, moved, mirrored and `zoom` times as large."""
    canvas = Canvas.blank(light=rng.choice((-1.0, 1.0)))
    x, y = SIZE / 2 + rng.uniform(-40, 40), 360 + rng.uniform(-12, 12)
    frame = canvas.at(x, y, zoom, mirrored=rng.random() < 0.5).at(-SIZE / 2, -360)
    SCENES[scene](frame, rng)
    return canvas


def portray(plan: Plan, build: Build, draw: Draw, rng: Random) -> Image.Image:
    """Return the picture of a plan."""
    member, mirrored, view = plan.member, rng.random() < 0.5, plan.view
    pet = member.outfit == "pet"
    if pet and view == "waist":
        view = "figure"
    zoom = {"figure": rng.uniform(1.0, 1.2), "waist": 1.35, "portrait": 1.6}[view]
    canvas = backdrop(plan.scene, zoom, rng)
    ahead, neck = build.pet if pet else (0.0, build.neck)
    behind = ahead if mirrored else -ahead
    if view == "figure":
        top = neck + (build.rise + build.crown) * member.head
        scale = build.figure * rng.uniform(0.92, 1.08) / top * (0.5 + 0.5 * member.size)
        x, y = rng.uniform(185, 295) + behind * scale / 2, rng.uniform(420, 448)
        canvas.at(x, y, scale).fill(ellipse(4, 0, 84, 15), SHADOW, 70)
        if plan.look.stance == "jump":
            y -= 30 * scale
    else:
        scale = (build.waist if view == "waist" else build.portrait) / member.head
        x = rng.uniform(205, 275) + behind * scale
        y = rng.uniform(222, 246) + (neck + build.rise * member.head) * scale
    draw(canvas.at(x, y, scale, mirrored=mirrored), member, plan.look)
    return tinted(canvas.finished(), plan.tint)


def tinted(image: Image.Image, tint: tuple[float, float, float]) -> Image.Image:
    """Return the image under light of a colour: each channel times its gain."""
    table = [min(255, round(value * gain)) for gain in tint for value in range(256)]
    return image.point(table)


def encoded(image: Image.Image) -> bytes:
    """Return the image as a JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()
