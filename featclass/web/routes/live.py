"""The socket of a camera: a frame in, what it looks like out; nothing is kept."""

from __future__ import annotations

import json
import time
from typing import TypedDict

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from featclass import classifiers
from featclass.base import FeatclassError, Image, WorkspaceMissing, digest_of
from featclass.datasets import BytesSource
from featclass.server.readiness import hindrance, is_ready
from featclass.server.state import State
from featclass.web import views
from featclass.web.routes.requests import followed
from featclass.workspaces import Workspace

MOST_BYTES = 2 * 10**6
"""Of a frame; the page sends about 20 kB."""
MOST_BARS = 24
LEAST_SIDE, MOST_SIDE = 256, 640
"""Pixels: what the shorter side of the next frame should have, whatever the encoder."""
LONGEST_REASON = 120
"""Bytes: a socket is closed with no more words than that."""
TOO_LARGE, NO_WORKSPACE = 1009, 4404
AT_ONCE = 16
"""Frames that wait for the encoder, first come first served, however many cameras are open."""
_threads = CapacityLimiter(AT_ONCE)
"""Of their own, so that all other routes find one free."""


class Seen(TypedDict):
    """What a frame looks like."""

    label: str | None
    probability: float | None
    known: bool
    bars: list[views.Bar]
    stale: bool
    """Whether the sets are others by now."""
    side: int
    """Pixels: what the shorter side of the next frame should have."""
    ms: float
    """How long it took."""


class NotYet(TypedDict):
    """Why there is no classifier yet, in words."""

    waiting: str


class NoPicture(TypedDict):
    """Why a frame cannot be looked at, in words."""

    error: str


async def live(socket: WebSocket) -> None:
    """Answer each frame, an encoded picture, with JSON, in order."""
    await socket.accept()
    token = socket.path_params["token"]
    try:
        await run_in_threadpool(followed, token)
        while True:
            frame = await _frame(socket)
            if len(frame) > MOST_BYTES:
                await socket.close(TOO_LARGE, "A frame may have 2 MB.")
                return
            answer = await to_thread.run_sync(_answer, token, frame, limiter=_threads)
            await socket.send_text(json.dumps(answer, allow_nan=False))
    except WorkspaceMissing as error:  # or removed meanwhile
        await socket.close(NO_WORKSPACE, _reason(error))
    except WebSocketDisconnect:
        return


async def _frame(socket: WebSocket) -> bytes:
    """Return the next message; raises `WebSocketDisconnect` where there will be none."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    return message.get("bytes") or (message.get("text") or "").encode()


def _reason(error: WorkspaceMissing) -> str:
    return str(error).encode()[:LONGEST_REASON].decode(errors="ignore")


def _answer(token: str, frame: bytes) -> Seen | NotYet | NoPicture:
    started = time.perf_counter()
    workspace, state = followed(token)
    result = state.result
    if result is None or result.classifier is None:
        return {"waiting": _waiting(workspace, state)}
    image = Image("frame", digest_of(frame), BytesSource(frame))
    try:
        [prediction] = classifiers.predict(
            result.engine, result.classifier, [image], live=True, keep=False
        )
    except FeatclassError as error:
        return {"error": str(error)}
    if prediction.rejected is not None:
        return {"error": prediction.rejected}
    bars = views.bars(prediction, MOST_BARS)
    return {
        "label": prediction.label,
        "probability": prediction.probability,
        "known": prediction.known,
        "bars": [views.Bar(name, views.shown_share(share)) for name, share in bars],
        "stale": not state.is_current,
        "side": min(max(result.engine.encoder.side or 0, LEAST_SIDE), MOST_SIDE),
        "ms": round(1000 * (time.perf_counter() - started), 1),
    }


def _waiting(workspace: Workspace, state: State) -> str:
    """Return why there is no classifier yet."""
    if why := hindrance(workspace, state):
        return why
    if not is_ready(workspace, state):
        return "Two sets need pictures before it can tell what the camera sees."
    return "Learning from your pictures, a moment."
