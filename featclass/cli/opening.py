"""The encoder that a command works with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from featclass import config
from featclass.cli.options import Device
from featclass.cli.output import bar, note

if TYPE_CHECKING:
    from featclass.engine import Engine
    from featclass.records import TrainedClassifier

TRUST = "if you trust where it comes from, name that encoder with --encoder"


def open_engine(spec: str, device: Device) -> Engine:
    """Load an encoder, with a bar where its weights have to be fetched first."""
    from featclass import service
    from featclass.cache import CACHE_FILE, Cache
    from featclass.engines import Engines

    settings = config.load()
    engines = Engines(settings, Cache(settings.data / CACHE_FILE), device=device.value)
    with bar("Downloading", unit="bytes") as progress:
        return service.open_engine(engines, spec, tell=note, download=progress)


def encoder_of(trained: TrainedClassifier, named: str | None) -> str:
    """Return the encoder of a saved classifier, `named` on the command line where need be."""
    from featclass import encoders, service
    from featclass.cache import CACHE_FILE, Cache

    if named is not None and encoders.is_offered(trained.encoder):
        raise typer.BadParameter(
            "has no meaning for a saved classifier: leave it out", param_hint="--encoder"
        )
    with Cache(config.load().data / CACHE_FILE) as cache:
        return service.encoder_of(trained, named, how=TRUST, is_chosen=cache.is_chosen)


def open_saved(trained: TrainedClassifier, spec: str, device: Device) -> Engine:
    """Load the encoder of a saved classifier, and note where it is not quite the same here."""
    from featclass import service

    engine = open_engine(spec, device)
    for sentence in service.check_encoder(trained, engine):
        note(sentence)
    return engine
