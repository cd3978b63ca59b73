from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch

from featclass import encoders
from featclass.base.config import Config
from featclass.encoders import hub, openclip, specs

MEGA = 10**6

PAIRS = [entry for entry in encoders.CATALOGUE if entry.repository]


@pytest.mark.parametrize("entry", PAIRS, ids=lambda entry: entry.spec)
def test_each_pair_is_what_open_clip_has(entry: encoders.CatalogueEntry) -> None:
    spec = specs.parse(entry.spec)
    assert isinstance(spec, specs.OpenClipPair)
    assert (spec.model, spec.pretrained) in open_clip.list_pretrained()
    checkpoint = openclip.checkpoint(spec)
    assert checkpoint == hub.Checkpoint(str(entry.repository), hub.OPEN_CLIP_WEIGHTS)
    config = open_clip.get_model_config(spec.model)
    assert config["vision_cfg"]["image_size"] == entry.input_pixels


@pytest.mark.parametrize("entry", PAIRS, ids=lambda entry: entry.spec)
def test_each_download_is_as_large_as_its_network(entry: encoders.CatalogueEntry) -> None:
    name = entry.spec.partition("/")[0]
    with torch.device("meta"):
        model: Any = open_clip.create_model(name, load_weights=False, device="meta")
    size = sum(tensor.numel() * 4 for tensor in model.state_dict().values())
    assert round(size / MEGA) == entry.megabytes


def test_the_preferred_encoders_are_in_the_catalogue() -> None:
    listed = {entry.spec for entry in encoders.CATALOGUE}
    assert {encoders.preferred(device) for device in ("cpu", "cuda", "mps")} <= listed
    assert encoders.preferred("cuda") == "ViT-L-14/datacomp_xl_s13b_b90k"
    assert encoders.preferred("cpu") == encoders.preferred("mps") == "ViT-B-32/laion2b_s34b_b79k"


def test_listing_the_catalogue_and_what_is_local_loads_no_heavy_library() -> None:
    script = """
import sys
from featclass import encoders
from featclass.base import config
for entry in encoders.CATALOGUE:
    encoders.is_local(entry.spec, config.load())
encoders.is_local("hf-hub:org/name", config.load())
print([name for name in ("torch", "timm", "open_clip", "huggingface_hub") if name in sys.modules])
"""
    root = Path(encoders.__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=root, check=True
    )
    assert ran.stdout == "[]\n"


def test_only_the_built_in_encoders_are_local_on_a_new_machine(config: Config) -> None:
    local = [entry.spec for entry in encoders.CATALOGUE if encoders.is_local(entry.spec, config)]
    assert local == [encoders.BUILTIN, encoders.BUILTIN_SMALL]
