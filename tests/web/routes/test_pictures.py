"""Pictures as the page shows and gives them: small, page by page, as a zip."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import PIL.Image
import pytest
from starlette.testclient import TestClient

from featclass.server.studio import studio
from featclass.web.routes import uploads
from tests.fakes import drawn
from tests.filled import first
from tests.web.routes.sent import send, sets


def test_what_is_left_out_is_not_in_the_zip_that_trains_the_same(
    client: TestClient, token: str
) -> None:
    send(client, token, first(token), {"a.png": drawn(1), "b.png": drawn(2)})
    studio().workspaces.leave_out(token, studio().workspaces.open(token).sets[0].pictures[0].id)
    answer = client.get(f"/api/w/{token}/pictures.zip")
    assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist() == ["Set 1/b.png"]


def test_a_thumbnail_is_a_small_jpeg_that_the_browser_keeps(client: TestClient, token: str) -> None:
    send(client, token, first(token), {"a.png": drawn(1, size=900)})
    digest = studio().workspaces.open(token).sets[0].pictures[0].digest
    for _ in range(2):  # made, then found again
        answer = client.get(f"/api/w/{token}/thumbnail/{digest}")
        assert answer.headers["content-type"] == "image/jpeg"
        assert "immutable" in answer.headers["cache-control"]
        with PIL.Image.open(io.BytesIO(answer.content)) as picture:
            assert min(picture.size) == 160
    with PIL.Image.open(
        io.BytesIO(client.get(f"/api/w/{token}/thumbnail/{digest}?size=480").content)
    ) as picture:
        assert min(picture.size) == 480


def test_a_picture_of_one_workspace_is_not_shown_to_another(client: TestClient, token: str) -> None:
    send(client, token, first(token), {"a.png": drawn(1)})
    digest = studio().workspaces.open(token).sets[0].pictures[0].digest
    other = studio().workspaces.create()
    assert client.get(f"/api/w/{other}/thumbnail/{digest}").status_code == 404


@pytest.mark.parametrize("digest", ["..%2F..%2Fx", "zz" * 32, "ab" * 31, "a" * 5000])
def test_a_thumbnail_of_what_is_no_digest_is_not_found(
    client: TestClient, token: str, digest: str
) -> None:
    assert client.get(f"/api/w/{token}/thumbnail/{digest}").status_code == 404


def test_the_pictures_of_a_set_come_a_page_at_a_time(client: TestClient, token: str) -> None:
    send(client, token, first(token), {f"{i}.png": drawn(i) for i in range(7)})
    page = client.get(f"/api/w/{token}/sets/{first(token)}?from=5&count=5").json()["pictures"]
    assert [name for _, _, name, _ in page] == ["5.png", "6.png"]


def test_pictures_can_be_downloaded_as_a_zip_with_a_folder_for_each_set(
    client: TestClient, token: str
) -> None:
    studio().workspaces.rename_set(token, first(token), "a/b ..")
    send(client, token, first(token), {"x.png": drawn(1), "y.png": drawn(2)})
    answer = client.get(f"/api/w/{token}/pictures.zip")
    assert "attachment" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()
        assert len(names) == 2
        assert all(name.count("/") == 1 and ".." not in name for name in names)
        assert archive.read(names[0]) == drawn(1)


def test_a_picture_whose_file_is_lost_has_no_thumbnail_and_no_zip(
    client: TestClient, token: str, tmp_path: Path
) -> None:
    send(client, token, first(token), {"a.png": drawn(1)})
    digest = studio().workspaces.open(token).sets[0].pictures[0].digest
    (tmp_path / "data" / "blobs").rename(tmp_path / "away")
    assert client.get(f"/api/w/{token}/thumbnail/{digest}").status_code == 404
    assert client.get(f"/api/w/{token}/pictures.zip").status_code == 404


def test_sets_whose_names_look_alike_to_a_disk_keep_their_own_folders(
    client: TestClient, token: str
) -> None:
    for found, name in zip(studio().workspaces.open(token).sets, ("a:b", "a-b"), strict=True):
        studio().workspaces.rename_set(token, found.id, name)
        send(client, token, found.id, {"x.png": drawn(found.id)})
    answer = client.get(f"/api/w/{token}/pictures.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert sorted(archive.namelist()) == ["a-b 2/x.png", "a-b/x.png"]


def test_sets_whose_long_names_differ_at_their_end_keep_their_own_folders(
    client: TestClient, token: str
) -> None:
    for found, end in zip(studio().workspaces.open(token).sets, ("one", "two"), strict=True):
        studio().workspaces.rename_set(token, found.id, 250 * "ü" + end)
        send(client, token, found.id, {"x.png": drawn(found.id)})
    assert {name[-3:] for name in sets(token)} == {"one", "two"}
    answer = client.get(f"/api/w/{token}/pictures.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        folders = {name.rpartition("/")[0] for name in archive.namelist()}
    assert len(folders) == 2
    assert all(len(folder.encode()) <= 255 for folder in folders)


def test_what_is_held_in_memory_is_divided_by_bytes_and_by_number() -> None:
    sizes = [10**6] * 130 + [90 * 10**6, 10, 60 * 10**6, 10 * 10**6]
    portions = list(uploads.portions(sizes, lambda size: size))
    assert [size for portion in portions for size in portion] == sizes
    assert all(len(portion) <= 64 for portion in portions)
    assert all(sum(portion) <= 64 * 10**6 or len(portion) == 1 for portion in portions)
    assert len(portions) == 6
