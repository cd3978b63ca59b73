from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import load_file, save_file

from featclass import classifiers, encoders
from featclass.base.config import Config
from featclass.base.errors import EncoderUnavailable
from featclass.base.records import Dataset
from featclass.classifiers import artifact
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.encoders.text import PROMPTS, TextTower
from tests.encoders.towers import CONFIGS, TEXT, VISION, load_folder, write_model
from tests.fakes import two_classes

OWN = TEXT | {"context_length": 20, "vocab_size": 49408}
PLAIN: dict[str, dict[str, Any]] = {
    "CLIP": {"embed_dim": 16, "vision_cfg": VISION, "text_cfg": OWN},
    "CLIP, QuickGELU": {
        "embed_dim": 16, "vision_cfg": VISION, "text_cfg": OWN, "quick_gelu": True,
    },
    "custom text, as MobileCLIP": {
        "embed_dim": 16, "vision_cfg": VISION, "text_cfg": OWN | {"no_causal_mask": True},
        "custom_text": True,
    },
    "CoCa": CONFIGS["CoCa"] | {"text_cfg": OWN | {"embed_cls": True, "output_tokens": True}},
    "defaults": {
        "embed_dim": 16, "vision_cfg": VISION, "text_cfg": {"width": 16, "heads": 2, "layers": 1},
    },
}  # fmt: skip
NAMES = ["tabby cat", "Golden Retriever", "a name " * 40, "straße"]


def loaded(folder: Path, config: Config) -> encoders.Texts | None:
    return encoders.texts_of(load_folder(folder, config))


def tower(folder: Path, config: Config) -> encoders.Texts:
    found = loaded(folder, config)
    assert found is not None
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_model(tmp_path / "model", PLAIN["CLIP"], {})


@pytest.mark.parametrize("kind", PLAIN)
def test_names_are_embedded_as_open_clip_does_in_every_prompt(
    kind: str, config: Config, tmp_path: Path
) -> None:
    folder = write_model(tmp_path / "model", PLAIN[kind], {})
    model: Any = open_clip.create_model_from_pretrained(f"local-dir:{folder}")[0]
    tokenizer: Any = open_clip.get_tokenizer(f"local-dir:{folder}")
    expected = []
    with torch.inference_mode():
        for name in NAMES:
            prompts = tokenizer([prompt.format(name) for prompt in PROMPTS])
            vectors = model.eval().encode_text(prompts, normalize=True).numpy()
            expected.append(vectors.mean(axis=0) / np.linalg.norm(vectors.mean(axis=0)))
    found = tower(folder, config)
    vectors = found.embed(NAMES)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    assert vectors.std(axis=0).max() > 1e-3  # they are told apart
    assert found.scale == pytest.approx(float(model.logit_scale.detach().exp()), rel=1e-5)


def test_a_name_is_embedded_once(folder: Path, config: Config) -> None:
    found = tower(folder, config)
    before = found.embed(["cat", "dog"])
    (folder / "open_clip_model.safetensors").unlink()
    np.testing.assert_array_equal(found.embed(["dog", "cat", "dog"]), before[[1, 0, 1]])
    with pytest.raises(EncoderUnavailable, match="damaged"):
        found.embed(["horse"])


def test_no_name_gives_no_vector(folder: Path, config: Config) -> None:
    assert tower(folder, config).embed([]).shape == (0, 16)


def test_loading_an_encoder_leaves_its_text_tower_alone(
    folder: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: TextTower, names: object) -> None:
        raise AssertionError("loaded too early")

    monkeypatch.setattr(TextTower, "_learn", refuse)
    assert loaded(folder, config) is not None


def test_the_scale_is_no_larger_than_training_lets_it_grow(folder: Path, config: Config) -> None:
    path = folder / "open_clip_model.safetensors"
    tensors = load_file(path)
    tensors["logit_scale"] = torch.tensor(9.0)
    save_file(tensors, path)
    assert tower(folder, config).scale == 100.0


@pytest.mark.parametrize("lost", ["token_embedding.weight", "logit_scale"])
def test_weights_without_a_text_tower_give_none_and_say_so(
    lost: str, folder: Path, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    path = folder / "open_clip_model.safetensors"
    tensors = load_file(path)
    del tensors[lost]
    save_file(tensors, path)
    with caplog.at_level(logging.INFO, logger="featclass.encoders.text"):
        assert loaded(folder, config) is None
    assert "its weights hold no text tower" in caplog.text


def test_a_text_tower_with_a_hole_is_refused_rather_than_left_at_random(
    folder: Path, config: Config
) -> None:
    path = folder / "open_clip_model.safetensors"
    tensors = load_file(path)
    del tensors["ln_final.bias"]
    save_file(tensors, path)
    with pytest.raises(EncoderUnavailable, match="belong to another network"):
        tower(folder, config).embed(["cat"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ({"hf_tokenizer_name": "org/not-there"}, "would have to be downloaded"),
        ({"hf_model_name": "org/not-there"}, "would have to be downloaded"),
        ({"vocab_size": 32}, "another vocabulary"),
        ({"tokenizer_kwargs": {"reduction_mask": "syntax"}}, "does not know"),
    ],
)
def test_texts_that_need_more_than_clip_gives_none_and_say_why(
    text: dict[str, Any],
    why: str,
    folder: Path,
    config: Config,
    caplog: pytest.LogCaptureFixture,
) -> None:
    changed = PLAIN["CLIP"] | {"text_cfg": OWN | text}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": changed}))
    with caplog.at_level(logging.INFO, logger="featclass.encoders.text"):
        assert loaded(folder, config) is None
    assert why in caplog.text


def test_an_encoder_of_images_alone_has_none(config: Config) -> None:
    assert encoders.texts_of(encoders.load("builtin", device="cpu", config=config)) is None


def test_a_real_kind_of_model_learns_from_pictures_and_names_and_is_saved(
    folder: Path, config: Config, tmp_path: Path
) -> None:
    with Cache(":memory:") as cache:
        engine = Engine(load_folder(folder, config), cache, max_pixels=10**6)
        images = two_classes(4)
        dataset = Dataset(tuple(images), empty=("green",))
        trained = classifiers.train(engine, dataset).classifier
        assert trained.classes == ("blue", "green", "red")
        assert trained.report.class_names is not None
        artifact.save(trained, tmp_path / "c.featclass")
        again = artifact.load(tmp_path / "c.featclass")
        assert classifiers.predict(engine, again, images) == classifiers.predict(
            engine, trained, images
        )
        engine.close()
