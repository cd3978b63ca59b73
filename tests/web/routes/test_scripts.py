"""The modules of the page: under an address of their content, kept by browsers for a year."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from featclass.web import ASSETS, scripts

NAMES = sorted(path.name for path in ASSETS.glob("*.js"))


@pytest.mark.parametrize("name", NAMES)
def test_a_module_is_served_as_it_is_and_kept_for_a_year(client: TestClient, name: str) -> None:
    answer = client.get(f"/{scripts.address(name)}")
    assert answer.status_code == 200
    assert answer.text == (ASSETS / name).read_text("utf-8")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_module_goes_compressed_to_who_takes_it(client: TestClient) -> None:
    where, plain = f"/{scripts.address('matrix.js')}", {"accept-encoding": "identity"}
    packed, whole = client.get(where), client.get(where, headers=plain)
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in whole.headers
    assert packed.text == whole.text
    assert 2 * int(packed.headers["content-length"]) < int(whole.headers["content-length"])


@pytest.mark.parametrize("path", ["0123456789abcdef/matrix.js", "{stamp}/typo.js"])
def test_under_another_address_there_is_no_module(client: TestClient, path: str) -> None:
    # A newer page that asked an older server would otherwise keep the wrong one for a year.
    answer = client.get(f"/{scripts.FOLDER}/{path.format(stamp=scripts.stamp())}")
    assert answer.status_code == 404


def test_the_address_is_below_that_of_the_page_and_follows_the_content(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = scripts.address("matrix.js")
    assert not before.startswith("/")
    shutil.copytree(ASSETS, tmp_path / "assets")
    monkeypatch.setattr(scripts, "ASSETS", tmp_path / "assets")
    scripts.stamp.cache_clear()
    try:
        assert scripts.address("matrix.js") == before
        scripts.stamp.cache_clear()
        (tmp_path / "assets" / "map.js").write_text("other")
        assert scripts.address("matrix.js") != before
    finally:
        scripts.stamp.cache_clear()


@pytest.mark.parametrize("name", NAMES)
def test_modules_import_only_modules_that_are_served_with_them(name: str) -> None:
    script = (ASSETS / name).read_text("utf-8")
    imported = re.findall(r"""^(?:import|\} from|.* from) '([^']+)';$""", script, re.M)
    assert {path.removeprefix("./") for path in imported} <= set(NAMES)
    assert all(path.startswith("./") for path in imported)


@pytest.mark.parametrize("name", NAMES)
def test_only_the_base_of_components_asks_streamlit_for_a_redraw(name: str) -> None:
    # It refuses that while mounting, where Streamlit loses one trigger in four.
    script = (ASSETS / name).read_text("utf-8")
    assert ("setTriggerValue" in script) == (name == "component.js")
