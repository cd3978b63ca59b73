"""What passes on the wire between a page in Chromium and its server."""

from __future__ import annotations

from collections import Counter
from typing import Any

from playwright.sync_api import Page


class Traffic:
    """Counts, from now on, what a page is answered; not what the browser had."""

    def __init__(self, page: Page) -> None:
        self.loaded: Counter[str] = Counter()
        """Bytes of the answers, headers included, by address."""
        self.spoken = 0
        """Bytes that came through sockets."""
        self._addresses: dict[str, str] = {}
        session = page.context.new_cdp_session(page)
        session.on("Network.responseReceived", self._answer)
        session.on("Network.requestServedFromCache", self._keep)
        session.on("Network.loadingFinished", self._finish)
        session.on("Network.webSocketFrameReceived", self._hear)
        session.send("Network.enable")

    def _answer(self, event: dict[str, Any]) -> None:
        response = event["response"]
        if response["url"].startswith("http") and not response.get("fromDiskCache"):
            self._addresses.setdefault(event["requestId"], response["url"])

    def _keep(self, event: dict[str, Any]) -> None:
        self._addresses[event["requestId"]] = ""

    def _finish(self, event: dict[str, Any]) -> None:
        if address := self._addresses.get(event["requestId"]):
            self.loaded[address] += int(event["encodedDataLength"])

    def _hear(self, event: dict[str, Any]) -> None:
        frame = event["response"]
        # What is binary is told as base64.
        self.spoken += len(frame["payloadData"]) * (3 if frame["opcode"] == 2 else 4) // 4
