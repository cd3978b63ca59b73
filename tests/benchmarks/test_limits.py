"""The limit that featclass is measured against is honest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks import models, networks, passes, pictures, runtimes
from benchmarks.decoders import Decoder, decoders
from benchmarks.limits import Limit
from benchmarks.networks import Input, Pixels
from benchmarks.passes import Pass
from benchmarks.pictures import Kind
from benchmarks.runtimes import Subject, Way, cosines, opened

NETWORK = "a small one"
SIDE = 32


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> torch.nn.Module:
    """A network of two convolutions, known to the benchmarks under `NETWORK`."""
    torch.manual_seed(0)
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 3), torch.nn.ReLU(), torch.nn.Conv2d(16, 32, 3),
        torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
    ).eval()  # fmt: skip
    monkeypatch.setitem(networks.INPUTS, NETWORK, Input(SIDE, SIDE, [0.5] * 3, [0.5] * 3))
    monkeypatch.setattr(networks, "module", lambda network, spec: module)
    monkeypatch.setattr(passes, "TRIED_SECONDS", 0.01)
    monkeypatch.setattr(passes, "SECONDS", 0.01)
    return module


def squares(count: int = 4) -> list[Any]:
    return list(np.random.default_rng(0).integers(0, 256, (count, SIDE, SIDE, 3), np.uint8))


def test_on_a_processor_both_parts_take_their_time_and_beside_a_gpu_the_longer() -> None:
    limit = Limit(decode=300.0, decoder="", forward=100.0, runtime="")
    assert limit.together("cpu") == pytest.approx(75.0)
    assert limit.together("cuda") == 100.0


def test_a_pass_that_gives_other_embeddings_is_never_the_limit(
    module: torch.nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    def quick_but_wrong(way: Way, subject: Subject) -> runtimes.Bind:
        if way.precision == runtimes.BFLOAT16:
            return lambda batch: lambda: np.ones((len(batch), 32), np.float32)
        return opened(way, subject)

    monkeypatch.setattr(passes, "opened", quick_but_wrong)
    fastest = Pass(NETWORK, "", None, squares(), device="cpu", quick=True)
    assert fastest.way.precision == runtimes.FLOAT32
    assert fastest.attained.rates["torch bfloat16"] == 0.0


@pytest.mark.parametrize("runtime", runtimes.RUNTIMES, ids=" ".join)
@pytest.mark.parametrize("callers", [1, 2])
def test_every_runtime_gives_the_embeddings_of_torch(
    module: torch.nn.Module, runtime: tuple[str, str], callers: int, tmp_path: Path
) -> None:
    pytest.importorskip("onnx")
    path = networks.exporter(NETWORK, "")(tmp_path / "network.onnx")
    pixels: Pixels = networks.INPUTS[NETWORK].normalised(squares())
    way = Way(*runtime, len(pixels), callers)
    try:
        run = opened(way, Subject(module, path, "cpu"))(pixels)
    except ModuleNotFoundError as missing:
        pytest.skip(str(missing))
    with torch.inference_mode():
        expected = module(torch.from_numpy(pixels)).numpy()
    assert cosines(run(), expected).min() > runtimes.SAME


@pytest.mark.parametrize("network", [models.LITE0, models.LITE2])
def test_the_limit_is_that_of_the_network_people_load(network: str) -> None:
    pixels = networks.INPUTS[network].normalised(
        [np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)]
    )
    with torch.inference_mode():
        published, limiting = (
            module(torch.from_numpy(pixels)).numpy()
            for module in (networks.lite(network), networks.module(network, ""))
        )
    assert np.allclose(published, limiting, atol=1e-4)


@pytest.mark.parametrize("decoder", decoders(is_jpeg=True), ids=str)
def test_every_decoder_gives_what_the_network_takes_of_the_same_place(decoder: Decoder) -> None:
    [data] = pictures.encoded(Kind("JPEG", (800, 600)), 1, distinct=1)
    taken = Input(96, 110, [0.5] * 3, [0.5] * 3)
    [levels] = decoder.squares(data, [taken])
    [expected] = Decoder("Pillow", "Pillow", 1).squares(data, [taken])
    assert levels.shape == (96, 96, 3)
    assert np.abs(levels.astype(float) - expected).mean() < 6
