"""Which encoders whoever is at this server may choose."""

from __future__ import annotations

from featclass import encoders
from featclass.config import Config
from featclass.errors import EncoderUnavailable
from featclass.service import AUTO


def check(spec: str, config: Config) -> None:
    """Raise `EncoderUnavailable`, in a sentence, for a spec that may not be chosen here."""
    if spec == AUTO or any(entry.spec == spec for entry in encoders.CATALOGUE):
        return
    if config.is_shared:
        raise EncoderUnavailable(
            f"This server offers the encoders of its menu only, and {spec} is not among them."
            " Its administrator can use it from the command line."
        )
    encoders.is_local(spec, config)  # raises for a spec that nobody knows
