"""What the machine cannot beat: decoding alone, the forward pass alone, each on all processors.

Both by the fastest way found whose embeddings are those of the full decode in float32.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import decoders, pictures
from benchmarks.decoders import Decoder
from benchmarks.networks import INPUTS
from benchmarks.passes import COMPARED, Attained, OwnPass, Pass, one_after_the_other
from benchmarks.runtimes import cosines
from featclass import images
from featclass.base import heap
from featclass.encoders import Encoder

FEATCLASS = "featclass"
TRIED = 48
"""Pictures that a decoder is tried with."""
CLOSE = 0.9995
"""The least mean cosine to the embedding of the full decode at which a decoder counts."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoder under test, and its networks, each with its ONNX file where there is one."""

    spec: str
    networks: dict[str, Path | None]
    device: str
    quick: bool


@dataclass(frozen=True, slots=True)
class Limit:
    """Images a second of each part alone, by the fastest way of each."""

    decode: float
    decoder: str
    forward: float
    runtime: str

    def together(self, device: str) -> float:
        """Return what both allow: on a CPU they share the processors, beside a GPU they do not."""
        if device == "cpu":
            return 1 / (1 / self.decode + 1 / self.forward)
        return min(self.decode, self.forward)


def prepared(encoder: Encoder, data: bytes, max_pixels: int) -> NDArray[Any]:
    """Decode and preprocess as the engine does: the one place here that knows how."""
    with images.decoded(data, max_pixels=max_pixels, side=encoder.side) as picture:
        return encoder.preprocess(picture)


def limiter(encoding: Encoding, warm: Path) -> Callable[[Path], tuple[Limit, list[Attained]]]:
    """Find the fastest passes; what is returned measures a folder, and tells what they attain."""
    from featclass import encoders
    from featclass.base.config import load

    config = load()
    heap.reuse_freed_memory()
    files = [path.read_bytes() for path in pictures.files(warm)]
    encoder = encoders.load(encoding.spec, device=encoding.device, config=config)

    def decode(data: bytes) -> NDArray[Any]:
        return prepared(encoder, data, config.max_pixels)

    passes = [
        Pass(
            network, encoding.spec, onnx, [_full(data, network) for data in files],
            device=encoding.device, quick=encoding.quick,
        )
        for network, onnx in encoding.networks.items()
    ]  # fmt: skip
    own = OwnPass(encoder, [decode(data) for data in files], quick=encoding.quick)
    decoding = _Decoding(passes, decode)
    fastest = " and ".join(dict.fromkeys(one.way.name for one in passes))

    def measure(folder: Path) -> tuple[Limit, list[Attained]]:
        forward = {fastest: one_after_the_other(passes), FEATCLASS: own.rate()}
        decode = decoding.rates(folder)
        runtime, decoder = (max(rates, key=lambda name: rates[name]) for rates in (forward, decode))
        limit = Limit(decode[decoder], decoder, forward[runtime], runtime)
        return limit, [one.attained for one in passes]

    return measure


class _Decoding:
    """Decoding for all networks at once, by featclass and by the fastest other ways."""

    def __init__(self, passes: Sequence[Pass], own: Callable[[bytes], object]) -> None:
        self._passes = passes
        self._inputs = [INPUTS[one.network] for one in passes]
        self._own = own
        self._chosen: dict[Path, list[Decoder]] = {}

    def rates(self, folder: Path) -> dict[str, float]:
        """Return images a second of featclass, and of the two others that are fastest there."""
        paths = pictures.files(folder)
        if folder not in self._chosen:
            self._chosen[folder] = self._fastest(paths)
        return {FEATCLASS: decoders.rate(self._own, paths)} | {
            str(decoder): self._rate(decoder, paths) for decoder in self._chosen[folder]
        }

    def _rate(self, decoder: Decoder, paths: Sequence[Path]) -> float:
        return decoders.rate(lambda data: decoder.squares(data, self._inputs), paths)

    def _fastest(self, paths: Sequence[Path]) -> list[Decoder]:
        """Return the two fastest that count."""
        few = [path.read_bytes() for path in paths[:COMPARED]]
        full = [one.embed([_full(data, one.network) for data in few]) for one in self._passes]
        candidates = decoders.decoders(is_jpeg=paths[0].suffix == ".jpg")
        rates = {decoder: self._rate(decoder, paths[:TRIED]) for decoder in candidates}
        close = (
            decoder
            for decoder in sorted(candidates, key=lambda decoder: -rates[decoder])
            if self._is_close(decoder, few, full)
        )
        return list(itertools.islice(close, 2))

    def _is_close(
        self, decoder: Decoder, few: Sequence[bytes], full: Sequence[NDArray[Any]]
    ) -> bool:
        squares = zip(*(decoder.squares(data, self._inputs) for data in few), strict=True)
        parts = zip(self._passes, squares, full, strict=True)
        return all(
            cosines(one.embed(levels), whole).mean() >= CLOSE for one, levels, whole in parts
        )


def _full(data: bytes, network: str) -> NDArray[np.uint8]:
    with Image.open(BytesIO(data)) as picture:
        return INPUTS[network].square(picture.convert("RGB"))
