"""Sample pictures of two invented families, drawn on the spot: the first thing anybody tries."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from random import Random

from featclass.samples import composition, curios, puddlewicks, quillingtons
from featclass.samples.drawing import SHADOW, ellipse

FAMILIES: tuple[str, str] = ("Puddlewicks", "Quillingtons")
"""The two labels, in the order the page shows them."""
SEED = 2017
_MODULES = dict(zip(FAMILIES, (puddlewicks, quillingtons), strict=True))
_TRAINING = dict(zip(FAMILIES, (13, 11), strict=True))
_HELD_BACK = 3
_drawing = threading.Lock()
_CURIOS = (("house", curios.house, "garden", 1.0), ("teapot", curios.teapot, "kitchen", 1.15))


@dataclass(frozen=True)
class Sample:
    """One drawn picture, as a JPEG of 480 x 480 pixels."""

    name: str
    label: str | None
    """None where the picture belongs to neither family."""
    data: bytes


def training() -> tuple[Sample, ...]:
    """Return the two labelled sets that the page loads: 13 of one family, 11 of the other."""
    with _drawing:
        return _training()


def held_back() -> tuple[Sample, ...]:
    """Return pictures to try predictions on: three new ones of each family, and two of neither."""
    with _drawing:
        return _held_back()


@cache
def draw_ahead(seconds: float) -> None:
    """Draw all of these in the background, once, some seconds from now: they take two."""
    drawing = threading.Timer(seconds, lambda: (training(), held_back()))
    drawing.daemon = True
    drawing.start()


@cache
def _training() -> tuple[Sample, ...]:
    return tuple(
        sample for label, count in _TRAINING.items() for sample in draw_family(label, count, SEED)
    )


@cache
def _held_back() -> tuple[Sample, ...]:
    known = tuple(
        sample
        for label, count in _TRAINING.items()
        for sample in _draw(label, count, count + _HELD_BACK, SEED)
    )
    return known + tuple(_draw_curios())


def draw_family(label: str, count: int, seed: int) -> Iterator[Sample]:
    """Draw `count` pictures of a family, one after the other; `label` is one of `FAMILIES`.

    Picture n is the same whatever the count, and the same bytes wherever Pillow is the same.

    Raises:
        KeyError: if there is no such family.
    """
    return _draw(label, 0, count, seed)


def _draw(label: str, start: int, stop: int, seed: int) -> Iterator[Sample]:
    family = _MODULES[label]
    drawn = composition.plans(family.MEMBERS, f"{label} {seed}")
    for index, plan in islice(enumerate(drawn, 1), start, stop):
        rng = Random(f"{label} {seed} {index}")
        image = composition.portray(plan, family.BUILD, family.draw, rng)
        name = f"{label.lower()}-{index:02d}-{plan.member.role}-{plan.scene}.jpg"
        yield Sample(name, label, composition.encoded(image))


def _draw_curios() -> Iterator[Sample]:
    for name, draw, scene, scale in _CURIOS:
        canvas = composition.backdrop(scene, 1.15, Random(f"{name} {SEED}"))
        canvas.at(240, 428, scale).fill(ellipse(0, 0, 140, 18), SHADOW, 70)
        draw(canvas.at(240, 428, scale))
        yield Sample(f"neither-{name}.jpg", None, composition.encoded(canvas.finished()))
