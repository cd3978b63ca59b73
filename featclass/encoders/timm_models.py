"""Encoders from timm: networks trained to classify, without their last layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import timm
import timm.data
import torch
from PIL import Image

from featclass.encoders import specs, weights
from featclass.encoders.hub import Checkpoint
from featclass.encoders.network import Network
from featclass.encoders.precision import FLOAT32

_WEIGHTS = ("model.safetensors", "pytorch_model.bin")


def canonical(spec: specs.TimmModel) -> specs.TimmModel:
    """Return `spec` with the tag of its checkpoint.

    Raises `EncoderUnavailable` where timm has no such model, or none with weights on the Hub.
    """
    known = [
        name
        for name in timm.list_models(pretrained=True)
        if (config := timm.get_pretrained_cfg(name)) and config.hf_hub_id
    ]
    if spec.name in known:
        return spec
    # Without a tag, timm takes the first of them.
    if "." not in spec.name and timm.is_model(spec.name):
        config = timm.get_pretrained_cfg(spec.name)
        if config and f"{spec.name}.{config.tag}" in known:
            return specs.TimmModel(f"{spec.name}.{config.tag}")
    names = {*known, *(name.partition(".")[0] for name in known)}
    raise specs.unknown(str(spec), known=sorted(f"timm:{name}" for name in names))


def checkpoint(spec: specs.TimmModel) -> Checkpoint:
    """Return the files of a canonical spec."""
    config: Any = timm.get_pretrained_cfg(spec.name)
    names = (config.hf_hub_filename,) if config.hf_hub_filename else _WEIGHTS
    return Checkpoint(config.hf_hub_id, names)


def load(spec: specs.TimmModel, path: Path, device: str, precision: str = FLOAT32) -> Network:
    """Load the network of a canonical spec from the weights in `path`.

    Raises `EncoderUnavailable` where they are damaged, or do not fill the network.
    """
    with weights.reading(path, spec):
        # With the classes it was trained for, since timm checks that weights are complete only
        # then; the last layer is dropped afterwards.
        module: Any = timm.create_model(
            spec.name, pretrained=True, pretrained_cfg_overlay={"file": str(path)}
        )
    module.reset_classifier(0)
    transform, preprocessing = evaluation_transform(module)
    return Network(
        module,
        transform,
        spec=str(spec),
        architecture={"library": "timm", "name": spec.name.partition(".")[0]},
        preprocessing=preprocessing,
        dimensions=module.head_hidden_size,
        device=device,
        precision=precision,
        features=getattr(module, "forward_features", None),
    )


def evaluation_transform(
    module: torch.nn.Module,
) -> tuple[Callable[[Image.Image], torch.Tensor], dict[str, Any]]:
    """Return timm's own preprocessing for evaluation, and the values that define it."""
    data: Any = timm.data
    values = data.resolve_model_data_config(module)
    return data.create_transform(**values, is_training=False), values
