"""How much memory decoding may take: the pixels in work at once, and what glibc keeps."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final


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


# Of glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_MOST = 32 * 2**20
_NEVER = 2**30


@cache
def reuse_freed_memory() -> None:
    """Have blocks of up to 32 MB come from memory used before; once for the process.

    Left alone, glibc asks the system anew for most pictures and feature maps, and the system
    clears every page of them: a forward pass of EfficientNet-Lite0 then takes up to twice as long.
    """
    mallopt = _of_glibc("mallopt")
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _MOST)
        mallopt(_M_TRIM_THRESHOLD, _NEVER)


def give_back_freed_memory() -> None:
    """Return to the system what is free, for when nothing is left to do."""
    malloc_trim = _of_glibc("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(0)


@cache
def _of_glibc(name: str) -> Any:
    # musl has neither function; on other systems they would be someone else's.
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
