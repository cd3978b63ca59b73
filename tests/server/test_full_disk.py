"""A full disk: everything can be looked at and removed, and each refusal says what to do."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import subprocess
import tempfile
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from featclass.base import disk
from featclass.base.disk import Reserve
from featclass.base.errors import DiskFull
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.server import studio
from featclass.web.page import session
from featclass.web.routes import MIDDLEWARE
from featclass.workspaces import NewPicture, Workspaces
from featclass.workspaces.database import Database
from tests.fakes import GridEncoder, drawn, two_classes
from tests.filled import sets

PAGE = str(Path(session.__file__).parent / "script.py")
Usage = namedtuple("Usage", "total used free")


def no_room(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


class Full:
    """Fills the disk, as far as featclass writes to it; the reserve gives some room."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    def fill(self) -> None:
        writing = Database._writing

        @contextmanager
        def full(database: Database) -> Iterator[Connection]:
            with writing(database) as connection:
                yield connection
                if (database._file.parent / disk.RESERVE_FILE).exists():
                    error = sqlite3.OperationalError("database or disk is full")
                    error.sqlite_errorcode = sqlite3.SQLITE_FULL
                    raise OperationalError("COMMIT", None, error)

        self._patch.setattr(Database, "_writing", full)
        self._patch.setattr(shutil, "disk_usage", lambda _: Usage(100, 100, 0))
        self._patch.setattr(Path, "write_bytes", no_room)
        self._patch.setattr(tempfile, "mkstemp", no_room)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Full:
    return Full(monkeypatch)


@pytest.fixture
def token() -> str:
    """A workspace of a server, with three pictures tried."""
    store = studio.studio().workspaces
    token = store.create()
    store.add_pictures(token, None, [picture(seed) for seed in range(3)])
    return token


def picture(seed: int) -> NewPicture:
    return NewPicture(f"{seed}.png", drawn(seed))


def blobs() -> set[str]:
    return {path.name for path in (studio.studio().config.data / "blobs").glob("??/*")}


def test_the_page_of_a_visitor_shows_what_is_there_and_says_what_to_do(
    token: str, full: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "visitor", lambda: "v" * 24)
    full.fill()
    test = AppTest.from_file(PAGE, default_timeout=60)
    test.query_params["w"] = token
    test.run()
    assert not test.exception
    assert [warning.value for warning in test.warning] == [disk.FULL]
    assert test.subheader[0].value == "Labelled sets"


def test_a_new_visitor_is_told_in_a_sentence(full: Full, token: str) -> None:
    full.fill()
    test = AppTest.from_file(PAGE, default_timeout=60).run()
    assert not test.exception
    assert "Make room on the disk" in test.error[0].value


def test_pictures_sets_and_workspaces_can_be_removed_and_brought_back(
    token: str, full: Full
) -> None:
    store = studio.studio().workspaces
    full.fill()
    shown = store.open(token).tried
    acts = [store.remove_picture(token, shown[0].id), store.remove_set(token, sets(token)[0])]
    acts += [store.clear_tried(token), store.remove_workspace(token)]
    for act in reversed(acts):
        store.undo(token, act.id)
    assert store.open(token).tried == shown


def test_adding_is_refused_with_what_to_do_and_leaves_nothing_behind(
    client: TestClient, token: str, full: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = blobs()
    written = iter(range(2))  # the third finds the disk full
    write = Path.write_bytes
    full.fill()

    def two_fit(path: Path, data: bytes) -> int:
        if next(written, None) is None:
            no_room()
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", two_fit)
    form = [("picture", (f"{seed}.png", drawn(seed), "image/png")) for seed in range(100, 104)]
    answer = client.post(
        f"/api/w/{token}/pictures?set=try", files=form, headers={"X-Featclass": "1"}
    )
    assert (answer.status_code, answer.json()) == (400, {"error": disk.FULL})
    assert blobs() == before
    folder = studio.studio().config.data / "blobs"
    assert not [*(folder / "incoming").iterdir(), *(folder / "unreferenced").iterdir()]


def test_pictures_whose_rows_find_no_room_leave_nothing_behind(
    token: str, full: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, write = blobs(), Path.write_bytes
    full.fill()
    monkeypatch.setattr(Path, "write_bytes", write)  # there is room for the file alone
    with pytest.raises(DiskFull):
        studio.studio().workspaces.add_pictures(token, None, [picture(100)])
    assert blobs() == before


def test_small_pictures_are_shown_whether_or_not_they_were_made_before(
    client: TestClient, token: str, full: Full
) -> None:
    made, new, _ = studio.studio().workspaces.open(token).tried
    one = client.get(f"/api/w/{token}/thumbnail/{made.digest}").content
    full.fill()
    assert client.get(f"/api/w/{token}/thumbnail/{made.digest}").content == one
    assert client.get(f"/api/w/{token}/thumbnail/{new.digest}").content.startswith(b"\xff\xd8")


def test_embeddings_that_find_no_room_are_used_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries = 0

    def full(*_: object) -> None:
        nonlocal tries
        tries += 1
        raise DiskFull(disk.FULL)

    pictures = two_classes(100)
    with Cache(":memory:") as cache:
        engine = Engine(GridEncoder(), cache, max_pixels=10**6)
        monkeypatch.setattr(cache, "put", full)
        embedded = engine.embed(pictures)
        engine.close()
    assert len(embedded.images) == 200
    assert tries == 1  # each may wait for another program, in vain


def test_what_a_request_cannot_write_is_told_in_a_sentence() -> None:
    async def write(request: Request) -> Response:
        raise OSError(errno.ENOSPC, "No space left on device", "/srv/data/spool")

    app = Starlette(routes=[Route("/api/write", write)], middleware=list(MIDDLEWARE))
    with TestClient(app, base_url="http://localhost") as client:
        answer = client.get("/api/write")
    assert (answer.status_code, answer.json()) == (507, {"error": disk.FULL})


def test_the_reserve_is_given_up_only_where_there_is_no_room_and_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve, file = Reserve(tmp_path), tmp_path / disk.RESERVE_FILE
    reserve.keep()
    assert file.stat().st_blocks * 512 >= disk.RESERVE_BYTES  # room, and not a length alone
    with reserve.lent():
        assert file.exists()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: Usage(100, 100, 0))
        with reserve.lent():
            with reserve.lent():
                assert not file.exists()
            assert not file.exists()
        patch.setattr(shutil, "disk_usage", lambda _: Usage(100, 0, 100 * 2**20))
        reserve.keep()
    assert file.stat().st_size == disk.RESERVE_BYTES


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MB, where one can be had."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    if (
        not shutil.which("mount")
        or subprocess.run(mount, check=False, capture_output=True).returncode
    ):
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def test_a_full_disk_is_opened_and_things_are_removed_until_there_is_room(
    small_disk: Path,
) -> None:
    Reserve(small_disk).keep()
    with Workspaces(small_disk) as store:
        token = store.create()
        store.add_pictures(token, None, [picture(seed) for seed in range(10)])
    fill(small_disk / "others")
    with Workspaces(small_disk) as store:
        for shown in store.open(token).tried[:5]:
            store.remove_picture(token, shown.id)
        with pytest.raises(DiskFull):
            store.add_pictures(token, None, [NewPicture("large", bytes(8 * 2**20))])
    (small_disk / "others").unlink()
    with Workspaces(small_disk) as store:
        store.add_pictures(token, None, [picture(100)])
        assert len(store.open(token).tried) == 6
