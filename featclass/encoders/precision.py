"""How precisely an encoder computes: what was asked for, and what a device then does. No torch."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Final

from featclass.base import PRECISIONS, EncoderUnavailable

AUTO: Final = "auto"
FLOAT32: Final = "float32"
BFLOAT16: Final = "bfloat16"
MIXED: Final = "mixed"
"""float16 where it is safe, float32 elsewhere: what a GPU of NVIDIA does unless told otherwise."""

_FLAGS: Final = {"amx_bf16", "amx_tile"}
_CPUINFO: Final = Path("/proc/cpuinfo")


def precision_class(device: str, wanted: str = AUTO) -> str:
    """Return `float32`, `bfloat16` or `mixed`: part of the fingerprint of an embedding.

    `device` is `cpu`, `cuda` or `mps`; `auto` is what is fastest there and, for a probe, as good.
    Raises `EncoderUnavailable` where there is no such precision.
    """
    if wanted not in PRECISIONS:
        raise EncoderUnavailable(
            f"There is no precision {wanted!r}; choose one of {', '.join(PRECISIONS)}."
        )
    if wanted != AUTO:
        return wanted
    if device == "cuda":
        return MIXED
    return BFLOAT16 if device == "cpu" and has_amx() else FLOAT32


@cache
def has_amx() -> bool:
    """Say whether this processor multiplies matrices of bfloat16 in tiles (Intel's AMX).

    Only Linux tells, and has to let processes use it; elsewhere the answer is no.
    """
    if sys.platform != "linux":
        return False
    try:
        text = _CPUINFO.read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    lines = (line.partition(":") for line in text.splitlines())
    flags = next((listed for name, _, listed in lines if name.strip() == "flags"), "")
    return set(flags.split()) >= _FLAGS
