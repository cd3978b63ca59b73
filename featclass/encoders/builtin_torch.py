"""The built-in networks in torch: for GPUs, and for machines without OpenVINO."""

from __future__ import annotations

import itertools
from typing import Any

import timm
import torch
from torch.nn.utils.fusion import fuse_conv_bn_eval

from featclass.encoders.builtin import BuiltIn
from featclass.encoders.lite import DIMENSIONS, Lite
from featclass.encoders.network import Network
from featclass.encoders.precision import FLOAT32
from featclass.encoders.transforms import TorchPreprocessing


class SideBySide(torch.nn.Module):
    """Several networks that see the same pixels, one embedding after the other."""

    def __init__(self, networks: list[torch.nn.Module]) -> None:
        super().__init__()
        self.networks = torch.nn.ModuleList(networks)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return embeddings, shape (n, dimensions of all)."""
        return torch.cat([network(pixels) for network in self.networks], dim=1)

    def features(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return what they saw at each place, shape (n, dimensions of all, rows, columns)."""
        maps: list[Any] = [network.forward_features for network in self.networks]
        return torch.cat([of(pixels) for of in maps], dim=1)


def load(wanted: BuiltIn, device: str, precision: str = FLOAT32) -> Network:
    """Load built-in networks; raises `EncoderUnavailable` where a package of them is damaged."""
    module = SideBySide([network_of(lite) for lite in wanted.networks])
    seen = wanted.preprocessing
    return Network(
        module,
        TorchPreprocessing(seen.resize, seen.crop, seen.interpolation, seen.mean, seen.std),
        spec=wanted.spec,
        id=wanted.id,
        dimensions=len(wanted.networks) * DIMENSIONS,
        device=device,
        precision=precision,
        features=module.features,
    )


def network_of(lite: Lite) -> torch.nn.Module:
    """Return timm's module with the package's weights, without its last layer."""
    module: Any = timm.create_model(lite.architecture, pretrained=False)
    module.load_state_dict(named(lite, module), strict=True)
    module.reset_classifier(0)
    return fold_batch_norms(module)


def named(lite: Lite, module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return all its tensors under timm's names, for the same layers in the same order."""
    tensors = (torch.from_numpy(values.copy()) for values in lite.tensors().values())
    return dict(zip(module.state_dict(), tensors, strict=True))


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
