"""The routes for drops that need a word: read in two ways, set aside, of names in doubt."""

from __future__ import annotations

import base64
import zipfile
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import featclass
from featclass.datasets import ZipListing
from featclass.server.studio import studio
from featclass.web.routes import drops
from tests.fakes import drawn
from tests.filled import OURS
from tests.people import JAPANESE, PEOPLE, fill, named, raw_zip, zip_of


def plan(
    client: TestClient, token: str, paths: list[str], target: object = "new", **more: Any
) -> Any:
    body = {"set": str(target), "paths": paths, **more}
    return client.post(f"/api/w/{token}/plan", json=body, headers=OURS)


def send_zip(
    client: TestClient, token: str, path: Path, target: object = "new", **more: Any
) -> Any:
    asked = {"set": target, "name": path.name, **more}
    data = path.read_bytes()
    return client.post(f"/api/w/{token}/zip", params=asked, content=data, headers=OURS)


def sets(token: str) -> dict[str, int]:
    """Return the sets with pictures, and how many each has."""
    here = studio().workspaces.open(token).sets
    return {labelled.name: len(labelled.pictures) for labelled in here if labelled.pictures}


def names(token: str) -> list[str]:
    return [labelled.name for labelled in studio().workspaces.open(token).sets]


def paths_below(root: Path) -> list[str]:
    """Return the paths of a dropped folder, with its own name, as a browser sends them."""
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return [f"{root.name}/{path.relative_to(root).as_posix()}" for path in files]


def test_folders_of_photographers_are_a_question_and_no_set_is_made_before_it_is_answered(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    paths = paths_below(fill(tmp_path / "people", PEOPLE))
    question = plan(client, token, paths).json()["question"]
    assert "people" in question["sentence"]
    assert "--" not in question["sentence"]
    assert {choice["classes_at"]: choice["classes"] for choice in question["choices"]} == {
        2: ["alice", "bob"],
        3: ["nok", "ok"],
    }
    assert names(token) == ["Set 1", "Set 2"]
    answer = plan(client, token, paths, classes_at=3).json()
    assert answer["sets"] == ["nok", "ok"]
    assert names(token) == ["nok", "ok"]
    assert None not in answer["targets"]


def test_the_question_about_a_split_beside_other_folders_says_what_was_found(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    folders = ("train/a", "train/b", "val/a", "val/b", "docs")
    paths = paths_below(fill(tmp_path / "pets", folders))
    sentence = plan(client, token, paths).json()["question"]["sentence"]
    assert "look like parts of a split, and docs beside them does not" in sentence
    assert "same names" not in sentence
    assert "--" not in sentence


@pytest.mark.parametrize(("depth", "classes"), [(1, {"alice", "bob"}), (2, {"ok", "nok"})])
def test_a_zip_of_photographers_folders_is_asked_about_and_read_as_answered(
    client: TestClient, token: str, tmp_path: Path, depth: int, classes: set[str]
) -> None:
    path = zip_of(fill(tmp_path / "people", PEOPLE), tmp_path / "people.zip")
    answer = send_zip(client, token, path).json()
    assert [choice["classes_at"] for choice in answer["question"]["choices"]] == [1, 2]
    assert sets(token) == {}
    answer = send_zip(client, token, path, classes_at=depth).json()
    assert answer["added"] == 12
    assert sets(token).keys() == classes == {*featclass.read_zip(path, depth).classes}


def test_on_a_set_all_of_an_ambiguous_folder_may_go_there(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    paths = paths_below(fill(tmp_path / "people", PEOPLE))
    target = studio().workspaces.open(token).sets[0].id
    choices = plan(client, token, paths, target).json()["question"]["choices"]
    assert choices[-1] == {"classes_at": drops.ALL_INTO_ONE, "classes": [], "number": 0}
    answer = plan(client, token, paths, target, classes_at=drops.ALL_INTO_ONE).json()
    assert answer["targets"] == [target] * len(paths)
    assert names(token) == ["Set 1", "Set 2"]


def test_what_is_dropped_to_be_tried_is_never_asked_about(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    paths = [*paths_below(fill(tmp_path / "people", PEOPLE)), "people/.DS_Store"]
    targets = plan(client, token, paths, "try").json()["targets"]
    assert targets == ["try"] * (len(paths) - 1) + [None]


@pytest.mark.parametrize("depth", ["deep", -1, 10**6, [1], 2.5])
def test_a_depth_that_is_none_is_refused(client: TestClient, token: str, depth: object) -> None:
    assert plan(client, token, ["a/1.png", "b/1.png"], classes_at=depth).status_code == 400
    assert names(token) == ["Set 1", "Set 2"]


def test_a_split_is_told_in_a_sentence_and_its_flat_test_goes_into_no_set(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    root = fill(tmp_path / "pets", ("train/cat", "train/dog"))
    fill(root, ("test",), count=4)
    paths = paths_below(root)
    answer = plan(client, token, paths).json()
    assert answer["sets"] == ["cat", "dog"] == [*featclass.read_folder(root).classes]
    aside = [
        target for path, target in zip(paths, answer["targets"], strict=True) if "/test/" in path
    ]
    assert aside == [None] * 4
    assert not any(made.rejected for made in studio().workspaces.open(token).sets)
    told = " ".join(answer["notes"])
    assert "train" in told
    assert "test" in told
    assert "4" in told


def test_ordinary_folders_are_not_commented_on(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    paths = paths_below(fill(tmp_path / "pets", ("cats", "dogs")))
    answer = plan(client, token, [*paths, "pets/.DS_Store", "pets/Thumbs.db"]).json()
    assert answer["notes"] == []
    assert answer["targets"][-2:] == [None, None]


def test_files_beside_the_class_folders_that_are_no_pictures_make_no_set(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    paths = paths_below(fill(tmp_path / "pets", ("cats", "dogs")))
    answer = plan(client, token, [*paths, "pets/README.md"]).json()
    assert answer["targets"][-1] is None
    assert names(token) == ["cats", "dogs"]
    assert any("README.md" in note for note in answer["notes"])


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_folder_with_a_table_is_labelled_by_it_and_what_does_not_match_is_named(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    root = tmp_path / "flat"
    root.mkdir()
    for i in range(5):
        (root / f"{i}.png").write_bytes(drawn(i))
    table = "file,label\n0.png,cat\n1.png,dog\n2.png,cat\n3.png,dog\nlost.png,cat\n"
    (root / "labels.csv").write_text(table)
    paths = paths_below(root)
    answer = plan(client, token, paths, tables={"flat/labels.csv": base64_of(table)}).json()
    assert answer["sets"] == ["cat", "dog"] == [*featclass.read_folder(root).classes]
    ids = {labelled.name: labelled.id for labelled in studio().workspaces.open(token).sets}
    by_path = dict(zip(paths, answer["targets"], strict=True))
    assert by_path["flat/2.png"] == ids["cat"]
    assert by_path["flat/3.png"] == ids["dog"]
    assert by_path["flat/4.png"] is None  # without a row
    assert by_path["flat/labels.csv"] is None
    told = " ".join(answer["notes"])
    assert "4.png" in told
    assert "lost.png" in told
    rejected = [r.name for s in studio().workspaces.open(token).sets for r in s.rejected]
    assert {name.rpartition("/")[2] for name in rejected} == {"4.png", "lost.png"}


def test_on_a_set_a_folder_with_a_table_fills_that_set(client: TestClient, token: str) -> None:
    target = studio().workspaces.open(token).sets[0].id
    table = base64_of("file,label\n0.png,cat\n1.png,dog\n")
    paths = ["flat/0.png", "flat/1.png", "flat/labels.csv"]
    answer = plan(client, token, paths, target, tables={"flat/labels.csv": table}).json()
    assert answer["targets"][:2] == [target, target]
    assert names(token) == ["Set 1", "Set 2"]


def test_loose_files_that_are_no_pictures_are_rejected_with_the_pictures_beside_them(
    client: TestClient, token: str
) -> None:
    answer = plan(client, token, ["1.png", "notes.txt"]).json()
    assert answer["notes"] == []
    assert answer["targets"][0] == answer["targets"][1] is not None


def test_a_zip_with_a_table_is_labelled_by_it(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    path = tmp_path / "flat.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(4):
            archive.writestr(f"{i}.png", drawn(i))
        archive.writestr("labels.csv", "file,label\n0.png,cat\n1.png,dog\n2.png,cat\n3.png,dog\n")
    answer = send_zip(client, token, path).json()
    assert answer["rejected"] == 0
    assert sets(token) == {"cat": 2, "dog": 2}
    assert {*featclass.read_zip(path).classes} == {"cat", "dog"}


@pytest.mark.parametrize(
    "tables",
    [{"a.csv": "not base64!"}, {f"{i}.csv": "" for i in range(5)}, ["a.csv"], {"a.csv": 5}],
)
def test_tables_that_are_none_or_too_many_are_refused(
    client: TestClient, token: str, tables: object
) -> None:
    assert plan(client, token, ["a.png"], tables=tables).status_code == 400


def test_a_flat_zip_dropped_on_the_page_is_a_set_of_its_name(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    for stem in ("Class 1-samples", "poppies"):
        folder = tmp_path / stem
        folder.mkdir()
        for i in range(3):
            (folder / f"{i}.png").write_bytes(drawn(10 * len(stem) + i))
        answer = send_zip(client, token, zip_of(folder, tmp_path / f"{stem}.zip")).json()
        assert len(answer["sets"]) == 1
    assert sets(token) == {"Class 1": 3, "poppies": 3}


def test_a_flat_zip_dropped_on_a_set_fills_that_set(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    target = studio().workspaces.open(token).sets[1].id
    path = raw_zip(tmp_path / "poppies.zip", {b"1.png": drawn(1), b"2.png": drawn(2)})
    assert send_zip(client, token, path, target).json()["sets"] == []
    assert sets(token) == {"Set 2": 2}


def test_a_folder_of_one_zip_per_class_is_to_be_sent_zip_by_zip(
    client: TestClient, token: str
) -> None:
    paths = ["export/Class 1-samples.zip", "export/notes.txt", "export/Class 2-samples.zip"]
    answer = plan(client, token, paths).json()
    assert answer["zips"] == [0, 2]
    assert answer["targets"] == [None] * 3
    assert names(token) == ["Set 1", "Set 2"]
    in_junk = ["x/a.zip", "x/b.zip", "x/@eaDir/a.png"]
    assert plan(client, token, in_junk).json()["zips"] == [0, 1]


@pytest.mark.parametrize("name", ["birds.zip", "cats/a.zip", "zips/photos.ZIP"])
def test_a_zip_beside_folders_of_pictures_is_no_set(
    client: TestClient, token: str, name: str
) -> None:
    paths = ["pets/cats/1.png", "pets/dogs/1.png", f"pets/{name}"]
    answer = plan(client, token, paths).json()
    assert "zips" not in answer
    assert names(token) == ["cats", "dogs"]
    assert (answer["targets"][2] is None) == (name != "cats/a.zip")
    if name == "birds.zip":
        assert "birds.zip" in answer["notes"][0]
        assert "Unpack" in answer["notes"][1]


def test_zips_of_one_folder_each_are_sets_of_their_own_names_where_several_are_dropped(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    for n in (1, 2):
        folder = fill(tmp_path / f"{n}", ["images"], count=2 + n)
        path = zip_of(folder, tmp_path / f"flower {n}.zip")
        assert send_zip(client, token, path, among=2).json()["sets"] == [f"flower {n}"]
    assert sets(token) == {"flower 1": 3, "flower 2": 4}


def read_as(answer: Any, code: str) -> dict[int, str]:
    [reading] = [one for one in answer["names"]["readings"] if one["code"] == code]
    return dict(reading["names"])


def test_the_names_of_a_japanese_zip_can_be_corrected_without_sending_it_again(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    path = raw_zip(tmp_path / "parts.zip", named(JAPANESE, "cp932"))
    answer = send_zip(client, token, path).json()
    assert sets(token).keys() == {*JAPANESE} == {*featclass.read_zip(path).classes}
    assert answer["names"]["zip"] == "parts.zip"
    assert answer["names"]["code"] == "cp932"
    assert answer["names"]["readings"][0]["title"] == "Japanese (CP932)"
    other = answer["names"]["readings"][1]["code"]
    renamed = {"do": "rename", "names": [*read_as(answer, other).items()]}
    assert client.post(f"/api/w/{token}/act", json=renamed, headers=OURS).is_success
    assert sets(token).keys() == {*featclass.read_zip(path, zip_names=other).classes}
    back = {"do": "rename", "names": [*read_as(answer, "cp932").items()]}
    assert client.post(f"/api/w/{token}/act", json=back, headers=OURS).is_success
    assert sets(token).keys() == {*JAPANESE}


@pytest.mark.parametrize(
    "paths",
    [
        ("x/1.png", "x/2.png", "x/3.png"),  # both sets would be one
        ("x/1.png", "y/2.png", "z/3.png"),  # one set would be two
        ("1.png", "x/2.png", "x/3.png"),  # one would have no name
    ],
)
def test_a_code_page_in_which_the_sets_would_be_others_is_not_offered(
    token: str, paths: tuple[str, ...]
) -> None:
    one, two = (labelled.id for labelled in studio().workspaces.open(token).sets)
    placement = drops.Placement((one, two, two), ids={"Set 1": one, "Set 2": two})

    def offered(*readings: tuple[str, ...]) -> list[str]:
        others = dict(zip(("gbk", "cp949"), readings, strict=False))
        listing = ZipListing((), code="cp932", alternatives=others)
        offer = drops.other_names(token, "a.zip", listing, placement, frozenset(), None)
        return [reading["code"] for reading in offer["readings"]] if offer else []

    assert offered(paths) == []
    assert offered(("x/1.png", "y/2.png", "y/3.png"), paths) == ["cp932", "gbk"]


def test_a_zip_made_by_a_mac_leaves_nothing_to_correct(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    flowers = ("Gänseblümchen", "Stiefmütterchen")
    answer = send_zip(client, token, raw_zip(tmp_path / "mac.zip", named(flowers, "utf-8"))).json()
    assert answer["names"] is None
    assert answer["notes"] == []
    assert sets(token).keys() == {*flowers}


def test_sets_that_were_there_before_a_zip_are_not_renamed_by_it(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    good = studio().workspaces.set_named(token, JAPANESE[2])
    path = raw_zip(tmp_path / "parts.zip", named(JAPANESE, "cp932"))
    answer = send_zip(client, token, path).json()
    assert answer["names"]["kept"] == [JAPANESE[2]]
    assert all(good not in dict(one["names"]) for one in answer["names"]["readings"])
    again = send_zip(client, token, path).json()
    assert again["copies"] == 9
    assert again["names"] is None


def test_sets_are_renamed_together_also_to_each_others_names_or_not_at_all(
    client: TestClient, token: str
) -> None:
    def rename(*pairs: tuple[int, object]) -> Any:
        what = {"do": "rename", "names": [list(pair) for pair in pairs]}
        return client.post(f"/api/w/{token}/act", json=what, headers=OURS)

    one, two = (labelled.id for labelled in studio().workspaces.open(token).sets)
    third = studio().workspaces.add_set(token, "third")
    assert rename((one, "Set 2"), (two, "Set 1")).is_success
    assert names(token) == ["Set 2", "Set 1", "third"]
    assert rename((one, "new"), (two, "third")).status_code == 400
    assert rename((one, "same"), (two, "same")).status_code == 400
    assert rename((one, "new"), (third + 99, "x")).status_code == 400
    assert rename(("one", "new")).status_code == 400  # type: ignore[arg-type]
    assert names(token) == ["Set 2", "Set 1", "third"]


@pytest.mark.parametrize(
    ("name", "head", "what"),
    [
        ("photos.7z", b"7z\xbc\xaf\x27\x1c", "7"),
        ("photos.rar", b"Rar!\x1a\x07\x01\x00", "RAR"),
        ("photos.tar.gz", b"\x1f\x8b\x08\x00", "gz"),
    ],
)
def test_an_archive_of_another_kind_is_named_with_its_remedy(
    client: TestClient, token: str, tmp_path: Path, name: str, head: bytes, what: str
) -> None:
    path = tmp_path / name
    path.write_bytes(head + bytes(500))
    answer = send_zip(client, token, path)
    assert answer.status_code == 400
    assert name in answer.json()["error"]
    assert what.lower() in answer.json()["error"].lower().replace(name, "")
    assert "zip" in answer.json()["error"]
    assert names(token) == ["Set 1", "Set 2"]


def test_the_folders_of_a_powershell_zip_are_no_rejected_files(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    files = {b"cats\\": b"", b"dogs\\": b"", b"birds\\": b""}
    files |= {
        f"{name}\\{i}.png".encode(): drawn(i, colour)
        for name, colour in (("cats", "red"), ("dogs", "blue"))
        for i in range(3)
    }
    answer = send_zip(client, token, raw_zip(tmp_path / "windows.zip", files)).json()
    assert answer["rejected"] == 0
    assert answer["notes"] == ["birds is an empty folder, so no set was made for it."]
    assert names(token) == ["cats", "dogs"]


def test_an_empty_class_folder_is_named_and_makes_no_set(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    paths = paths_below(fill(tmp_path / "pets", ("cats", "dogs")))
    answer = plan(client, token, paths, folders=["pets/birds"]).json()
    assert names(token) == ["cats", "dogs"]
    assert any("birds" in note for note in answer["notes"])
