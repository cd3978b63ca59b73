"""What comes in at the doors: from whom, how much of it, how slowly, and in what form."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from featclass.base.errors import FeatclassError, UploadRefused
from featclass.server import studio as studio_module
from featclass.server.studio import studio
from featclass.web.routes import MIDDLEWARE, ROUTES, drops, guard, requests
from featclass.workspaces import NewPicture
from tests.fakes import drawn
from tests.filled import OURS, first


def kept() -> list[Path]:
    """Return every file that lies in the data folder beside the databases, and room kept free."""
    data = studio().config.data
    files = (path for path in data.rglob("*") if path.is_file())
    return [path for path in files if "sqlite" not in path.name and path.name != "reserve"]


def asked(path: str, query: str = "", *, method: str = "POST", body: Any = None) -> dict[str, Any]:
    """Ask as a server would, and answer with what was said; `body` is awaited for the body."""
    app = Starlette(routes=list(ROUTES), middleware=list(MIDDLEWARE))
    sent: list[Any] = []

    async def unread() -> Any:
        raise AssertionError("nothing was to be read of the body")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": query.encode(), "root_path": "", "scheme": "http",
        "headers": [
            (b"host", b"localhost"), (b"x-featclass", b"1"), (b"content-length", b"500000"),
            (b"content-type", b"multipart/form-data; boundary=x"),
        ],
    }  # fmt: skip
    asyncio.run(app(scope, body or unread, send))
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return {"status": sent[0]["status"], **json.loads(content)}


BODIES = ("act", "plan", "plan/form", "pictures", "zip", "classifier", "batches/zip",
          "batches/folder")  # fmt: skip


@pytest.mark.parametrize("route", BODIES)
def test_of_what_is_sent_without_a_link_nothing_is_read(route: str) -> None:
    answer = asked(f"/api/w/no-such-workspace/{route}", "set=1")
    assert answer["status"] in (400, 404)
    assert "No workspace has this link" in answer["error"]
    assert kept() == []


@pytest.mark.parametrize("route", ["pictures", "zip"])
@pytest.mark.parametrize("target", ["999999", "", "9" * 5000, "true", "1.0", "[1]"])
def test_of_what_is_sent_to_a_set_that_is_not_there_nothing_is_read(
    token: str, route: str, target: str
) -> None:
    assert asked(f"/api/w/{token}/{route}", f"set={target}")["status"] == 400
    assert kept() == []


@pytest.mark.parametrize("route", [route for route in BODIES if route != "act"])
def test_of_what_is_sent_to_a_removed_workspace_nothing_is_read(token: str, route: str) -> None:
    set_id = first(token)
    studio().workspaces.remove_workspace(token)
    assert "was removed" in asked(f"/api/w/{token}/{route}", f"set={set_id}")["error"]


def test_the_store_itself_keeps_nothing_of_pictures_for_a_workspace_or_set_that_is_not_there(
    token: str,
) -> None:
    pictures = [NewPicture("a.png", drawn(1))]
    for link, set_id in (("nobody", None), (token, 999_999)):
        with pytest.raises(FeatclassError):
            studio().workspaces.add_pictures(link, set_id, pictures)
    with pytest.raises(FeatclassError):
        studio().workspaces.load_classifier("nobody", b"bytes")
    assert kept() == []


def test_what_is_half_sent_leaves_nothing_on_the_disk(token: str) -> None:
    messages: list[Any] = [
        {"type": "http.request", "body": bytes(3_000_000), "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def body() -> Any:
        return messages.pop(0)

    with pytest.raises(IndexError):  # nobody is there to be answered
        asked(f"/api/w/{token}/zip", "set=new", body=body)
    assert kept() == []


def form(parts: Sequence[tuple[str, str | None, bytes]], boundary: bytes = b"x") -> bytes:
    """Write a form: of each part its name, its file's name where it has one, and its bytes."""
    lines = []
    for name, filename, data in parts:
        file = f'; filename="{filename}"' if filename is not None else ""
        head = f'Content-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        lines.append(b"--" + boundary + b"\r\n" + head.encode() + data + b"\r\n")
    return b"".join(lines) + b"--" + boundary + b"--\r\n"


def send(client: TestClient, token: str, body: bytes, boundary: str = "x") -> Any:
    headers = {**OURS, "Content-Type": f"multipart/form-data; boundary={boundary}"}
    where = f"/api/w/{token}/pictures?set={first(token)}"
    return client.post(where, content=body, headers=headers)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (form([("a", None, bytes(10**6))] * 3), "too long"),
        (form([("a", None, b"")] * 1200), "1,000"),
        (form([("a", "a.png", b"")] * 1200), "1,000"),
        (b'--x\r\nContent-Disposition: form-data; name="' + b"a" * 10**5, "damaged"),
        (b"--x\r\n" + b"A: b\r\n" * 10**4, "damaged"),
        (form([("a", "a.png", b"")])[:-6], "ends in the middle"),
        (b"no form at all", "damaged"),
        (b"", "ends in the middle"),
    ],
    ids=["fields", "many fields", "many files", "name", "headers", "cut off", "none", "empty"],
)
def test_a_form_that_is_none_of_pictures_is_refused_in_a_sentence(
    client: TestClient, token: str, body: bytes, why: str
) -> None:
    answer = send(client, token, body)
    assert answer.status_code == 400
    assert why in answer.json()["error"]


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data", "", "application/json"])
def test_pictures_that_come_in_no_form_are_refused(
    client: TestClient, token: str, kind: str
) -> None:
    where = f"/api/w/{token}/pictures?set={first(token)}"
    answer = client.post(where, content=b"[]", headers={**OURS, "Content-Type": kind})
    assert answer.status_code == 400


def test_of_a_form_one_part_is_held_at_a_time() -> None:
    body = io.BytesIO(form([("f", f"{i}.png", bytes(400_000)) for i in range(50)]))
    kind = "multipart/form-data; boundary=x"
    next(requests.parts(body, kind, most=100, most_bytes=10**6))
    assert body.tell() <= 3 * requests.PIECE


def takes_no_more(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Let one picture have so many bytes at most, beyond what 10,000 pixels need."""
    monkeypatch.setattr("featclass.base.config.PICTURE_BYTES", size)
    small = replace(studio(), config=replace(studio().config, max_pixels=10_000))
    monkeypatch.setattr(studio_module, "_studio", small)


def test_a_picture_larger_than_the_largest_is_rejected_by_name_and_the_others_are_added(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes_no_more(monkeypatch, 40_000)
    files = [("f", "a.png", drawn(1)), ("f", "big.tif", bytes(50_000)), ("f", "b.png", drawn(2))]
    answer = send_to_try(client, token, form(files))
    assert answer.json() == {"added": 2, "copies": 0, "rejected": 1}
    [item] = studio().workspaces.open(token).tried_rejected
    assert item.name == "big.tif"
    assert "the most that one picture may have" in item.reason


def test_the_largest_image_without_compression_is_no_picture_too_large(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes_no_more(monkeypatch, 1000)
    out = io.BytesIO()
    Image.new("RGBA", (100, 100), "navy").save(out, "TIFF")
    assert len(out.getvalue()) > 4 * 10_000  # its header comes to the pixels
    answer = send_to_try(client, token, form([("f", "a.tif", out.getvalue())]))
    assert answer.json() == {"added": 1, "copies": 0, "rejected": 0}


def test_a_form_is_not_refused_for_one_picture_that_is_too_large(
    client: TestClient, token: str
) -> None:
    headers = {
        **OURS,
        "Content-Type": "multipart/form-data; boundary=x",
        "Content-Length": "600000000",  # one of half a gigabyte among them, said to be
    }
    content = form([("f", "a.png", drawn(1))])
    where = f"/api/w/{token}/pictures?set=try"
    answer = client.post(where, content=content, headers=headers)
    assert answer.json() == {"added": 1, "copies": 0, "rejected": 0}


def test_a_body_is_not_taken_for_slow_that_waited_until_it_was_read(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "SILENT_SECONDS", 5.0)
    now = [1000.0]
    monkeypatch.setattr(guard, "time", SimpleNamespace(monotonic=lambda: now[0]))
    real = drops.require

    def late(token: str, target: str) -> None:
        now[0] += 100  # the server was busy with others
        real(token, target)

    monkeypatch.setattr(drops, "require", late)
    pieces = [b"PK", b"no zip"]

    async def body() -> Any:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    answer = asked(f"/api/w/{token}/zip", "set=new", body=body)
    assert answer["status"] == 400, answer
    assert "nothing came" not in answer["error"]


def send_to_try(client: TestClient, token: str, body: bytes) -> Any:
    headers = {**OURS, "Content-Type": "multipart/form-data; boundary=x"}
    return client.post(f"/api/w/{token}/pictures?set=try", content=body, headers=headers)


def test_an_entry_of_a_zip_larger_than_the_largest_picture_is_rejected_without_unpacking_it(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes_no_more(monkeypatch, 40_000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.bmp", b"BM" + bytes(5_000_000))
        archive.writestr("a.png", drawn(1))
    answer = client.post(f"/api/w/{token}/zip?set=try", content=out.getvalue(), headers=OURS)
    assert answer.json()["added"] == 1
    [item] = studio().workspaces.open(token).tried_rejected
    assert "the most that one picture may have" in item.reason


def test_a_body_that_comes_no_further_is_given_up_and_leaves_nothing(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "SILENT_SECONDS", 0.05)
    begun = [{"type": "http.request", "body": b"PK", "more_body": True}]

    async def body() -> Any:
        if begun:
            return begun.pop()
        await asyncio.Event().wait()

    answer = asked(f"/api/w/{token}/zip", "set=new", body=body)
    assert answer["status"] == 408
    assert "send it again" in answer["error"]
    assert kept() == []


def test_a_body_that_trickles_is_given_up(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "SILENT_SECONDS", 0.5)

    async def body() -> Any:
        await asyncio.sleep(0.1)
        return {"type": "http.request", "body": b"P", "more_body": True}

    assert asked(f"/api/w/{token}/zip", "set=new", body=body)["status"] == 408


def test_a_socket_on_which_nothing_is_ever_said_is_closed_and_one_that_spoke_may_be_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guard, "SILENT_SECONDS", 2.0)

    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            try:
                await socket.send_text(await socket.receive_text())
            except WebSocketDisconnect:
                return

    routes = [WebSocketRoute("/_stcore/stream", echo)]
    client = TestClient(Starlette(routes=routes, middleware=list(MIDDLEWARE)))
    where, ours = "/_stcore/stream", {"Host": "localhost"}
    with client.websocket_connect(where, headers=ours) as page:
        page.send_text("hello")
        assert page.receive_text() == "hello"
        with (
            client.websocket_connect(where, headers=ours) as silent,
            pytest.raises(WebSocketDisconnect),
        ):
            silent.receive_text()
        page.send_text("still here")  # it has been silent for longer than the other one
        assert page.receive_text() == "still here"


def test_the_zip_of_the_pictures_is_sent_while_it_is_made(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from featclass.workspaces.blobs import Blob

    files = [NewPicture(f"{i}.bmp", drawn(i, size=350, form="BMP")) for i in range(12)]
    studio().workspaces.add_pictures(token, first(token), files)
    read: list[Path] = []
    held: list[int] = []
    real = Blob.read

    def counted(blob: Blob) -> bytes:
        read.append(blob.path)
        return real(blob)

    monkeypatch.setattr(Blob, "read", counted)
    app = Starlette(routes=list(ROUTES), middleware=list(MIDDLEWARE))
    pieces: list[bytes] = []

    async def send(message: Any) -> None:
        if message.get("body"):
            held.append(len(read) * 367_000 - sum(map(len, pieces)))
            pieces.append(message["body"])

    async def receive() -> Any:
        await asyncio.Event().wait()

    path = f"/api/w/{token}/pictures.zip"
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
        "query_string": b"", "root_path": "", "scheme": "http",
        "headers": [(b"host", b"localhost")], "asgi": {"spec_version": "2.3"},
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 12
    assert len(pieces) >= 12
    assert max(held) < 2 * 400_000  # one picture at a time


def test_of_a_set_whose_picture_has_lost_its_file_no_half_zip_is_sent(
    client: TestClient, token: str
) -> None:
    added = studio().workspaces.add_pictures(
        token, first(token), [NewPicture(f"{i}.png", drawn(i)) for i in range(2)]
    )
    next(studio().config.data.rglob(f"blobs/*/{added[1].digest}")).unlink()
    answer = client.get(f"/api/w/{token}/pictures.zip")
    assert answer.status_code == 404
    assert "1.png" in answer.json()["error"]
    assert str(studio().config.data) not in answer.text


def test_a_plan_is_two_megabytes_at_most(client: TestClient, token: str) -> None:
    body = json.dumps({"set": "new", "paths": ["a/" + "x" * 1000] * 2500}).encode()
    for content in (body, iter([body])):
        answer = client.post(f"/api/w/{token}/plan", content=content, headers=OURS)
        assert answer.status_code == 413


def test_a_plan_with_tables_comes_as_a_form(client: TestClient, token: str) -> None:
    plan = {"set": "new", "paths": ["d/labels.csv", *(f"d/{i}.png" for i in range(4))]}
    rows = "file,label\n" + "".join(f"{i}.png,{'cat' if i % 2 else 'dog'}\n" for i in range(4))
    parts = [
        ("plan", "blob", json.dumps(plan).encode()),
        ("table", "d%2Flabels.csv", rows.encode()),
    ]
    headers = {**OURS, "Content-Type": "multipart/form-data; boundary=x"}
    where = f"/api/w/{token}/plan/form"
    answer = client.post(where, content=form(parts), headers=headers)
    assert answer.json()["sets"] == ["cat", "dog"], answer.text
    parts = [parts[0], *[parts[1]] * 5]
    assert client.post(where, content=form(parts), headers=headers).status_code == 400
    parts = [("plan", "blob", b" " * 2_100_000)]
    assert client.post(where, content=form(parts), headers=headers).status_code == 400


def test_a_classifier_comes_in_by_link_only_and_is_bounded(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(guard._LIMITS, "classifier", 1000)
    for content in (bytes(2000), iter([bytes(600)] * 3)):
        answer = client.post(f"/api/w/{token}/classifier", content=content, headers=OURS)
        assert answer.status_code == 413
    assert client.post(f"/api/w/{token}/classifier", content=b"x").status_code == 403
    assert client.get(f"/api/w/{token}/classifier").status_code == 404


def test_a_disk_that_is_full_is_told_and_nothing_of_what_was_sent_stays(
    client: TestClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile.write", full)
    answer = client.post(f"/api/w/{token}/zip?set=new", content=b"PK", headers=OURS)
    assert answer.status_code == 400
    assert "Make room" in answer.json()["error"]


def test_the_parts_of_a_form_with_unusual_names_are_read_as_they_were_sent() -> None:
    names = ["a b.png", "%2E%2E.png", "ü.png", "a\\\\b.png", ""]
    body = io.BytesIO(form([("f", name, b"1") for name in names]))
    kind = "multipart/form-data; boundary=x"
    given = [part.filename for part in requests.parts(body, kind, most=9, most_bytes=9)]
    assert given == ["a b.png", "%2E%2E.png", "ü.png", "a\\b.png", ""]
    with pytest.raises(UploadRefused):
        next(requests.parts(io.BytesIO(), "multipart/form-data; boundary=" + "x" * 999,
                          most=1, most_bytes=1))  # fmt: skip
