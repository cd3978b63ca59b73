from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from featclass.server import studio as studio_module
from featclass.server.studio import studio
from featclass.web.routes import MIDDLEWARE, uploads
from tests.fakes import drawn

OURS = {"X-Featclass": "1"}


@pytest.fixture
def token() -> str:
    return studio().workspaces.create()


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a server take 2 MB at once."""
    small = replace(studio(), config=replace(studio().config, max_upload_bytes=2_000_000))
    monkeypatch.setattr(studio_module, "_studio", small)


def sets(token: str) -> dict[str, list[str]]:
    workspace = studio().workspaces.open(token)
    return {found.name: [picture.name for picture in found.pictures] for found in workspace.sets}


def first(token: str) -> int:
    return studio().workspaces.open(token).sets[0].id


def send(client: TestClient, token: str, target: object, files: dict[str, bytes]) -> Any:
    form = [("picture", (name, data)) for name, data in files.items()]
    return client.post(f"/api/w/{token}/pictures?set={target}", files=form, headers=OURS)


def plan(client: TestClient, token: str, target: object, paths: list[str]) -> Any:
    body = {"set": str(target), "paths": paths}
    return client.post(f"/api/w/{token}/plan", json=body, headers=OURS)


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def send_zip(client: TestClient, token: str, target: object, data: bytes) -> Any:
    where = f"/api/w/{token}/zip?set={target}&name=mine.zip"
    return client.post(where, content=data, headers=OURS)


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


def act(client: TestClient, token: str, **what: Any) -> Any:
    return client.post(f"/api/w/{token}/act", json=what, headers=OURS)


def test_sets_are_renamed_added_and_removed(client: TestClient, token: str) -> None:
    assert act(client, token, do="rename", set=first(token), name="Tomatoes").is_success
    assert act(client, token, do="add set").is_success
    assert list(sets(token)) == ["Tomatoes", "Set 2", "Set 3"]
    assert act(client, token, do="remove set", set=first(token)).is_success
    assert list(sets(token)) == ["Set 2", "Set 3"]


def test_pictures_are_removed_tried_ones_too_and_rejections_dismissed(
    client: TestClient, token: str
) -> None:
    send(client, token, first(token), {"a.png": drawn(1), "b.txt": b"words"})
    send(client, token, "try", {"c.png": drawn(2), "d.txt": b"words"})
    [picture] = studio().workspaces.open(token).sets[0].pictures
    assert act(client, token, do="remove picture", picture=picture.id).is_success
    assert act(client, token, do="clear tried").is_success
    assert act(client, token, do="dismiss", set=first(token)).is_success
    assert act(client, token, do="dismiss", set="try").is_success
    workspace = studio().workspaces.open(token)
    assert sets(token)["Set 1"] == []
    assert (workspace.tried, workspace.tried_rejected) == ((), ())
    assert workspace.sets[0].rejected == ()


def test_pictures_are_moved_left_out_and_taken_back(client: TestClient, token: str) -> None:
    send(client, token, first(token), {"a.png": drawn(1)})
    one, two = studio().workspaces.open(token).sets
    picture = one.pictures[0].id
    assert act(client, token, do="move", picture=picture, set=two.id).is_success
    assert sets(token) == {"Set 1": [], "Set 2": ["a.png"]}
    assert act(client, token, do="leave out", picture=picture, reason="blurred").is_success
    assert studio().workspaces.open(token).sets[1].pictures[0].left_out == "blurred"
    assert act(client, token, do="take back", picture=picture).is_success
    assert studio().workspaces.open(token).sets[1].pictures[0].left_out is None


def test_findings_are_accepted_and_that_is_withdrawn(client: TestClient, token: str) -> None:
    assert act(client, token, do="accept", key="dark:abc", about="a dark a.png").is_success
    assert studio().workspaces.open(token).accepted == {"dark:abc"}
    said = studio().workspaces.last_act(token)
    assert said is not None
    assert said.what == "Said that a dark a.png is fine"
    assert act(client, token, do="withdraw", key="dark:abc").is_success
    assert studio().workspaces.open(token).accepted == frozenset()


def test_what_is_left_out_is_not_in_the_zip_that_trains_the_same(
    client: TestClient, token: str
) -> None:
    send(client, token, first(token), {"a.png": drawn(1), "b.png": drawn(2)})
    studio().workspaces.leave_out(token, studio().workspaces.open(token).sets[0].pictures[0].id)
    answer = client.get(f"/api/w/{token}/pictures.zip")
    assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist() == ["Set 1/b.png"]


def test_a_name_that_another_set_has_is_refused_in_a_sentence(
    client: TestClient, token: str
) -> None:
    answer = act(client, token, do="rename", set=first(token), name="Set 2")
    assert answer.status_code == 400
    assert "Set 2" in answer.json()["error"]
    assert list(sets(token)) == ["Set 1", "Set 2"]


@pytest.mark.parametrize(
    "what", [{"do": "format disk"}, {"do": "rename", "set": "1", "name": 3}, {"odd": 1}, {}]
)
def test_an_act_that_is_not_known_changes_nothing(
    client: TestClient, token: str, what: dict[str, Any]
) -> None:
    before = studio().workspaces.version(token)
    assert act(client, token, **what).status_code == 400
    assert studio().workspaces.version(token) == before


def test_an_act_on_a_set_of_another_workspace_is_refused(client: TestClient, token: str) -> None:
    other = studio().workspaces.create()
    assert act(client, token, do="remove set", set=first(other)).status_code == 400
    assert list(sets(other)) == ["Set 1", "Set 2"]


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


@pytest.mark.parametrize("headers", [{}, {**OURS, "Origin": "http://evil.example"}])
def test_a_request_from_another_site_is_refused(
    client: TestClient, token: str, headers: dict[str, str]
) -> None:
    where = f"/api/w/{token}/pictures?set={first(token)}"
    answer = client.post(where, files={"p": ("a.png", drawn(1))}, headers=headers)
    assert answer.status_code == 403
    assert sets(token)["Set 1"] == []


def test_the_page_itself_may_name_its_own_origin(client: TestClient, token: str) -> None:
    headers = {**OURS, "Origin": "http://localhost"}
    where = f"/api/w/{token}/pictures?set={first(token)}"
    assert client.post(where, files={"p": ("a.png", drawn(1))}, headers=headers).is_success


def test_a_link_that_leads_nowhere_adds_nothing_and_shows_nothing(client: TestClient) -> None:
    assert send(client, "no-such-workspace", 1, {"a.png": drawn(1)}).status_code == 400
    assert client.get(f"/api/w/no-such-workspace/thumbnail/{'ab' * 32}").status_code == 404


def test_a_set_of_another_workspace_cannot_be_filled(client: TestClient, token: str) -> None:
    other = studio().workspaces.create()
    assert send(client, token, first(other), {"a.png": drawn(1)}).status_code == 400
    assert sets(other)["Set 1"] == []


@pytest.mark.parametrize("target", ["", "abc", "-1", "999999", "1;drop"])
def test_a_target_that_is_no_set_is_refused(client: TestClient, token: str, target: str) -> None:
    assert send(client, token, target, {"a.png": drawn(1)}).status_code == 400


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


def test_unknown_routes_answer_404_and_not_the_page(client: TestClient) -> None:
    assert client.get("/api/typo").status_code == 404


def test_the_font_is_served_from_here(client: TestClient) -> None:
    answer = client.get("/assets/inter-latin.woff2")
    assert answer.status_code == 200
    assert answer.content[:4] == b"wOF2"


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost:8501", True),
        ("127.0.0.1:8501", True),
        ("[::1]:8501", True),
        ("10.1.2.3", True),
        ("evil.example", False),
        ("featclass.intern", True),
        ("", False),
    ],
)
def test_only_hosts_of_this_server_are_answered(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, host: str, allowed: bool
) -> None:
    monkeypatch.setenv("FEATCLASS_HOSTS", "other.intern featclass.intern")
    answer = client.get("/api/typo", headers={"Host": host})
    assert (answer.status_code == 404) is allowed


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


@pytest.mark.parametrize(
    ("origin", "host"),
    [("http://evil.example", "localhost"), ("http://evil.example", "evil.example")],
)
def test_a_socket_from_another_site_or_to_a_strange_name_is_refused(origin: str, host: str) -> None:
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    routes = [WebSocketRoute("/_stcore/stream", echo)]
    app = Starlette(routes=routes, middleware=list(MIDDLEWARE))
    client = TestClient(app, base_url="http://localhost")
    ours = {"Origin": "http://localhost", "Host": "localhost"}
    with client.websocket_connect("/_stcore/stream", headers=ours):
        pass
    headers = {"Origin": origin, "Host": host}
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/_stcore/stream", headers=headers),
    ):
        pass


@pytest.mark.parametrize("headers", [{"Host": "["}, {"Origin": "http://["}])
def test_headers_that_make_no_sense_are_refused_and_not_an_error_of_ours(
    client: TestClient, token: str, headers: dict[str, str]
) -> None:
    answer = client.post(f"/api/w/{token}/act", json={}, headers={**OURS, **headers})
    assert answer.status_code in (400, 403)


def test_json_nested_without_end_is_refused(client: TestClient, token: str) -> None:
    for route in ("act", "plan"):
        answer = client.post(f"/api/w/{token}/{route}", content="[" * 200_000, headers=OURS)
        assert answer.status_code == 400


def test_small_requests_have_small_limits(client: TestClient, token: str) -> None:
    answer = client.post(f"/api/w/{token}/act", content=bytes(1_100_000), headers=OURS)
    assert answer.status_code == 413


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


@pytest.mark.parametrize("cookie", ["", 'prefs={"a":1}'])
def test_a_browser_without_a_name_gets_one_with_the_page_and_keeps_it(
    client: TestClient, cookie: str
) -> None:
    page = {"Accept": "text/html,*/*", "Cookie": cookie}
    given = client.get("/", headers=page).headers["set-cookie"]
    assert "HttpOnly" in given
    assert "SameSite=Lax" in given
    kept = "; ".join(filter(None, (cookie, given.partition(";")[0])))
    client.cookies.clear()
    assert "set-cookie" not in client.get("/", headers={**page, "Cookie": kept}).headers
    assert "set-cookie" not in client.get("/api/typo").headers


def test_what_is_held_in_memory_is_divided_by_bytes_and_by_number() -> None:
    sizes = [10**6] * 130 + [90 * 10**6, 10, 60 * 10**6, 10 * 10**6]
    portions = list(uploads.portions(sizes, lambda size: size))
    assert [size for portion in portions for size in portion] == sizes
    assert all(len(portion) <= 64 for portion in portions)
    assert all(sum(portion) <= 64 * 10**6 or len(portion) == 1 for portion in portions)
    assert len(portions) == 6


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


# Undoing


def newest(token: str) -> str:
    act = studio().workspaces.last_act(token)
    assert act is not None
    return act.what


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


def test_every_visitor_undoes_their_own(client: TestClient, token: str) -> None:
    def by(visitor: str, **what: Any) -> Any:
        client.cookies.set("featclass_visitor", visitor)
        return act(client, token, **what).json()

    by("ann" * 8, do="rename", set=first(token), name="Bees")
    by("bob" * 8, do="add set")
    assert by("ann" * 8, do="undo") == {"undone": "Renamed set Set 1 to Bees"}
    assert by("ann" * 8, do="undo") == {"undone": None}
    assert list(sets(token)) == ["Set 1", "Set 2", "Set 3"]


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


@pytest.mark.parametrize(
    "what",
    [
        {"do": "move", "picture": True, "set": 2},
        {"do": "move", "picture": 1, "set": True},
        {"do": "move", "pictures": [True], "set": 2},
        {"do": "move", "pictures": [1], "set": True},
        {"do": "move", "pictures": [True], "new set": "C"},
        {"do": "none of these", "picture": True},
        {"do": "none of these", "pictures": [True]},
        {"do": "leave out", "picture": True},
        {"do": "leave out", "pictures": [True]},
        {"do": "take back", "picture": True},
        {"do": "remove picture", "picture": True},
        {"do": "remove pictures", "pictures": [True]},
        {"do": "remove set", "set": True},
        {"do": "rename", "set": True, "name": "C"},
        {"do": "rename", "names": [[True, "C"]]},
        {"do": "rename", "names": [["1", "C"]]},
        {"do": "rename", "names": [[1.5, "C"]]},
        {"do": "dismiss", "set": True},
        {"do": "undo", "act": True},
    ],
)
def test_true_is_no_id_for_any_act(client: TestClient, token: str, what: dict[str, Any]) -> None:
    assert first(token) == 1
    send(client, token, 1, {"a.png": drawn(1), "b.txt": b"words"})
    before = studio().workspaces.open(token)
    assert act(client, token, **what).status_code == 400
    assert studio().workspaces.open(token) == before


@pytest.mark.parametrize("target", ["true", "True", "1.0", "-1", "1e0"])
def test_pictures_are_sent_to_the_number_of_a_set_alone(
    client: TestClient, token: str, target: str
) -> None:
    assert send(client, token, target, {"a.png": drawn(1)}).status_code == 400
    assert sets(token) == {"Set 1": [], "Set 2": []}


def test_several_pictures_are_removed_in_one_act(client: TestClient, token: str) -> None:
    send(client, token, first(token), {f"{n}.png": drawn(n) for n in range(3)})
    ids = [picture.id for picture in studio().workspaces.open(token).sets[0].pictures]
    done = act(client, token, do="remove pictures", pictures=[*ids[:2], ids[0]]).json()
    assert done["what"] == "Removed 2 pictures of Set 1"
    assert sets(token)["Set 1"] == ["2.png"]
    act(client, token, do="undo", act=done["act"])
    assert len(sets(token)["Set 1"]) == 3
