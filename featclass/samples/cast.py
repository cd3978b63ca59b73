"""Who is drawn, how they stand, and what they wear: the same words for both families."""

from __future__ import annotations

import math
from dataclasses import dataclass

from featclass.samples.drawing import Colour, Path, Point

CLOTHS: tuple[Colour, ...] = (
    (226, 98, 84), (240, 182, 72), (72, 150, 158), (74, 92, 152), (156, 120, 190),
    (120, 172, 104), (238, 142, 160), (250, 238, 216),
)  # fmt: skip

ARMS: dict[str, Point] = {
    "down": (0.44, 0.86),
    "up": (0.74, -0.66),
    "wave": (0.94, -0.32),
    "out": (0.97, 0.06),
    "hold": (0.84, 0.3),
    "hips": (0.3, 0.5),
}
"""Where the hand is, seen from the shoulder: outwards and down, in lengths of the arm."""

RAISED = frozenset({"up", "wave"})
"""Arms that are seen in front of the head."""

FEET: dict[str, tuple[Point, Point]] = {
    "stand": ((-1.0, 0.0), (1.0, 0.0)),
    "walk": ((-1.7, -7.0), (1.55, 0.0)),
    "jump": ((-1.5, -4.0), (1.6, -20.0)),
}
"""Where the feet are: in half-widths of the stance, and in points above the ground."""


@dataclass(frozen=True)
class Member:
    """One of a family: what stays the same from picture to picture."""

    role: str
    skin: Colour
    accent: Colour
    outfit: str
    extras: tuple[str, ...] = ()
    size: float = 1.0
    head: float = 1.0


@dataclass(frozen=True)
class Look:
    """How a member appears in one picture."""

    cloth: Colour
    trim: Colour
    arms: tuple[str, str] = ("down", "wave")
    stance: str = "stand"
    tilt: float = 0.0
    eyes: str = "open"
    mouth: str = "smile"
    prop: str | None = None


@dataclass(frozen=True)
class Build:
    """The measures of a family, in points of a member of size 1, and how close it is seen."""

    neck: float
    """From the ground to the neck."""
    rise: float
    """From the neck to the middle of the head."""
    crown: float
    """From there to the top."""
    figure: float
    """How tall a grown-up stands in the picture."""
    waist: float
    """Scale at which a member is seen from the waist up."""
    portrait: float
    """Scale at which a member is seen as a portrait."""
    pet: Point
    """Where the neck of the pet is: ahead of its middle, and above the ground."""


def arm(shoulder: Point, side: int, pose: str, length: float) -> Path:
    """Return shoulder, elbow and hand; `side` is -1 for the arm on the left of the picture."""
    out, down = ARMS[pose]
    hand = (shoulder[0] + side * out * length, shoulder[1] + down * length)
    reach = math.dist(shoulder, hand)
    bend = math.sqrt(max(0.0, (length / 2) ** 2 - (reach / 2) ** 2))
    middle = ((shoulder[0] + hand[0]) / 2, (shoulder[1] + hand[1]) / 2)
    normal = ((hand[1] - shoulder[1]) / reach, (shoulder[0] - hand[0]) / reach)
    # Elbows point outwards and down.
    sign = 1 if normal[0] * side + 0.8 * normal[1] > 0 else -1
    elbow = (middle[0] + sign * normal[0] * bend, middle[1] + sign * normal[1] * bend)
    return [shoulder, elbow, hand]
