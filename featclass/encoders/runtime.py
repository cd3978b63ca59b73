"""OpenVINO, loaded late, and without the part of it that reports its use to its maker."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from featclass.encoders.precision import BFLOAT16

if TYPE_CHECKING:
    from openvino import CompiledModel, Model, Node

REPORTING: Final = "openvino.tools.ovc"
"""What opens a telemetry session while it is imported: the converter of other libraries' models."""


def is_here() -> bool:
    """Say whether OpenVINO can be used on this machine; there are some without a build of it."""
    return _library() is not None


@cache
def _library() -> Any:
    with _silent():
        try:
            import openvino
            import openvino.opset13
        except (ImportError, OSError):  # OSError: a library of the system that it needs
            return None
    return openvino


@contextmanager
def _silent() -> Iterator[None]:
    """Keep `import openvino` from importing what reports; it does without.

    featclass sends nothing to anybody. Where somebody imported that before, it was their choice.
    """
    if REPORTING in sys.modules:
        yield
        return
    sys.modules[REPORTING] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[REPORTING]


def operations() -> Any:
    """Return OpenVINO's functions that make nodes of a graph."""
    return _library().opset13


def model(outputs: Sequence[Node], inputs: Sequence[Node]) -> Model:
    """Return the graph between some nodes."""
    return _library().Model(list(outputs), list(inputs))


def compiled(model: Model, *, precision: str, streams: int) -> CompiledModel:
    """Have a graph ready to run, `streams` times at once, each on a processor of its own."""
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if precision == BFLOAT16 else "f32",
        "NUM_STREAMS": streams,
        "INFERENCE_NUM_THREADS": streams,
        # Other threads of this process decode meanwhile, wherever there is room.
        "ENABLE_CPU_PINNING": False,
    }
    return _core().compile_model(model, "CPU", settings)


@cache
def _core() -> Any:
    return _library().Core()
