"""The built-in networks on a processor: OpenVINO's graphs as an encoder."""

from __future__ import annotations

import atexit
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
        self._chains = [_Chain(graphs.parts, precision, self.workers) for graphs in networks]
        self._inspected: list[_Chain] | None = None
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

    def _run(self, chains: Sequence[_Chain], pixels: Pixels, *, is_alone: bool) -> list[Floats]:
        """Return what each chain makes of the pixels, in small batches."""
        most = self.batch_size
        step = most if is_alone else max(1, min(most, len(pixels) // self.workers))
        batches = [pixels[start : start + step] for start in range(0, max(len(pixels), 1), step)]
        tasks = [(chain, batch) for chain in chains for batch in batches]
        parts = list(map(_do, tasks) if is_alone else self._together.map(_do, tasks))
        each = len(batches)
        return [np.concatenate(parts[first : first + each]) for first in range(0, len(parts), each)]

    def release(self) -> None:
        """See `Releasing`."""
        for chain in (*self._chains, *(self._inspected or ())):
            chain.release()

    def kept(self, size: tuple[int, int]) -> Box | None:
        """See `Inspectable`."""
        return self._preprocessing.kept(size)

    def features(self, pixels: Pixels) -> Floats | None:
        """See `Inspectable`: those of all networks at a place, one after the other."""
        if self._inspected is None:
            self._inspected = [
                _Chain((*graphs.parts[:-1], graphs.features), self.precision, 1)
                for graphs in self._graphs
            ]
        maps = self._run(self._inspected, pixels, is_alone=True)
        return np.concatenate(maps, axis=1).transpose(0, 2, 3, 1)

    def gradients(self, pixels: Pixels, pull: Pull) -> None:
        """See `Inspectable`; it has none, and needs none, since an embedding is a mean."""


def _do(task: tuple[_Chain, Pixels]) -> Floats:
    chain, pixels = task
    return chain(pixels)


class _Chain:
    """Parts of a network that follow each other: all but the last in float32."""

    def __init__(self, parts: Sequence[Model], precision: str, streams: int) -> None:
        *fine, last = parts
        self._parts = [
            *(runtime.compiled(part, precision=FLOAT32, streams=streams) for part in fine),
            runtime.compiled(last, precision=precision, streams=streams),
        ]
        self._free: SimpleQueue[list[InferRequest]] = SimpleQueue()
        self._lock = threading.Lock()
        self._running = 0

    def __call__(self, pixels: Pixels) -> Floats:
        """Return what the last part makes of pixels, a row an image; from any thread."""
        with self._lock:
            self._running += 1
        try:
            return self._made(pixels)
        finally:
            with self._lock:
                self._running -= 1

    def _made(self, pixels: Pixels) -> Floats:
        try:
            requests = self._free.get_nowait()
        except Empty:
            requests = [part.create_infer_request() for part in self._parts]
        values: Pixels | Floats = pixels
        for request in requests[:-1]:
            values = _inferred(request, values, ALONE)
        made = _inferred(requests[-1], values, len(pixels))
        self._free.put(requests)
        return made

    def release(self) -> None:
        """Give back the memory of maps, unless they are being made; the next are slower once."""
        with self._lock:
            if not self._running:
                for part in self._parts:
                    part.release_memory()


def _inferred(request: InferRequest, values: Pixels | Floats, batch: int) -> Floats:
    """Return what one part makes of the values, `batch` images at once."""
    made = []
    for start in range(0, max(len(values), 1), max(batch, 1)):
        some = np.ascontiguousarray(values[start : start + batch])
        request.infer({0: some}, share_inputs=True)
        made.append(np.array(request.get_output_tensor().data, np.float32))
    return np.concatenate(made) if len(made) > 1 else made[0]
