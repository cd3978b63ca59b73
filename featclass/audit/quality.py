"""Pictures too dark, too bright, blurred, empty, lost on white, too small or too long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from featclass.images import Lost
from featclass.images.appearance import Appearance

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


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one picture: its place, the kind of fault, and a sentence."""

    row: int
    kind: str
    sentence: str


def faults(appearances: Sequence[Appearance]) -> list[Fault]:
    """Return the faults of all pictures, by kind and place; of several, a picture has the first."""
    if not appearances:
        return []
    sides = sorted(min(each.width, each.height) for each in appearances)
    usual = sides[len(sides) // 2]
    found: list[Fault] = []
    taken: set[int] = set()
    for kind, is_faulty, says in _KINDS:
        rows = [row for row, each in enumerate(appearances) if is_faulty(each, usual)]
        if kind in _NEVER_USUAL or len(rows) <= max(1, USUAL_SHARE * len(appearances)):
            fresh = [row for row in rows if row not in taken]
            found += [Fault(row, kind, says(appearances[row])) for row in fresh]
            taken.update(fresh)
    return found


def _is_lost(look: Appearance, usual: int) -> bool:
    return look.lost is not Lost.NOT


def _is_empty(look: Appearance, usual: int) -> bool:
    return look.percentiles[4] - look.percentiles[0] <= EMPTY


def _is_dark(look: Appearance, usual: int) -> bool:
    return look.percentiles[4] < DARK


def _is_bright(look: Appearance, usual: int) -> bool:
    return look.percentiles[1] > BRIGHT


def _is_blurred(look: Appearance, usual: int) -> bool:
    return look.detail < BLURRED and look.detail < BLURRED_SHARE * look.contrast


def _is_small(look: Appearance, usual: int) -> bool:
    return min(look.width, look.height) < max(SMALL, SMALLER * min(usual, 2 * 224))


def _is_long(look: Appearance, usual: int) -> bool:
    return max(look.width, look.height) >= LONG * min(look.width, look.height)


_NEVER_USUAL = frozenset(("lost",))
_WHERE_LOST = {
    Lost.ON_WHITE: "Is a white drawing on a transparent ground: on white, as featclass sees it,"
    " nothing is left; give it a dark background.",
    Lost.IN_LATER_FRAME: "Is an animation whose first frame is blank, and featclass sees only that"
    " one; save a later frame as a picture.",
    Lost.ON_LATER_PAGE: "Holds several pages, and the first, the only one that featclass sees, is"
    " blank; save the page that shows something as a picture.",
}
_KINDS: tuple[
    tuple[str, Callable[[Appearance, int], bool], Callable[[Appearance], str]], ...
] = (
    ("lost", _is_lost, lambda look: _WHERE_LOST[look.lost]),
    ("empty", _is_empty, lambda look: "Shows nothing but one even colour."),
    (
        "too dark", _is_dark,
        lambda look: "Is so dark that hardly anything can be seen"
        f" (99 % of it is below {look.percentiles[4] / 255:.0%} of full brightness).",
    ),
    (
        "too bright", _is_bright,
        lambda look: "Is so bright that hardly anything can be seen"
        f" (95 % of it is above {look.percentiles[1] / 255:.0%} of full brightness).",
    ),
    ("blurred", _is_blurred, lambda look: "Is blurred: nothing in it has a sharp edge."),
    (
        "too small", _is_small,
        lambda look: f"Is very small: {look.width} x {look.height} pixels.",
    ),
    (
        "too long", _is_long,
        lambda look: f"Is {max(look.width, look.height) / min(look.width, look.height):.1f} times"
        " as long as wide: only its middle is looked at.",
    ),
)  # fmt: skip
