"""Pictures too dark, too bright, blurred, empty, lost on white, too small or too long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from featclass.base import percent
from featclass.images import Appearance, Lost

USUAL_SHARE = 0.2
"""What more of the pictures have is how these pictures are, and no fault of any one."""
DARK, BRIGHT = 80, 235
"""Luminance that 99 % stay below, or 95 % stay above."""
EMPTY = 8
"""Levels of luminance between the 1st and the 99th percentile."""
BLURRED, BLURRED_SHARE = 16.0, 0.42
"""Fine detail in levels of luminance, and against the standard deviation of all levels. Of 380
photographs and drawings the blurriest has 18 and 0.46; blurred to one part in a hundred of their
shorter side, 45 of 48 of them stay below both."""
SMALL = 32
SMALLER = 0.25
LONG = 3.0
BRIGHT_KIND = "too bright"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one picture: its place, the kind of fault, and what it is seen by."""

    row: int
    kind: str
    width: int
    height: int
    level: float
    """Share of full brightness that 99 % of it stay below; of one too bright, that 95 % exceed."""
    lost: str
    """`Lost` in words: where the picture is, if nothing is left of it."""

    @classmethod
    def of(cls, row: int, kind: str, look: Appearance) -> Self:
        """Return the fault of a picture that looks so."""
        level = look.percentiles[1 if kind == BRIGHT_KIND else 4] / 255
        return cls(row, kind, look.width, look.height, level, _WHERE_LOST[look.lost])

    @property
    def sentence(self) -> str:
        """What is wrong with it, and what to do."""
        match self.kind:
            case "lost":
                return _LOST[self.lost]
            case "empty":
                return "Shows nothing but one even colour."
            case "too dark":
                level = f"99 % of it is below {percent(self.level)} of full brightness"
                return f"Is so dark that hardly anything can be seen ({level})."
            case "too bright":
                level = f"95 % of it is above {percent(self.level)} of full brightness"
                return f"Is so bright that hardly anything can be seen ({level})."
            case "blurred":
                return "Is blurred: nothing in it has a sharp edge."
            case "too small":
                return f"Is very small: {self.width} x {self.height} pixels."
            case "too long":
                longer, shorter = max(self.width, self.height), min(self.width, self.height)
                times = f"{longer / shorter:.1f} times as long as wide"
                return f"Is {times}: only its middle is looked at."
        raise ValueError(f"No fault is called {self.kind!r}.")

    def to_json(self) -> dict[str, int | float | str]:
        """Return the values that the sentence is made of."""
        size = {"width": self.width, "height": self.height}
        return {**size, "level": self.level, "lost": self.lost}


def faults(appearances: Sequence[Appearance]) -> list[Fault]:
    """Return the faults of all pictures, by kind and place; of several, a picture has the first."""
    if not appearances:
        return []
    sides = sorted(map(_shorter, appearances))
    usual = sides[len(sides) // 2]
    seen_faults: list[Fault] = []
    taken: set[int] = set()
    for kind, is_faulty in _KINDS:
        rows = [row for row, look in enumerate(appearances) if is_faulty(look, usual)]
        if kind in _NEVER_USUAL or len(rows) <= max(1, USUAL_SHARE * len(appearances)):
            fresh = [row for row in rows if row not in taken]
            seen_faults += [Fault.of(row, kind, appearances[row]) for row in fresh]
            taken.update(fresh)
    return seen_faults


_NEVER_USUAL = frozenset(("lost",))
_WHERE_LOST = {
    Lost.NOT: "",
    Lost.ON_WHITE: "on white",
    Lost.IN_LATER_FRAME: "in a later frame",
    Lost.ON_LATER_PAGE: "on a later page",
}
_LOST = {
    "on white": "Is a white drawing on a transparent ground: on white, as featclass sees it,"
    " nothing is left; give it a dark background.",
    "in a later frame": "Is an animation whose first frame is blank, and featclass sees only that"
    " one; save a later frame as a picture.",
    "on a later page": "Holds several pages, and the first, the only one that featclass sees, is"
    " blank; save the page that shows something as a picture.",
}
_KINDS: tuple[tuple[str, Callable[[Appearance, int], bool]], ...] = (
    ("lost", lambda look, usual: look.lost is not Lost.NOT),
    ("empty", lambda look, usual: look.percentiles[4] - look.percentiles[0] <= EMPTY),
    ("too dark", lambda look, usual: look.percentiles[4] < DARK),
    (BRIGHT_KIND, lambda look, usual: look.percentiles[1] > BRIGHT),
    ("blurred", lambda look, usual: look.detail < min(BLURRED, BLURRED_SHARE * look.contrast)),
    ("too small", lambda look, usual: _shorter(look) < max(SMALL, SMALLER * min(usual, 2 * 224))),
    ("too long", lambda look, usual: max(look.width, look.height) >= LONG * _shorter(look)),
)
"""Whether a picture is so; `usual` is the shorter side, in pixels, that pictures here have."""


def _shorter(look: Appearance) -> int:
    return min(look.width, look.height)
