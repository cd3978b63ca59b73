"""How long is left."""

from __future__ import annotations

import time
from collections.abc import Callable

REPORT_SECONDS = 0.3


class Clock:
    """A progress that also knows how long is left; it reports a few times a second."""

    def __init__(self, report: Callable[..., object]) -> None:
        self._report = report
        self._start: tuple[float, int] | None = None
        self._reported = 0.0

    def __call__(self, done: int, total: int) -> None:
        """Take note of the work done so far."""
        now = time.monotonic()
        if self._start is None:  # what the cache had is done already, and says nothing of speed
            self._start = (now, done)
        if now - self._reported < REPORT_SECONDS and done < total:
            return
        self._reported = now
        started, already = self._start
        fresh = done - already
        left = (now - started) / fresh * (total - done) if fresh else None
        self._report(done=done, total=total, seconds_left=left)
