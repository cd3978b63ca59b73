"""What happens when the server starts and stops."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from featclass import studio
from featclass.api import connections


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Open the data folder at the start, and end every thread at the stop."""
    connections.raise_limit()
    end_of_watch = connections.close_silent()
    opening = threading.Thread(target=lambda: studio.studio().keep_house(), name="open")
    opening.start()  # beside the first browser's loading, which takes as long
    yield
    end_of_watch()
    opening.join()
    studio.close()
