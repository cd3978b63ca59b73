"""What others rely on, listed: whatever moves inside the house, these names stay as they are."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

import featclass
from featclass import cli
from featclass.web import routes
from featclass.workspaces import NewPicture, Workspaces
from tests.fakes import drawn

ROOT = Path(featclass.__file__).parents[1]
COMMANDS = {
    "app": "--host --port --allowed-host --device --precision --certificate --key --recover",
    "train": "directory --output -o --report --classes-at --zip-names --encoder --device"
    " --precision --seed --probe --json",
    "evaluate": "paths --classes-at --zip-names --encoder --split --report --device --precision"
    " --seed --probe --json",
    "audit": "directory --classes-at --zip-names --encoder --device --precision --seed --probe"
    " --json",
    "predict": "model paths --output -o --sort-into --explain --watch --zip-names --encoder"
    " --device --precision --json",
    "embed": "directory --output -o --classes-at --zip-names --encoder --device --precision",
    "encoders": "--download --json",
    "cache": "--clear --json",
}
ROUTES = """
POST act, plan, plan/form, pictures, zip, classifier, batches/zip, batches/folder, batches/{batch}/{act}
GET thumbnail/{digest}, pictures.zip, sets/{set_id:id}, tried, tried/{picture_id:id}, judged
GET report.html, report.md, findings, why/{digest}, map, questions, batches
GET batches/{batch}/predictions.csv, batches/{batch}/sorted.zip
"""  # noqa: E501
VARIABLES = {
    "FEATCLASS_DATA",
    "FEATCLASS_DEVICE",
    "FEATCLASS_HEIC",
    "FEATCLASS_HOSTS",
    "FEATCLASS_MAX_MEGAPIXELS",
    "FEATCLASS_MAX_UPLOAD_MB",
    "FEATCLASS_MODELS",
    "FEATCLASS_OFFLINE",
    "FEATCLASS_PICTURES",
    "FEATCLASS_PRECISION",
    "FEATCLASS_SHARED",
}


def test_the_commands_take_the_options_they_took() -> None:
    group = typer.main.get_command(cli.app)
    taken: dict[str, list[str]] = {}
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        taken[name] = []
        for parameter in command.params:
            is_option = parameter.param_type_name == "option"
            taken[name] += parameter.opts if is_option else [parameter.name]
    for name, words in COMMANDS.items():
        assert set(words.split()) <= set(taken[name]), name


def test_featclass_gives_the_names_it_gave() -> None:
    given = {"Classifier", "FeatclassError", "FoldersAmbiguous", "evaluate", "load"}
    given |= {"read_folder", "read_image", "read_zip", "train"}
    assert given <= set(featclass.__all__)
    assert all(getattr(featclass, name) for name in given)


def test_the_command_is_found_as_a_script_and_as_a_module() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    module, _, name = settings["project"]["scripts"]["featclass"].partition(":")
    assert (module, name) == ("featclass.cli", "main")
    assert callable(getattr(importlib.import_module(module), name))
    helped = subprocess.run(
        [sys.executable, "-m", "featclass", "--help"], capture_output=True, check=True, cwd=ROOT
    )
    assert b"predict" in helped.stdout


@pytest.mark.parametrize("line", ROUTES.strip().splitlines())
def test_the_routes_of_a_workspace_stand_where_they_stood(line: str) -> None:
    method, _, paths = line.partition(" ")
    there: dict[str, set[str]] = {
        getattr(route, "path", ""): getattr(route, "methods", set()) for route in routes.ROUTES
    }
    for path in paths.split(", "):
        assert method in there[f"/api/w/{{token}}/{path}"], path
    assert "/api/w/{token}/live" in there


def test_workspaces_are_used_and_kept_as_before(tmp_path: Path) -> None:
    workspaces = Workspaces(tmp_path)
    token = workspaces.create()
    place = workspaces.open(token).sets[0].id
    workspaces.add_pictures(token, place, [NewPicture("a.png", drawn(1))])
    assert [picture.name for picture in workspaces.open(token).sets[0].pictures] == ["a.png"]
    workspaces.close()
    assert (tmp_path / "workspaces.sqlite").is_file()
    assert [*(tmp_path / "blobs").glob("??/*")]


def test_the_environment_is_read_by_the_names_it_was_read_by() -> None:
    sources = (path.read_text("utf-8") for path in (ROOT / "featclass").rglob("*.py"))
    named = {name for source in sources for name in re.findall(r"FEATCLASS_[A-Z_]+", source)}
    assert named >= VARIABLES
