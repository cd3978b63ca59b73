"""How much memory decoding may take: the pixels in work at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final


class PixelBudget:
    """How many pixels may be decoded at once by all threads of the process together.

    A picture that does not fit waits; one larger than the whole budget is let in alone. Nothing
    overtakes the picture that has waited longest, so a large one is never starved. A thread that
    holds pixels must not ask for more.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._taken = 0
        self._freed = threading.Condition()
        self._turn = threading.Lock()

    @contextmanager
    def taking(self, pixels: int) -> Iterator[None]:
        """Hold this many pixels for as long as the context is open; waits until they are free."""
        with self._turn, self._freed:
            self._freed.wait_for(lambda: not self._taken or self._taken + pixels <= self._total)
            self._taken += pixels
        try:
            yield
        finally:
            with self._freed:
                self._taken -= pixels
                self._freed.notify()


PIXEL_BUDGET: Final = PixelBudget(100 * 10**6)
