from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from featclass import encoders
from featclass.base.config import Config
from featclass.base.errors import EncoderUnavailable
from featclass.embedding import Cache, Engines
from tests.encoders.inputs import assert_alike, input_of
from tests.encoders.stand_in_hub import COMMIT, StandInHub
from tests.encoders.towers import CONFIGS, load_folder, write_model

PAIR = "ViT-B-32/laion2b_s34b_b79k"
REPOSITORY = "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
PREPROCESSING: dict[str, dict[str, Any]] = {
    "SigLIP": {
        "mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "squash",
    },
    "timm, convolutional": {
        "mean": [0.0] * 3, "std": [1.0] * 3, "interpolation": "bilinear",
        "resize_mode": "longest", "fill_color": 9,
    },
}  # fmt: skip


def images(n: int = 3) -> list[Image.Image]:
    """Make pictures of several shapes, smooth as photos are."""
    random = np.random.default_rng(5)
    small = random.integers(0, 256, (n, 6, 8, 3), dtype=np.uint8)
    sizes = [(300, 200), (90, 170), (64, 64)]
    return [
        Image.fromarray(pixels).resize(sizes[i % 3], Image.Resampling.BICUBIC)
        for i, pixels in enumerate(small)
    ]


def assert_embeds_as_open_clip(encoder: encoders.Encoder, model: Any, transform: Any) -> None:
    ours = np.stack([encoder.preprocess(image) for image in images()])
    inputs = torch.stack([input_of(pixels, transform) for pixels in ours])
    theirs = torch.stack([transform(image) for image in images()])
    assert_alike(inputs, theirs, transform)
    with torch.inference_mode():
        expected = model.eval().encode_image(inputs).numpy()
    embeddings = encoder.encode(ours)
    assert embeddings.shape == (3, encoder.dimensions)
    assert embeddings.dtype == np.float32
    scale = np.abs(expected).max()
    np.testing.assert_allclose(embeddings, expected, atol=1e-5 * min(1, scale))
    assert embeddings.std(axis=0).max() > 1e-3 * scale  # the three are told apart


def assert_holds_only_an_image_tower(encoder: Any) -> None:
    model = encoder._forward.__self__
    assert [name for name, _ in model.named_children()] == ["visual"]
    assert all(name.startswith("visual.") for name in model.state_dict())
    assert not list(model.named_buffers(recurse=False))


@pytest.fixture(params=CONFIGS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    name = request.param
    return write_model(tmp_path / "model", CONFIGS[name], PREPROCESSING.get(name, {}))


@pytest.fixture
def clip_folder(tmp_path: Path) -> Path:
    return write_model(tmp_path / "model", CONFIGS["CLIP"], {})


def test_every_kind_of_model_embeds_as_open_clip_does(folder: Path, config: Config) -> None:
    encoder = load_folder(folder, config)
    model, transform = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
    assert_embeds_as_open_clip(encoder, model, transform)
    assert_holds_only_an_image_tower(encoder)


def test_a_text_tower_that_needs_another_library_does_not_stand_in_the_way(
    clip_folder: Path, config: Config
) -> None:
    model, transform = open_clip.create_model_from_pretrained(f"local-dir:{clip_folder}")
    hugging_face = CONFIGS["CLIP"] | {"text_cfg": {"hf_model_name": "org/not-there"}}
    (clip_folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": hugging_face}))
    assert_embeds_as_open_clip(load_folder(clip_folder, config), model, transform)


@pytest.mark.parametrize("name", ["open_clip_pytorch_model.bin", "model.safetensors"])
def test_the_file_format_makes_no_difference_to_the_id(
    name: str, clip_folder: Path, config: Config
) -> None:
    encoder = load_folder(clip_folder, config)
    path = clip_folder / "open_clip_model.safetensors"
    tensors = load_file(path)
    path.unlink()
    if name.endswith(".bin"):  # as a training run saves it
        wrapped = {f"module.{key}": tensor for key, tensor in tensors.items()}
        torch.save({"epoch": 3, "state_dict": wrapped}, clip_folder / name)
    else:
        save_file(tensors, clip_folder / name)
    assert load_folder(clip_folder, config).id == encoder.id


def test_other_weights_or_preprocessing_make_another_id(clip_folder: Path, config: Config) -> None:
    ids = {load_folder(clip_folder, config).id}
    path = clip_folder / "open_clip_model.safetensors"
    tensors = load_file(path)
    tensors["visual.proj"][0, 0] += 1
    save_file(tensors, path)
    ids.add(load_folder(clip_folder, config).id)
    (clip_folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": CONFIGS["CLIP"], "preprocess_cfg": {"resize_mode": "squash"}})
    )
    ids.add(load_folder(clip_folder, config).id)
    assert len(ids) == 3


def test_other_text_weights_do_not(clip_folder: Path, config: Config) -> None:
    id = load_folder(clip_folder, config).id
    path = clip_folder / "open_clip_model.safetensors"
    tensors = load_file(path)
    tensors["text_projection"] += 1
    save_file(tensors, path)
    assert load_folder(clip_folder, config).id == id


def test_weights_that_leave_part_of_the_network_at_random_are_refused(
    clip_folder: Path, config: Config
) -> None:
    path = clip_folder / "open_clip_model.safetensors"
    tensors = load_file(path)
    del tensors["visual.ln_post.bias"]
    save_file(tensors, path)
    with pytest.raises(EncoderUnavailable, match="belong to another network"):
        load_folder(clip_folder, config)


@pytest.mark.parametrize("content", [b"", b"not weights at all", None])
@pytest.mark.parametrize("name", ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"])
def test_damaged_weights_are_refused_by_name(
    name: str, content: bytes | None, clip_folder: Path, config: Config
) -> None:
    path = clip_folder / "open_clip_model.safetensors"
    whole = path.read_bytes()
    path.unlink()
    (clip_folder / name).write_bytes(whole[:-100] if content is None else content)
    with pytest.raises(EncoderUnavailable, match=f"{clip_folder / name} are damaged") as caught:
        load_folder(clip_folder, config)
    assert "\n" not in str(caught.value)


class Malicious:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_nothing_in_a_checkpoint_is_executed(
    clip_folder: Path, config: Config, tmp_path: Path
) -> None:
    (clip_folder / "open_clip_model.safetensors").unlink()
    torch.save(Malicious(tmp_path / "owned"), clip_folder / "open_clip_pytorch_model.bin")
    with pytest.raises(EncoderUnavailable, match="are damaged"):
        load_folder(clip_folder, config)
    assert not (tmp_path / "owned").exists()


def test_a_damaged_configuration_is_refused(clip_folder: Path, config: Config) -> None:
    (clip_folder / "open_clip_config.json").write_text("{")
    with pytest.raises(EncoderUnavailable, match="are damaged"):
        load_folder(clip_folder, config)


def test_an_image_tower_from_somewhere_else_is_not_fetched(
    clip_folder: Path, config: Config, hub: StandInHub
) -> None:
    vision = {"timm_model_name": "hf-hub:org/tower", "image_size": 32}
    (clip_folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": CONFIGS["CLIP"] | {"vision_cfg": vision}})
    )
    with pytest.raises(EncoderUnavailable, match="takes its image tower from another repository"):
        load_folder(clip_folder, config)
    assert hub.requests == []


def test_a_folder_without_a_model_is_named(tmp_path: Path, config: Config) -> None:
    assert not encoders.is_local(f"local-dir:{tmp_path}", config)
    with pytest.raises(EncoderUnavailable, match=f"{tmp_path} holds no OpenCLIP model"):
        load_folder(tmp_path, config)


@pytest.mark.parametrize("revision", ["", f"@{COMMIT}"])
def test_a_repository_on_the_hub_is_downloaded_loaded_and_then_local(
    clip_folder: Path, config: Config, hub: StandInHub, revision: str
) -> None:
    for file in clip_folder.iterdir():
        hub.files[f"org/name/{file.name}"] = file
    hub.cuts = [hub.size("org/name/open_clip_model.safetensors") // 2]
    spec = f"hf-hub:org/name{revision}"
    encoder = encoders.load(spec, device="cpu", precision="float32", config=config)
    model, transform = open_clip.create_model_from_pretrained(f"local-dir:{clip_folder}")
    assert_embeds_as_open_clip(encoder, model, transform)
    assert encoder.spec == spec
    assert encoder.id == load_folder(clip_folder, config).id
    assert encoders.is_local(spec, replace(config, offline=True))


def test_an_unknown_pair_is_told_what_may_have_been_meant(config: Config) -> None:
    with pytest.raises(EncoderUnavailable, match=r"Did you mean ViT-B-32/laion2b_s34b_b79k\?"):
        encoders.load("ViT-B-32/laion2b_s34b_b97k", device="cpu", config=config)


@pytest.fixture(scope="module")
def vit_b_32() -> Iterator[Path]:
    """A folder in the layout of a Hugging Face cache: the real ViT-B-32, its weights generated.

    In float16, as many checkpoints are, which also halves the time that the tests take.
    """
    with tempfile.TemporaryDirectory() as root:
        repository = Path(root) / f"models--{REPOSITORY.replace('/', '--')}"
        snapshot = repository / "snapshots" / COMMIT
        snapshot.mkdir(parents=True)
        (repository / "refs").mkdir()
        (repository / "refs" / "main").write_text(COMMIT)
        torch.manual_seed(7)
        model: Any = open_clip.create_model("ViT-B-32", load_weights=False)
        halves = {name: tensor.half() for name, tensor in model.state_dict().items()}
        save_file(halves, snapshot / "open_clip_model.safetensors")
        yield Path(root)


@pytest.fixture(scope="module")
def vit_b_32_weights(vit_b_32: Path) -> Path:
    return next(vit_b_32.rglob("open_clip_model.safetensors"))


@pytest.fixture(scope="module")
def reference(vit_b_32_weights: Path) -> tuple[Any, Any]:
    model, transform = open_clip.create_model_from_pretrained(
        "ViT-B-32", pretrained=str(vit_b_32_weights)
    )
    return model, transform


def test_a_real_pair_is_found_in_the_models_folder_and_embeds_as_open_clip_does(
    vit_b_32: Path, reference: tuple[Any, Any], config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    filled = replace(config, models=vit_b_32, offline=True)
    assert encoders.is_local(PAIR, filled)
    with caplog.at_level(logging.WARNING):
        encoder = encoders.load(PAIR, device="cpu", precision="float32", config=filled)
    assert (encoder.spec, encoder.dimensions) == (PAIR, 512)
    assert_embeds_as_open_clip(encoder, *reference)
    assert_holds_only_an_image_tower(encoder)
    assert caplog.records == []  # nothing about models left at random


def test_auto_takes_the_preferred_pair_where_its_weights_are_here(
    vit_b_32: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(vit_b_32))
    with Cache(":memory:") as cache:
        engines = Engines(replace(config, offline=True), cache, device="cpu")
        assert engines.get("auto").encoder.spec == PAIR
        engines.close()


def test_a_real_pair_comes_through_the_hub_though_the_connection_breaks_half_way(
    vit_b_32_weights: Path, reference: tuple[Any, Any], config: Config, hub: StandInHub
) -> None:
    name = f"{REPOSITORY}/open_clip_model.safetensors"
    hub.files[name] = vit_b_32_weights
    half = hub.size(name) // 2
    hub.cuts = [half]
    told: list[tuple[int, int]] = []
    encoder = encoders.load(
        PAIR,
        device="cpu",
        precision="float32",
        config=config,
        progress=lambda done, total: told.append((done, total)),
    )
    assert_embeds_as_open_clip(encoder, *reference)
    assert [request.headers.get("Range") for request in hub.asked("GET")] == [
        None,
        f"bytes={half}-",
    ]
    assert told[-1] == (hub.size(name), hub.size(name))
    shutil.rmtree(config.data.parent / "hf")  # pytest would keep it for three runs


def test_a_checkpoint_trained_with_quick_gelu_gets_it_whatever_its_model_is_called(
    vit_b_32_weights: Path, config: Config, tmp_path: Path
) -> None:
    snapshot = tmp_path / "models--timm--vit_base_patch32_clip_224.openai" / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / vit_b_32_weights.name).symlink_to(vit_b_32_weights)
    filled = replace(config, models=tmp_path, offline=True)
    encoder = encoders.load("ViT-B-32/openai", device="cpu", precision="float32", config=filled)
    model, transform = open_clip.create_model_from_pretrained(
        "ViT-B-32-quickgelu", pretrained=str(vit_b_32_weights)
    )
    assert_embeds_as_open_clip(encoder, model, transform)


def test_a_real_pair_has_the_same_id_as_a_folder_of_it(
    vit_b_32: Path, vit_b_32_weights: Path, config: Config, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "open_clip_model.safetensors").symlink_to(vit_b_32_weights)
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": open_clip.get_model_config("ViT-B-32")})
    )
    filled = replace(config, models=vit_b_32)
    pair = encoders.load(PAIR, device="cpu", precision="float32", config=filled)
    assert load_folder(folder, config).fingerprint == pair.fingerprint
