from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import timm.data
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from featclass import encoders
from featclass.base.config import Config
from featclass.base.errors import EncoderUnavailable
from featclass.encoders import hub, specs, timm_models
from tests.encoders.inputs import assert_alike, input_of
from tests.encoders.stand_in_hub import StandInHub

SPEC = "timm:resnet18.a1_in1k"


def write_weights(models: Path, name: str) -> Path:
    """Put generated weights of a timm model where a Hugging Face cache has them."""
    path = models / f"models--timm--{name}" / "snapshots" / "commit" / "model.safetensors"
    path.parent.mkdir(parents=True)
    torch.manual_seed(7)
    model: Any = timm.create_model(name, pretrained=False)
    save_file(model.state_dict(), path)
    return path


@pytest.fixture
def filled(tmp_path: Path, config: Config) -> Config:
    write_weights(tmp_path / "models", "resnet18.a1_in1k")
    return replace(config, models=tmp_path / "models", offline=True)


def test_a_resnet_embeds_as_timm_does_without_its_last_layer(filled: Config) -> None:
    encoder = encoders.load(SPEC, device="cpu", precision="float32", config=filled)
    path = hub.find(hub.Checkpoint("timm/resnet18.a1_in1k", ("model.safetensors",)), filled)
    assert path is not None
    data: Any = timm.data
    model: Any = timm.create_model("resnet18.a1_in1k", num_classes=0)
    model.load_state_dict(
        {name: tensor for name, tensor in load_file(path).items() if not name.startswith("fc.")}
    )
    transform = data.create_transform(**data.resolve_model_data_config(model), is_training=False)
    noise = np.random.default_rng(1).integers(0, 256, (2, 9, 7, 3), dtype=np.uint8)
    pictures = [Image.fromarray(pixels).resize((300, 260)) for pixels in noise]
    ours = np.stack([encoder.preprocess(picture) for picture in pictures])
    inputs = torch.stack([input_of(pixels, transform) for pixels in ours])
    theirs = torch.stack([transform(picture) for picture in pictures])
    assert_alike(inputs, theirs, transform)
    with torch.inference_mode():
        expected = model.eval()(inputs).numpy()
    np.testing.assert_allclose(encoder.encode(ours), expected, atol=1e-5)
    assert encoder.dimensions == 512


def test_a_name_without_tag_means_the_checkpoint_that_timm_takes(filled: Config) -> None:
    encoder = encoders.load("timm:resnet18", device="cpu", config=filled)
    assert encoder.spec == SPEC
    assert encoders.is_local("timm:resnet18", filled)


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnet101"])
def test_the_articles_resnets_have_weights_on_the_hub(name: str) -> None:
    spec = timm_models.canonical(specs.TimmModel(name))
    assert timm_models.checkpoint(spec) == hub.Checkpoint(
        f"timm/{spec.name}", ("model.safetensors", "pytorch_model.bin")
    )


def test_the_largest_of_them_loads_too(tmp_path: Path, config: Config) -> None:
    spec = timm_models.canonical(specs.TimmModel("resnet101"))
    path = write_weights(tmp_path / "models", spec.name)
    filled = replace(config, models=tmp_path / "models")
    encoder = encoders.load("timm:resnet101", device="cpu", config=filled)
    path.unlink()  # pytest would keep it for three runs
    pixels = encoder.preprocess(Image.new("RGB", (20, 30)))[None]
    assert encoder.encode(pixels).shape == (1, encoder.dimensions) == (1, 2048)


def test_weights_are_downloaded_from_the_hub(
    tmp_path: Path, config: Config, hub: StandInHub
) -> None:
    hub.files["timm/resnet18.a1_in1k/model.safetensors"] = write_weights(
        tmp_path / "origin", "resnet18.a1_in1k"
    )
    assert encoders.load("timm:resnet18", device="cpu", config=config).spec == SPEC


@pytest.mark.parametrize("missing", ["layer1.0.conv1.weight", "fc.bias"])
def test_weights_that_leave_part_of_the_network_at_random_are_refused(
    missing: str, filled: Config, tmp_path: Path
) -> None:
    [path] = tmp_path.rglob("model.safetensors")
    tensors = load_file(path)
    del tensors[missing]
    save_file(tensors, path)
    with pytest.raises(EncoderUnavailable, match="belong to another network"):
        encoders.load(SPEC, device="cpu", config=filled)


@pytest.mark.parametrize(
    ("spec", "meant"),
    [
        ("timm:resnet19", "timm:resnet18"),
        ("timm:resnet50.a9_in1k", r"timm:resnet50\.\w+"),
        ("timm:resnet18.", "timm:resnet18"),
    ],
)
def test_an_unknown_model_is_told_what_may_have_been_meant(
    spec: str, meant: str, config: Config
) -> None:
    with pytest.raises(EncoderUnavailable, match=rf"Did you mean {meant}\?"):
        encoders.load(spec, device="cpu", config=config)
