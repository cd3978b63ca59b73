"""OpenCLIP models with weights drawn at random."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import open_clip
import torch
from safetensors.torch import save_file

from featclass import encoders
from featclass.base.config import Config

TEXT = {"context_length": 8, "vocab_size": 32, "width": 16, "heads": 2, "layers": 1}
VISION = {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8}
CONFIGS: dict[str, dict[str, Any]] = {
    "CLIP": {"embed_dim": 16, "vision_cfg": VISION, "text_cfg": TEXT},
    "CLIP, QuickGELU": {
        "embed_dim": 16, "vision_cfg": VISION, "text_cfg": TEXT, "quick_gelu": True,
    },
    "CLIP, ResNet": {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "head_width": 8},
        "text_cfg": TEXT,
    },
    "custom text": {
        "embed_dim": 16, "vision_cfg": VISION, "text_cfg": TEXT, "custom_text": True,
    },
    "CoCa": {
        "embed_dim": 16,
        "vision_cfg": VISION | {
            "attentional_pool": True, "attn_pooler_heads": 2, "output_tokens": True,
        },
        "text_cfg": TEXT | {"embed_cls": True, "output_tokens": True},
        "multimodal_cfg": TEXT | {"attn_pooler_heads": 2},
        "custom_text": True,
    },
    "SigLIP": {
        "embed_dim": 64,
        "init_logit_bias": -10,
        "vision_cfg": {
            "image_size": 160, "timm_model_name": "test_vit",
            "timm_model_pretrained": False, "timm_pool": "map", "timm_proj": "none",
        },
        "text_cfg": TEXT | {"no_causal_mask": True, "proj_bias": True, "pool_type": "last"},
        "custom_text": True,
    },
    "timm, convolutional": {
        "embed_dim": 16,
        "vision_cfg": {
            "image_size": 64, "timm_model_name": "test_efficientnet", "timm_pool": "avg",
            "timm_proj": "linear",
        },
        "text_cfg": TEXT,
        "custom_text": True,
    },
}  # fmt: skip


def write_model(folder: Path, config: dict[str, Any], preprocessing: dict[str, Any]) -> Path:
    """Make a folder that OpenCLIP itself can load, with generated weights."""
    folder.mkdir(parents=True)
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": config, "preprocess_cfg": preprocessing})
    )
    torch.manual_seed(7)
    model: Any = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    # Batch norms begin as zero or one, which would hide what they do.
    tensors = {
        name: tensor + 0.1 * torch.rand_like(tensor) if tensor.ndim == 1 else tensor
        for name, tensor in model.state_dict().items()
    }
    save_file(tensors, folder / "open_clip_model.safetensors")
    return folder


def load_folder(folder: Path, config: Config) -> encoders.Encoder:
    return encoders.load(f"local-dir:{folder}", device="cpu", precision="float32", config=config)
