"""Forward passes of one network by torch, ONNX Runtime and OpenVINO, and what each attains."""

from __future__ import annotations

import copy
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

from benchmarks import networks
from benchmarks.networks import Pixels

FLOAT32, BFLOAT16 = "float32", "bfloat16"
TORCH, ONNX_RUNTIME, OPENVINO = "torch", "ONNX Runtime", "OpenVINO"
RUNTIMES = (
    (TORCH, FLOAT32), (TORCH, BFLOAT16), (ONNX_RUNTIME, FLOAT32),
    (OPENVINO, FLOAT32), (OPENVINO, BFLOAT16),
)  # fmt: skip
"""ONNX Runtime has no bfloat16 on x86."""
SIZES = {"cpu": (1, 4, 8, 16, 32), "cuda": (32, 256), "mps": (32, 64)}
CORES = os.cpu_count() or 1
SAME = 0.995
"""The least cosine to torch's float32 embedding of a pass that counts.

EfficientNet-Lite0 in bfloat16 has 0.9988 or more on the pictures made here, whose grain is finer
than that of photos, where it has 0.9997.
"""

Run = Callable[[], Any]
Bind = Callable[[Pixels], Run]
"""Takes a batch; returns what computes its embeddings anew at each call, in the calling thread."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to compute: `callers` batches at once with a thread each, or one with all threads."""

    runtime: str
    precision: str
    batch: int
    callers: int

    def __str__(self) -> str:
        if self.callers == 1:
            return f"{self.name}, batches of {self.batch}, all threads"
        return f"{self.name}, batches of {self.batch}, one to a processor"

    @property
    def name(self) -> str:
        return f"{self.runtime} {self.precision}"


@dataclass(frozen=True, slots=True)
class Subject:
    """A network as each runtime takes it."""

    module: Any
    onnx: Path | None
    """None where it could not be exported: torch alone, then."""
    device: str


def ways(device: str, *, quick: bool) -> list[Way]:
    """Return what may be the fastest: any batch a thread each, the smallest and largest with all.

    Beside a GPU there is torch alone, a batch after the other.
    """
    sizes = SIZES[device][1:2] if quick and device == "cpu" else SIZES[device]
    if device != "cpu":
        return [Way(*how, size, 1) for how in RUNTIMES[:2] for size in sizes]
    several = [Way(*how, size, CORES) for how in RUNTIMES for size in sizes]
    alone = [Way(*how, size, 1) for how in RUNTIMES for size in (sizes[0], sizes[-1])]
    return several + ([way for way in alone if way not in several])


def opened(way: Way, subject: Subject) -> Bind:
    """Prepare one way; raises `ModuleNotFoundError` where its runtime is not installed."""
    open_: dict[str, Callable[[Way, Subject], Bind]] = {
        TORCH: _torch,
        ONNX_RUNTIME: _onnx_runtime,
        OPENVINO: _openvino,
    }
    return open_[way.runtime](way, subject)


def _torch(way: Way, subject: Subject) -> Bind:
    import torch

    dtype = getattr(torch, way.precision)
    convolutions = [part for part in subject.module.modules() if isinstance(part, torch.nn.Conv2d)]
    layout = torch.channels_last if len(convolutions) > 1 else torch.contiguous_format
    # A copy: weights once rounded to bfloat16 do not come back.
    module = copy.deepcopy(subject.module).to(subject.device, dtype, memory_format=layout)

    def bind(batch: Pixels) -> Run:
        torch.set_num_threads(1 if way.callers > 1 else CORES)  # of this thread alone
        pixels = torch.from_numpy(batch).to(subject.device, dtype, memory_format=layout)

        def run() -> Any:
            with torch.inference_mode():
                return module(pixels).float().cpu().numpy()

        return run

    return bind


def _onnx_runtime(way: Way, subject: Subject) -> Bind:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1 if way.callers > 1 else CORES
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        str(subject.onnx), options, providers=["CPUExecutionProvider"]
    )
    return lambda batch: lambda: session.run(None, {"pixels": batch})[0]


def _openvino(way: Way, subject: Subject) -> Bind:
    core = networks.openvino().Core()
    model = core.read_model(subject.onnx)
    [_, *rest] = model.inputs[0].partial_shape
    model.reshape([way.batch, *rest])  # compiled for this very size
    streams, hint = (CORES, "THROUGHPUT") if way.callers > 1 else (1, "LATENCY")
    compiled = core.compile_model(
        model,
        "CPU",
        {
            "PERFORMANCE_HINT": hint,
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": CORES,
            "INFERENCE_PRECISION_HINT": {FLOAT32: "f32", BFLOAT16: "bf16"}[way.precision],
        },
    )

    def bind(batch: Pixels) -> Run:
        request = compiled.create_infer_request()

        def run() -> Any:
            request.infer([batch], share_inputs=True)
            return request.get_output_tensor().data

        return run

    return bind


def rate(bind: Bind, batch: NDArray[Any], callers: int, seconds: float) -> float:
    """Return images a second of so many callers at once, each with the batch, for so long."""
    start = threading.Barrier(callers)

    def call(_: int) -> float:
        run = bind(batch)
        run()
        start.wait()
        rounds, spent, started = 0, 0.0, time.perf_counter()
        while spent < seconds or rounds < 2:
            run()
            rounds += 1
            spent = time.perf_counter() - started
        return rounds * len(batch) / spent

    with ThreadPoolExecutor(callers) as pool:
        return sum(pool.map(call, range(callers)))


def cosines(embeddings: NDArray[Any], reference: NDArray[Any]) -> NDArray[np.float64]:
    """Return the cosine of each embedding to that of the same picture."""
    pairs = np.asarray(embeddings, np.float64), np.asarray(reference, np.float64)
    lengths = [np.linalg.norm(vectors, axis=1) for vectors in pairs]
    return np.asarray((pairs[0] * pairs[1]).sum(axis=1) / (lengths[0] * lengths[1]))


def repeated(items: Sequence[NDArray[Any]], count: int) -> NDArray[Any]:
    """Stack so many, over and over again where there are fewer."""
    return np.stack([items[place % len(items)] for place in range(count)])
