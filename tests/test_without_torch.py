"""With the built-in encoder on a processor, nothing needs torch: it cannot even be imported.

The page is tested so as a whole: its server in `tests/web/page/conftest.py` has no torch either.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from featclass import samples
from tests.absent import TORCHES, without
from tests.served import ROOT

SPECS = ["builtin:small", "builtin"]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for drawn in samples.training():
        assert drawn.label is not None
        (folder / drawn.label).mkdir(exist_ok=True)
        (folder / drawn.label / drawn.name).write_bytes(drawn.data)
    return folder


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([without(TORCHES, tmp_path / "absent"), str(ROOT)])
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def featclass(tmp_path: Path, *arguments: str) -> str:
    done = run(tmp_path, "-m", "featclass", *arguments, "--device", "cpu", "--json")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_torch_is_not_there(tmp_path: Path) -> None:
    """The opposite: otherwise none of these tests would show anything."""
    for name in TORCHES:
        assert f"{name} is not here" in run(tmp_path, "-c", f"import {name}").stderr


@pytest.mark.parametrize("spec", SPECS)
def test_a_classifier_is_trained_saved_and_asked(spec: str, pictures: Path, tmp_path: Path) -> None:
    model = str(tmp_path / "m.featclass")
    told = featclass(tmp_path, "train", str(pictures), "--output", model, "--encoder", spec)
    assert json.loads(told)["encoder"] == spec
    drawn = samples.held_back()[0]
    new = tmp_path / "new.png"
    new.write_bytes(drawn.data)
    assert json.loads(featclass(tmp_path, "predict", model, str(new)))["label"] == drawn.label


def test_pictures_are_evaluated_and_audited(pictures: Path, tmp_path: Path) -> None:
    report = json.loads(featclass(tmp_path, "evaluate", str(pictures), "--encoder", "builtin"))
    assert report["images"] == 24
    found = json.loads(featclass(tmp_path, "audit", str(pictures), "--encoder", "builtin"))
    assert set(found) >= {"label_errors", "duplicates", "outliers"}


def test_auto_stands_back_to_the_built_in_encoder(pictures: Path, tmp_path: Path) -> None:
    report = json.loads(featclass(tmp_path, "evaluate", str(pictures), "--encoder", "auto"))
    assert report["encoder"] == "builtin"
