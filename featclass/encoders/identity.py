"""What makes two encoders the same: the encoder id, and the fingerprint of its embeddings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import torch

from featclass.images import DECODING_VERSION


def encoder_id(
    architecture: Mapping[str, Any],
    preprocessing: Mapping[str, Any],
    weights: Mapping[str, torch.Tensor],
) -> str:
    """Return the SHA-256, in hexadecimal, of what decides an embedding in exact arithmetic.

    `weights` enter in the order of their names, each as name, dtype, shape and bytes, so that the
    format of the file they were read from makes no difference.
    """
    digest = hashlib.sha256(_canonical({"architecture": architecture, "input": preprocessing}))
    for name in sorted(weights):
        tensor = weights[name].detach().cpu().contiguous()
        digest.update(_canonical([name, str(tensor.dtype), list(tensor.shape)]))
        # Seen as bytes, since numpy has no bfloat16.
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def fingerprint(id: str, precision: str) -> str:
    """Return the SHA-256, in hexadecimal, under which embeddings may be kept and compared."""
    return hashlib.sha256(_canonical([id, precision, DECODING_VERSION])).hexdigest()


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=list).encode()
