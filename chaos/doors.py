"""What whoever has no link, and a neighbour who has one, can do to a server at its doors."""

from __future__ import annotations

import http.client
import io
import json
import socket
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chaos.server import Server
from featclass.base.disk import RESERVE_FILE
from featclass.workspaces import NewPicture, Workspaces

MEGA: Final = 10**6
TIMEOUT: Final = 120.0
SLOWEST_ANSWER: Final = 3.0
"""Seconds within which everybody else is answered, whatever one visitor does."""
SILENT_SECONDS: Final = 100.0
"""By then a connection on which nothing moves is closed: after a minute, and a look or two."""
MOST_MEMORY: Final = 150 * MEGA
"""What all that is sent here may leave in memory."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server under attack."""

    port: int
    data: Path
    pid: int

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None = None,
        **headers: str,
    ) -> tuple[int, bytes, dict[str, str]]:
        """Return status, content and headers of an answer; status 0 where there was none."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        with closing(connection):
            try:
                connection.request(
                    method, path, body, {"Host": "localhost", "X-Featclass": "1", **named}
                )
                answer = connection.getresponse()
                return answer.status, answer.read(), dict(answer.getheaders())
            except (OSError, http.client.HTTPException):
                return 0, b"", {}  # refused while it was still being sent

    def on_disk(self) -> int:
        """Return the bytes of the data folder, without the room that is kept free in it."""
        files = (file for file in self.data.rglob("*") if file.is_file())
        return sum(file.stat().st_size for file in files if file.name != RESERVE_FILE)

    def memory(self) -> int:
        """Return the bytes that the process holds in memory; 0 where the system does not tell."""
        try:
            pages = Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        except OSError:
            return 0
        return int(pages) * 4096


def attack(folder: Path, rounds: int) -> Iterator[str]:
    """Try everything once, however many `rounds`; yields what went wrong, in sentences."""
    with Server(folder / "data") as server:
        assert server.process is not None
        target = Target(server.port, server.data, server.process.pid)
        for part in (strangers, nonsense, neighbours, rejected, silent):
            yield from part(target)


def strangers(target: Target) -> list[str]:
    """Send large things without a link, and to Streamlit's own uploads."""
    disk, memory = target.on_disk(), target.memory()
    fields = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="f%d"\r\n\r\n' % i + bytes(100_000) + b"\r\n"
        for i in range(100)
    )
    with_form = {"Content_Type": "multipart/form-data; boundary=x"}
    flat = {f"{i}.bmp": _flat(i) for i in range(10)}
    pictures, bomb = _form(flat), _zipped(flat)
    for link in ("nobody", "x" * 5000, "..%2F..", "%00"):
        for route in ("pictures?set=1", "zip?set=new", "classifier", "batches/zip", "plan/form"):
            target.ask("POST", f"/api/w/{link}/{route}", fields + b"--x--\r\n", **with_form)
            target.ask("POST", f"/api/w/{link}/{route}", pictures, **with_form)
            target.ask("POST", f"/api/w/{link}/{route}", bomb)
            target.ask("POST", f"/api/w/{link}/{route}", iter([bytes(MEGA)] * 5))
    findings = [
        f"Streamlit's uploads took {method} with {status}."
        for method in ("PUT", "POST", "DELETE")
        for status in [target.ask(method, "/_stcore/upload_file/a/b", bytes(5 * MEGA))[0]]
        if 200 <= status < 300
    ]
    if (grown := target.on_disk() - disk) > MEGA:
        findings.append(f"Whoever has no link left {grown:,} bytes on the disk.")
    if (grown := target.memory() - memory) > MOST_MEMORY:
        findings.append(f"Whoever has no link left {grown:,} bytes in memory.")
    return findings


def nonsense(target: Target) -> list[str]:
    """Ask what makes no sense; whatever is answered, it is no fault and never the page."""
    token = _workspace(target)
    w = f"/api/w/{token}"
    bodies = (
        b"[" * 10_000, b'{"a":' * 10_000, b"9" * 5000, b'{"set":' + b"9" * 5000 + b',"paths":[]}',
        b'{"do":"undo","act":true}', b'{"do":"move","pictures":[1.5,null,[],true],"set":1e999}',
        b'{"do":"move","picture":' + b"9" * 30 + b',"set":1}', b"NaN", b"\xff", b"null", b"",
        b'{"set":[1],"paths":{"a":1}}', b'{"set":"new","paths":[1,null,["a"]]}',
        b'{"folder":{"a":1}}', b'{"folder":null}', b'{"folder":"\\u0000"}',
    )  # fmt: skip
    asked = [("POST", f"{w}/{route}", body) for body in bodies
             for route in ("act", "plan", "batches/folder")]  # fmt: skip
    for path in (
        f"sets/{'9' * 5000}", f"tried/{'9' * 5000}", "sets/1?from=-1&count=-5",
        f"sets/1?from={'9' * 5000}", f"judged?true={'9' * 5000}", "judged?true=1.5",
        f"questions?without={'9' * 5000}", "questions?without=true,null", "thumbnail/%00",
        f"thumbnail/{'ab' * 32}?size=9", "why/x", "batches/x/y", f"batches/{'../' * 9}",
        "map?" + "a=b&" * 10_000, "pictures.zip",
    ):  # fmt: skip
        asked += [(method, f"{w}/{path}", b"") for method in ("GET", "HEAD", "POST", "OPTIONS")]
    asked += [("GET", path, b"") for path in ("/typo", "/a/b", "/_stcore/typo", "/static/typo.js")]
    findings = []
    for method, path, body in asked:
        status, content, headers = target.ask(method, path, body or None)
        where = f"{method} {path[:60]}"
        if status >= 500:
            findings.append(f"{where} was answered with {status}.")
        if status == 200 and b"<title>Streamlit" in content:
            findings.append(f"{where} was answered with the page.")
        if status and "x-content-type-options" not in {name.lower() for name in headers}:
            findings.append(f"{where} was answered with {status} without our headers.")
    return findings


def neighbours(target: Target) -> list[str]:
    """Keep the server busy with a link; others must be answered all the same."""
    token, other = _workspace(target, filled=True), _workspace(target)
    w = f"/api/w/{token}"
    paths = json.dumps({"set": "new", "paths": ["d/" + "x" * 200] * 150_000}).encode()
    sets = [
        json.dumps({"set": "new", "paths": [f"d/{turn} {i}/1.png" for i in range(1000)]}).encode()
        for turn in range(3)
    ]
    folder = json.dumps({"folder": "/"}).encode()
    wishes: list[tuple[str, str, bytes | None]] = [("POST", f"{w}/plan", paths)] * 2
    wishes += [("POST", f"{w}/batches/folder", folder)] * 45
    wishes += [("GET", f"{w}/questions", None)] * 15 + [("GET", f"{w}/map", None)] * 15
    wishes += [("POST", f"{w}/plan", body) for body in sets]
    with watched(target, other) as slowest, ThreadPoolExecutor(80) as pool:
        statuses = list(pool.map(lambda wish: target.ask(*wish)[0], wishes))
    findings = [f"A request was answered with {s}." for s in set(statuses) if s >= 500]
    if slowest[0] > SLOWEST_ANSWER:
        findings.append(f"Another visitor waited {slowest[0]:.1f} s for an answer.")
    return findings


@contextmanager
def watched(target: Target, token: str) -> Iterator[list[float]]:
    """Ask small things again and again meanwhile; gives the seconds of the slowest answer."""
    slowest, is_over = [0.0], threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            for path in (f"/api/w/{token}/tried", "/_stcore/health"):
                started = time.monotonic()
                status, *_ = target.ask("GET", path)
                seconds = time.monotonic() - started
                slowest[0] = max(slowest[0], seconds if status == 200 else TIMEOUT)
            is_over.wait(0.05)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield slowest
    finally:
        is_over.set()
        asking.join()


def rejected(target: Target) -> list[str]:
    """Send zips of files that are no pictures; a look at the workspace stays quick."""
    token = _workspace(target)
    body = _zipped({f"{i}.txt": b"text" for i in range(10_000)})
    for _ in range(4):
        target.ask("POST", f"/api/w/{token}/zip?set=try&name=a.zip", body)
    started = time.monotonic()
    for _ in range(10):
        target.ask("GET", f"/api/w/{token}/tried")
    seconds = (time.monotonic() - started) / 10
    return [f"A look costs {seconds:.2f} s after 40,000 rejected files."] if seconds > 0.2 else []


def silent(target: Target) -> list[str]:
    """Open connections and say nothing, or half of something; all are closed after a minute."""
    token = _workspace(target)
    begun = (
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ",
        f"POST /api/w/{token}/zip?set=new HTTP/1.1\r\nHost: localhost\r\nX-Featclass: 1\r\n"
        "Content-Length: 1000000\r\n\r\nPK".encode(),
    )
    sockets = [_opened(target, said) for said in begun * 50]
    closed = _await_closing(sockets)
    left = len(sockets) - closed
    return [f"{left} of {len(sockets)} silent connections stayed open."] if left else []


def _opened(target: Target, said: bytes) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", target.port), timeout=TIMEOUT)
    made.sendall(said)
    return made


def _await_closing(sockets: Sequence[socket.socket]) -> int:
    """Return how many were closed by the server in time; closes the others."""
    end, closed = time.monotonic() + SILENT_SECONDS, 0
    for made in sockets:
        with made:
            made.settimeout(max(0.1, end - time.monotonic()))
            try:
                while made.recv(4096):
                    pass
                closed += 1
            except ConnectionError:
                closed += 1
            except TimeoutError:
                continue
    return closed


def _workspace(target: Target, *, filled: bool = False) -> str:
    """Return the link of a new workspace on the server's data folder; as a visitor gets one."""
    with Workspaces(target.data) as store:
        token = store.create()
        if filled:
            for found, draw in zip(store.open(token).sets, _DRAWN, strict=True):
                files = [NewPicture(f"{i}.png", draw(i)) for i in range(4)]
                store.add_pictures(token, found.id, files)
    return token


def _disc(colour: str) -> Callable[[int], bytes]:
    def draw(seed: int) -> bytes:
        import PIL.Image
        import PIL.ImageDraw

        picture = PIL.Image.new("RGB", (96, 96), (200, 200 - seed, 180 + seed))
        PIL.ImageDraw.Draw(picture).ellipse((10 + seed, 12, 70, 60 + seed), fill=colour)
        out = io.BytesIO()
        picture.save(out, "PNG")
        return out.getvalue()

    return draw


_DRAWN: Final = (_disc("red"), _disc("blue"))


def _flat(seed: int) -> bytes:
    """Return a picture of a megabyte that is nearly nothing once compressed."""
    import PIL.Image

    out = io.BytesIO()
    PIL.Image.new("RGB", (600, 600), (seed, seed, seed)).save(out, "BMP")
    return out.getvalue()


def _form(files: dict[str, bytes]) -> bytes:
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="%b"\r\n\r\n%b\r\n'
        % (name.encode(), data)
        for name, data in files.items()
    ]
    return b"".join(parts) + b"--x--\r\n"


def _zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()
