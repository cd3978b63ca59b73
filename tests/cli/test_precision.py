"""`--precision`, the variable and the argument: one wish, through every door to the encoder."""

from __future__ import annotations

import json
import os
import runpy
from pathlib import Path
from typing import Any

import pytest

import featclass
from featclass import encoders, library
from featclass.base import FeatclassError, config
from featclass.server import studio
from tests.commands import run
from tests.fakes import GridEncoder, drawn


@pytest.fixture(autouse=True)
def wishes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a fake stand in for every encoder; returns the precisions that were asked for."""
    asked: list[str] = []

    def load(*_: object, precision: str, **__: object) -> GridEncoder:
        asked.append(precision)
        return GridEncoder(spec="builtin", precision="float32")

    monkeypatch.setattr(encoders, "load", load)
    monkeypatch.setattr(encoders, "choose_device", lambda _: "cpu")
    # What the server is told through the environment is taken back with the test.
    for name in ("HOSTS", "DEVICE", "PRECISION"):
        monkeypatch.setenv(f"FEATCLASS_{name}", "")
        monkeypatch.delenv(f"FEATCLASS_{name}")
    return asked


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for colour in ("red", "blue"):
        (tmp_path / "pictures" / colour).mkdir(parents=True)
        for seed in range(3):
            path = tmp_path / "pictures" / colour / f"{seed}.png"
            path.write_bytes(drawn(seed, colour))
    return tmp_path / "pictures"


def test_every_command_that_embeds_passes_it_on(
    pictures: Path, tmp_path: Path, wishes: list[str]
) -> None:
    model, chosen = tmp_path / "m.featclass", ("--precision", "bfloat16")
    assert run("train", pictures, "--output", model, *chosen).exit_code == 0
    assert run("evaluate", pictures, *chosen).exit_code == 0
    assert run("evaluate", pictures, "--split", "0.5", *chosen).exit_code == 0
    assert run("evaluate", model, pictures, *chosen).exit_code == 0
    assert run("audit", pictures, *chosen).exit_code == 0
    assert run("predict", model, pictures, *chosen).exit_code == 0
    assert run("embed", pictures, "--output", tmp_path / "e.parquet", *chosen).exit_code == 0
    assert wishes == ["bfloat16"] * 7


def test_the_option_goes_before_the_variable_and_that_before_auto(
    pictures: Path, wishes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("evaluate", pictures)
    monkeypatch.setenv("FEATCLASS_PRECISION", "float32")
    run("evaluate", pictures)
    run("evaluate", pictures, "--precision", "bfloat16")
    run("evaluate", pictures, "--precision", "auto")
    assert wishes == ["auto", "float32", "bfloat16", "auto"]


@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "audit", "embed", "app"])
@pytest.mark.parametrize("by_variable", [True, False])
def test_an_unknown_word_is_wrong_usage_and_told_with_the_choices(
    command: str, by_variable: bool, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runpy, "run_module", lambda *_, **__: pytest.fail("it was started"))
    given: tuple[object, ...] = {
        "app": (),
        "train": (pictures, "--output", "m.featclass"),
        "embed": (pictures, "--output", "e.parquet"),
        "predict": ("m.featclass", pictures),
    }.get(command, (pictures,))
    if by_variable:
        monkeypatch.setenv("FEATCLASS_PRECISION", "float64")
    else:
        given = (*given, "--precision", "float64")
    result = run(command, *given)
    assert result.exit_code == 2
    said = " ".join(result.stderr.replace("│", " ").split())
    assert "float64" in said
    assert all(f"'{choice}'" in said for choice in ("auto", "float32", "bfloat16"))
    assert "--precision" in said or "FEATCLASS_PRECISION" in said


def test_python_takes_it_and_else_what_the_variable_says(
    pictures: Path, tmp_path: Path, wishes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, path = featclass.read_folder(pictures), tmp_path / "m.featclass"
    featclass.train(dataset, precision="bfloat16").save(path)
    library._engines.cache_clear()
    featclass.evaluate(dataset, precision="float32")
    library._engines.cache_clear()
    monkeypatch.setenv("FEATCLASS_PRECISION", "float32")
    featclass.load(path)
    library._engines.cache_clear()
    featclass.load(path, precision="bfloat16")
    assert wishes == ["bfloat16", "float32", "float32", "bfloat16"]


def test_the_variable_holds_one_of_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    assert config.load().precision == "auto"
    monkeypatch.setenv("FEATCLASS_PRECISION", "bfloat16")
    assert config.load().precision == "bfloat16"
    monkeypatch.setenv("FEATCLASS_PRECISION", "half")
    with pytest.raises(FeatclassError, match="one of auto, float32, bfloat16, and is 'half'"):
        config.load()


def test_the_server_loads_encoders_in_the_precision_it_was_started_with(
    wishes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(*_: Any, **__: Any) -> None:
        studio.studio().engines.get("builtin")

    monkeypatch.setattr(runpy, "run_module", started)
    assert run("app", "--precision", "bfloat16").exit_code == 0
    assert os.environ["FEATCLASS_PRECISION"] == "bfloat16"
    assert wishes == ["bfloat16"]


def test_the_report_says_in_which_precision_pictures_were_embedded(pictures: Path) -> None:
    for arguments in ((), ("--split", "0.5")):
        told = json.loads(run("evaluate", pictures, *arguments, "--json").stdout)
        assert told["precision"] == "float32"
