"""The wheel: in an environment of its own, without this checkout, it is all of featclass."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Response, sync_playwright

from tests.browser import MILLISECONDS, launched
from tests.served import ROOT, Server

STARTERS = {"featclass/_app/app.py", "featclass/_app/.streamlit/config.toml"}
LICENCES = {"LICENSE", "featclass/web/assets/inter-LICENSE.txt"}


@dataclass
class Installed(Server):
    """`featclass app`, as the environment has it."""

    environment: Path = Path()

    @property
    def command(self) -> list[str]:
        return [str(self.environment / "bin" / "featclass"), "app", f"--port={self.port}"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", folder, ROOT)
    (built,) = folder.glob("featclass-*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that was empty, with the wheel; what it requires lies beside."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    _pip("--python", folder / "bin" / "python", "install", "--no-index", "--no-deps", wheel)
    (packages,) = folder.glob("lib/python*/site-packages")
    # By this the packages of the tests are found, but no checkout that is installed among them.
    (packages / "requirements.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    return folder


def _pip(*arguments: object) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *map(str, arguments)], check=True)


def test_the_wheel_holds_every_file_of_the_package_and_what_starts_the_page(wheel: Path) -> None:
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "featclass").rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    with zipfile.ZipFile(wheel) as files:
        held = {name for name in files.namelist() if ".dist-info/" not in name}
    assert held == package | STARTERS


def test_the_wheel_brings_the_licences_of_the_code_and_of_the_font(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as files:
        (metadata,) = (name for name in files.namelist() if name.endswith("/METADATA"))
        assert b"License-Expression: Apache-2.0 AND OFL-1.1\n" in files.read(metadata)
        for licence in LICENCES:
            text = files.read(metadata.replace("METADATA", f"licenses/{licence}"))
            assert text == (ROOT / licence).read_bytes()


def test_the_page_of_an_installed_wheel_learns_the_samples_in_any_folder(
    environment: Path, tmp_path: Path
) -> None:
    where = "import featclass; print(featclass.__file__)"
    python = [str(environment / "bin" / "python"), "-c", where]
    found = subprocess.run(python, cwd=tmp_path, env={}, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).is_relative_to(environment)
    settings = {"PYTHONPATH": "", "STREAMLIT_SERVER_HEADLESS": "true"}
    server = Installed(tmp_path, settings=settings, environment=environment)
    server.start()
    try:
        with sync_playwright() as playwright, launched(playwright.chromium) as browser:
            page = browser.new_page()
            page.set_default_timeout(4 * MILLISECONDS)
            answers: list[Response] = []
            page.on("response", lambda answer: answers.append(answer))
            page.goto(server.url)
            page.get_by_role("button", name="Load sample pictures").click()
            page.get_by_text("of 24 right").first.wait_for()
            assert [answer.url for answer in answers if not answer.ok] == []
    finally:
        server.stop()
