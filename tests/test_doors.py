"""One picture, one answer: the page, the command line and Python agree, with the real encoder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from featclass import samples
from featclass.server.studio import studio
from featclass.workspaces import NewPicture
from tests.web.page.framed import part, visit

SECONDS = 120


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "families"
    for sample in samples.training():
        path = folder / str(sample.label) / sample.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sample.data)
    return folder


@pytest.fixture
def new(tmp_path: Path) -> list[Path]:
    paths = []
    for sample in samples.held_back():
        paths.append(tmp_path / sample.name)
        paths[-1].write_bytes(sample.data)
    return paths


def run(data: Path, *arguments: object) -> str:
    """Run featclass in a process of its own, over a data folder of its own."""
    environment = os.environ | {"FEATCLASS_DATA": str(data)}
    command = [sys.executable, "-m", "featclass", *map(str, arguments)]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, timeout=SECONDS
    )
    return done.stdout


def by_shell(pictures: Path, new: list[Path], tmp_path: Path) -> dict[str, dict[str, float]]:
    model = tmp_path / "families.featclass"
    run(tmp_path / "one", "train", pictures, "--encoder", "builtin", "--output", model)
    lines = run(tmp_path / "two", "predict", model, *new, "--json").splitlines()
    said = [json.loads(line) for line in lines]
    return {Path(one["path"]).name: one["probabilities"] for one in said}


def by_python(pictures: Path, new: list[Path]) -> dict[str, dict[str, float]]:
    import featclass

    classifier = featclass.train(featclass.read_folder(pictures), encoder="builtin")
    return {Path(one.path).name: dict(one.probabilities) for one in classifier.predict(new)}


def by_page(pictures: Path, new: list[Path]) -> dict[str, dict[str, float]]:
    store = studio().workspaces
    token = store.create()
    store.choose_encoder(token, "builtin")
    for folder in sorted(pictures.iterdir()):
        files = [NewPicture(path.name, path.read_bytes()) for path in folder.iterdir()]
        store.add_pictures(token, store.set_named(token, folder.name), files)
    store.add_pictures(token, None, [NewPicture(path.name, path.read_bytes()) for path in new])
    end = time.monotonic() + SECONDS
    while studio().trainer.follow(store.open(token)).is_busy:
        assert time.monotonic() < end
        studio().trainer.wait(0.1)
    results: list[dict[str, Any]] = part(visit(token), "tryout")["results"]
    return {one["name"]: dict(one["bars"]) for one in results}


def test_page_command_line_and_python_say_the_same_of_the_same_picture(
    pictures: Path, new: list[Path], tmp_path: Path
) -> None:
    # Every door embeds for itself: no cache is shared.
    shell = by_shell(pictures, new, tmp_path)
    python = by_python(pictures, new)
    page = by_page(pictures, new)
    assert shell.keys() == python.keys() == page.keys()
    for name, shares in shell.items():
        assert python[name] == pytest.approx(shares, abs=1e-4)
        assert page[name] == pytest.approx(shares, abs=1e-4)


def test_with_the_cache_a_prediction_is_identical_in_another_process(
    pictures: Path, new: list[Path], tmp_path: Path
) -> None:
    model, data = tmp_path / "families.featclass", tmp_path / "shared"
    run(data, "train", pictures, "--encoder", "builtin", "--output", model)
    first = run(data, "predict", model, *new, "--json")
    assert run(data, "predict", model, *reversed(new), "--json").splitlines()[::-1] == (
        first.splitlines()
    )


def test_command_line_and_python_find_the_same_picture_in_the_wrong_set(
    pictures: Path, tmp_path: Path
) -> None:
    import featclass

    one, other = sorted(pictures.iterdir())
    astray = sorted(one.iterdir())[0]
    astray.rename(other / astray.name)
    shell = json.loads(run(tmp_path / "one", "audit", pictures, "--encoder", "builtin", "--json"))
    classifier = featclass.train(featclass.read_folder(pictures), encoder="builtin")
    assert classifier.audit is not None
    assert classifier.audit.label_errors[0].path == f"{other.name}/{astray.name}"
    assert [each["path"] for each in shell["label_errors"]] == [
        each.path for each in classifier.audit.label_errors
    ]
    said = {one.name: one.label for one in classifier.out_of_fold}
    assert said[f"{other.name}/{astray.name}"] == other.name
    classifier.save(tmp_path / "families.featclass")
    assert featclass.load(tmp_path / "families.featclass").audit is None
