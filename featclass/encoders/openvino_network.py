"""The built-in networks on a processor: OpenVINO's graphs as an encoder."""

from __future__ import annotations

import atexit
import itertools
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from featclass.encoders import processors, runtime
from featclass.encoders.base import Box, Pixels, Pull
from featclass.encoders.graph import Graphs
from featclass.encoders.identity import fingerprint
from featclass.encoders.precision import FLOAT32
from featclass.encoders.preprocessing import Preprocessing

if TYPE_CHECKING:
    from openvino import InferRequest, Model

Floats = NDArray[np.float32]

BATCH: Final = 8
"""Images that the last of several parts takes at once: it has most of the weights."""
ALONE: Final = 1
"""Those that a part with large maps takes: of more, each takes as long, and all more memory."""

Chain = tuple["_Part", ...]
"""Parts of a network that follow each other: all but the last in float32."""


class OpenVinoNetwork:
    """An `Encoder` of one network, or of several side by side that see the same pixels.

    An embedding does not depend on its batch, on what runs beside it, or on the run: every image
    takes the same way through the same instructions.
    """

    device: str = "cpu"
    patch: int | None = None

    def __init__(
        self,
        networks: Sequence[Graphs],
        preprocessing: Preprocessing,
        *,
        spec: str,
        id: str,
        dimensions: int,
        precision: str,
    ) -> None:
        self.spec = spec
        self.id = id
        self.dimensions = len(networks) * dimensions
        self.precision = precision
        self.fingerprint = fingerprint(id, precision)
        self.side: int | None = preprocessing.side
        self.batch_size = BATCH if len(networks[0].parts) > 1 else ALONE
        self.workers = processors.count()
        self._preprocessing = preprocessing
        self._graphs = networks
        self._chains: list[Chain] = []
        for graphs in networks:
            *fine, last = graphs.parts
            parts = [_Part(part, FLOAT32, self.workers) for part in fine]
            self._chains.append((*parts, _Part(last, precision, self.workers)))
        self._inspected: list[Chain] | None = None
        self._together = ThreadPoolExecutor(self.workers, "encode")
        # An interpreter that ends while a thread is inside the library may crash.
        atexit.register(self._together.shutdown, cancel_futures=True)

    def preprocess(self, image: Image.Image) -> Pixels:
        """See `Encoder`: 8 bits of shape (height, width, 3)."""
        return self._preprocessing.pixels(image)

    def encode(self, pixels: Pixels, *, threads: int | None = None) -> Floats:
        """See `Encoder`; all processors together take networks and images apart."""
        per_network = self._run(self._chains, pixels, is_alone=threads == 1)
        return np.concatenate(per_network, axis=1)

    def _run(self, chains: Sequence[Chain], pixels: Pixels, *, is_alone: bool) -> list[Floats]:
        """Return what each chain makes of the pixels, in small batches."""
        most = self.batch_size
        step = most if is_alone else max(1, min(most, len(pixels) // self.workers))
        batches = [pixels[start : start + step] for start in range(0, max(len(pixels), 1), step)]
        tasks = [(chain, batch) for chain in chains for batch in batches]
        parts = list(map(_through, tasks) if is_alone else self._together.map(_through, tasks))
        each = len(batches)
        return [np.concatenate(parts[first : first + each]) for first in range(0, len(parts), each)]

    def release(self) -> None:
        """See `Releasing`."""
        for part in itertools.chain(*self._chains, *(self._inspected or ())):
            part.release()

    def kept(self, size: tuple[int, int]) -> Box | None:
        """See `Inspectable`."""
        return self._preprocessing.kept(size)

    def features(self, pixels: Pixels) -> Floats | None:
        """See `Inspectable`: those of all networks at a place, one after the other."""
        if self._inspected is None:
            self._inspected = [
                (*chain[:-1], _Part(graphs.features, self.precision, 1))
                for chain, graphs in zip(self._chains, self._graphs, strict=True)
            ]
        maps = self._run(self._inspected, pixels, is_alone=True)
        return np.concatenate(maps, axis=1).transpose(0, 2, 3, 1)

    def gradients(self, pixels: Pixels, pull: Pull) -> None:
        """See `Inspectable`; it has none, and needs none, since an embedding is a mean."""


class _Part:
    """A part of a network, ready to be called from any thread."""

    def __init__(self, model: Model, precision: str, streams: int) -> None:
        self._compiled = runtime.compiled(model, precision=precision, streams=streams)
        self._free: SimpleQueue[InferRequest] = SimpleQueue()
        self._lock = threading.Lock()
        self._running = 0

    def __call__(self, values: Pixels | Floats, batch: int) -> Floats:
        """Return what it makes of the values, a row an image, `batch` of them at once."""
        with self._lock:
            self._running += 1
        try:
            return self._made(values, batch)
        finally:
            with self._lock:
                self._running -= 1

    def _made(self, values: Pixels | Floats, batch: int) -> Floats:
        try:
            request = self._free.get_nowait()
        except Empty:
            request = self._compiled.create_infer_request()
        made = []
        for start in range(0, max(len(values), 1), max(batch, 1)):
            some = np.ascontiguousarray(values[start : start + batch])
            request.infer({0: some}, share_inputs=True)
            made.append(np.array(request.get_output_tensor().data, np.float32))
        self._free.put(request)
        return np.concatenate(made) if len(made) > 1 else made[0]

    def release(self) -> None:
        """Give back the memory of maps, unless they are being made; the next are slower once."""
        with self._lock:
            if not self._running:
                self._compiled.release_memory()


def _through(task: tuple[Chain, Pixels]) -> Floats:
    (*fine, last), pixels = task
    values: Pixels | Floats = pixels
    for part in fine:
        values = part(values, ALONE)
    return last(values, len(values))
