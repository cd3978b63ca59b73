"""Whether maps of what spoke for a class are right, and how long one takes.

A small vision transformer learns to tell pictures apart by the colour of one disc among squares,
so that it is known what decides; its maps are held against covering every cell in turn.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks import models
from benchmarks.processes import Process
from benchmarks.settings import Settings
from benchmarks.tables import Cell, Table

if TYPE_CHECKING:
    from featclass.embedding.engine import Engine
    from featclass.encoders.network import Network

COLOURS = ("#dd2222", "#2288cc", "#22aa44", "#eecc22")
SIDE, PATCH, DISC = 64, 8, 12
LEARNED, PASSES, BATCH = 6000, 8, 128
SHOWN, QUICK_SHOWN = 60, 12
TIMED, QUICK_TIMED = 9, 3
Box = tuple[int, int, int, int]


@dataclass
class Agreement:
    """Of one encoder's maps with what covering says, and with what is known to decide."""

    correlations: list[float] = field(default_factory=list)
    hits: list[float] = field(default_factory=list)
    truth_hits: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)

    def row(self, name: str, what: str) -> list[Cell]:
        tenth = float(np.quantile(self.correlations, 0.1))
        return [
            name, what, self.correlations, tenth, statistics.fmean(self.hits),
            statistics.fmean(self.truth_hits), max(self.errors) if self.errors else None,
        ]  # fmt: skip


def measure(settings: Settings) -> list[Table]:
    """Train, explain, cover; then time single explanations."""
    count = QUICK_SHOWN if settings.quick else SHOWN
    settings.say("training a small vision transformer on drawn marks")
    with Process(agreements, settings.device) as process:
        process.ready()
        settings.say(f"explaining {count} pictures, and covering every cell of each")
        rows: list[list[Cell]] = process.ask(count).value
    faithful = Table(
        "explain", "Maps of what spoke for a class",
        ("encoder", "map", "rank correlation with covering each cell", "a tenth is below",
         "largest value on the mark", "covering's largest on the mark", "sum less logit, at most"),
        rows,
        "Pictures of 64 pixels, on each a disc whose colour alone decides and up to four squares"
        " that mean nothing, of its colours or others. The transformer (patches of 8, width 64, 3"
        " layers) has learned this from other drawings; the built-in encoder has not, and gets a"
        " disc of a quarter of the picture instead. Wanted of the transformer is a rank"
        " correlation (Spearman) of 0.6; of the built-in encoder, that its map sums to the logit"
        " to 0.001.",
        {"largest value on the mark": ".0%", "covering's largest on the mark": ".0%",
         "rank correlation with covering each cell": ".2f", "a tenth is below": ".2f",
         "sum less logit, at most": ".0e"},
    )  # fmt: skip
    return [faithful, _times(settings)]


def _times(settings: Settings) -> Table:
    folder = settings.folder / "explain"
    with Process(models.generator) as process:
        generated = process.ask(folder / models.VIT).value
    rows: list[list[Cell]] = []
    rounds = QUICK_TIMED if settings.quick else TIMED
    for name, spec in ((models.BUILTIN, models.BUILTIN), (models.VIT, generated)):
        settings.say(f"{name}: seconds an explanation takes")
        with Process(explainer, spec, settings.device) as process:
            new, seen = zip(*process.ask(rounds).value, strict=True)
            rows.append([name, new, seen])
    columns = ("encoder", "new picture, s", "predicted before, s")
    note = "A picture of 640x480, from bytes to map and words. Under 1 s is asked for."
    title = "Waiting for an explanation"
    return Table("explain-times", title, columns, rows, note, dict.fromkeys(columns[1:], ".2f"))


def drawing(chance: np.random.Generator, colour: int, disc: int) -> tuple[Image.Image, Box]:
    """Draw a disc of one of the `COLOURS` among squares; returns where it is, too."""
    ground = chance.integers(90, 200, 3) + chance.normal(0, 18, (8, 8, 3))
    picture = Image.fromarray(ground.clip(0, 255).astype(np.uint8))
    picture = picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(picture)
    for _ in range(int(chance.integers(2, 5))):
        left, top, size = (int(chance.integers(*ends)) for ends in ((0, 52), (0, 52), (6, 12)))
        fill: Any = COLOURS[int(chance.integers(len(COLOURS)))]
        if chance.random() < 0.5:
            fill = tuple(int(level) for level in chance.integers(0, 256, 3))
        pen.rectangle((left, top, left + size, top + size), fill=fill)
    left, top = (int(place) for place in chance.integers(1, SIDE - disc - 1, 2))
    box = (left, top, left + disc, top + disc)
    pen.ellipse(box, fill=COLOURS[colour], outline="black", width=2)
    return picture, box


def drawings(seed: int, count: int, disc: int = DISC) -> list[tuple[Image.Image, Box, int]]:
    chance = np.random.default_rng(seed)
    colours = [number % len(COLOURS) for number in range(count)]
    return [(*drawing(chance, colour, disc), colour) for colour in colours]


def trained(device: str) -> Network:
    """Return an encoder: a small vision transformer without the layer that names the colour."""
    import timm
    import torch

    from featclass.encoders.network import Network
    from featclass.encoders.timm_models import evaluation_transform

    torch.manual_seed(0)
    module: Any = timm.create_model(
        "vit_tiny_patch16_224", img_size=SIDE, patch_size=PATCH, embed_dim=64, depth=3,
        num_heads=4, num_classes=len(COLOURS),
    )  # fmt: skip
    module.pretrained_cfg = {**module.pretrained_cfg, "input_size": (3, SIDE, SIDE), "crop_pct": 1}
    shown = drawings(0, LEARNED)
    pixels = torch.from_numpy(np.stack([np.asarray(picture) for picture, _, _ in shown]))
    colours = torch.tensor([colour for _, _, colour in shown])
    steps = LEARNED // BATCH
    optimiser = torch.optim.AdamW(module.parameters(), 1e-3, weight_decay=0.05)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=PASSES * steps)
    module.train()
    for _ in range(PASSES):
        for chosen in torch.randperm(LEARNED)[: steps * BATCH].view(steps, BATCH):
            batch = pixels[chosen].permute(0, 3, 1, 2).float() / 127.5 - 1
            loss: Any = torch.nn.functional.cross_entropy(module(batch), colours[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            pace.step()
    module.reset_classifier(0)
    transform, preprocessing = evaluation_transform(module)
    return Network(
        module, transform, spec="small ViT", architecture={"name": "small ViT"},
        preprocessing=preprocessing, dimensions=64, device=device,
    )  # fmt: skip


def agreements(device: str) -> Callable[[int], list[list[Cell]]]:
    """Train; what is returned explains so many pictures with either encoder."""
    from featclass.encoders import builtin

    transformer = _engine(trained(device))
    ours = _engine(builtin.load(device))

    def measure(count: int) -> list[list[Cell]]:
        return [
            _agreement(transformer, count, DISC).row("small ViT", "gradient, then covering"),
            _agreement(ours, count, 2 * DISC).row(models.BUILTIN, "class activation"),
        ]

    return measure


def _engine(encoder: Network) -> Engine:
    from featclass.embedding.cache import Cache
    from featclass.embedding.engine import Engine

    return Engine(encoder, Cache(":memory:"), max_pixels=10**8)


def _agreement(engine: Engine, count: int, disc: int) -> Agreement:
    from featclass import classifiers
    from featclass.base.records import Dataset
    from featclass.explain import Evidence, View
    from featclass.explain.occlusion import exhaustive

    training = [_image(picture, COLOURS[colour]) for picture, _, colour in drawings(1, 120, disc)]
    classifier = classifiers.train(engine, Dataset(tuple(training))).classifier
    found = Agreement()
    encoder: Any = engine.encoder
    for picture, box, colour in drawings(2, count, disc):
        heat = classifiers.explain(engine, classifier, _image(picture), COLOURS[colour])
        levels = encoder.preprocess(picture)
        view = View(levels, heat.box, heat.size, encoder.encode, patch=encoder.patch)
        evidence = Evidence.of(classifier.probe, COLOURS[colour])
        full = float(evidence.logits(encoder.encode(levels[None]))[0])
        truth = exhaustive(view, evidence, full)
        found.correlations.append(_spearman(heat.values, truth))
        found.hits.append(_is_on(heat.values, heat.box, box))
        found.truth_hits.append(_is_on(truth, heat.box, box))
        if heat.is_exact:
            found.errors.append(abs(float(heat.values.sum(dtype=np.float64)) - full))
    return found


def _image(picture: Image.Image, label: str | None = None) -> Any:
    from featclass.base import digest_of, records
    from featclass.datasets import BytesSource

    file = BytesIO()
    picture.save(file, "PNG")
    data = file.getvalue()
    return records.Image("drawn.png", digest_of(data), BytesSource(data), label)


def _spearman(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Return the rank correlation; no two values are the same."""
    first, second = (values.ravel().argsort().argsort() for values in (one, other))
    gaps = (first - second).astype(np.float64)
    count = gaps.size
    return float(1 - 6 * np.square(gaps).sum() / (count * (count**2 - 1)))


def _is_on(values: NDArray[Any], box: Sequence[float], mark: Box) -> float:
    """Return 1 where the cell of the largest value touches the mark, else 0."""
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    rows, columns = values.shape
    left, top, right, bottom = box
    width, height = SIDE * (right - left) / columns, SIDE * (bottom - top) / rows
    x, y = SIDE * left + width * float(column), SIDE * top + height * float(row)
    across = x < mark[2] and x + width > mark[0]
    return float(across and y < mark[3] and y + height > mark[1])


def explainer(spec: str, device: str) -> Callable[[int], list[tuple[float, float]]]:
    """Train on a few drawings; what is returned explains new pictures, each twice."""
    from featclass import classifiers, encoders
    from featclass.base.config import load
    from featclass.base.records import Dataset

    encoder: Any = encoders.load(spec, device=device, config=load())
    engine = _engine(encoder)
    training = [_image(picture, COLOURS[colour]) for picture, _, colour in drawings(1, 16)]
    classifier = classifiers.train(engine, Dataset(tuple(training))).classifier

    def explained(seed: int) -> tuple[float, float]:
        [(picture, _, _)] = drawings(seed, 1)
        image = _image(picture.resize((640, 480), Image.Resampling.BICUBIC))
        seconds = []
        for _ in range(2):
            started = time.perf_counter()
            classifiers.explain(engine, classifier, image)
            seconds.append(time.perf_counter() - started)
        return seconds[0], seconds[1]

    explained(99)
    return lambda rounds: [explained(100 + number) for number in range(rounds)]
