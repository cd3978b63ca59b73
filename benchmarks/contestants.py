"""Who embeds a folder of pictures: featclass, and what people would write instead.

Each makes itself ready, warm included, and returns what embeds a folder; both in a process of its
own, with nothing beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks import models, pictures


@dataclass(frozen=True, slots=True)
class Order:
    """The pictures of `folder` to embed, the first `most` of them."""

    folder: Path
    most: int


Embed = Callable[[Order], int]
"""Embeds what is ordered; returns how many pictures that were."""


def featclass(spec: str, device: str, warm: Path) -> Embed:
    """Read the folder as a data set, hashes included, and embed it into a cache in memory."""
    from featclass import datasets, encoders
    from featclass.base.config import load
    from featclass.embedding.cache import Cache
    from featclass.embedding.engine import Engine

    config = load()
    cache = Cache(":memory:")
    encoder = encoders.load(spec, device=device, config=config)
    engine = Engine(encoder, cache, max_pixels=config.max_pixels)

    def embed(order: Order) -> int:
        images = datasets.read_folder(order.folder).images[: order.most]
        count = len(engine.embed(images).images)
        cache.clear()
        return count

    embed(Order(warm, 16))
    return embed


def loop(spec: str, device: str, warm: Path) -> Embed:
    """Open, preprocess and encode one picture after the other, as READMEs do."""
    forward, preprocess = models.as_published(spec, device)

    def embed(order: Order) -> int:
        vectors = []
        for path in pictures.files(order.folder, order.most):
            with Image.open(path) as picture:
                vectors.append(forward(_tensor(preprocess, picture).unsqueeze(0)))
        return len(np.concatenate(vectors))

    embed(Order(warm, 3))
    return embed


def _tensor(preprocess: Callable[[Any], Any], picture: Image.Image) -> Any:
    # OpenCLIP's own preprocessing does this after resizing; timm's leaves it to the caller.
    return preprocess(picture if picture.mode == "RGB" else picture.convert("RGB"))
