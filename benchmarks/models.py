"""The encoders under test, as featclass loads them and as its rivals do."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.processes import Process

BUILTIN, SMALL = "builtin", "builtin:small"
VIT, LARGE_VIT = "ViT-B-32", "ViT-L-14"
IMAGENET_MEAN = [0.48145466, 0.4578275, 0.40821073]
IMAGENET_STD = [0.26862954, 0.26130258, 0.27577711]
LITE0, LITE2 = "EfficientNet-Lite0", "EfficientNet-Lite2"
LARGE_LITE0 = "EfficientNet-Lite0 at 260 pixels"
NETWORKS = {BUILTIN: (LARGE_LITE0, LITE2), SMALL: (LITE0,), VIT: (VIT,)}
"""What computes the parts of an embedding, side by side: of the same pixels."""
TINY = {"layers": 2, "width": 64}
TIMM = {VIT: "vit_base_patch32_clip_224.openai", LARGE_VIT: "vit_large_patch14_clip_224.openai"}
TINY_TIMM = "vit_tiny_patch16_224.augreg_in21k"


def generate(folder: Path, name: str = VIT, *, tiny: bool = False) -> str:
    """Write one of OpenCLIP's models with seeded weights as an OpenCLIP folder; returns the spec.

    The image tower is the whole one, or with `tiny` two layers of it. Of the text tower, which
    nothing here uses, there is as little as OpenCLIP allows.
    """
    import open_clip
    import torch
    from safetensors.torch import save_file

    config = open_clip.get_model_config(name)
    config["text_cfg"] = {
        "context_length": 8, "vocab_size": 32, "width": 64, "heads": 1, "layers": 1,
    }  # fmt: skip
    config["vision_cfg"] |= TINY if tiny else {}
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


def generate_for_timm(folder: Path, name: str = VIT, *, tiny: bool = False) -> str:
    """Write timm's network of that name instead, where a run with `FEATCLASS_MODELS` finds it.

    For machines without OpenCLIP. With `tiny` it is the smallest transformer that timm has.
    """
    import timm
    import torch
    from safetensors.torch import save_file

    chosen = TINY_TIMM if tiny else TIMM[name]
    torch.manual_seed(0)
    config: Any = timm.get_pretrained_cfg(chosen)
    model: Any = timm.create_model(chosen, pretrained=False, num_classes=config.num_classes)
    repository = f"models--{config.hf_hub_id.replace('/', '--')}"
    place = folder / repository / "snapshots" / "main"
    place.mkdir(parents=True)
    save_file(model.state_dict(), place / "model.safetensors")
    return f"timm:{chosen}"


def specs(folder: Path) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return name and spec of both encoders; the weights of one are written into `folder`."""
    with Process(_generator) as process:
        return (VIT, process.ask(folder / VIT).value), (BUILTIN, BUILTIN)


def _generator() -> Callable[[Path], str]:
    return generate


def generator(name: str, tiny: bool) -> Callable[[Path], str]:
    """Return what writes the weights into a new folder, for timm where OpenCLIP is missing.

    `FEATCLASS_MODELS` has to name that folder from then on.
    """
    write = generate if find_spec("open_clip") else generate_for_timm
    return lambda folder: write(folder, name, tiny=tiny)


def as_published(spec: str, device: str) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Return forward pass and preprocessing as the README of OpenCLIP, or of timm, has them.

    Of `builtin`, whatever networks it has, the rival is EfficientNet-Lite0 alone.
    """
    import torch

    module, transform = published_module(spec)
    forward = module.eval().to(device)

    def embed(batch: torch.Tensor) -> Any:
        with torch.no_grad(), torch.autocast("cuda", enabled=device == "cuda"):
            return forward(batch.to(device)).float().cpu().numpy()

    return embed, transform


def published_module(spec: str) -> tuple[Any, Callable[[Any], Any]]:
    """Return the torch module that gives embeddings, in float32 on the CPU, and its transform."""
    module: Any
    if spec.startswith(BUILTIN):
        from benchmarks import networks

        module = networks.lite(LITE0)
    elif spec.startswith("timm:"):
        import timm
        from safetensors.torch import load_file

        name = spec.removeprefix("timm:")
        repository = f"models--timm--{name}/snapshots/main"
        weights = Path(os.environ["FEATCLASS_MODELS"]) / repository / "model.safetensors"
        tensors = load_file(weights)
        config: Any = timm.get_pretrained_cfg(name)
        module = timm.create_model(name, pretrained=False, num_classes=config.num_classes)
        module.load_state_dict(tensors)
        module.reset_classifier(0)
    else:
        import open_clip

        model, transform = open_clip.create_model_from_pretrained(spec)
        return model.visual, transform
    import timm.data

    library: Any = timm.data
    values = library.resolve_model_data_config(module)
    return module, library.create_transform(**values, is_training=False)
