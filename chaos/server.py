"""A server of one's own on 127.0.0.1, to be attacked and killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

ROOT = Path(__file__).parent.parent
OURS = {"x-featclass": "1"}
START_SECONDS = 120


class NotStarted(Exception):
    """A server ended, or did not answer in time; with what it wrote last."""


@dataclass
class Server:
    """`featclass app` in a process of its own, on a data folder that others may share."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.data.parent / f"server-{self.port}.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def start(self) -> None:
        """Start, and wait until it answers; raises `NotStarted`."""
        self.port = self.port or _free_port()
        own = {"FEATCLASS_DATA": str(self.data), "FEATCLASS_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "featclass", "app", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env=os.environ | {"STREAMLIT_SERVER_HEADLESS": "true"} | own | self.environment,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + START_SECONDS
        while not self.is_well():
            if time.monotonic() > end or self.process.poll() is not None:
                self.end()
                raise NotStarted(self.log.read_text(errors="replace")[-2000:])
            time.sleep(0.05)

    def is_well(self) -> bool:
        """Say whether it answers."""
        try:
            return httpx.get(f"{self.url}/_stcore/health", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """End it as a power cut would, at whatever it is doing."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def end(self) -> int | None:
        """Ask it to end; returns its exit status, None where none was running."""
        if self.process is None:
            return None
        self.process.terminate()
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process = None
        return status

    def client(self, token: str) -> httpx.Client:
        """Return what asks the routes of one workspace, as the page does."""
        return httpx.Client(base_url=f"{self.url}/api/w/{token}/", headers=OURS, timeout=60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
