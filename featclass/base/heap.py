"""What glibc does with memory that is free again; on other systems nothing."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from typing import Any, Final

# Of glibc's malloc.h.
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_MOST: Final = 32 * 2**20
_NEVER: Final = 2**30
_ARENAS: Final = max(4, os.cpu_count() or 1)


@cache
def reuse_freed_memory() -> None:
    """Have blocks of up to 32 MB come from memory used before; once for the process.

    Left alone, glibc asks the system anew for most pictures and feature maps, and the system
    clears every page of them: a forward pass of EfficientNet-Lite0 then takes up to twice as long.
    And it gives nearly every thread an arena of its own, with holes of its own: before there are
    threads is the time to say how many there may be.
    """
    mallopt = _of_glibc("mallopt")
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _MOST)
        mallopt(_M_TRIM_THRESHOLD, _NEVER)
        mallopt(_M_ARENA_MAX, _ARENAS)


def give_back_freed_memory() -> None:
    """Return to the system what is free, for when nothing is left to do."""
    malloc_trim = _of_glibc("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(0)


@cache
def _of_glibc(name: str) -> Any:
    # musl has neither function; on other systems they would be someone else's.
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
