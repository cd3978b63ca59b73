"""What happens when the server starts and stops."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from featclass import studio
from featclass.api import connections
from featclass.errors import FeatclassError


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Open the data folder at the start, and end every thread at the stop."""
    connections.raise_limit()
    end_of_watch = connections.close_silent()
    opening = threading.Thread(target=_open, name="open")
    opening.start()  # beside the first browser's loading, which takes as long
    yield
    end_of_watch()
    opening.join()
    studio.close()


def _open() -> None:
    """Open the data folder; where that cannot be, say why and end the process."""
    try:
        studio.studio().keep_house()
    except (FeatclassError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        os._exit(1)  # nothing is open yet, and no other thread can end the server with this code
