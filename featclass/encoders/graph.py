"""EfficientNet-Lite as OpenVINO graphs, made anew from its weights in a moment.

Batch norms are folded into the convolutions before them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from featclass.encoders import runtime
from featclass.encoders.lite import Tensors

if TYPE_CHECKING:
    from openvino import Model, Node

Floats = NDArray[np.float32]

EPSILON: Final = 1e-3
"""Of the batch norms, as in the TensorFlow they were trained in."""
STRIDES: Final = (1, 2, 2, 2, 1, 2, 1)
"""Of the first block of each stage, which is the one that changes the number of channels."""
FINE_STAGES: Final = 2
"""Those that work at a half and a quarter of the input's resolution.

Depthwise convolutions there take differences of large numbers: rounded to bfloat16 as all else,
they alone make nine tenths of its error, and probabilities off by up to 0.08 instead of 0.02.
"""


@dataclass(frozen=True, slots=True)
class Graphs:
    """One network, in one or two parts that follow each other."""

    parts: tuple[Model, ...]
    """The last gives embeddings, shape (n, dimensions)."""
    features: Model
    """The last part, giving what was seen at each place: shape (n, dimensions, rows, columns)."""


def graphs(tensors: Tensors, *, side: int, in_two: bool) -> Graphs:
    """Return the network that takes pixels of 8 bits, shape (n, side, side, 3).

    Args:
        tensors: By their names in the file of weights.
        side: Pixels a side of what the network sees.
        in_two: Whether the stages of `FINE_STAGES` are a part of their own, to be run in float32.
    """
    ops = runtime.operations()
    first = ops.parameter([-1, side, side, 3], np.uint8)
    blocks = _blocks(tensors)
    fine = [block for block in blocks if block.stage < FINE_STAGES]
    stem = _convolution(_scaled(first), _folded(tensors, "_conv_stem", "_bn0"), 2)
    half = _through(stem, fine, tensors)
    parts = []
    if in_two:
        parts.append(runtime.model([half], [first]))
        first = ops.parameter(half.output(0).partial_shape, np.float32)
        half = first
    whole = _through(half, blocks[len(fine) :], tensors)
    features = _convolution(whole, _folded(tensors, "_conv_head", "_bn1"), 1)
    embedding = ops.reduce_mean(features, ops.constant(np.array([2, 3])), False)
    return Graphs((*parts, runtime.model([embedding], [first])), runtime.model([features], [first]))


@dataclass(frozen=True, slots=True)
class _Block:
    """An inverted bottleneck (Sandler et al. 2018, MobileNetV2)."""

    name: str
    stage: int
    stride: int
    adds: bool
    """Whether what it is given is added to what it makes."""


def _blocks(tensors: Tensors) -> list[_Block]:
    blocks: list[_Block] = []
    channels, stage = 0, -1
    for number in itertools.count():
        name = f"_blocks.{number}."
        if f"{name}_project_conv.weight" not in tensors:
            return blocks
        made = tensors[f"{name}_project_conv.weight"].shape[0]
        begins = made != channels
        stage += begins
        blocks.append(_Block(name, stage, STRIDES[stage] if begins else 1, not begins))
        channels = made
    return blocks


def _through(node: Node, blocks: list[_Block], tensors: Tensors) -> Node:
    ops = runtime.operations()
    for block in blocks:
        inner, name = node, block.name
        if f"{name}_expand_conv.weight" in tensors:
            inner = _convolution(inner, _folded(tensors, f"{name}_expand_conv", f"{name}_bn0"), 1)
        depthwise = _folded(tensors, f"{name}_depthwise_conv", f"{name}_bn1")
        inner = _convolution(inner, depthwise, block.stride)
        project = _folded(tensors, f"{name}_project_conv", f"{name}_bn2")
        inner = _convolution(inner, project, 1, rectified=False)
        node = ops.add(node, inner) if block.adds else inner
    return node


def _scaled(pixels: Node) -> Node:
    """Return levels of 0 to 255 as -1 to 1, channels first."""
    ops = runtime.operations()
    levels = ops.transpose(ops.convert(pixels, "f32"), ops.constant(np.array([0, 3, 1, 2])))
    middle = ops.constant(np.full((1, 1, 1, 1), 127.5, np.float32))
    return ops.divide(ops.subtract(levels, middle), middle)


def _folded(tensors: Tensors, convolution: str, norm: str) -> tuple[Floats, Floats]:
    """Return weights and bias of a convolution that does what its batch norm did as well."""
    weights, scale, shift, mean, variance = (
        tensors[name].astype(np.float64)
        for name in (
            f"{convolution}.weight",
            f"{norm}.weight",
            f"{norm}.bias",
            f"{norm}.running_mean",
            f"{norm}.running_var",
        )
    )
    factors = scale / np.sqrt(variance + EPSILON)
    folded = weights * factors[:, None, None, None]
    return folded.astype(np.float32), (shift - mean * factors).astype(np.float32)


def _convolution(
    node: Node, folded: tuple[Floats, Floats], stride: int, *, rectified: bool = True
) -> Node:
    """Return the convolution, padded as TensorFlow does, its values cut to 0 to 6 (ReLU6)."""
    ops = runtime.operations()
    weights, bias = folded
    count, inputs, *window = weights.shape
    how = ([stride, stride], [0, 0], [0, 0], [1, 1], "same_upper")
    if inputs == 1:  # depthwise: a group of one channel each
        apart = weights.reshape(count, 1, 1, *window)
        node = ops.group_convolution(node, ops.constant(apart), *how)
    else:
        node = ops.convolution(node, ops.constant(weights), *how)
    node = ops.add(node, ops.constant(bias.reshape(1, -1, 1, 1)))
    return ops.clamp(node, 0.0, 6.0) if rectified else node
