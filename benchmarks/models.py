"""The encoders under test, as featclass loads them and as its rivals do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.processes import Process

BUILTIN = "builtin"
VIT = "ViT-B-32"
IMAGENET_MEAN = [0.48145466, 0.4578275, 0.40821073]
IMAGENET_STD = [0.26862954, 0.26130258, 0.27577711]


def generate(folder: Path) -> str:
    """Write ViT-B-32 with seeded weights as an OpenCLIP folder; returns the spec.

    The image tower is the whole one. Of the text tower, which nothing here uses, there is as
    little as OpenCLIP allows.
    """
    import open_clip
    import torch
    from safetensors.torch import save_file

    config = open_clip.get_model_config(VIT)
    config["text_cfg"] = {
        "context_length": 8, "vocab_size": 32, "width": 64, "heads": 1, "layers": 1,
    }  # fmt: skip
    torch.manual_seed(0)
    model = open_clip.CLIP(**config)
    folder.mkdir(parents=True)
    preprocess = {"mean": IMAGENET_MEAN, "std": IMAGENET_STD}
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": config, "preprocess_cfg": preprocess})
    )
    tensors = {name: value.contiguous() for name, value in model.state_dict().items()}
    save_file(tensors, folder / "open_clip_model.safetensors")
    return f"local-dir:{folder}"


def specs(folder: Path) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return name and spec of both encoders; the weights of one are written into `folder`."""
    with Process(_generator) as process:
        return (VIT, process.ask(folder / VIT).value), (BUILTIN, BUILTIN)


def _generator() -> Callable[[Path], str]:
    return generate


def as_published(spec: str, device: str) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Return forward pass and preprocessing as the README of OpenCLIP, or of timm, has them."""
    import torch

    if spec == BUILTIN:
        import timm

        from featclass.encoders import builtin_torch, lite
        from featclass.encoders.timm_models import evaluation_transform

        module: Any = timm.create_model(lite.LITE0.architecture, pretrained=False)
        module.load_state_dict(builtin_torch.named(lite.LITE0, module))
        module.reset_classifier(0)
        forward, transform = module.eval().to(device), evaluation_transform(module)[0]
    else:
        import open_clip

        module, transform = open_clip.create_model_from_pretrained(spec, device=device)
        forward = module.eval().encode_image

    def embed(batch: torch.Tensor) -> Any:
        with torch.no_grad(), torch.autocast("cuda", enabled=device == "cuda"):
            return forward(batch.to(device)).float().cpu().numpy()

    return embed, transform
