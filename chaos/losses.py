"""A data folder that loses its database, pictures or room: nothing is deleted, and it is said."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import httpx

from chaos.pictures import picture
from chaos.server import ROOT, NotStarted, Server
from featclass.workspaces import NewPicture, Picture, Workspaces

COUNT: Final = 40
SECONDS: Final = 60
KEEPS_HOUSE: Final = 5.0
"""By then a server has deleted for good what it deletes at its start."""
DISK: Final = "40m"
LARGE: Final = bytes(8 * 2**20)


def attack(folder: Path, rounds: int) -> Iterator[str]:
    """Lose or damage one thing after the other; yields a sentence for each fault."""
    for name, lose in LOSSES.items():
        data = folder / name.replace(" ", "-")
        yield from (f"database {name}: {fault}" for fault in _lost(data, lose))
    yield from (f"damaged while it runs: {fault}" for fault in _damaged_later(folder / "later"))
    with _small_disk(folder / "disk") as disk:
        if disk is None:
            print("losses: no disk can be mounted here, so none was filled")
            return
        yield from (f"full disk: {fault}" for fault in _full(disk, min(10, max(3, rounds))))


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


LOSSES: Final[dict[str, Callable[[Path], object]]] = {
    "missing": Path.unlink,
    "empty": lambda file: file.write_bytes(b""),
    "cut off": _cut,
    "garbage": lambda file: file.write_bytes(os.urandom(20_000)),
}


def _filled(data: Path) -> str:
    with Workspaces(data) as store:
        token = store.create()
        files = [NewPicture(f"{number}.png", picture(number)) for number in range(COUNT)]
        store.add_pictures(token, store.open(token).sets[0].id, files)
    return token


def _pictures(data: Path) -> set[str]:
    return {path.name for path in (data / "blobs").glob("??/*") if path.stat().st_size}


def _lost(data: Path, lose: Callable[[Path], object]) -> Iterator[str]:
    _filled(data)
    before = _pictures(data)
    lose(data / "workspaces.sqlite")
    try:
        with Server(data):
            time.sleep(KEEPS_HOUSE)
        yield "a server started on it"
    except NotStarted as error:
        if "--recover" not in str(error) or "Traceback" in str(error):
            yield f"it was refused with {str(error)!r}"
    text = _recovered(data)
    if f"Recovered {COUNT} pictures" not in text or "/?w=" not in text:
        yield f"it was recovered with {text!r}"
    with Workspaces(data) as store:
        if store.unreferenced():
            yield f"{len(store.unreferenced())} pictures are in no workspace after that"
    if lacking := before - _pictures(data):
        yield f"{len(lacking)} of {len(before)} pictures are gone"


def _recovered(data: Path) -> str:
    """Start a server that recovers, let it keep house, and return what it said."""
    server = Server(data)
    with socket.socket() as probe:  # for a port that nobody has
        probe.bind(("127.0.0.1", 0))
        server.port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "featclass", "app", "--recover", "--port", str(server.port)]
    own = {"FEATCLASS_DATA": str(data), "FEATCLASS_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command,
        env=os.environ | {"STREAMLIT_SERVER_HEADLESS": "true"} | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        end = time.monotonic() + SECONDS
        while not server.is_well() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(KEEPS_HOUSE)
        process.terminate()
        return process.communicate()[0].decode(errors="replace")


def _damaged_later(data: Path) -> Iterator[str]:
    """Take the database, and then the pictures, from a server that runs."""
    token = _filled(data)
    for name in ("workspaces.sqlite", "blobs"):
        with Server(data) as server, server.client(token) as client:
            client.get("tried")  # once this is answered, the folder is open
            (data / name).rename(data / "away")
            health = httpx.get(f"{server.url}/_stcore/health", timeout=30)
            if health.status_code == 200:
                yield f"without its {name} it says that it is well"
            answer = client.get("tried")
            if answer.status_code >= 500 or str(data) in answer.text:
                yield f"without its {name} it answers {answer.status_code} {answer.text!r}"
            (data / "away").rename(data / name)
            if not server.is_well():
                yield f"its {name} is back, and it is not well"
    if len(_pictures(data)) != COUNT:
        yield "pictures are gone"


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path | None]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _fill(file: Path) -> None:
    with file.open("ab", buffering=0) as other, suppress(OSError):
        while True:
            other.write(bytes(4096))


def _full(disk: Path, rounds: int) -> Iterator[str]:
    """Fill the disk; then look, remove, undo, and start again after an end and after a kill."""
    data = disk / "data"
    token = _filled(data)
    with Server(data) as server, server.client(token) as client:
        shown = client.get(f"thumbnail/{_first(data, token).digest}")
        for number in range(rounds):
            _fill(disk / "others")
            if httpx.get(f"{server.url}/_stcore/health", timeout=30).status_code != 200:
                yield f"round {number}: it is not well"
            if client.get(f"thumbnail/{_first(data, token).digest}").status_code != 200:
                yield f"round {number}: a small picture is not shown"
            files = {"picture": ("large.png", LARGE + picture(1000 + number), "image/png")}
            answer = client.post("pictures?set=try", files=files)
            if answer.status_code >= 500 and "room" not in answer.text:
                yield f"round {number}: adding is answered {answer.status_code} {answer.text!r}"
            picture_id = _first(data, token).id
            act = client.post("act", json={"do": "remove picture", "picture": picture_id})
            if act.status_code != 200:
                yield f"round {number}: removing is answered {act.text!r}"
            server.kill() if number % 2 else server.end()
            _fill(disk / "others")
            server.start()
    if shown.status_code != 200 or len(_pictures(data)) != COUNT:
        yield "pictures are gone, or there are more"


def _first(data: Path, token: str) -> Picture:
    with Workspaces(data) as store:
        return store.open(token).sets[0].pictures[0]
