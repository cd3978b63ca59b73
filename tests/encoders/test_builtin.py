from __future__ import annotations

import io
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
from featclass.base.config import Config
from featclass.base.errors import EncoderUnavailable
from featclass.encoders import builtin
from featclass.encoders.network import encoder_id
from featclass.encoders.timm_models import evaluation_transform


@pytest.fixture(scope="module")
def encoder() -> encoders.Encoder:
    return builtin.load("cpu")


def new_module() -> Any:
    return timm.create_model(builtin.ARCHITECTURE, pretrained=False)


def embed(encoder: encoders.Encoder, *images: Image.Image) -> NDArray[np.float32]:
    return encoder.encode(np.stack([encoder.preprocess(image) for image in images]))


@pytest.mark.parametrize(("name", "expected"), [("china.jpg", 698), ("flower.jpg", 985)])
def test_with_its_classifier_it_sees_a_palace_and_a_daisy(
    encoder: encoders.Encoder, name: str, expected: int
) -> None:
    weights = builtin.read_weights(new_module())
    embedding = embed(encoder, Image.fromarray(load_sample_image(name)))
    logits = embedding @ weights["classifier.weight"].numpy().T + weights["classifier.bias"].numpy()
    assert logits.argmax() == expected


def test_an_embedding_has_1280_values_of_float32(encoder: encoders.Encoder) -> None:
    embedding = embed(encoder, Image.new("RGB", (300, 200), "teal"))
    assert embedding.shape == (1, encoder.dimensions) == (1, 1280)
    assert embedding.dtype == np.float32
    assert not np.isclose(np.linalg.norm(embedding), 1)


def test_an_image_has_the_same_embedding_alone_and_in_any_batch(
    encoder: encoders.Encoder,
) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (5, 240, 320, 3), dtype=np.uint8)
    images = [Image.fromarray(pixels) for pixels in noise]
    together = embed(encoder, *images)
    alone = np.concatenate([embed(encoder, image) for image in images])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_a_photo_decoded_at_reduced_scale_is_embedded_as_one_decoded_in_full(
    encoder: encoders.Encoder,
) -> None:
    photo = Image.fromarray(load_sample_image("china.jpg")).resize((3200, 2136))
    grain = np.random.default_rng(4).normal(0, 4.5, (2136, 3200, 3))
    file = io.BytesIO()
    Image.fromarray((np.asarray(photo) + grain).clip(0, 255).astype(np.uint8)).save(
        file, "JPEG", quality=90
    )
    vectors = []
    for side, scale in ((encoder.side, 2), (None, 1)):
        with images.decoded(file.getvalue(), max_pixels=10**8, side=side) as picture:
            assert picture.width == 3200 // scale
            vectors.append(embed(encoder, picture)[0].astype(np.float64))
    reduced, full = vectors
    assert reduced @ full / np.linalg.norm(reduced) / np.linalg.norm(full) >= 0.9995


def test_no_pixels_give_no_embeddings(encoder: encoders.Encoder) -> None:
    assert encoder.encode(np.empty((0, 224, 224, 3), np.uint8)).shape == (0, 1280)


def test_it_computes_what_the_network_does_before_its_batch_norms_are_folded(
    encoder: encoders.Encoder,
) -> None:
    module = new_module()
    module.load_state_dict(builtin.read_weights(module))
    module.reset_classifier(0)
    noise = np.random.default_rng(3).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    inputs = torch.from_numpy(noise).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.inference_mode():
        expected = module.eval()(inputs).numpy()
    np.testing.assert_allclose(encoder.encode(noise), expected, atol=1e-4)


def test_its_id_is_that_of_the_weights_as_published(encoder: encoders.Encoder) -> None:
    module = new_module()
    weights = {
        name: tensor
        for name, tensor in builtin.read_weights(module).items()
        if not name.startswith("classifier.")
    }
    _, preprocessing = evaluation_transform(module)
    architecture = {"library": "timm", "name": builtin.ARCHITECTURE}
    assert encoder.id == encoder_id(architecture, preprocessing, weights)


def test_every_tensor_of_the_file_has_its_place_in_the_network() -> None:
    module = new_module()
    weights = builtin.read_weights(module)
    assert len(weights) == 296
    assert {name: tensor.shape for name, tensor in weights.items()} == {
        name: tensor.shape for name, tensor in module.state_dict().items()
    }


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
    published = torch.load(builtin.find_file(), weights_only=True)
    assert torch.equal(builtin.read_weights(new_module())[expected], published[name])


def test_a_damaged_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = tmp_path / "weights.pth"
    damaged.write_bytes(builtin.find_file().read_bytes()[:-1])
    monkeypatch.setattr(builtin, "find_file", lambda: damaged)
    with pytest.raises(EncoderUnavailable, match=r"damaged .* install the package"):
        builtin.load("cpu")


def test_it_loads_by_its_name_without_any_network(config: Config) -> None:
    encoder = encoders.load("builtin", device="cpu", precision="float32", config=config)
    assert (encoder.spec, encoder.device, encoder.precision) == ("builtin", "cpu", "float32")
    assert encoder.id == builtin.load("cpu").id
    assert encoders.is_local("builtin", config)
