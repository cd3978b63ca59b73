"""Pictures, folders and zips sent to a set, to no set, or to be tried."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from featclass.server.studio import studio
from tests.fakes import drawn
from tests.filled import OURS, first
from tests.people import zipped
from tests.web.routes.sent import act, newest, plan, send, send_zip, sets


def test_pictures_are_added_and_what_is_none_is_rejected_by_name_and_reason(
    client: TestClient, token: str
) -> None:
    files = {"a.png": drawn(1), "b.png": drawn(2), "notes.txt": b"just text"}
    answer = send(client, token, first(token), files)
    assert answer.json() == {"added": 2, "copies": 0, "rejected": 1}
    labelled = studio().workspaces.open(token).sets[0]
    assert [picture.name for picture in labelled.pictures] == ["a.png", "b.png"]
    [rejected] = labelled.rejected
    assert rejected.name == "notes.txt"
    assert "text" in rejected.reason


def test_the_same_picture_again_is_counted_as_a_copy(client: TestClient, token: str) -> None:
    send(client, token, first(token), {"a.png": drawn(1)})
    answer = send(client, token, first(token), {"again.png": drawn(1)})
    assert answer.json() == {"added": 0, "copies": 1, "rejected": 0}


def test_names_that_look_like_paths_are_only_text(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    name = "..%2F..%2F..%2Fetc%2Fpasswd.png"
    assert send(client, token, first(token), {name: drawn(1)}).json()["added"] == 1
    assert sets(token)["Set 1"] == ["passwd.png"]
    assert not list(tmp_path.rglob("passwd*"))


def test_a_folder_of_folders_makes_a_set_of_each(client: TestClient, token: str) -> None:
    answer = plan(client, token, "new", ["pets/cats/1.png", "pets/dogs/1.png", "pets/.DS_Store"])
    targets = answer.json()["targets"]
    assert answer.json()["sets"] == ["cats", "dogs"]
    assert targets[2] is None
    assert list(sets(token)) == ["cats", "dogs"]
    ids = {found.name: found.id for found in studio().workspaces.open(token).sets}
    assert targets[:2] == [ids["cats"], ids["dogs"]]


def test_one_folder_dropped_on_a_set_fills_that_set(client: TestClient, token: str) -> None:
    answer = plan(client, token, first(token), ["cats/1.png", "cats/2.png"])
    assert answer.json() == {"targets": [first(token)] * 2, "sets": [], "notes": []}


def test_loose_files_dropped_outside_a_set_get_a_set_of_their_own(
    client: TestClient, token: str
) -> None:
    answer = plan(client, token, "new", ["1.png", "2.png"])
    new = studio().workspaces.open(token).sets[-1]
    assert answer.json()["targets"] == [new.id, new.id]


def test_everything_dropped_on_try_is_tried(client: TestClient, token: str) -> None:
    answer = plan(client, token, "try", ["pets/cats/1.png", "2.png"])
    assert answer.json() == {"targets": ["try", "try"], "sets": [], "notes": []}
    assert send(client, token, "try", {"new.png": drawn(3)}).json()["added"] == 1
    assert [p.name for p in studio().workspaces.open(token).tried] == ["new.png"]


def test_a_zip_with_subfolders_makes_sets_and_names_what_it_could_not_use(
    client: TestClient, token: str
) -> None:
    data = zipped(
        {
            "pets/cats/1.png": drawn(1),
            "pets/dogs/1.png": drawn(2),
            "pets/dogs/readme.txt": b"some words",
            "__MACOSX/pets/cats/._1.png": b"junk",
            "pets/../../evil.png": drawn(3),
        }
    )
    answer = send_zip(client, token, "new", data)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        **{"added": 3, "copies": 0, "rejected": 1},
        **{"sets": ["cats", "dogs"], "notes": [], "names": None},
    }
    assert sets(token)["cats"] == ["1.png"]
    assert sets(token)["dogs"] == ["1.png"]
    # What pretends to lie outside has no folder of its own, and is text like any other name.
    assert sets(token)["Set 3"] == ["evil.png"]
    reasons = {
        item.name: item.reason
        for found in studio().workspaces.open(token).sets
        for item in found.rejected
    }
    assert "text" in reasons["readme.txt"]


def test_a_zip_dropped_on_try_is_tried(client: TestClient, token: str) -> None:
    send_zip(client, token, "try", zipped({"x/1.png": drawn(1), "x/2.png": drawn(2)}))
    assert len(studio().workspaces.open(token).tried) == 2


def test_a_damaged_zip_is_refused_in_a_sentence_with_its_name(
    client: TestClient, token: str
) -> None:
    answer = send_zip(client, token, "new", b"PK\x03\x04 and then nothing that makes sense")
    assert answer.status_code == 400
    assert "mine.zip" in answer.json()["error"]


def test_a_zip_that_would_unpack_beyond_the_limit_is_refused_before_unpacking(
    client: TestClient, token: str, small_limit: None
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/bomb.bmp", bytes(20_000_000))
    answer = send_zip(client, token, "new", out.getvalue())
    assert answer.status_code == 400
    assert "FEATCLASS_MAX_UPLOAD_MB" in answer.json()["error"]


def test_an_upload_beyond_the_limit_is_refused_by_its_length(
    client: TestClient, token: str, small_limit: None
) -> None:
    assert send(client, token, first(token), {"a.png": bytes(2_100_000)}).status_code == 413


def test_a_zip_sent_without_its_length_is_cut_off_at_the_limit(
    client: TestClient, token: str, small_limit: None
) -> None:
    parts = iter([bytes(500_000)] * 5)
    where = f"/api/w/{token}/zip?set=new"
    answer = client.post(where, content=parts, headers=OURS)
    assert answer.status_code == 413
    assert "more than this server takes" in answer.json()["error"]


def test_a_set_of_another_workspace_cannot_be_filled(client: TestClient, token: str) -> None:
    other = studio().workspaces.create()
    assert send(client, token, first(other), {"a.png": drawn(1)}).status_code == 400
    assert sets(other)["Set 1"] == []


@pytest.mark.parametrize("target", ["", "abc", "-1", "999999", "1;drop"])
def test_a_target_that_is_no_set_is_refused(client: TestClient, token: str, target: str) -> None:
    assert send(client, token, target, {"a.png": drawn(1)}).status_code == 400


@pytest.mark.parametrize("target", ["new", "try"])
def test_entries_damaged_inside_a_zip_are_counted_among_the_rejected(
    client: TestClient, token: str, target: str
) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for folder in ("cats", "dogs"):
            archive.writestr(f"{folder}/good.png", drawn(len(folder) + ord(folder[0])))
            archive.writestr(f"{folder}/bad.png", f"DAMAGED {folder}")
        archive.writestr("cats/words.txt", "some words")
    data = file.getvalue().replace(b"DAMAGED", b"damaged")
    answer = send_zip(client, token, target, data).json()
    assert (answer["added"], answer["rejected"]) == (2, 3)
    workspace = studio().workspaces.open(token)
    rejected = [*workspace.tried_rejected, *(r for s in workspace.sets for r in s.rejected)]
    assert sum("damaged inside the zip" in item.reason for item in rejected) == 2


def test_what_is_sent_with_one_key_of_a_drop_is_one_act_and_undone_without_a_number(
    client: TestClient, token: str
) -> None:
    drop = {**OURS, "X-Featclass-Drop": "drop-12345678"}
    before = sets(token)
    body = {"set": "new", "paths": ["a/cats/1.png", "a/dogs/1.png"]}
    targets = client.post(f"/api/w/{token}/plan", json=body, headers=drop).json()["targets"]
    for seed, target in enumerate(targets):
        form = [("picture", ("1.png", drawn(seed))), ("picture", ("words.txt", b"words"))]
        client.post(f"/api/w/{token}/pictures?set={target}", files=form, headers=drop)
    assert sets(token) == {"cats": ["1.png"], "dogs": ["1.png"]}
    assert act(client, token, do="undo").json() == {"undone": "Added 2 pictures to 2 sets"}
    assert sets(token) == before
    assert act(client, token, do="undo").json() == {"undone": None}


def test_a_zip_is_one_act(client: TestClient, token: str) -> None:
    files = {f"pets/{name}/{n}.png": drawn(n, name) for name in ("red", "blue") for n in range(2)}
    headers = {**OURS, "X-Featclass-Drop": "drop-12345678"}
    where = f"/api/w/{token}/zip?set=new&name=mine.zip"
    client.post(where, content=zipped({**files, "pets/red/a.txt": b"a"}), headers=headers)
    assert newest(token) == "Added 4 pictures to 2 sets"
    act(client, token, do="undo")
    assert sets(token) == {"Set 1": [], "Set 2": []}


def test_pictures_sent_to_a_set_that_was_removed_bring_it_back_and_that_is_said(
    client: TestClient, token: str
) -> None:
    one = first(token)
    act(client, token, do="remove set", set=one)
    answer = send(client, token, one, {"a.png": drawn(1)})
    assert answer.json()["added"] == 1
    assert answer.json()["notes"] == [
        "Set 1 had been removed meanwhile; it is here again, with what was added now."
    ]
    act(client, token, do="remove set", set=one)
    answer = send_zip(client, token, one, zipped({"b.png": drawn(2)}))
    assert "Set 1 had been removed" in answer.json()["notes"][0]
    assert sets(token) == {"Set 1": ["b.png"], "Set 2": []}


@pytest.mark.parametrize("target", ["true", "True", "1.0", "-1", "1e0"])
def test_pictures_are_sent_to_the_number_of_a_set_alone(
    client: TestClient, token: str, target: str
) -> None:
    assert send(client, token, target, {"a.png": drawn(1)}).status_code == 400
    assert sets(token) == {"Set 1": [], "Set 2": []}
