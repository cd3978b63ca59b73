"""Which device an encoder runs on, and what is set there for its precision."""

from __future__ import annotations

import logging
import threading

import torch

from featclass.base import EncoderUnavailable
from featclass.encoders.precision import BFLOAT16, FLOAT32, has_amx

log = logging.getLogger(__name__)

# Large enough to keep the device busy, small enough that a live prediction does not wait long for
# a batch of a bulk job.
_BATCH_SIZES = {"cuda": 256, "mps": 64}
# On a processor the feature maps of more images, of a convolutional network, do not fit in the
# cache of its core; and reading the weights of a transformer takes as long as 16 images do in
# bfloat16, whose arithmetic takes a fifth of the time.
_FLOAT32_BATCHES = {True: 4, False: 16}
_BFLOAT16_BATCHES = {True: 8, False: 32}

_THREADS = threading.local()
CORES = torch.get_num_threads()
"""The processors torch may use: physical cores, or what OMP_NUM_THREADS says."""


def present() -> tuple[str, ...]:
    """Return the GPUs of this machine that torch can use, of `cuda` and `mps`."""
    is_there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return tuple(device for device in is_there if is_there[device])


def prepare(device: str, precision: str) -> None:
    """See that the device computes in this precision class, and in no lower one.

    Says so in the log where it does, but slowly. Raises `EncoderUnavailable` where it cannot.
    """
    if precision == FLOAT32 and device == "cuda":
        # TF32 keeps 11 significant bits; for convolutions torch takes it unless told otherwise.
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    if precision != BFLOAT16:
        return
    try:
        one = torch.ones(1, 1, dtype=torch.bfloat16, device=device)
        (one @ one).float().cpu()
    except (RuntimeError, TypeError) as error:
        raise EncoderUnavailable(
            f"torch cannot compute in bfloat16 on the device {device} of this machine; use the"
            " precision auto or float32."
        ) from error
    if device == "cpu" and not has_amx():
        log.warning(
            "This processor has no AMX: in bfloat16 it computes more slowly than in float32,"
            " which the precision auto would choose."
        )


def first_batch_size(device: str, *, convolutional: bool, precision: str = FLOAT32) -> int:
    """Return how many images to try in one forward pass: what was measured fastest a core."""
    sizes = _BFLOAT16_BATCHES if precision == BFLOAT16 else _FLOAT32_BATCHES
    return sizes[convolutional] if device == "cpu" else _BATCH_SIZES[device]


def workers(device: str) -> int:
    """Return how many forward passes run best at the same time.

    On a processor one for each core, each with a single thread: threads that share a pass wait
    for each other at every layer, and for whoever is decoding on their core.
    """
    return CORES if device == "cpu" else 1


def use_threads(count: int) -> None:
    """Have torch compute with so many threads whatever the calling thread asks of it."""
    # torch throws away what it prepared for convolutions each time it is told.
    if getattr(_THREADS, "count", None) != count:
        torch.set_num_threads(count)
        _THREADS.count = count


def is_out_of_memory(error: RuntimeError) -> bool:
    """Say whether `error` means that a smaller batch may succeed.

    Only CUDA's allocator has its own exception; MPS, cuBLAS and the CPU's allocator say so in
    words alone.
    """
    words = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")
    return isinstance(error, torch.OutOfMemoryError) or any(word in str(error) for word in words)


def free_cached_memory(device: str) -> None:
    """Give back what the allocator keeps for later, so that a smaller batch finds room."""
    if device == "cuda":
        torch.cuda.empty_cache()
    elif device == "mps":
        torch.mps.empty_cache()
