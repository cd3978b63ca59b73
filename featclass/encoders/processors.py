"""What there is to compute with, found without torch: processors, and a sign of a GPU."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from pathlib import Path
from typing import Final

from featclass.base import EncoderUnavailable

CHOICES: Final = ("auto", "cpu", "cuda", "mps")

_NAMES: Final = {"cuda": "NVIDIA GPU (cuda)", "mps": "Apple GPU (mps)"}
_DRIVERS: Final = ("/dev/nvidiactl", "/dev/dxg", "/dev/nvhost-ctrl", "/proc/driver/nvidia/version")
"""Of NVIDIA on Linux, in its subsystem for Windows, and on boards with a GPU of their own."""


def choose_device(requested: str = "auto") -> str:
    """Return `cpu`, `cuda` or `mps`; `auto` takes a GPU where there is one.

    Imports torch, which takes seconds, only where there may be a GPU. Raises `EncoderUnavailable`
    where the device asked for is not in this machine.
    """
    if requested not in CHOICES:
        raise EncoderUnavailable(
            f"There is no device {requested!r}; choose one of {', '.join(CHOICES)}."
        )
    if requested == "cpu" or (requested == "auto" and not may_have_gpu()):
        return "cpu"
    present = _of_torch() if may_have_gpu() else ()
    if requested == "auto":
        return next(iter(present), "cpu")
    if requested not in present:
        raise EncoderUnavailable(
            f"torch finds no {_NAMES[requested]} on this machine; use the device auto or cpu."
        )
    return requested


def _of_torch() -> tuple[str, ...]:
    from featclass.encoders import devices

    return devices.present()


@cache
def may_have_gpu() -> bool:
    """Say whether there is a driver or a processor that comes with a GPU torch can use."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if sys.platform == "win32":
        return (Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32/nvcuda.dll").exists()
    return any(Path(driver).exists() for driver in _DRIVERS)


@cache
def count() -> int:
    """Return how many processors encoders may use: what OMP_NUM_THREADS says, or all there are."""
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
