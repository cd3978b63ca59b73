"""Symbolic links on the person's own disk are followed; never in what strangers sent."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from featclass import datasets
from featclass.base.records import Rejected
from featclass.cli.inputs import below
from featclass.datasets import Walk, read_folder
from featclass.server.batches import pictures as batch_pictures
from tests.datasets.made import CATS_AND_DOGS, classes, labels, picture, pictures, reasons, write

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows needs a privilege to make links"
)


def test_links_to_files_and_folders_anywhere_are_followed(tmp_path: Path) -> None:
    root = write(tmp_path / "pictures", pictures("cat"))
    outside = write(tmp_path / "elsewhere", pictures("owls/big", start=50))
    (root / "dog").mkdir()
    (root / "dog" / "1.jpg").symlink_to(write(tmp_path, {"dog.jpg": picture(80)}) / "dog.jpg")
    (root / "owl").symlink_to(outside / "owls")
    dataset = read_folder(root)
    assert classes(dataset) == {"cat": 3, "dog": 1, "owl": 3}
    assert "owl/big/0.jpg" in labels(dataset)
    assert dataset.rejected == ()
    [image] = [image for image in dataset.images if image.label == "dog"]
    assert image.read() == picture(80)


def test_a_dataset_in_a_hugging_face_cache_is_nothing_but_links(tmp_path: Path) -> None:
    cached = tmp_path / ".cache/huggingface/hub/datasets--someone--pets"
    snapshot = cached / "snapshots" / ("a" * 40)
    for i, name in enumerate(
        ("train/cat/1.jpg", "train/dog/1.jpg", "test/cat/1.jpg", "test/dog/1.jpg")
    ):
        blob = write(cached, {f"blobs/{i:064x}": picture(i)}) / f"blobs/{i:064x}"
        (snapshot / name).parent.mkdir(parents=True)
        up = "../" * len(Path(name).parts)
        (snapshot / name).symlink_to(f"{up}../blobs/{blob.name}")
    dataset = read_folder(snapshot)
    assert classes(dataset) == {"cat": 2, "dog": 2}
    assert dataset.rejected == ()
    assert classes(read_folder(cached)) == {"cat": 2, "dog": 2}


def test_broken_links_are_named(tmp_path: Path) -> None:
    root = write(tmp_path, CATS_AND_DOGS)
    (root / "cats" / "gone.jpg").symlink_to(root / "cats" / "missing.jpg")
    (root / "cats" / "loop.jpg").symlink_to(root / "cats" / "loop.jpg")
    (root / "birds").symlink_to(tmp_path / "no folder")
    found = reasons(read_folder(root))
    assert found["cats/gone.jpg"] == "a link that leads nowhere: what it led to has gone"
    assert found["birds"] == "a link that leads nowhere: what it led to has gone"
    assert found["cats/loop.jpg"].startswith("cannot be read")
    assert len(found) == 3


def test_a_folder_is_read_once_by_its_own_path_and_the_link_to_it_is_named(tmp_path: Path) -> None:
    root = write(tmp_path, CATS_AND_DOGS)
    (root / "all the cats").symlink_to(root / "cats")
    (root / "cats" / "deep" / "self").symlink_to(root / "cats" / "deep")
    dataset = read_folder(root)
    assert dataset.classes == ("cats", "dogs")
    assert dataset.rejected == (
        Rejected("all the cats", "the same folder as cats, by a link"),
        Rejected("cats/deep/self", "the same folder as cats/deep, by a link"),
    )


def test_loops_end(tmp_path: Path) -> None:
    root = write(tmp_path / "given", CATS_AND_DOGS)
    write(tmp_path, {"beside/secret.jpg": picture(70)})
    (root / "cats" / "up").symlink_to(root)
    (root / "cats" / "out").symlink_to(tmp_path)
    dataset = read_folder(root)
    assert dataset.classes == ("cats", "dogs")
    assert reasons(dataset) == {
        "cats/out": "a link back to a folder that holds all of this",
        "cats/up": f"the same folder as {root}, by a link",
    }


def test_a_web_of_links_is_gone_through_once_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every folder links to all others: as many paths as there are orders of them."""
    outside, root = tmp_path / "web", write(tmp_path / "given", CATS_AND_DOGS)
    for i in range(12):
        write(outside, {f"{i}/{i}.jpg": picture(100 + i)})
    for i in range(12):
        for j in range(12):
            (outside / str(i) / f"to {j}").symlink_to(outside / str(j))
    (root / "owls").symlink_to(outside / "0")
    walk = Walk.through(root, follow=True)
    assert len(walk.files) == len(CATS_AND_DOGS) + 12
    assert len(walk.rejected) == 12 * 12 - 11


def test_the_server_follows_no_link_to_a_folder_and_none_that_leads_out(tmp_path: Path) -> None:
    offered = write(tmp_path / "offered", pictures("trip"))
    secret = write(tmp_path / "secret", {"key.jpg": picture(50)})
    (offered / "trip" / "out").symlink_to(secret)
    (offered / "trip" / "sly.jpg").symlink_to(secret / "key.jpg")
    (offered / "trip" / "in.jpg").symlink_to(offered / "trip" / "0.jpg")
    found = batch_pictures.of_folder("trip", [offered])
    assert set(found.sources) == {"0.jpg", "1.jpg", "2.jpg", "in.jpg", "sly.jpg"}
    assert found.rejected == [Rejected("out", "a link to a folder, which is not followed here")]
    outcomes = {each.name: each for each in found.but(set())}
    assert outcomes["sly.jpg"] == Rejected("sly.jpg", "a link that leads out of the folder")
    assert not isinstance(outcomes["in.jpg"], Rejected)
    with pytest.raises(OSError, match="leads out of the folder"):
        found.sources["sly.jpg"].read()


def test_the_files_to_predict_are_found_behind_links_but_for_the_commands_own(
    tmp_path: Path,
) -> None:
    root = write(tmp_path / "new", {"a.jpg": picture(1)})
    other = write(tmp_path / "other", {"b.jpg": picture(2), "sorted/cat/a.jpg": picture(1)})
    (root / "link").symlink_to(other)
    assert datasets.files_below(root) == [
        root / "a.jpg",
        root / "link" / "b.jpg",
        root / "link" / "sorted" / "cat" / "a.jpg",
    ]
    assert below(root, [other / "sorted"]) == [root / "a.jpg", root / "link" / "b.jpg"]
