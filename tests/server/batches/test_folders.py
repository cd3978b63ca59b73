"""Batches over folders of the server, of which only those offered are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from featclass.server.batches import BatchPhase
from tests.filled import OURS
from tests.server.batches.routed import (
    ended,
    filled,
    listed,
    opened_zip,
    restart,
    rows,
    start_folder,
)


@pytest.mark.parametrize("asked", ["trip", "{root}/trip", "trip/../trip"])
def test_a_folder_that_an_administrator_offers_is_predicted(
    client: TestClient, root: Path, asked: str
) -> None:
    token = filled()
    answer = start_folder(client, token, asked.format(root=root))
    assert answer.status_code == 200, answer.text
    batch = answer.json()["id"]
    assert ended(token, batch).phase is BatchPhase.DONE
    assert [row["path"] for row in rows(client, token, batch)] == ["100.png", "101.png", "102.png"]
    assert len(opened_zip(client, token, batch).namelist()) == 3


@pytest.mark.parametrize(
    "asked", ["/", "..", "../outside", "{root}/../outside", "link", "{root}-no", "nowhere", "a\0b"]
)
def test_a_folder_outside_those_offered_is_refused_whether_it_exists_or_not(
    client: TestClient, root: Path, asked: str
) -> None:
    token = filled()
    answer = start_folder(client, token, asked.format(root=root))
    assert answer.status_code == 400
    assert "among those that this server offers" in answer.json()["error"]
    assert listed(client, token) == []


def test_where_no_folder_is_offered_none_is_read(client: TestClient, token: str) -> None:
    answer = start_folder(client, token, "/tmp")
    assert answer.status_code == 400
    assert "offers no folders" in answer.json()["error"]


def test_a_link_inside_an_offered_folder_that_leads_out_gives_no_picture_away(
    client: TestClient, root: Path
) -> None:
    outside = root.parent / "outside" / "100.png"
    (root / "trip" / "sly.png").symlink_to(outside)
    token = filled()
    batch = start_folder(client, token, "trip").json()["id"]
    ended(token, batch)
    [sly] = [row for row in rows(client, token, batch) if row["path"] == "sly.png"]
    assert "leads out of the folder" in sly["rejected"]
    # Nor one that was a picture when it was predicted, and became a link after.
    (root / "trip" / "101.png").unlink()
    (root / "trip" / "101.png").symlink_to(outside)
    archive = opened_zip(client, token, batch)
    assert outside.read_bytes() not in [
        archive.read(name) for name in archive.namelist() if not name.endswith("100.png")
    ]
    assert b"101.png" in archive.read("could not be used.csv")


def test_a_folder_that_is_no_longer_offered_is_not_read_any_more(
    client: TestClient, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = filled()
    batch = start_folder(client, token, "trip").json()["id"]
    ended(token, batch)
    restart()
    monkeypatch.setenv("FEATCLASS_PICTURES", str(root / "link"))
    restart()
    answer = client.get(f"/api/w/{token}/batches/{batch}/sorted.zip")
    assert answer.status_code == 400
    assert len(rows(client, token, batch)) == 3


def test_a_folder_whose_name_is_no_text_does_not_break_the_list(
    client: TestClient, root: Path
) -> None:
    os.rename(root / "trip", os.fsencode(root) + b"/tr\xffp")
    token = filled()
    where = f"/api/w/{token}/batches/folder"
    answer = client.post(where, content=b'{"folder": "tr\\udcffp"}', headers=OURS)
    assert answer.status_code == 200, answer.text
    assert ended(token, answer.json()["id"]).phase is BatchPhase.DONE
    assert [found["name"] for found in listed(client, token)] == ["tr?p"]
