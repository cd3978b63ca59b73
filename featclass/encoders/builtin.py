"""The encoders that come with featclass: EfficientNet-Lite with ImageNet weights.

`builtin:small` is Lite0; `builtin` is Lite0 and Lite2 side by side, which together tell classes
apart from few pictures better than either. On a processor they run in OpenVINO, elsewhere in torch.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from featclass.encoders import runtime
from featclass.encoders.base import Encoder
from featclass.encoders.identity import digest
from featclass.encoders.lite import DIMENSIONS, LITE0, LITE2, Lite
from featclass.encoders.precision import BFLOAT16, FLOAT32
from featclass.encoders.preprocessing import Preprocessing
from featclass.encoders.specs import BUILTIN, BUILTIN_SMALL

log = logging.getLogger(__name__)

_HALF: Final = (0.5, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """Networks side by side, and the pixels that all of them see."""

    spec: str
    id: str
    networks: tuple[Lite, ...]
    preprocessing: Preprocessing


def _seen(side: int, resize: int) -> Preprocessing:
    # timm's own evaluation crop (of Lite0 the middle 224 of 256 pixels) gave a lower log loss on
    # photos and cartoons than the whole picture, squashed or padded.
    return Preprocessing(resize, (side, side), "bicubic", _HALF, _HALF)


SMALL: Final = BuiltIn(
    BUILTIN_SMALL,
    # Of its weights, its architecture and what it is given in timm: as of all encoders in torch.
    "bf930d4ed08405176853811f6d2c613109194971a8edbf8d8d3eef64209b6e56",
    (LITE0,),
    _seen(224, 256),
)
# Lite0 sees as many pixels as Lite2: shrinking them to the 224 it was trained with takes as long as
# looking at all of them, and on five sets of pictures told classes apart no better.
BOTH: Final = BuiltIn(
    BUILTIN,
    digest({"networks": [LITE0.sha256, LITE2.sha256], "side": 260, "resize": 292}),
    (LITE0, LITE2),
    _seen(260, 292),
)
ALL: Final = {network.spec: network for network in (SMALL, BOTH)}


def load(device: str, precision: str = FLOAT32, spec: str = BUILTIN) -> Encoder:
    """Load a built-in encoder; raises `EncoderUnavailable` where a package of it is damaged."""
    wanted = ALL[spec]
    if device == "cpu":
        if encoder := _in_openvino(wanted, precision):
            return encoder
        log.warning("There is no OpenVINO for this machine: the built-in encoder runs in torch.")
    from featclass.encoders import builtin_torch

    return builtin_torch.load(wanted, device, precision)


def _in_openvino(wanted: BuiltIn, precision: str) -> Encoder | None:
    """Return None where OpenVINO is not to be had, or cannot run the networks on this processor."""
    if not runtime.is_here():
        return None
    from featclass.encoders.graph import graphs
    from featclass.encoders.openvino_network import OpenVinoNetwork

    [side, _] = wanted.preprocessing.crop or (0, 0)
    tensors = [network.tensors() for network in wanted.networks]
    try:
        return OpenVinoNetwork(
            [graphs(weights, side=side, in_two=precision == BFLOAT16) for weights in tensors],
            wanted.preprocessing,
            spec=wanted.spec,
            id=wanted.id,
            dimensions=DIMENSIONS,
            precision=precision,
        )
    except RuntimeError as error:  # the only kind that OpenVINO raises
        log.info("OpenVINO: %s", error)
        return None


def successor(spec: str, encoder_id: str) -> str:
    """Return the spec under which an encoder that a file names is found today.

    What is `builtin:small` was all of `builtin` once.
    """
    return BUILTIN_SMALL if spec == BUILTIN and encoder_id == SMALL.id else spec
