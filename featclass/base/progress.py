"""How far work is, how fast it goes, how long is left; as numbers and in words."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

Progress = Callable[[int, int], None]
"""Called with (done, total) as work advances; `total` may be 0 while it is not known."""

WINDOW_SECONDS = 10.0
"""What is older says nothing of the speed now."""
TICK_SECONDS = 0.25


def no_progress(done: int, total: int) -> None:
    """Ignore progress."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Where some work stands, counted as its progress counts it: in images, or in bytes."""

    done: int = 0
    total: int = 0
    """0 while it is not known."""
    per_second: float | None = None
    """None until there is something to go by."""

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at this speed; None while that cannot be told."""
        return (
            (self.total - self.done) / self.per_second if self.per_second and self.total else None
        )


class Clock:
    """Tells the pace of the work whose progress it hears of, by what was done in the last seconds.

    What was done before the first call, by a cache say, counts as done but not as speed. Work that
    comes in bursts (a batch of an encoder) is measured from the end of one burst to the end of
    another, however long that takes. `now` is a clock in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._total = 0
        self._tick = -math.inf
        # The last call of each tick, as (time, done); the first is at least a window old.
        self._marks: deque[tuple[float, int]] = deque()

    def __call__(self, done: int, total: int) -> Pace:
        """Take note of the work done so far, and return how it goes."""
        now = self._now()
        if not self._marks or done < self._marks[-1][1] or total != self._total:
            self._marks.clear()  # the first call, or of another piece of work
            self._total, self._tick = total, -math.inf
        elif now - self._tick < TICK_SECONDS:
            self._marks.pop()
        else:
            self._tick = now
        self._marks.append((now, done))
        while len(self._marks) > 2 and now - self._marks[1][0] >= WINDOW_SECONDS:
            self._marks.popleft()
        started, already = self._marks[0]
        is_telling = done > already and now - started >= TICK_SECONDS
        return Pace(done, total, (done - already) / (now - started) if is_telling else None)


def in_words(pace: Pace) -> str:
    """Return "312 of 1,000 · 58 a second · about 12 s left", as much of it as is known."""
    parts = [f"{pace.done:,} of {pace.total:,}"]
    if pace.per_second:
        parts.append(speed(pace.per_second))
    return " · ".join([*parts, *time_left(pace)])


def time_left(pace: Pace) -> list[str]:
    """Return "about 12 s left", or nothing where that is not known or all is done."""
    return [f"about {duration(pace.seconds_left)} left"] if pace.seconds_left else []


def speed(per_second: float) -> str:
    """Return a speed a person would say: "58 a second", or "3 s each" where it is slow."""
    if per_second < 1:
        return f"{duration(1 / per_second)} each"
    return f"{per_second:,.{0 if per_second >= 9.95 else 1}f} a second"


def duration(seconds: float) -> str:
    """Return a time a person would say."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:,.1f} h"
