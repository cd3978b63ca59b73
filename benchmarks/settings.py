"""What every measurement is told: how long it may take, where to work, on which device."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one run of the benchmarks."""

    folder: Path
    """A temporary folder for pictures, weights and caches; gone at the end of the run."""
    quick: bool
    """Smaller sets and fewer rounds: to see that everything works, not for figures."""
    device: str
    """`cpu`, `cuda` or `mps`."""
    say: Callable[[str], None]
    """Told what is being measured."""
    started: float = field(default_factory=time.monotonic)
    """When the run began, by `time.monotonic`."""
    models: tuple[str, ...] = ()
    """Of `gpu`: which networks; none named are all."""
