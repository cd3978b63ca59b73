"""Maps by covering, where an encoder does not show what it saw."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageDraw
import pytest
import timm
import torch
from numpy.typing import NDArray

from featclass import classifiers
from featclass.base.records import Dataset, Probe
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.encoders import Encoder, Pixels
from featclass.encoders.network import Network
from featclass.encoders.timm_models import evaluation_transform
from featclass.explain import Evidence, View
from featclass.explain.occlusion import by_gradient, coarse_to_fine
from tests.fakes import GridEncoder, image, two_classes

MARK = (40, 8, 56, 24)


@dataclass
class RednessEncoder(GridEncoder):
    """Embeds a picture as how red, and how blue, its reddest and bluest sixteenths are."""

    dimensions: int = 2

    def encode(self, pixels: Pixels, *, threads: int | None = None) -> NDArray[np.float32]:
        levels = super().encode(pixels).reshape(len(pixels), 3, -1)
        red = (levels[:, 0] - levels[:, 2]).max(axis=1)
        blue = (levels[:, 2] - levels[:, 0]).max(axis=1)
        return np.stack([np.maximum(red, 0), np.maximum(blue, 0) + np.float32(0.05)], axis=1)


def marked(colour: str = "red") -> bytes:
    picture = PIL.Image.new("RGB", (64, 64), (150, 160, 155))
    PIL.ImageDraw.Draw(picture).rectangle(MARK, fill=colour)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def test_a_mark_that_decides_is_found_with_an_encoder_that_shows_nothing() -> None:
    engine = Engine(RednessEncoder(), Cache(":memory:"), max_pixels=10**8)
    classifier = classifiers.train(engine, Dataset(tuple(two_classes()))).classifier
    heat = classifiers.explain(engine, classifier, image(marked()), "red")
    engine.close()
    assert not heat.is_exact
    assert heat.box == (0, 0, 1, 1)
    row, column = np.unravel_index(heat.values.argmax(), heat.values.shape)
    rows, columns = heat.values.shape
    left, top, right, bottom = MARK
    assert left <= (column + 0.5) * 64 / columns <= right
    assert top <= (row + 0.5) * 64 / rows <= bottom
    assert "lies mostly in the upper right" in heat.says
    assert "The red parts count most" in heat.says


class Transformer:
    """A small vision transformer with seeded weights, and a probe of it."""

    def __init__(self) -> None:
        torch.manual_seed(3)
        module: Any = timm.create_model(
            "vit_tiny_patch16_224", img_size=64, patch_size=8, embed_dim=32, depth=2, num_heads=2,
            num_classes=0,
        )  # fmt: skip
        module.pretrained_cfg = {**module.pretrained_cfg, "input_size": (3, 64, 64), "crop_pct": 1}
        transform, preprocessing = evaluation_transform(module)
        self.encoder = Network(
            module, transform, spec="small", architecture={}, preprocessing=preprocessing,
            dimensions=32, device="cpu", features=module.forward_features,
        )  # fmt: skip
        chance = np.random.default_rng(3)
        weights = chance.normal(size=(2, 32))
        self.probe = Probe(("a", "b"), weights, np.zeros(2), roots=False, floor=0.0)


@pytest.fixture(scope="module")
def transformer() -> Transformer:
    return Transformer()


def view_of(encoder: Encoder, data: bytes) -> View:
    picture = PIL.Image.open(io.BytesIO(data)).convert("RGB")
    levels = encoder.preprocess(picture).astype(np.uint8)
    patch = encoder.patch if isinstance(encoder, Network) else None
    return View(levels, (0, 0, 1, 1), picture.size, encoder.encode, patch=patch)


def test_a_transformer_shows_no_places_but_its_patches_and_its_gradient(
    transformer: Transformer,
) -> None:
    encoder = transformer.encoder
    pixels = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), dtype=np.uint8)
    assert encoder.patch == 8
    assert encoder.features(pixels) is None
    evidence = Evidence.of(transformer.probe, "a")
    gradient = encoder.gradients(pixels, evidence.gradient)
    assert gradient is not None
    assert gradient.shape == pixels.shape
    direction = np.sign(gradient)
    changed = evidence.logits(encoder.encode((pixels + 0.05 * direction).astype(np.float32)))
    before = evidence.logits(encoder.encode(pixels.astype(np.float32)))
    assert (changed - before)[0] == pytest.approx(0.05 * np.abs(gradient).sum(), rel=0.1)


def test_along_the_gradient_the_cells_that_count_most_are_covered_in_truth(
    transformer: Transformer,
) -> None:
    encoder = transformer.encoder
    view = view_of(encoder, marked())
    evidence = Evidence.of(transformer.probe, "a")
    full = float(evidence.logits(encoder.encode(view.levels[None]))[0])
    covered = view.without(view.grid().cells(range(64)), evidence)
    truth = (full - covered).reshape(view.grid().shape)
    assert truth.shape == (8, 8)
    gradient = encoder.gradients(view.levels[None], evidence.gradient)
    assert gradient is not None
    found = by_gradient(view, evidence, full, gradient[0])
    same = np.isclose(found, truth, rtol=1e-3, atol=1e-6)
    assert 8 <= same.sum() < 64
    assert np.abs(found[same]).max() == pytest.approx(np.abs(truth).max(), rel=1e-3)


def test_four_coarse_cells_are_made_finer() -> None:
    encoder = RednessEncoder()
    fitted = Probe(("blue", "red"), np.array([[0.0, 4], [4, 0]]), np.zeros(2), roots=False, floor=0)
    levels = np.asarray(PIL.Image.open(io.BytesIO(marked())).convert("RGB"))

    def encode(some: NDArray[np.uint8]) -> NDArray[np.float32]:
        pixels = [encoder.preprocess(PIL.Image.fromarray(one)) for one in some]
        return encoder.encode(np.stack(pixels))

    view = View(levels, (0, 0, 1, 1), (64, 64), encode, is_input=False)
    evidence = Evidence.of(fitted, "red")
    full = float(evidence.logits(encode(levels[None]))[0])
    values = coarse_to_fine(view, evidence, full)
    assert values.shape == (8, 8)
    assert encoder.encoded == 1 + 16 + 16
    assert divmod(int(values.argmax()), 8) in {(1, 5), (1, 6), (2, 5), (2, 6)}


@pytest.mark.parametrize(
    ("side", "patch", "cells"), [(224, 32, 7), (224, 16, 7), (224, 14, 8), (384, 16, 8),
                                 (384, 14, 7), (224, None, 7), (64, 8, 8)],
)  # fmt: skip
def test_cells_are_few_and_made_of_whole_patches(side: int, patch: int | None, cells: int) -> None:
    levels = np.zeros((side, side, 3), np.uint8)
    view = View(
        levels, (0, 0, 1, 1), (side, side), lambda _: np.empty((0, 2), np.float32), True, patch
    )
    grid = view.grid()
    assert grid.shape == (cells, cells)
    assert grid.rows[-1] == grid.columns[-1] == side
    if patch and side % patch == 0:
        assert all(edge % patch == 0 for edge in grid.rows)
    assert sum(mask.sum() for mask in grid.cells(range(cells * cells))) == side * side
