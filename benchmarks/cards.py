"""A GPU and a transformer on it: its peak, the operations of a pass, images a second.

A share of the peak is counted as in Chowdhery et al., "PaLM: Scaling Language Modeling with
Pathways", 2022, appendix B: the operations that the network needs, whatever was computed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks import models
from benchmarks.processes import LeftOut

FLOAT32, MIXED, BFLOAT16, COMPILED = "float32", "mixed", "bfloat16", "bfloat16, compiled"
CARD = "card"
PRECISIONS = (FLOAT32, MIXED, BFLOAT16, COMPILED)
PEAKS = {
    "H200": 989.4, "H100 PCIe": 756.0, "H100 NVL": 835.0, "H100": 989.4, "A100": 312.0,
    "L40S": 362.0, "L4": 121.0, "T4": 65.0, "RTX 4090": 165.2,
}  # fmt: skip
"""Dense bfloat16 with float32 sums, TFLOP/s, from data sheets, by a word of the card's name.

A T4 has no bfloat16: its figure is that of float16.
"""
BATCHES = {"cuda": (64, 256), "cpu": (4,), "mps": (32,)}
SECONDS = {"cuda": 2.0, "cpu": 0.3, "mps": 2.0}
MATRIX = {"cuda": 8192, "cpu": 512, "mps": 4096}


@dataclass(frozen=True, slots=True)
class Card:
    """What a GPU can do at most, TFLOP/s in bfloat16."""

    name: str
    peak: float
    """By its data sheet, or by a large product of matrices where that is not known."""
    product: float
    """Attained by a large product of matrices."""
    operations: float
    """Of one image's forward pass, 10^12; a multiplication with its addition counts twice."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Images a second, and the batch at which."""

    rate: float
    batch: int


def peak(name: str) -> float | None:
    """Return the peak of a card by its name, TFLOP/s."""
    words = name.replace("-", " ")
    return next((peak for card, peak in PEAKS.items() if re.search(rf"\b{card}\b", words)), None)


def maker(spec: str, device: str) -> Callable[[str], Card | Speed]:
    """Return what tells of the card (`CARD`), or the network's speed in a precision."""
    module, side = _module(spec)
    module.requires_grad_(False)

    def measure(what: str) -> Card | Speed:
        return card(module, side, device) if what == CARD else forward(module, side, device, what)

    return measure


def card(module: Any, side: int, device: str) -> Card:
    """Return what the card can do, and the operations of the network for an image."""
    import torch

    name = torch.cuda.get_device_name() if device == "cuda" else f"no GPU ({device})"
    product = _product(device)
    return Card(name, peak(name) or product, product, _operations(module, side))


def forward(module: Any, side: int, device: str, precision: str) -> Speed:
    """Return the speed of a forward pass, pixels on the device already."""
    import torch

    dtype = torch.bfloat16 if precision in (BFLOAT16, COMPILED) else torch.float32
    network: Any = module.to(device, dtype)
    if precision == COMPILED:
        network = torch.compile(network)
    speeds: list[Speed] = []
    # Compiled for one size alone: each takes half a minute.
    for size in BATCHES[device][-1:] if precision == COMPILED else BATCHES[device]:
        pixels = torch.randn(size, 3, side, side, device=device, dtype=dtype)
        # As featclass computes where a GPU has float16: see encoders/network.py.
        half = torch.autocast(device, torch.float16) if precision == MIXED else nullcontext()
        with torch.inference_mode(), half:
            try:
                seconds = _seconds(partial(network, pixels), device)
            except torch.OutOfMemoryError:
                break
        speeds.append(Speed(size / seconds, size))
    if not speeds:
        raise LeftOut(f"{BATCHES[device][0]} images do not fit in the memory of the card")
    return max(speeds, key=lambda speed: speed.rate)


def _module(spec: str) -> tuple[Any, int]:
    module = models.published_module(spec)[0].eval()
    size = getattr(module, "image_size", None) or module.default_cfg["input_size"][-1]
    return module, size if isinstance(size, int) else size[0]


def _operations(module: Any, side: int) -> float:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    torch.backends.mha.set_fastpath_enabled(False)  # what it fuses would not be counted
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.zeros(1, 3, side, side))
    torch.backends.mha.set_fastpath_enabled(True)
    return float(counter.get_total_flops()) / 1e12


def _product(device: str) -> float:
    import torch

    side = MATRIX[device]
    left, right = torch.randn(2, side, side, device=device).to(torch.bfloat16)
    return 2 * side**3 / _seconds(lambda: left @ right, device) / 1e12


def _seconds(call: Callable[[], Any], device: str) -> float:
    """Return the seconds of one call of many, all of them finished."""
    for _ in range(3):
        call()
    _finish(device)
    count, spent, started = 0, 0.0, time.perf_counter()
    while spent < SECONDS[device]:
        for _ in range(4):  # a GPU has its next call waiting
            call()
        _finish(device)
        count += 4
        spent = time.perf_counter() - started
    return spent / count


def _finish(device: str) -> None:
    import torch

    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()
