"""Files and acts sent to the routes of a workspace."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from featclass.server.studio import studio
from tests.filled import OURS


def sets(token: str) -> dict[str, list[str]]:
    workspace = studio().workspaces.open(token)
    return {found.name: [picture.name for picture in found.pictures] for found in workspace.sets}


def send(client: TestClient, token: str, target: object, files: dict[str, bytes]) -> Any:
    form = [("picture", (name, data)) for name, data in files.items()]
    return client.post(f"/api/w/{token}/pictures?set={target}", files=form, headers=OURS)


def plan(client: TestClient, token: str, target: object, paths: list[str]) -> Any:
    body = {"set": str(target), "paths": paths}
    return client.post(f"/api/w/{token}/plan", json=body, headers=OURS)


def send_zip(client: TestClient, token: str, target: object, data: bytes) -> Any:
    where = f"/api/w/{token}/zip?set={target}&name=mine.zip"
    return client.post(where, content=data, headers=OURS)


def act(client: TestClient, token: str, **what: Any) -> Any:
    return client.post(f"/api/w/{token}/act", json=what, headers=OURS)


def newest(token: str) -> str:
    act = studio().workspaces.last_act(token)
    assert act is not None
    return act.what
