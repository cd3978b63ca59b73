"""The encoder that a spec or a saved classifier asks for."""

from __future__ import annotations

from collections.abc import Callable

from featclass import encoders
from featclass.engine import Engine
from featclass.engines import Engines
from featclass.errors import EncoderUnavailable
from featclass.records import Progress, TrainedClassifier

AUTO, BUILTIN = "auto", "builtin"


def check_encoder(classifier: TrainedClassifier, engine: Engine) -> list[str]:
    """Return what to note where a classifier was made under another precision or decoding.

    Raises `EncoderUnavailable` where the encoder here is another one altogether.
    """
    encoder = engine.encoder
    if encoder.id != classifier.encoder_id:
        raise EncoderUnavailable(
            f"This classifier was made with other weights of {classifier.encoder} than the ones"
            f" on this machine (encoder id {classifier.encoder_id[:12]}, found"
            f" {encoder.id[:12]}). Get those weights, or train it again here."
        )
    if encoder.fingerprint != classifier.fingerprint:
        return [
            "This classifier was made under another precision or picture decoding than this"
            f" machine's ({encoder.precision} on {encoder.device}): probabilities may differ in"
            " the third digit, and more for pictures whose colours or depths were read otherwise"
            " before. Train it again on its pictures to be sure."
        ]
    return []


def open_engine(
    engines: Engines,
    spec: str,
    *,
    tell: Callable[[str], None],
    download: Progress | None = None,
) -> Engine:
    """Open the engine of `spec`, downloading its weights if need be.

    `auto` is the best encoder for the device, else the built-in one: then `tell` hears why, in a
    sentence, before that is loaded. Raises `EncoderUnavailable` for an encoder asked for by name
    that cannot be had.
    """
    if spec != AUTO:
        return engines.get(spec, download=download)
    preferred = encoders.preferred(engines.find_device())
    try:
        return engines.get(preferred, download=download)
    except EncoderUnavailable as error:
        tell(f"{error} Using the built-in encoder meanwhile.")
        return engines.get(BUILTIN)
