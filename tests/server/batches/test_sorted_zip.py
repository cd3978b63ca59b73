"""What is taken away of a batch: the table, and the pictures sorted by class."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from starlette.testclient import TestClient

from featclass.server.studio import studio
from tests.fakes import drawn
from tests.filled import OURS
from tests.server.batches.routed import ended, folder_of, new, opened_zip, rows, start


def test_the_table_says_of_each_picture_what_the_command_line_would(
    client: TestClient, token: str
) -> None:
    batch = start(client, token, new(10) | {"new/words.txt": b"no picture"})
    ended(token, batch)
    table = rows(client, token, batch)
    assert list(table[0]) == [
        "path",
        "label",
        "probability",
        "known",
        "rejected",
        "probability:blue",
        "probability:red",
    ]
    assert [row["path"] for row in table] == [*sorted(new(10)), "new/words.txt"]
    for row in table[:-1]:
        assert row["label"] == ("red" if int(row["path"][4:-4]) % 2 == 0 else "blue")
        assert float(row["probability:red"]) + float(row["probability:blue"]) == pytest.approx(1)
    assert "text" in table[-1]["rejected"]
    assert table[-1]["probability"] == ""


def test_a_file_name_never_becomes_a_formula_in_the_table(client: TestClient, token: str) -> None:
    names = ["=1+1.png", "+2.png", "-3.png", "@SUM(A1).png", '=HYPERLINK("x","y").png']
    hostile = {name: drawn(200 + i) for i, name in enumerate(names)}
    batch = start(client, token, hostile)
    ended(token, batch)
    shown = [row["path"] for row in rows(client, token, batch)]
    assert shown == [f"'{name}" for name in sorted(names)]


def test_the_sorted_zip_has_a_folder_for_each_class_and_apart_the_doubtful_and_the_unknown(
    client: TestClient, token: str
) -> None:
    files = new(3) | {"b/words.txt": b"no picture", "a/same.png": drawn(1), "b/SAME.png": drawn(2)}
    batch = start(client, token, files)
    ended(token, batch)
    folder = folder_of(token, batch)
    said = {"probabilities": {"red": 0.5, "blue": 0.5}, "label": "red", "probability": 0.5}
    lines = [
        {**said, "path": "new/100.png", "known": True},
        {**said, "path": "new/101.png", "known": False},
        {**said, "path": "new/102.png", "known": True, "probability": 0.99},
        {**said, "path": "a/same.png", "known": True, "probability": 0.99},
        {**said, "path": "b/SAME.png", "known": True, "probability": 0.99},
        {"path": "b/words.txt", "rejected": "it is text"},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder.path / "predictions.jsonl").write_text(text)
    archive = opened_zip(client, token, batch)
    assert archive.namelist() == [
        "doubtful/red/100.png",
        "none of these/101.png",
        "red/102.png",
        "red/same.png",
        "red/SAME 2.png",
        "could not be used.csv",
    ]
    assert archive.read("red/SAME 2.png") == drawn(2)
    assert b"b/words.txt,it is text" in archive.read("could not be used.csv")


def test_names_of_classes_and_files_lead_nowhere_in_the_sorted_zip(
    client: TestClient, token: str
) -> None:
    red, blue = studio().workspaces.open(token).sets
    studio().workspaces.rename_set(token, red.id, "../../etc")
    studio().workspaces.rename_set(token, blue.id, "doubtful")
    batch = start(client, token, {"x/..\\..\\evil.png": drawn(300), "CON.png": drawn(301)})
    ended(token, batch)
    for name in opened_zip(client, token, batch).namelist():
        assert ".." not in name.split("/")
        assert "\\" not in name
        assert not name.startswith(("/", "doubtful/evil"))
        assert not name.endswith("/CON.png")


def test_a_zip_with_one_name_twice_gives_two_rows(client: TestClient, token: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.png", drawn(400, "red"))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.png", drawn(401, "blue"))
    where = f"/api/w/{token}/batches/zip?name=x.zip"
    batch = str(client.post(where, content=out.getvalue(), headers=OURS).json()["id"])
    ended(token, batch)
    assert [row["path"] for row in rows(client, token, batch)] == ["a.png", "a 2.png"]
