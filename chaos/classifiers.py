"""Saved classifiers that were forged: each is refused in a sentence, or says finite numbers.

None of them has anything executed, fetched, written elsewhere, or kept in memory without bound.
"""

from __future__ import annotations

import http.client
import json
import os
import pickle
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from chaos import forgeries
from chaos.doors import MEGA
from chaos.pictures import picture, zipped
from chaos.server import OURS, ROOT, Server
from featclass.workspaces import Workspaces

COUNT: Final = 8
"""Pictures of each of the two classes of the classifier that all others are made from."""
PATIENCE_SECONDS: Final = 30
LONGEST_REFUSAL: Final = 1000
MARKUP: Final = re.compile(r"(?<!\\)<(img src=x|script>alert)")
"""Not behind a backslash, which makes it text in Markdown."""
MOST_PEAK: Final = 1000 * MEGA
"""Bytes more than before, at any moment: some copies of the largest file that is taken."""
TOO_LARGE: Final = 300 * MEGA
SOON_SECONDS: Final = 3.0
"""By then something is said of a picture, or there is a reason why not."""
ON_THE_COMMAND_LINE: Final = (
    "pickle", "nan weight", "shorter vectors", "class 'a\\nb.png: c 1.00', 15",
    "encoder 'hf-hub:somebody/weights', 23",
)  # fmt: skip


class Unanswered(Exception):
    """A look at an accepted classifier was answered otherwise than with what it says."""


@dataclass(frozen=True, slots=True)
class Attacked:
    """A server under attack, and a workspace whose link the attacker has."""

    server: Server
    token: str
    pid: int

    def peak(self) -> int:
        """Return the most bytes it ever held in memory; 0 where the system does not tell."""
        try:
            lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        except OSError:
            return 0
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

    def load(self, data: bytes, name: str) -> httpx.Response:
        """Send a saved classifier."""
        with self.server.client(self.token) as client:
            return client.post("classifier", params={"name": name}, content=data)


def attack(folder: Path, rounds: int) -> Iterator[str]:
    """Try every forgery once, however many `rounds`; yields a sentence for each fault."""
    for name in ("home", "tmp", "weights", "new"):
        (folder / name).mkdir()
    planted = folder / "weights" / "planted"
    with _hub() as (asked, hub):
        own = _environment(folder, hub)
        good = _trained(folder, own)
        _plant(planted)
        with Server(folder / "data", environment=own) as server:
            assert server.process is not None
            with Workspaces(server.data) as store:
                token = store.create(encoder="builtin")
            attacked = Attacked(server, token, server.process.pid)
            yield from _must_serve(attacked, good)
            before = _outside(folder)
            yield from _thrown(attacked, good, planted, own)
            yield from _too_large(attacked)
            yield from _must_serve(attacked, good)
            yield from (f"{path} was written" for path in sorted(_outside(folder) - before))
        if "Traceback" in (log := server.log.read_text(errors="replace")):
            yield f"the log has a traceback: {log[log.index('Traceback') :][-2000:]}"
    yield from (f"somebody was asked for weights: {line!r}" for line in asked)


def _environment(folder: Path, hub: str) -> dict[str, str]:
    """Return an environment whose every folder can be looked through, and whose Hub is ours."""
    return {
        "FEATCLASS_DATA": str(folder / "data"),
        "FEATCLASS_OFFLINE": "",
        "HF_ENDPOINT": hub,
        "HF_HUB_CACHE": str(folder / "home" / "hub"),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def _hub() -> Iterator[tuple[list[bytes], str]]:
    """Give what is said to a server that stands for all that weights could be fetched from."""
    said: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as door:

        def listen() -> None:
            while True:
                try:
                    caller, _ = door.accept()
                except OSError:  # closed
                    return
                with caller:
                    caller.settimeout(1)
                    said.append(caller.recv(100))

        threading.Thread(target=listen, daemon=True).start()
        yield said, f"http://127.0.0.1:{door.getsockname()[1]}"
        door.shutdown(socket.SHUT_RDWR)


def _command(*arguments: object, own: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "featclass", *map(str, arguments)]
    return subprocess.run(command, env=os.environ | own, capture_output=True, text=True)


def _trained(folder: Path, own: dict[str, str]) -> bytes:
    """Return the file of a classifier: the bytes that the page lets people download."""
    for place, colour in enumerate(("red", "blue")):
        (folder / "new" / colour).mkdir()
        for number in range(COUNT):
            file = folder / "new" / colour / f"{number}.png"
            file.write_bytes(picture(1000 * place + number, colour))
    saved = folder / "good.featclass"
    made = _command("train", folder / "new", "-o", saved, "--encoder", "builtin", own=own)
    if made.returncode:
        raise RuntimeError(made.stderr)
    return saved.read_bytes()


def _plant(planted: Path) -> None:
    """Put weights that are a pickle where forged encoders lead to."""
    weights = planted.parent / "open_clip_pytorch_model.bin"
    weights.write_bytes(pickle.dumps(forgeries.Planted(planted)))
    (planted.parent / "open_clip_config.json").write_text("{}")


def _outside(folder: Path) -> set[str]:
    """Return all files that do not belong to the data folder, nor to the logs."""
    files = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    return {str(file) for file in files if file.parts[0] != "data" and file.suffix != ".log"}


def _thrown(attacked: Attacked, good: bytes, planted: Path, own: dict[str, str]) -> Iterator[str]:
    """Send all forgeries, and give some to the command line."""
    before, accepted, names = attacked.peak(), 0, []
    for name, data in forgeries.forgeries(good, planted):
        answer = attacked.load(data, f"../{name}.featclass")
        accepted += answer.status_code == 200
        names.append(name)
        yield from (f"{name}: {fault}" for fault in _judged(attacked, answer))
        if name in ON_THE_COMMAND_LINE:
            yield from (f"predict {name}: {fault}" for fault in _commanded(attacked, data, own))
    if (grown := attacked.peak() - before) > MOST_PEAK:
        yield f"{grown / MEGA:,.0f} MB more were held in memory"
    yield from (f"{name} is no forgery" for name in set(ON_THE_COMMAND_LINE) - set(names))
    print(f"classifiers: {len(names)} forgeries, of which {accepted} were accepted")


def _must_serve(attacked: Attacked, good: bytes) -> Iterator[str]:
    """Say what is wrong with what the classifier says that nobody forged."""
    answer = attacked.load(good, "good.featclass")
    if answer.status_code != 200:
        yield f"the good one is answered {answer.status_code} {answer.text!r}"
        return
    yield from (f"the good one: {fault}" for fault in _judged(attacked, answer, must=True))


def _judged(attacked: Attacked, answer: httpx.Response, *, must: bool = False) -> Iterator[str]:
    """Say what is wrong with an answer, and with what an accepted classifier says."""
    if answer.status_code != 200:
        yield from _refused(answer)
        return
    with attacked.server.client(answer.json()["token"]) as client:
        try:
            yield from _predicted(client, must=must)
        except Unanswered as fault:
            yield str(fault)
        for route in ("report.html", "report.md", "judged", "findings", "map", "questions"):
            shown = client.get(route)
            if shown.status_code >= 500:
                yield f"{route} is answered {shown.status_code} {shown.text[:200]!r}"
            if route.startswith("report") and MARKUP.search(shown.text):
                yield f"{route} holds a name as markup"


def _refused(answer: httpx.Response) -> Iterator[str]:
    """Say what is wrong with a refusal: it is ours, and a sentence."""
    status, text = answer.status_code, answer.text
    try:
        sentence = str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        sentence = ""
    is_ours = 400 <= status < 500 and "Traceback" not in text
    if not (is_ours and sentence.endswith(".") and len(sentence) <= LONGEST_REFUSAL):
        yield f"it is answered {status} {text[:300]!r}"


def _predicted(client: httpx.Client, *, must: bool) -> Iterator[str]:
    """Predict a picture: its probabilities are numbers, or a sentence says why there are none."""
    client.post("pictures?set=try", files={"file": ("1.png", picture(77))})
    row = _said(client, PATIENCE_SECONDS if must else SOON_SECONDS)
    if row[3] == "waiting":  # for an encoder that does not fit, say, once it is open
        answer = client.post("batches/zip?name=a.zip", content=zipped(range(2)))
        if must or answer.status_code == 200:
            yield f"nothing is said of a picture: {answer.text[:200]!r}"
        yield from _refused(answer)
        return
    bars = _looked_up(client, f"tried/{row[0]}")["bars"]
    shares = [row[5], *(share for _, share in bars)]
    if not all(isinstance(share, float) and 0 < share < 1 for share in shares):
        yield f"a picture has the probabilities {shares}"


def _looked_up(client: httpx.Client, path: str) -> dict[str, Any]:
    """Return what a route answers; raises `Unanswered`."""
    answer = client.get(path)
    if answer.status_code != 200:
        raise Unanswered(f"{path} is answered {answer.status_code} {answer.text[:200]!r}")
    return dict(answer.json())


def _said(client: httpx.Client, patience: float) -> list[Any]:
    """Return the row of the picture tried once something is said of it; raises `Unanswered`."""
    end = time.monotonic() + patience
    while True:
        [row] = _looked_up(client, "tried")["rows"]
        if row[3] != "waiting" or time.monotonic() > end:
            return list(row)
        time.sleep(0.03)


def _too_large(attacked: Attacked) -> Iterator[str]:
    """Send zeros beyond the bound, with and without saying how many; nothing is kept."""
    path = f"/api/w/{attacked.token}/classifier"
    for announced in (True, False):
        length = {"Content-Length": str(TOO_LARGE)} if announced else {}
        connection = http.client.HTTPConnection("127.0.0.1", attacked.server.port, timeout=60)
        with closing(connection):
            try:
                zeros = (bytes(MEGA) for _ in range(TOO_LARGE // MEGA))
                connection.request("POST", path, zeros, {**OURS, **length})
            except OSError:
                pass  # the answer came before the end
            try:
                answer = connection.getresponse()
                said = answer.status, json.loads(answer.read()).get("error")
            except (OSError, ValueError, http.client.HTTPException) as error:
                said = 0, repr(error)
        if said[0] != 413 or not said[1]:
            yield f"300 MB of zeros are answered {said}"
    if left := [file for file in (attacked.server.data / "incoming").glob("*") if file.is_file()]:
        yield f"{len(left)} files were left of what was sent"


def _commanded(attacked: Attacked, data: bytes, own: dict[str, str]) -> Iterator[str]:
    """Give one to `featclass predict`: a line for each picture, or one sentence."""
    folder = attacked.server.data.parent
    file = attacked.server.data / "forged.featclass"
    file.write_bytes(data)
    ran = _command("predict", file, folder / "new", own=own)
    lines = ran.stdout.splitlines()
    is_said = ran.returncode == 0 and len(lines) == 2 * COUNT and "nan" not in ran.stdout
    is_refused = ran.returncode == 1 and not lines and ran.stderr.rstrip().endswith(".")
    if "Traceback" in ran.stderr or not (is_said or is_refused):
        yield f"{ran.returncode} {ran.stdout[:500]!r} {ran.stderr[-500:]!r}"
