from __future__ import annotations

import io
import resource
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_sample_image

from featclass import encoders, images
from featclass.base import heap
from featclass.base.config import Config
from featclass.base.errors import EncoderUnavailable
from featclass.encoders import Inspectable, Releasing, builtin, builtin_torch, lite, runtime
from featclass.encoders.builtin import BOTH, SMALL
from featclass.encoders.lite import LITE0, LITE2, Lite
from featclass.encoders.network import encoder_id
from featclass.encoders.timm_models import evaluation_transform

BUILT_IN = pytest.mark.parametrize("spec", ["builtin:small", "builtin"])
MEGABYTE = 10**6
LITES = pytest.mark.parametrize("network", [LITE0, LITE2], ids=["Lite0", "Lite2"])


@pytest.fixture(scope="module")
def loaded() -> dict[str, encoders.Encoder]:
    return {spec: builtin.load("cpu", "float32", spec) for spec in builtin.ALL}


@pytest.fixture
def encoder(loaded: dict[str, encoders.Encoder], spec: str) -> encoders.Encoder:
    return loaded[spec]


def new_module(network: Lite) -> Any:
    return timm.create_model(network.architecture, pretrained=False)


def embed(encoder: encoders.Encoder, *images: Image.Image) -> NDArray[np.float32]:
    return encoder.encode(np.stack([encoder.preprocess(image) for image in images]))


def noise(encoder: encoders.Encoder, count: int) -> NDArray[np.uint8]:
    """Return pixels as of pictures: coarse and fine, not of one mean."""
    side = encoder.preprocess(Image.new("RGB", (300, 300))).shape[0]
    coarse = np.random.default_rng(3).integers(0, 256, (count, 9, 9, 3), dtype=np.uint8)
    shown = [Image.fromarray(one).resize((side, side), Image.Resampling.BICUBIC) for one in coarse]
    return np.stack([np.asarray(one) for one in shown])


def cosines(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return np.asarray((one * other).sum(axis=1) / lengths, np.float32)


@pytest.mark.parametrize(
    ("network", "spec", "name", "expected"),
    [
        (LITE0, "builtin:small", "china.jpg", 698),
        (LITE0, "builtin:small", "flower.jpg", 985),
        (LITE0, "builtin", "china.jpg", 698),
        (LITE2, "builtin", "china.jpg", 698),
    ],
)
def test_with_its_classifier_a_network_sees_a_palace_and_a_daisy(
    encoder: encoders.Encoder, network: Lite, name: str, expected: int
) -> None:
    tensors = network.tensors()
    embedding = embed(encoder, Image.fromarray(load_sample_image(name)))
    own = embedding[:, 1280:] if network is LITE2 else embedding[:, :1280]
    weights, bias = (tensors[f"_fc.{name}"].astype(np.float32) for name in ("weight", "bias"))
    logits = own @ weights.T + bias
    assert logits.argmax() == expected


@pytest.mark.parametrize(("spec", "dimensions"), [("builtin:small", 1280), ("builtin", 2560)])
def test_an_embedding_has_1280_values_of_float32_a_network(
    encoder: encoders.Encoder, dimensions: int
) -> None:
    embedding = embed(encoder, Image.new("RGB", (300, 200), "teal"))
    assert embedding.shape == (1, encoder.dimensions) == (1, dimensions)
    assert embedding.dtype == np.float32
    assert not np.isclose(np.linalg.norm(embedding), 1)


@BUILT_IN
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_an_image_has_the_same_embedding_alone_in_any_batch_and_on_any_processor(
    spec: str, precision: str
) -> None:
    encoder = builtin.load("cpu", precision, spec)
    pixels = noise(encoder, 11)  # more than a batch, and not a multiple of it
    together = encoder.encode(pixels)
    for number in range(11):
        np.testing.assert_array_equal(
            encoder.encode(pixels[number : number + 1]), together[[number]]
        )
    np.testing.assert_array_equal(encoder.encode(pixels[::-1], threads=1)[::-1], together)


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says of its memory")
def test_memory_that_was_given_back_is_taken_again_also_while_others_encode() -> None:
    encoder = builtin.load("cpu", "bfloat16")
    assert isinstance(encoder, Releasing)
    pixels = noise(encoder, 16)
    expected = encoder.encode(pixels)
    heap.give_back_freed_memory()
    held = resident()
    encoder.release()
    heap.give_back_freed_memory()
    assert resident() < held - 30 * MEGABYTE
    with ThreadPoolExecutor(2) as callers:
        encoding = [callers.submit(encoder.encode, pixels, threads=1) for _ in range(8)]
        while not all(embeddings.done() for embeddings in encoding):
            encoder.release()
    for embeddings in encoding:
        np.testing.assert_array_equal(embeddings.result(), expected)


def resident() -> int:
    """Return how many bytes of memory this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


@BUILT_IN
def test_in_bfloat16_it_says_nearly_what_it_says_in_float32(
    encoder: encoders.Encoder, spec: str
) -> None:
    pixels = noise(encoder, 8)
    low = builtin.load("cpu", "bfloat16", spec)
    assert low.id == encoder.id
    assert low.fingerprint != encoder.fingerprint
    assert cosines(low.encode(pixels), encoder.encode(pixels)).min() > 0.999


@BUILT_IN
def test_torch_gives_the_same_embeddings_to_a_hundred_thousandth(
    encoder: encoders.Encoder, spec: str
) -> None:
    pixels = noise(encoder, 3)
    ours, theirs = (
        encoder.encode(pixels),
        builtin_torch.load(builtin.ALL[spec], "cpu").encode(pixels),
    )
    apart = np.linalg.norm(ours - theirs, axis=1) / np.linalg.norm(theirs, axis=1)
    assert apart.max() < 1e-5


@BUILT_IN
def test_without_openvino_it_runs_in_torch_and_says_so(
    encoder: encoders.Encoder,
    spec: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(runtime, "is_here", lambda: False)
    in_torch = builtin.load("cpu", "float32", spec)
    assert "OpenVINO" in caplog.text
    assert type(in_torch) is not type(encoder)
    assert (in_torch.id, in_torch.fingerprint) == (encoder.id, encoder.fingerprint)
    picture = Image.fromarray(load_sample_image("china.jpg"))
    np.testing.assert_array_equal(in_torch.preprocess(picture), encoder.preprocess(picture))


def test_where_openvino_cannot_run_it_it_runs_in_torch_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no such instruction")

    monkeypatch.setattr(runtime, "compiled", fail)
    opened = builtin.load("cpu", "float32", "builtin:small")
    assert "runs in torch" in caplog.text
    assert opened.encode(np.zeros((1, 224, 224, 3), np.uint8)).shape == (1, 1280)


@BUILT_IN
def test_what_it_saw_at_each_place_adds_up_to_the_embedding(
    encoder: encoders.Encoder, spec: str
) -> None:
    assert isinstance(encoder, Inspectable)
    pixels = noise(encoder, 2)
    maps = encoder.features(pixels)
    assert maps is not None
    assert maps.shape[3] == encoder.dimensions
    assert (maps >= 0).all()
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), encoder.encode(pixels), atol=1e-5)


@pytest.mark.parametrize("spec", ["builtin:small"])
def test_a_photo_decoded_at_reduced_scale_is_embedded_as_one_decoded_in_full(
    encoder: encoders.Encoder,
) -> None:
    _assert_alike_at_reduced_scale(encoder, (3200, 2136))


@pytest.mark.parametrize("spec", ["builtin"])
def test_so_is_a_larger_photo_by_both_networks(encoder: encoders.Encoder) -> None:
    _assert_alike_at_reduced_scale(encoder, (3600, 2400))


def _assert_alike_at_reduced_scale(encoder: encoders.Encoder, size: tuple[int, int]) -> None:
    width, height = size
    photo = Image.fromarray(load_sample_image("china.jpg")).resize(size)
    grain = np.random.default_rng(4).normal(0, 4.5, (height, width, 3))
    file = io.BytesIO()
    Image.fromarray((np.asarray(photo) + grain).clip(0, 255).astype(np.uint8)).save(
        file, "JPEG", quality=90
    )
    vectors = []
    for side, scale in ((encoder.side, 2), (None, 1)):
        with images.decoded(file.getvalue(), max_pixels=10**8, side=side) as picture:
            assert picture.width == width // scale
            vectors.append(embed(encoder, picture))
    assert cosines(*vectors).min() >= 0.9995


@pytest.mark.parametrize("spec", ["builtin"])
def test_no_pixels_give_no_embeddings(encoder: encoders.Encoder) -> None:
    assert encoder.encode(np.empty((0, 260, 260, 3), np.uint8)).shape == (0, 2560)


@pytest.mark.parametrize("spec", ["builtin"])
def test_it_computes_what_the_networks_do_before_their_batch_norms_are_folded(
    encoder: encoders.Encoder,
) -> None:
    pixels = noise(encoder, 2)
    inputs = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
    expected = []
    for network in (LITE0, LITE2):
        module = new_module(network)
        module.load_state_dict(builtin_torch.named(network, module))
        module.reset_classifier(0)
        with torch.inference_mode():
            expected.append(module.eval()(inputs).numpy())
    np.testing.assert_allclose(encoder.encode(pixels), np.hstack(expected), atol=1e-4)


def test_the_id_of_the_small_one_is_that_of_the_weights_as_published() -> None:
    module = new_module(LITE0)
    weights = {
        name: tensor
        for name, tensor in builtin_torch.named(LITE0, module).items()
        if not name.startswith("classifier.")
    }
    _, preprocessing = evaluation_transform(module)
    architecture = {"library": "timm", "name": LITE0.architecture}
    assert encoder_id(architecture, preprocessing, weights) == SMALL.id


@pytest.mark.parametrize(
    ("network", "side", "share"), [(LITE0, 224, 0.875), (LITE2, 260, 0.89)], ids=["Lite0", "Lite2"]
)
def test_pictures_are_shown_as_the_networks_were_trained(
    network: Lite, side: int, share: float
) -> None:
    seen = (SMALL if network is LITE0 else BOTH).preprocessing
    _, values = evaluation_transform(new_module(network))
    assert values["crop_pct"] == share
    assert values["input_size"] == (3, side, side)
    assert (seen.resize, seen.crop) == (int(side / share), (side, side))
    assert (seen.interpolation, seen.mean, seen.std) == (
        values["interpolation"], values["mean"], values["std"],
    )  # fmt: skip


@LITES
def test_tensors_are_those_that_torch_reads(network: Lite) -> None:
    published = torch.load(network.path, weights_only=True)
    ours = network.tensors()
    assert list(ours) == list(published)
    assert all(np.array_equal(ours[name], published[name].numpy()) for name in ours)


@LITES
def test_every_tensor_of_the_file_has_its_place_in_the_network(network: Lite) -> None:
    module = new_module(network)
    assert {
        name: tensor.shape for name, tensor in builtin_torch.named(network, module).items()
    } == {name: tensor.shape for name, tensor in module.state_dict().items()}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_conv_stem.weight", "conv_stem.weight"),
        ("_bn1.running_var", "bn2.running_var"),
        ("_blocks.0._project_conv.weight", "blocks.0.0.conv_pw.weight"),
        ("_blocks.1._expand_conv.weight", "blocks.1.0.conv_pw.weight"),
        ("_blocks.7._bn2.bias", "blocks.3.2.bn3.bias"),
        ("_blocks.15._depthwise_conv.weight", "blocks.6.0.conv_dw.weight"),
        ("_fc.bias", "classifier.bias"),
    ],
)
def test_a_tensor_goes_where_its_own_name_says(name: str, expected: str) -> None:
    published = torch.load(LITE0.path, weights_only=True)
    named = builtin_torch.named(LITE0, new_module(LITE0))
    assert torch.equal(named[expected], published[name])


def test_weights_name_nothing_but_tensors() -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (print, ("reached",))

    import pickle

    with pytest.raises(pickle.UnpicklingError, match="does not belong into weights"):
        lite._tensors(pickle.dumps(Evil()))


def test_a_damaged_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = tmp_path / "weights.pth"
    damaged.write_bytes(LITE0.path.read_bytes()[:-1])
    monkeypatch.setattr(lite, "distribution", lambda _: _Package(damaged))
    with pytest.raises(EncoderUnavailable, match=r"damaged .* install the package"):
        builtin.load("cpu", "float32")


class _Package:
    def __init__(self, path: Path) -> None:
        self._path = path

    def locate_file(self, _: str) -> Path:
        return self._path


@pytest.mark.parametrize("missing", [LITE0.package, LITE2.package])
def test_a_missing_package_is_named(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(package: str) -> Distribution:
        if package == missing:
            raise PackageNotFoundError(package)
        return distribution(package)

    monkeypatch.setattr(lite, "distribution", without)
    with pytest.raises(EncoderUnavailable, match=f"install the package {missing}"):
        builtin.load("cpu", "float32")


@BUILT_IN
def test_it_is_loaded_by_its_spec_without_network(
    spec: str, config: Config, loaded: dict[str, encoders.Encoder]
) -> None:
    assert encoders.is_local(spec, config)
    opened = encoders.load(spec, device="cpu", config=replace(config, offline=True))
    assert (opened.spec, opened.id) == (spec, loaded[spec].id)


def test_what_was_all_of_the_built_in_encoder_is_its_small_half_today() -> None:
    assert encoders.successor("builtin", SMALL.id) == "builtin:small"
    assert encoders.successor("builtin", BOTH.id) == "builtin"
    assert encoders.successor("timm:resnet18", SMALL.id) == "timm:resnet18"
