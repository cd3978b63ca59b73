from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torchvision.transforms import Compose, InterpolationMode, Normalize, Resize, ToTensor

from featclass import encoders
from featclass.base.config import Config
from featclass.base.errors import EncoderUnavailable
from featclass.encoders import builtin, devices, precision, processors
from featclass.encoders.network import Network, encoder_id
from featclass.encoders.precision import has_amx, precision_class
from featclass.encoders.weights import InFloat32
from tests.encoders.test_timm_models import write_weights
from tests.encoders.towers import CONFIGS, VISION, write_model

VIT = CONFIGS["CLIP"] | {
    # As wide as ViT-B-32, so that its matrices are as large, and a third as deep.
    "embed_dim": 512,
    "vision_cfg": VISION
    | {"image_size": 224, "patch_size": 32, "width": 768, "head_width": 64, "layers": 4},
}


def smooth(n: int, side: int = 224) -> NDArray[np.uint8]:
    """Make the levels of pictures with large shapes and colours, as photos have them."""
    small = np.random.default_rng(5).integers(0, 256, (n, 7, 7, 3), dtype=np.uint8)
    large = [Image.fromarray(levels).resize((side, side)) for levels in small]
    return np.stack([np.asarray(picture) for picture in large])


def load(folder: Path, config: Config, wanted: str) -> Any:
    return encoders.load(f"local-dir:{folder}", device="cpu", precision=wanted, config=config)


def cosines(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> NDArray[np.float64]:
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray((a * b).sum(axis=1) / lengths)


def furthest(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> float:
    """Return the largest distance of two embeddings of one image, relative to their length."""
    distances = np.linalg.norm(ours - theirs, axis=1) / np.linalg.norm(theirs, axis=1)
    return float(distances.max())


@pytest.fixture
def cpuinfo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(precision, "_CPUINFO", path)
    monkeypatch.setattr("sys.platform", "linux")
    has_amx.cache_clear()
    yield path
    has_amx.cache_clear()


@pytest.mark.parametrize(
    ("flags", "has"),
    [
        ("fpu amx_bf16 avx512_bf16 amx_tile amx_int8", True),
        ("fpu amx_bf16 avx512_bf16", False),
        ("fpu amx_tile amx_int8", False),
        ("fpu sse xamx_bf16 amx_tile_", False),
    ],
)
def test_amx_is_there_where_linux_lists_tiles_and_their_bfloat16(
    cpuinfo: Path, flags: str, has: bool
) -> None:
    name = "model name\t: amx_bf16 amx_tile of a name"
    cpuinfo.write_text(f"processor\t: 0\n{name}\nflags\t\t: {flags}\nvmx flags\t: amx_bf16\n")
    assert has_amx() is has


def test_amx_is_not_there_where_nothing_says_so(
    cpuinfo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not has_amx()
    has_amx.cache_clear()
    cpuinfo.write_text("flags : amx_bf16 amx_tile\n")
    monkeypatch.setattr("sys.platform", "darwin")
    assert not has_amx()


@pytest.mark.parametrize(("amx", "on_cpu"), [(True, "bfloat16"), (False, "float32")])
def test_auto_is_bfloat16_on_a_processor_with_amx_alone_and_mixed_on_cuda(
    amx: bool, on_cpu: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "has_amx", lambda: amx)
    assert [precision_class(device) for device in ("cpu", "mps", "cuda")] == [
        on_cpu,
        "float32",
        "mixed",
    ]
    for wanted in ("float32", "bfloat16"):
        assert {precision_class(device, wanted) for device in processors.CHOICES} == {wanted}


@pytest.mark.parametrize("amx", [True, False])
def test_an_encoder_is_loaded_in_what_auto_means_and_in_what_is_asked_for(
    amx: bool, tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "has_amx", lambda: amx)
    folder = write_model(tmp_path / "model", CONFIGS["CLIP"], {})
    auto = "bfloat16" if amx else "float32"
    for wanted, expected in (("auto", auto), ("float32", "float32"), ("bfloat16", "bfloat16")):
        assert load(folder, config, wanted).precision == expected
        built_in = encoders.load("builtin", device="cpu", precision=wanted, config=config)
        assert built_in.precision == expected


def test_an_unknown_precision_is_told_before_anything_is_fetched(config: Config) -> None:
    spec = "ViT-B-32/laion2b_s34b_b79k"
    for name in ("builtin", spec):
        with pytest.raises(EncoderUnavailable, match="one of auto, float32, bfloat16"):
            encoders.load(name, device="cpu", precision="float64", config=config)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_kind_of_model_is_the_same_encoder_in_bfloat16_and_gives_float32(
    name: str, tmp_path: Path, config: Config
) -> None:
    folder = write_model(tmp_path / "model", CONFIGS[name], {})
    exact, encoder = (load(folder, config, wanted) for wanted in ("float32", "bfloat16"))
    assert encoder.id == exact.id
    assert encoder.fingerprint != exact.fingerprint
    pictures = [Image.fromarray(levels) for levels in smooth(4)]
    pixels = np.stack([exact.preprocess(picture) for picture in pictures])
    embeddings = encoder.encode(pixels)
    assert embeddings.dtype == np.float32
    assert cosines(embeddings, exact.encode(pixels)).min() >= 0.9995
    kinds = {tensor.dtype for tensor in encoder._forward.__self__.state_dict().values()}
    assert kinds <= {torch.bfloat16, torch.int64}


def test_weights_are_looked_at_in_float32_whatever_a_file_holds() -> None:
    halves = {"a": torch.tensor([0.1, 3.0]).half(), "n": torch.tensor([7])}
    seen = InFloat32(halves)
    assert encoder_id({}, {}, seen) == encoder_id(
        {}, {}, {"a": halves["a"].float(), "n": halves["n"]}
    )


def test_a_timm_model_is_the_same_encoder_in_bfloat16(tmp_path: Path, config: Config) -> None:
    write_weights(tmp_path / "models", "resnet18.a1_in1k")
    filled = replace(config, models=tmp_path / "models", offline=True)
    exact, encoder = (
        encoders.load("timm:resnet18", device="cpu", precision=wanted, config=filled)
        for wanted in ("float32", "bfloat16")
    )
    assert (encoder.id, encoder.precision) == (exact.id, "bfloat16")
    assert cosines(encoder.encode(smooth(4)), exact.encode(smooth(4))).min() >= 0.9995


def test_photos_have_nearly_the_same_embedding_in_bfloat16_of_the_built_in_encoder() -> None:
    from sklearn.datasets import load_sample_image

    exact, encoder = builtin.load("cpu"), builtin.load("cpu", "bfloat16")
    assert encoder.id == exact.id
    photos = [Image.fromarray(load_sample_image(name)) for name in ("china.jpg", "flower.jpg")]
    pixels = np.stack([exact.preprocess(photo) for photo in photos])
    assert cosines(encoder.encode(pixels), exact.encode(pixels)).min() >= 0.999


@pytest.fixture(scope="module")
def vit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("vit") / "model", VIT, {})


def in_batches(encoder: Any, size: int, threads: int) -> NDArray[np.float32]:
    levels = smooth(32)
    parts = [levels[start : start + size] for start in range(0, len(levels), size)]
    return np.concatenate([encoder.encode(part, threads=threads) for part in parts])


@pytest.mark.parametrize(("wanted", "bound"), [("float32", 1e-6), ("bfloat16", 0.01)])
def test_an_embedding_hardly_depends_on_its_batch_or_on_threads(
    wanted: str, bound: float, vit: Path, config: Config
) -> None:
    encoder = load(vit, config, wanted)
    alone = in_batches(encoder, 1, 1)
    for threads in (1, 2):
        for size in (1, 2, 7, 16, 32):
            embeddings = in_batches(encoder, size, threads)
            assert furthest(embeddings, alone) <= bound, (size, threads)
            # The same batch once more: to the last bit.
            np.testing.assert_array_equal(in_batches(encoder, size, threads), embeddings)


def test_in_bfloat16_an_embedding_is_as_good_as_in_float32(vit: Path, config: Config) -> None:
    exact, encoder = (load(vit, config, wanted) for wanted in ("float32", "bfloat16"))
    embeddings, expected = in_batches(encoder, 16, 1), in_batches(exact, 16, 1)
    assert cosines(embeddings, expected).min() >= 0.9995
    assert 1e-6 < furthest(embeddings, expected) < 0.02  # by no means float32


class Shown(torch.nn.Module):
    """Embeds by the first pixel, and keeps what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.full((3,), 1 / 3))
        self.given: list[torch.Tensor] = []

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        self.given.append(pixels)
        return pixels[:, :, 0, 0] * self.weight


def shown(module: Shown, wanted: str) -> Network:
    steps = [Resize(2, InterpolationMode.BICUBIC), ToTensor(), Normalize((0.48,) * 3, (0.27,) * 3)]
    return Network(
        module, Compose(steps), spec="shown", architecture={}, preprocessing={}, dimensions=3,
        device="cpu", precision=wanted,
    )  # fmt: skip


def test_pixels_are_normalised_in_float32_and_only_then_rounded() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(64, 2, 2, 1).repeat(3, axis=3)
    exact, rounded = Shown(), Shown()
    shown(exact, "float32").encode(levels[:16])
    shown(rounded, "bfloat16").encode(levels[:16])
    [expected], [given] = exact.given, rounded.given
    assert (expected.dtype, given.dtype) == (torch.float32, torch.bfloat16)
    scaled = (levels[:16].transpose(0, 3, 1, 2) / 255 - 0.48) / 0.27
    np.testing.assert_allclose(expected.numpy(), scaled, rtol=1e-5, atol=1e-6)
    assert torch.equal(expected.to(torch.bfloat16), given)


def test_gradients_of_levels_come_through_bfloat16_in_float32() -> None:
    levels = np.full((1, 2, 2, 3), 100, np.uint8)
    [exact, rounded] = [
        shown(Shown(), wanted).gradients(levels, np.ones_like) for wanted in ("float32", "bfloat16")
    ]
    assert exact is not None
    assert rounded is not None
    assert rounded.dtype == np.float32
    assert exact[0, 0, 0, 0] == pytest.approx(1 / (3 * 0.27 * 255))
    np.testing.assert_allclose(rounded, exact, rtol=0.01)


def test_a_device_that_cannot_compute_in_bfloat16_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise TypeError("BFloat16 is not supported on MPS")

    monkeypatch.setattr(torch, "ones", refuse)
    with pytest.raises(EncoderUnavailable, match="bfloat16 on the device mps"):
        devices.prepare("mps", "bfloat16")
    devices.prepare("mps", "float32")


@pytest.mark.parametrize(("amx", "notes"), [(True, 0), (False, 1)])
def test_bfloat16_without_amx_works_and_is_said_to_be_slow(
    amx: bool, notes: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(devices, "has_amx", lambda: amx)
    with caplog.at_level(logging.WARNING):
        shown(Shown(), "bfloat16")
        shown(Shown(), "float32")
    assert len(caplog.records) == notes
    assert all("more slowly" in record.message for record in caplog.records)


def test_float32_on_cuda_is_no_tf32() -> None:
    places: list[Any] = [torch.backends.cuda.matmul, torch.backends.cudnn]
    before = [place.allow_tf32 for place in places]
    try:
        for place in places:
            place.allow_tf32 = True
        devices.prepare("cuda", "mixed")
        assert [place.allow_tf32 for place in places] == [True, True]
        devices.prepare("cuda", "float32")
        assert [place.allow_tf32 for place in places] == [False, False]
    finally:
        for place, allowed in zip(places, before, strict=True):
            place.allow_tf32 = allowed


def test_in_bfloat16_batches_on_a_processor_are_larger() -> None:
    for convolutional in (True, False):
        sizes = [
            devices.first_batch_size("cpu", convolutional=convolutional, precision=wanted)
            for wanted in ("float32", "bfloat16")
        ]
        assert sizes[0] < sizes[1]
