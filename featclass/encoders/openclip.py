"""Encoders from OpenCLIP: the image tower of a model that learned from images and their texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.convert import convert_state_dict
from open_clip.model import resize_pos_embed
from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict

from featclass.base import EncoderUnavailable
from featclass.encoders import specs, text, weights
from featclass.encoders.hub import OPEN_CLIP_CONFIG, OPEN_CLIP_WEIGHTS, Checkpoint
from featclass.encoders.network import Network
from featclass.encoders.precision import BFLOAT16, FLOAT32

# What decides a model's input; further keys of OpenCLIP may come and go without changing an id.
_NOMINAL = ("size", "mean", "std", "interpolation", "resize_mode", "fill_color")

# The text tower is built as small as it gets, and thrown away: the real one may be twice as large
# as the image tower, or need a library and a download of its own.
_NO_TEXT = {"context_length": 1, "vocab_size": 1, "width": 8, "heads": 1, "layers": 1}


def checkpoint(spec: specs.OpenClipPair) -> Checkpoint:
    """Return where OpenCLIP says a pair's weights are; `EncoderUnavailable` if it has no such."""
    tag = open_clip.get_pretrained_cfg(spec.model, spec.pretrained)
    if not tag.get("hf_hub"):
        known = [f"{model}/{pretrained}" for model, pretrained in open_clip.list_pretrained()]
        raise specs.unknown(str(spec), known=known)
    repository, _, name = tag["hf_hub"].rpartition("/")
    if not name:
        return Checkpoint(repository, OPEN_CLIP_WEIGHTS)
    return Checkpoint(repository, (f"{Path(name).stem}.safetensors", name))


def load(
    spec: specs.OpenClipPair | specs.HubRepository | specs.LocalFolder,
    path: Path,
    device: str,
    precision: str = FLOAT32,
) -> Network:
    """Load the image tower from the weights in `path`, all of it or not at all.

    A repository or folder has its configuration beside the weights. Raises `EncoderUnavailable`
    where they are damaged, or do not fill the network.
    """
    with weights.reading(path, spec):
        if isinstance(spec, specs.OpenClipPair):
            model_config = open_clip.get_model_config(spec.model)
            preprocess_config = open_clip.get_pretrained_cfg(spec.model, spec.pretrained)
            # Checkpoints trained with QuickGELU are wrong without it, whatever the model's name.
            if preprocess_config.get("quick_gelu"):
                model_config["quick_gelu"] = True
        else:
            config = json.loads((path.parent / OPEN_CLIP_CONFIG).read_text(encoding="utf-8"))
            model_config, preprocess_config = config["model_cfg"], config.get("preprocess_cfg", {})
        model: Any = _image_tower(model_config, spec)
        if precision == BFLOAT16:  # so that the weights go straight there
            model.to(torch.bfloat16)
        tensors, names = _fill(model, path)
    preprocessing = merge_preprocess_dict(PreprocessCfg(), preprocess_config)
    preprocessing["size"] = getattr(model.visual, "image_size", preprocessing["size"])
    return Network(
        model,
        image_transform_v2(PreprocessCfg(**preprocessing), is_train=False),
        spec=str(spec),
        architecture=_architecture(model, model_config),
        preprocessing={key: preprocessing[key] for key in _NOMINAL},
        dimensions=model_config["embed_dim"],
        device=device,
        precision=precision,
        forward=model.encode_image,
        weights=tensors,
        texts=text.tower(model_config, path, spec, names),
    )


def _image_tower(config: Mapping[str, Any], spec: object) -> torch.nn.Module:
    """Build a model whose `encode_image` is OpenCLIP's own, and which has nothing else."""
    arguments = {**config, "text_cfg": _NO_TEXT}
    arguments.pop("custom_text", None)
    arguments["vision_cfg"] = {**config["vision_cfg"], "timm_model_pretrained": False}
    if ":" in (config["vision_cfg"].get("timm_model_name") or ""):
        raise EncoderUnavailable(
            f"{spec} takes its image tower from another repository, which featclass does not"
            " support; choose an encoder that is complete in itself."
        )
    if "multimodal_cfg" in config:
        arguments["multimodal_cfg"] = _NO_TEXT
        model: torch.nn.Module = open_clip.CoCa(**arguments)
    else:
        # Its image side is that of the plain CLIP class too.
        model = open_clip.CustomTextCLIP(**arguments)
    own = [name for name, _ in model.named_children() if name != "visual"]
    own += [name for name, _ in model.named_parameters(recurse=False)]
    own += [name for name, _ in model.named_buffers(recurse=False)]
    for name in own:
        delattr(model, name)
    return model


def _fill(model: torch.nn.Module, path: Path) -> tuple[Mapping[str, torch.Tensor], frozenset[str]]:
    """Load the image tower's weights; strictly, so that nothing is left at random.

    Returns them as they are in float32, and the names of all tensors that there are.
    """
    everything = weights.read(path)
    tensors = convert_state_dict(model, everything)
    visual = {name: tensor for name, tensor in tensors.items() if name.startswith("visual.")}
    resize_pos_embed(visual, model)
    model.load_state_dict(visual, strict=True)
    return weights.InFloat32(visual), frozenset(everything)


def _architecture(model: torch.nn.Module, config: Mapping[str, Any]) -> dict[str, Any]:
    # Only what differs from the defaults, so that a new option of OpenCLIP changes no id.
    defaults = asdict(open_clip.CLIPVisionCfg())
    vision = {key: value for key, value in config["vision_cfg"].items() if value != defaults[key]}
    return {
        "library": "open_clip",
        "class": type(model).__name__,
        "embed_dim": config["embed_dim"],
        "quick_gelu": bool(config.get("quick_gelu")),
        "vision": vision,
    }
