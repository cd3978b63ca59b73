"""`featclass app` in a process of its own, for tests that visit it with a real browser."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECONDS = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """The page on a port of this machine, with a data folder of its own."""

    data: Path
    port: int = field(default_factory=free_port)
    settings: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/"

    @property
    def command(self) -> list[str]:
        run = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")]
        return [*run, "--server.headless=true", f"--server.port={self.port}"]

    def start(self) -> None:
        users = {k: v for k, v in os.environ.items() if not k.startswith("FEATCLASS_")}
        environment = users | {
            "FEATCLASS_DATA": str(self.data),
            "FEATCLASS_OFFLINE": "1",
            "PYTHONPATH": str(ROOT),
            **self.settings,
        }
        with (self.data / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=environment, cwd=self.data, stdout=log, stderr=log
            )
        end = time.monotonic() + SECONDS
        while not self._answers():
            assert time.monotonic() < end, (self.data / "server.log").read_text()
            assert self.process.poll() is None, (self.data / "server.log").read_text()
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}_stcore/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(SECONDS)
        self.process = None


@contextmanager
def serving(data: Path, **settings: str) -> Iterator[Server]:
    """Serve the page until the end, unless the test itself has stopped it by then."""
    running = Server(data, settings=settings)
    running.start()
    try:
        yield running
    finally:
        if running.process is not None:
            running.stop()
