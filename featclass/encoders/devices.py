"""Which device an encoder runs on, and how precisely it computes there."""

from __future__ import annotations

import threading

import torch

# Large enough to keep the device busy, small enough that a live prediction does not wait long for
# a batch of a bulk job.
_BATCH_SIZES = {"cpu": 16, "cuda": 256, "mps": 64}
# On a processor the feature maps of more images than that do not fit in the cache of its core.
_CONVOLUTIONAL_BATCH = 4

_THREADS = threading.local()
CORES = torch.get_num_threads()
"""The processors torch may use: physical cores, or what OMP_NUM_THREADS says."""


def present() -> tuple[str, ...]:
    """Return the GPUs of this machine that torch can use, of `cuda` and `mps`."""
    is_there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return tuple(device for device in is_there if is_there[device])


def precision_class(device: str) -> str:
    """Return `mixed` (float16 where it is safe, float32 elsewhere) on CUDA, else `float32`."""
    return "mixed" if device == "cuda" else "float32"


def first_batch_size(device: str, *, convolutional: bool) -> int:
    """Return how many images to try in one forward pass."""
    if convolutional and device == "cpu":
        return _CONVOLUTIONAL_BATCH
    return _BATCH_SIZES[device]


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
