"""What the server says of its own state: whether it is well, and that its disk is full."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from featclass.base import disk
from featclass.server import studio

HEALTH = "/_stcore/health"
"""Where Streamlit answers that it is well, as the browser and whoever runs the server ask it."""
INSUFFICIENT_STORAGE = 507


class Health:
    """Answers that the server is not well where Streamlit, which knows no data folder, would not.

    A full disk is no such case: everything can be looked at. What then could not be written becomes
    a sentence.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"].endswith(HEALTH):
            trouble = await run_in_threadpool(studio.trouble)
            if trouble:
                await PlainTextResponse(trouble, 503)(scope, receive, send)
                return
        has_begun = False

        async def sending(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except OSError as error:
            if has_begun or not disk.is_full(error):
                raise
            answer = JSONResponse({"error": disk.FULL}, INSUFFICIENT_STORAGE)
            await answer(scope, receive, send)
