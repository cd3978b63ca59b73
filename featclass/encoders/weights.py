"""Weights files: read without executing anything in them, and found damaged in a sentence."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from featclass.base import EncoderUnavailable
from featclass.encoders import devices

log = logging.getLogger(__name__)


def read(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a safetensors file or torch checkpoint by name, on the CPU."""
    if path.suffix == ".safetensors":
        content: dict[str, Any] = safetensors.torch.load_file(path)
    else:
        content = torch.load(path, map_location="cpu", weights_only=True)
    tensors: dict[str, torch.Tensor] = content
    if isinstance(content.get("state_dict"), dict):  # a whole training checkpoint
        tensors = content["state_dict"]
    # Training on several GPUs puts a prefix before every name.
    return {name.removeprefix("module."): tensor for name, tensor in tensors.items()}


class InFloat32(Mapping[str, torch.Tensor]):
    """Tensors by name, each in float32 only while it is looked at; whole numbers stay such."""

    def __init__(self, tensors: Mapping[str, torch.Tensor]) -> None:
        self._tensors = tensors

    def __getitem__(self, name: str) -> torch.Tensor:
        tensor = self._tensors[name]
        return tensor.float() if tensor.is_floating_point() else tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)


@contextmanager
def reading(path: Path, spec: object) -> Iterator[None]:
    """Turn what libraries raise over unusable weights into `EncoderUnavailable`."""
    try:
        yield
    except EncoderUnavailable:
        raise
    except Exception as error:  # a library's own, over bytes that it cannot use
        if isinstance(error, RuntimeError) and devices.is_out_of_memory(error):
            raise EncoderUnavailable(
                f"There is not enough memory on this machine for {spec}; choose a smaller encoder."
            ) from error
        log.info("%s: %s", path, error)
        raise EncoderUnavailable(
            f"The weights of {spec} in {path} are damaged, or belong to another network: delete"
            " the file and download it again."
        ) from error
