"""Who embeds a folder of pictures: featclass, and what people would write instead.

Each makes itself ready, warm included, and returns what embeds a folder; both in a process of its
own, with nothing beside it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks import models, pictures
from benchmarks.processes import CouldNot


@dataclass(frozen=True, slots=True)
class Order:
    """The pictures of `folder` to embed, the first `most` of them; `batch` is for those who ask."""

    folder: Path
    most: int
    batch: int


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

    embed(Order(warm, 16, 0))
    return embed


def loop(spec: str, device: str, warm: Path) -> Embed:
    """Open, preprocess and encode one picture after the other, as READMEs do."""
    forward, preprocess = models.as_published(spec, device)

    def embed(order: Order) -> int:
        found = []
        for path in pictures.files(order.folder, order.most):
            with Image.open(path) as picture:
                found.append(forward(_tensor(preprocess, picture).unsqueeze(0)))
        return len(np.concatenate(found))

    embed(Order(warm, 3, 0))
    return embed


def loader(spec: str, device: str, warm: Path) -> Embed:
    """Preprocess in the workers of a DataLoader, as many as processors, and encode batches."""
    from torch.utils.data import DataLoader

    forward, preprocess = models.as_published(spec, device)
    workers = max(2, os.cpu_count() or 1)

    def embed(order: Order) -> int:
        files = _Files(pictures.files(order.folder, order.most), preprocess)
        batches: Any = DataLoader(
            files,  # type: ignore[arg-type]  # any sequence will do, says its documentation
            batch_size=order.batch,
            num_workers=workers,
            pin_memory=device == "cuda",
            # As in a script of one's own: a spawned process would spawn, and import torch anew.
            multiprocessing_context="fork" if sys.platform == "linux" else None,
        )
        return len(np.concatenate([forward(batch) for batch in batches]))

    embed(Order(warm, 16, 8))
    return embed


def sentence_transformers(spec: str, device: str, warm: Path) -> Embed:
    """Encode as sentence-transformers does, with generated weights of the same architecture."""
    if spec == models.BUILTIN:
        raise CouldNot("has no such architecture")
    if not find_spec("sentence_transformers"):
        raise CouldNot("not installed")
    model = _sentence_transformer(warm.parent / "sentence-transformers", device)

    def embed(order: Order) -> int:
        opened = [Image.open(path) for path in pictures.files(order.folder, order.most)]
        return len(model.encode(opened, batch_size=32))

    embed(Order(warm, 3, 0))
    return embed


def _sentence_transformer(folder: Path, device: str) -> Any:
    """Write CLIP ViT-B/32 as transformers keeps it, vocabulary of two words, and load that."""
    import json

    transformers: Any = import_module("transformers")
    sentences: Any = import_module("sentence_transformers")
    folder.mkdir(exist_ok=True)
    words = {"<|startoftext|>": 0, "<|endoftext|>": 1}
    (folder / "vocab.json").write_text(json.dumps(words))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.CLIPTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), unk_token="<|endoftext|>"
    )
    transformers.CLIPModel(transformers.CLIPConfig()).save_pretrained(folder)
    transformers.CLIPProcessor(transformers.CLIPImageProcessor(), tokenizer).save_pretrained(folder)
    module = sentences.models.CLIPModel(str(folder))
    return sentences.SentenceTransformer(modules=[module], device=device)


class _Files:
    """A data set as DataLoader takes it; of this module, so that workers may be spawned."""

    def __init__(self, paths: list[Path], preprocess: Callable[[Any], Any]) -> None:
        self._paths = paths
        self._preprocess = preprocess

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, place: int) -> Any:
        with Image.open(self._paths[place]) as picture:
            return _tensor(self._preprocess, picture)


def _tensor(preprocess: Callable[[Any], Any], picture: Image.Image) -> Any:
    # OpenCLIP's own preprocessing does this after resizing; timm's leaves it to the caller.
    return preprocess(picture if picture.mode == "RGB" else picture.convert("RGB"))
