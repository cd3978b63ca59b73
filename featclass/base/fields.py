"""What fields of records hold: types with the bounds that a file of anybody is held to."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from featclass.base.names import DISORDERLY

Count = Annotated[int, Meta(ge=0, lt=2**53)]
"""That every JSON reader can hold."""
Share = Annotated[float, Meta(ge=0, le=1)]
Amount = Annotated[float, Meta(ge=0, le=1e12)]
AnyText = Annotated[str, Meta(max_length=2**16)]
"""No name in a zip is longer, nor any sentence. Of a file it may hold halves of characters."""
ORDERLY = Meta(pattern=rf"\A[^{DISORDERLY.pattern[1:-1]}]*\Z")
Text = Annotated[str, ORDERLY, Meta(max_length=2**16)]
"""That can be shown; so is a sentence that an older featclass saved, without its values."""
Texts = Annotated[tuple[Text, ...], Meta(max_length=100_000)]
