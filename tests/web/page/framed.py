"""The page run without a browser, and what it shows."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from featclass.server.studio import studio
from featclass.workspaces import NewPicture
from tests.fakes import drawn

SECONDS = 30
PAGE = Path(__file__).parents[3] / "featclass" / "web" / "page" / "script.py"


def visit(token: str | None = None) -> AppTest:
    test = AppTest.from_file(str(PAGE), default_timeout=SECONDS)
    if token is not None:
        test.query_params["w"] = token
    return calm(test.run())


def calm(test: AppTest) -> AppTest:
    assert not test.exception, test.exception[0]
    return test


def link(test: AppTest) -> str:
    """Return the workspace that the address names."""
    value = test.query_params["w"]
    return value if isinstance(value, str) else str(value[0])


def fill(token: str, place: int, colour: str, seeds: range) -> None:
    store = studio().workspaces
    pictures = [NewPicture(f"{colour}{seed}.png", drawn(seed, colour)) for seed in seeds]
    store.add_pictures(token, store.open(token).sets[place].id, pictures)


def settled(token: str) -> AppTest:
    """Visit until the classifier has followed the sets."""
    parts = studio()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        state = parts.trainer.follow(parts.workspaces.open(token))
        if not state.is_busy:
            return visit(token)
        parts.trainer.wait(0.05)
    raise AssertionError(f"still {state.phase}")


def text(test: AppTest) -> str:
    shown = [*test.title, *test.subheader, *test.markdown, *test.caption, *test.error, *test.info]
    return "\n".join(str(element.value) for element in shown)


def part(test: AppTest, script: str) -> dict[str, Any]:
    """Return the data that one of our components was given."""
    for element in test.get("bidi_component"):
        if script in element.proto.component_name:
            data: dict[str, Any] = json.loads(element.proto.json)
            return data
    raise AssertionError(f"{script} is not drawn")
