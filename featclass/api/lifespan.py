"""What happens when the server starts and stops."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from featclass import studio


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Open the data folder at the start, and end every thread at the stop."""
    studio.studio().keep_house()
    yield
    studio.close()
