"""The fastest forward pass of a network: every runtime tried, and what gives other embeddings left.

An encoder of several networks computes one after the other; featclass' own call competes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import networks, runtimes
from benchmarks.networks import INPUTS, Pixels
from benchmarks.runtimes import Subject, Way, cosines, opened, rate, repeated, ways
from featclass.encoders import Encoder

TRIED_SECONDS, SECONDS = 0.4, 1.2
FINALISTS = 3
HOPELESS = 3
"""So many times slower than the fastest in a single run, a way is not tried any longer."""
COMPARED = 8
"""Pictures whose embeddings are looked at."""


@dataclass(frozen=True, slots=True)
class Attained:
    """Of one network, or of an encoder as featclass calls it."""

    network: str
    rates: dict[str, float]
    """The most images a second by runtime and precision, over all ways to call it."""
    best: str
    """The fastest way."""


class Pass:
    """One network, by the fastest way found with some pictures; `onnx` is the network for others.

    `spec` says where the weights of ViT-B-32 are.
    """

    def __init__(
        self,
        network: str,
        spec: str,
        onnx: Path | None,
        squares: Sequence[NDArray[np.uint8]],
        *,
        device: str,
        quick: bool,
    ) -> None:
        self.network = network
        self._pixels = INPUTS[network].normalised(squares)
        self._subject = Subject(networks.module(network, spec), onnx, device)
        self._reference = self.embed(squares[:COMPARED])
        rates = self._tried(ways(device, quick=quick), TRIED_SECONDS / (4 if quick else 1))
        finalists = sorted(rates, key=lambda way: -rates[way])[:FINALISTS]
        rates |= self._tried(finalists, TRIED_SECONDS if quick else SECONDS)
        self.way = max(finalists, key=lambda way: rates[way])
        self._bind = opened(self.way, self._subject)
        self._seconds = TRIED_SECONDS if quick else SECONDS
        best: dict[str, float] = {}
        for way, value in rates.items():
            best[way.name] = max(value, best.get(way.name, 0.0))
        self.attained = Attained(network, best, str(self.way))

    def rate(self) -> float:
        """Return images a second, measured anew."""
        return rate(self._bind, self._batch(self.way), self.way.callers, self._seconds)

    def embed(self, squares: Sequence[NDArray[np.uint8]]) -> NDArray[Any]:
        """Embed by torch in float32, whatever is the fastest."""
        way = Way(runtimes.TORCH, runtimes.FLOAT32, len(squares), 1)
        pixels = INPUTS[self.network].normalised(squares)
        return np.asarray(opened(way, self._subject)(pixels)())

    def _tried(self, candidates: Sequence[Way], seconds: float) -> dict[Way, float]:
        """Return images a second of each that can be tried, none of what gives other embeddings."""
        rates: dict[Way, float] = {}
        for way in candidates:
            if way.runtime != runtimes.TORCH and self._subject.onnx is None:
                continue
            with suppress(ModuleNotFoundError):  # a runtime that is not installed
                rates[way] = self._attempt(way, seconds, max(rates.values(), default=0.0))
        return rates

    def _attempt(self, way: Way, seconds: float, best: float) -> float:
        bind, batch = opened(way, self._subject), self._batch(way)
        run = bind(batch)
        embeddings = run()[:COMPARED]
        if cosines(embeddings, self._reference[: len(embeddings)]).min() < runtimes.SAME:
            return 0.0
        started = time.perf_counter()
        run()
        once = way.callers * way.batch / (time.perf_counter() - started)
        if HOPELESS * once < best:
            return once
        return rate(bind, batch, way.callers, seconds)

    def _batch(self, way: Way) -> Pixels:
        return repeated(list(self._pixels), way.batch)


class OwnPass:
    """An encoder as featclass calls it: batches of its size, as many at once as it says."""

    def __init__(self, encoder: Encoder, pixels: Sequence[NDArray[Any]], *, quick: bool) -> None:
        self._encoder = encoder
        self._batch = repeated(pixels, encoder.batch_size)
        self._callers = encoder.workers
        self._seconds = TRIED_SECONDS if quick else SECONDS

    def rate(self) -> float:
        """Return images a second, measured anew."""
        threads = 1 if self._callers > 1 else None
        encode = self._encoder.encode
        return rate(
            lambda batch: lambda: encode(batch, threads=threads),
            self._batch,
            self._callers,
            self._seconds,
        )


def one_after_the_other(passes: Sequence[Pass]) -> float:
    """Return images a second of all networks for each image."""
    return 1 / sum(1 / one.rate() for one in passes)
