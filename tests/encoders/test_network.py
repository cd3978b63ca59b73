from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import (
    CenterCrop,
    Compose,
    InterpolationMode,
    Normalize,
    Resize,
    ToTensor,
)

from featclass import encoders
from featclass.base.errors import EncoderUnavailable
from featclass.encoders import devices
from featclass.encoders.identity import fingerprint
from featclass.encoders.network import Network, encoder_id

BICUBIC = InterpolationMode.BICUBIC


class Means(torch.nn.Module):
    """Embeds by the mean of each channel; runs out of memory above `limit` images."""

    def __init__(self, limit: int = 10**6, error: type[Exception] = torch.OutOfMemoryError) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(3))
        self.limit = limit
        self.error = error
        self.sizes: list[int] = []

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        self.sizes.append(len(pixels))
        if len(pixels) > self.limit:
            raise self.error("MPS backend out of memory")
        return pixels.mean(dim=(2, 3)) * self.weight


def transform(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.asarray(image, np.float32).transpose(2, 0, 1).copy())


def network(module: torch.nn.Module, **overrides: Any) -> Network:
    arguments: dict[str, Any] = {
        "spec": "means",
        "architecture": {"name": "means"},
        "preprocessing": {},
        "dimensions": 3,
        "device": "cpu",
    }
    return Network(module, transform, **(arguments | overrides))


def pixels(n: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(0).random((n, 3, 4, 4), dtype=np.float32)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, RuntimeError])
def test_a_batch_too_large_for_memory_is_halved_and_the_rest_goes_on_so(
    error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    module = Means(limit=5, error=error)
    encoder = network(module)
    encoder.batch_size = 16
    images = pixels(18)
    with caplog.at_level(logging.WARNING):
        embeddings = encoder.encode(images)
    np.testing.assert_allclose(embeddings, images.mean(axis=(2, 3)), rtol=1e-6)
    assert module.sizes == [16, 8, 4, 4, 4, 4, 2]
    assert encoder.batch_size == 4
    assert [record.message for record in caplog.records] == [
        "means ran out of memory with 16 images at once; going on with 8.",
        "means ran out of memory with 8 images at once; going on with 4.",
    ]


def test_a_batch_smaller_than_the_batch_size_is_halved_too() -> None:
    module = Means(limit=2)
    assert network(module).encode(pixels(5)).shape == (5, 3)
    assert module.sizes == [5, 2, 2, 1]


def test_where_not_even_one_image_fits_the_encoder_is_unavailable() -> None:
    with pytest.raises(EncoderUnavailable, match="even for one image"):
        network(Means(limit=0)).encode(pixels(4))


def test_another_error_is_not_taken_for_a_lack_of_memory() -> None:
    class Broken(Means):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        network(Broken()).encode(pixels(4))


def test_an_image_that_overflows_float16_is_embedded_in_float32() -> None:
    module: Any = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 3, bias=False))
    with torch.no_grad():
        module[1].weight.fill_(1000.0)
    encoder = network(module)
    encoder.precision = "mixed"
    images = pixels(3)
    images[1] *= 100  # sums to more than 65504 / 1000
    expected = 1000 * images.reshape(3, -1).sum(axis=1)
    embeddings = encoder.encode(images)[:, 0]
    assert np.isfinite(embeddings).all()
    np.testing.assert_allclose(embeddings, expected, rtol=2e-3)
    assert abs(embeddings[1] / expected[1] - 1) < 1e-6  # by no means float16


def test_an_unknown_transform_is_used_as_it_is_and_needs_the_whole_picture() -> None:
    encoder = network(Means())
    prepared = encoder.preprocess(Image.new("RGB", (5, 4), (1, 2, 3)))
    assert prepared.shape == (3, 4, 5)
    assert prepared.dtype == np.float32
    assert prepared[:, 0, 0].tolist() == [1, 2, 3]
    assert encoder.side is None


def test_pixels_of_8_bits_are_normalised_on_the_way_into_the_network() -> None:
    steps = [Resize(4, BICUBIC), CenterCrop(4), ToTensor(), Normalize((0.5,) * 3, (0.25,) * 3)]
    encoder = Network(
        Means(), Compose(steps), spec="means", architecture={}, preprocessing={}, dimensions=3,
        device="cpu",
    )  # fmt: skip
    prepared = encoder.preprocess(Image.new("RGB", (8, 6), (0, 51, 255)))
    assert prepared.dtype == np.uint8
    assert prepared.shape == (4, 4, 3)
    assert encoder.side == 4
    np.testing.assert_allclose(encoder.encode(prepared[None]), [[-2.0, -1.2, 2.0]], atol=1e-6)


def test_each_thread_computes_with_as_many_threads_as_it_asked_for() -> None:
    class Counting(Means):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            self.sizes.append(torch.get_num_threads())
            return super().forward(pixels)[:, :3]

    module = Counting()
    encoder = network(module)
    encoder.encode(pixels(1), threads=1)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(encoder.encode, pixels(1), threads=3).result()
    encoder.encode(pixels(1), threads=1)
    encoder.encode(pixels(1))
    assert module.sizes[::2] == [1, 3, 1, devices.CORES]


def test_small_batches_are_for_convolutions_on_a_processor() -> None:
    convolutions = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.Conv2d(4, 3, 1))
    assert network(convolutions).batch_size < network(Means()).batch_size
    assert devices.first_batch_size("cuda", convolutional=True) == 256


def test_a_processor_encodes_one_batch_a_core_and_a_gpu_one_alone() -> None:
    assert (devices.workers("cpu"), devices.workers("cuda")) == (devices.CORES, 1)


def test_an_encoder_neither_trains_nor_changes_its_weights() -> None:
    module = Means()
    encoder = network(module)
    assert not module.training
    assert not module.weight.requires_grad
    before = encoder.id
    encoder.encode(pixels(2))
    assert encoder_id({"name": "means"}, {}, module.state_dict()) == before


WEIGHTS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(3)}


@pytest.mark.parametrize(
    "other",
    [
        {"a": WEIGHTS["a"] + 1e-7, "b": WEIGHTS["b"]},
        {"a": WEIGHTS["a"].reshape(3, 2), "b": WEIGHTS["b"]},
        {"a": WEIGHTS["a"].half(), "b": WEIGHTS["b"]},
        {"a": WEIGHTS["a"], "c": WEIGHTS["b"]},
    ],
    ids=["value", "shape", "dtype", "name"],
)
def test_the_id_tells_weights_apart(other: dict[str, torch.Tensor]) -> None:
    assert encoder_id({}, {}, other) != encoder_id({}, {}, WEIGHTS)


def test_the_id_depends_on_neither_order_nor_layout_of_the_weights() -> None:
    shuffled = {"b": WEIGHTS["b"], "a": WEIGHTS["a"].t().contiguous().t()}
    assert encoder_id({}, {}, shuffled) == encoder_id({}, {}, WEIGHTS)


def test_the_id_tells_architectures_and_preprocessing_apart() -> None:
    ids = {
        encoder_id({"name": "x"}, {"size": 224}, WEIGHTS),
        encoder_id({"name": "y"}, {"size": 224}, WEIGHTS),
        encoder_id({"name": "x"}, {"size": 256}, WEIGHTS),
    }
    assert len(ids) == 3
    assert all(len(id) == 64 for id in ids)


def test_the_fingerprint_tells_precision_and_decoding_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = fingerprint("id", "float32")
    assert fingerprint("id", "mixed") != first
    monkeypatch.setattr("featclass.encoders.identity.DECODING_VERSION", 10**6)
    assert fingerprint("id", "float32") != first


def test_a_device_asked_for_and_absent_is_an_error() -> None:
    absent = "mps" if not torch.backends.mps.is_available() else "cuda"
    with pytest.raises(EncoderUnavailable, match="use the device auto or cpu"):
        encoders.choose_device(absent)
    with pytest.raises(EncoderUnavailable, match="There is no device 'tpu'"):
        encoders.choose_device("tpu")
    assert encoders.choose_device("cpu") == "cpu"
    assert encoders.choose_device("auto") in ("cpu", "cuda", "mps")
