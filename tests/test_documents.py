"""README and its neighbours: short, and true of the code they tell of."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import featclass
from featclass.encoders.specs import CATALOGUE
from tests.test_relied_on import COMMANDS, ROOT, VARIABLES

SCREENS_OF_LINES = 120
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "benchmarks/README.md"])
LINK = re.compile(r"\[[^]]*\]\(([^)#\s]+)")
COMMAND = re.compile(r"^(?:FEATCLASS_\w+=\S+ )?featclass ([a-z]+)(.*?)(?:  +#.*)?$", re.MULTILINE)


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def commands(document: str) -> list[tuple[str, str]]:
    """Return each command of featclass that a document shows, and what follows it."""
    blocks = re.findall(r"```sh\n(.*?)```", text_of(document), re.DOTALL)
    return [shown for block in blocks for shown in COMMAND.findall(block)]


def test_the_readme_fits_three_screens() -> None:
    assert len(text_of("README.md").splitlines()) <= SCREENS_OF_LINES


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_of_the_repository(document: Path) -> None:
    links = [link for link in LINK.findall(document.read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_page_of_docs_is_linked_from_the_readme() -> None:
    pages = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md")}
    assert pages <= set(LINK.findall(text_of("README.md")))


@pytest.mark.parametrize("document", ["README.md", "docs/commands.md", "docs/server.md"])
def test_commands_shown_have_the_options_shown(document: str) -> None:
    assert commands(document)
    for command, rest in commands(document):
        options = set(re.findall(r"--[a-z-]+", rest))
        assert options <= set(COMMANDS[command].split()), command


def test_every_command_is_shown() -> None:
    assert {command for command, _ in commands("docs/commands.md")} == set(COMMANDS)


def test_every_setting_is_told() -> None:
    assert set(re.findall(r"^\| `(FEATCLASS_\w+)`", text_of("docs/server.md"), re.M)) == VARIABLES


def test_every_encoder_of_the_menu_is_told() -> None:
    told = text_of("docs/encoders.md")
    assert [entry.spec for entry in CATALOGUE if f"`{entry.spec}`" not in told] == []


def test_version_and_licence_are_said_once_in_one_way() -> None:
    citation = text_of("CITATION.cff")
    assert f"version: {featclass.__version__}\n" in citation
    assert "license: Apache-2.0\n" in citation
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    assert project["license"].startswith("Apache-2.0")
    assert "Apache License\n                           Version 2.0" in text_of("LICENSE")
