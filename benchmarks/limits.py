"""What the machine cannot beat: decoding alone, the forward pass alone, each on all processors."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import pictures
from featclass import images
from featclass.encoders import Encoder

Pixels = NDArray[Any]
Way = Callable[[Encoder, Sequence[Pixels]], float]
"""A way to call an encoder; gives images a second."""

FORWARD_SECONDS = 1.2
KEPT = 64
BATCH = 32  # what most people take; tried beside the encoder's own


@dataclass(frozen=True, slots=True)
class Limit:
    """Images a second of each part alone."""

    decode: float
    forward: float
    way: str
    """How the forward pass was called: the fastest way found."""

    def together(self, device: str) -> float:
        """Return what both allow: on a CPU they share the processors, beside a GPU they do not."""
        if device == "cpu":
            return 1 / (1 / self.decode + 1 / self.forward)
        return min(self.decode, self.forward)


def prepared(encoder: Encoder, data: bytes, max_pixels: int) -> Pixels:
    """Decode and preprocess as the engine does: the one place here that knows how."""
    with images.decoded(data, max_pixels=max_pixels, side=encoder.side) as picture:
        return encoder.preprocess(picture)


def limit(spec: str, device: str, warm: Path) -> Callable[[Path], Limit]:
    """Load an encoder as featclass does; what is returned measures both parts over a folder."""
    from featclass import encoders
    from featclass.base.config import load

    config = load()
    images.reuse_freed_memory()
    encoder = encoders.load(spec, device=device, config=config)

    def decode(folder: Path) -> tuple[float, list[Pixels]]:
        paths = pictures.files(folder)
        kept: list[Pixels] = []
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            started = time.perf_counter()
            ready = pool.map(
                lambda path: prepared(encoder, path.read_bytes(), config.max_pixels), paths
            )
            for pixels in ready:
                if len(kept) < KEPT:
                    kept.append(pixels)
            seconds = time.perf_counter() - started
        return len(paths) / seconds, kept

    candidates = ways(encoder)
    unbound: Any = encoder
    unbound.batch_size = max(BATCH, encoder.batch_size)
    _, ready = decode(warm)
    rates = {name: way(encoder, ready) for name, way in candidates.items()}
    best = max(rates, key=lambda name: rates[name])

    def measure(folder: Path) -> Limit:
        rate, ready = decode(folder)
        return Limit(rate, candidates[best](encoder, ready), best)

    return measure


def ways(encoder: Encoder) -> dict[str, Way]:
    """Return the ways to call the encoder that may be the fastest."""
    found: dict[str, Way] = {}
    for size in sorted({encoder.batch_size, BATCH}):
        found[f"batches of {size}, all threads"] = _Batches(size, 1)
        if encoder.device == "cpu":
            found[f"batches of {size}, one to a processor"] = _Batches(size, os.cpu_count() or 1)
    return found


@dataclass(frozen=True, slots=True)
class _Batches:
    """Several callers at once, of one intra-op thread each; or one caller, with all threads."""

    size: int
    callers: int

    def __call__(self, encoder: Encoder, ready: Sequence[Pixels]) -> float:
        batch = np.stack([ready[place % len(ready)] for place in range(self.size)])
        start = threading.Barrier(self.callers)
        with ThreadPoolExecutor(self.callers) as pool:
            rates = pool.map(lambda _: self._rate(encoder, batch, start), range(self.callers))
            return sum(rates)

    def _rate(self, encoder: Encoder, batch: Pixels, start: threading.Barrier) -> float:
        threads = 1 if self.callers > 1 else None
        encoder.encode(batch, threads=threads)
        start.wait()
        rounds, seconds, started = 0, 0.0, time.perf_counter()
        while seconds < FORWARD_SECONDS or rounds < 2:
            encoder.encode(batch, threads=threads)
            rounds += 1
            seconds = time.perf_counter() - started
        return rounds * self.size / seconds
