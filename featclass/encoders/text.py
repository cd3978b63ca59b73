"""The text tower of an OpenCLIP model: class names as vectors beside those of images."""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from open_clip.model import convert_to_custom_text_state_dict, resize_text_pos_embed
from open_clip.tokenizer import SimpleTokenizer
from torch.nn import functional

from featclass.base import EncoderUnavailable
from featclass.encoders import devices, weights

log = logging.getLogger(__name__)

PROMPTS = ("a photo of a {}.", "a picture of {}.", "{}")
MOST_SCALE = 100.0
"""Training keeps the factor below (Radford et al. 2021, section 2.5)."""
MOST_KNOWN = 5000
"""Names remembered."""
ROWS = 64
"""Prompts in one forward pass."""

# The image tower is built as small as it gets, and thrown away.
_NO_IMAGES = {"image_size": 8, "patch_size": 8, "width": 8, "head_width": 8, "layers": 1}

# Where either kind of checkpoint has the table of its tokens.
_TOKENS = {"token_embedding.weight", "text.token_embedding.weight"}


class TextTower:
    """Embeds names in a few prompts; the network is there only while it does.

    It may be twice as large as the image tower, and every name is asked for once.
    """

    def __init__(self, config: Mapping[str, Any], path: Path, spec: object) -> None:
        self._config, self._path, self._spec = config, path, spec
        self._known: dict[str, NDArray[np.float32]] = {}
        self._scale: float | None = None
        self._lock = threading.Lock()

    @property
    def scale(self) -> float:
        """What cosines of images and names are multiplied by for logits, as in training."""
        if self._scale is None:
            self.embed([])
        assert self._scale is not None
        return self._scale

    def embed(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (len(names), dimensions), each the mean over the prompts.

        Prompt ensembling as by Radford et al. 2021, "Learning transferable visual models from
        natural language supervision", section 3.1.4. Raises `EncoderUnavailable` where the
        weights are gone or do not fill the network.
        """
        with self._lock:
            if len(self._known) > MOST_KNOWN:
                self._known.clear()
            missing = [name for name in dict.fromkeys(names) if name not in self._known]
            if missing or self._scale is None:
                self._learn(missing)
            width = self._config["embed_dim"]
            return np.array([self._known[name] for name in names], np.float32).reshape(-1, width)

    def _learn(self, names: Sequence[str]) -> None:
        with weights.reading(self._path, self._spec):
            network, self._scale = _load(self._config, self._path)
        if not names:
            return
        text = self._config["text_cfg"]
        clean = (text.get("tokenizer_kwargs") or {}).get("clean", "lower")
        tokens = _tokenizer(clean)(
            [prompt.format(name) for name in names for prompt in PROMPTS],
            text.get("context_length", 77),
        )
        devices.use_threads(devices.CORES)
        with torch.inference_mode():
            tokens = _cut(network, tokens)
            parts = [tokens[first : first + ROWS] for first in range(0, len(tokens), ROWS)]
            rows = torch.cat([functional.normalize(network(part), dim=-1) for part in parts])
            means = rows.reshape(len(names), len(PROMPTS), -1).mean(dim=1)
            vectors = functional.normalize(means, dim=-1).numpy()
        self._known.update(zip(names, vectors, strict=True))


def tower(
    config: Mapping[str, Any], path: Path, spec: object, tensors: Collection[str]
) -> TextTower | None:
    """Return the text tower of a model, still to be loaded, or None with a note in the log.

    Args:
        config: OpenCLIP's `model_cfg`.
        path: The weights.
        spec: Of the encoder, for messages.
        tensors: Names of the tensors in `path`.
    """
    reason = _why_not(config, tensors)
    if reason:
        log.info("Class names do not help %s: %s.", spec, reason)
        return None
    return TextTower(config, path, spec)


def _why_not(config: Mapping[str, Any], tensors: Collection[str]) -> str:
    text = config.get("text_cfg") or {}
    options = dict(text.get("tokenizer_kwargs") or {})
    if text.get("hf_model_name") or text.get("hf_tokenizer_name"):
        return "its texts need a tokeniser that would have to be downloaded"
    if options.pop("clean", "lower") not in ("lower", "canonicalize", "whitespace") or options:
        return "its texts are read in a way featclass does not know"
    if text.get("vocab_size", 49408) != _tokenizer("lower").vocab_size:
        return "its texts are of another vocabulary than that of CLIP"
    if not _TOKENS & set(tensors) or "logit_scale" not in tensors:
        return "its weights hold no text tower"
    return ""


def _load(config: Mapping[str, Any], path: Path) -> tuple[Any, float]:
    """Build the text tower and fill it, strictly, so that nothing is left at random."""
    with torch.device("meta"):  # nothing drawn at random that is overwritten anyway
        model: Any = open_clip.CustomTextCLIP(
            embed_dim=config["embed_dim"],
            vision_cfg=_NO_IMAGES,
            text_cfg={**config["text_cfg"], "output_tokens": False},
            quick_gelu=bool(config.get("quick_gelu")),
        )
    del model.visual
    tensors = convert_to_custom_text_state_dict(weights.read(path))
    resize_text_pos_embed(tensors, model)
    own = {
        name.removeprefix("text."): tensor
        for name, tensor in tensors.items()
        if name.startswith("text.") and name != "text.attn_mask"
    }
    model.text.load_state_dict(own, strict=True, assign=True)
    if model.text.attn_mask is not None:
        model.text.attn_mask = model.text.build_causal_mask()
    scale = float(tensors["logit_scale"].detach().float().exp())
    if not np.isfinite(scale):
        raise EncoderUnavailable(f"The weights in {path} are damaged: their scale is no number.")
    return model.text.requires_grad_(False).float().eval(), min(scale, MOST_SCALE)


def _cut(network: Any, tokens: torch.Tensor) -> torch.Tensor:
    """Take off what follows the longest prompt, where a causal network cannot see it anyway."""
    if network.attn_mask is None or network.cls_emb is not None or network.pool_type != "argmax":
        return tokens
    length = int(tokens.argmax(dim=1).max()) + 1
    network.attn_mask = network.attn_mask[:length, :length]
    return tokens[:, :length]


@functools.cache
def _tokenizer(clean: str) -> SimpleTokenizer:
    """Return CLIP's own tokeniser; its vocabulary comes with open_clip."""
    return SimpleTokenizer(clean=clean)
