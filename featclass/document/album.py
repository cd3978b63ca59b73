"""The few pictures that a document brings along, inside itself."""

from __future__ import annotations

import base64
from collections.abc import Callable

from featclass.document.markup import escaped

PICTURES = 40
BYTES = 1_400_000
"""Of all pictures, before base64 makes a third more of them."""

Thumbnail = Callable[[str], bytes | None]
"""A small JPEG of the image with this digest, or None where it cannot be had."""


class Album:
    """Shows pictures until there are enough of them, and then says only that there were more."""

    def __init__(self, thumbnail: Thumbnail) -> None:
        self._thumbnail = thumbnail
        self._pictures = PICTURES
        self._bytes = BYTES

    def shown(self, digest: str, name: str) -> str:
        """Return the picture as an `img`, or a placeholder of the same size."""
        data = self._thumbnail(digest) if self._pictures else None
        if data is None or len(data) > self._bytes:
            return '<span class="picture">no picture</span>'
        self._pictures -= 1
        self._bytes -= len(data)
        encoded = base64.b64encode(data).decode()
        return (
            f'<img class="picture" alt="{escaped(name)}"'
            f' src="data:image/jpeg;base64,{encoded}" width="160" height="160">'
        )
