"""The encoder that a command works with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from featclass import config
from featclass.cli.options import Device
from featclass.cli.output import bar, note

if TYPE_CHECKING:
    from featclass.engine import Engine


def open_engine(spec: str, device: Device) -> Engine:
    """Load an encoder, with a bar where its weights have to be fetched first."""
    from featclass import service
    from featclass.cache import CACHE_FILE, Cache
    from featclass.engines import Engines

    settings = config.load()
    engines = Engines(settings, Cache(settings.data / CACHE_FILE), device=device.value)
    with bar("Downloading", unit="bytes") as progress:
        return service.open_engine(engines, spec, tell=note, download=progress)
