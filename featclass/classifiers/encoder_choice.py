"""The encoder that a saved classifier asks for."""

from __future__ import annotations

from collections.abc import Callable

from featclass import encoders
from featclass.base import ClassifierUnusable, EncoderUnavailable, TrainedClassifier
from featclass.embedding import Engine
from featclass.encoders import Encoder

SHOWN = 100
"""Characters of a spec that a file names, in a sentence."""
_AS_BEFORE = {
    "float32": "the precision float32",
    "bfloat16": "the precision bfloat16",
    "mixed": "a GPU of NVIDIA",
}
"""What computes in a precision class."""


def encoder_of(
    classifier: TrainedClassifier,
    chosen: str | None = None,
    *,
    how: str,
    is_chosen: Callable[[str, str], bool] = lambda spec, encoder_id: False,
) -> str:
    """Return the spec of the encoder to open for a saved classifier.

    That of the file where featclass offers such an encoder; any other, which can be a folder of
    this machine or a download, only where a person has chosen it: now, or before, when the
    classifier was trained here, which `is_chosen` says of a spec and an encoder id. Raises
    `EncoderUnavailable` where nobody has; `how` they can, a clause, ends the sentence.
    """
    spec = encoders.successor(classifier.encoder, classifier.encoder_id)
    if encoders.is_offered(spec) or (not chosen and is_chosen(spec, classifier.encoder_id)):
        return spec
    if chosen:
        return chosen
    raise EncoderUnavailable(
        f"This classifier asks for the encoder {spec[:SHOWN]!r}, which is not among those that"
        f" featclass offers, and a file does not choose what is loaded here: {how}."
    )


def check_encoder(classifier: TrainedClassifier, engine: Engine) -> list[str]:
    """Return what to note where a classifier was made under another precision or decoding.

    Raises `EncoderUnavailable` where the encoder here is another one altogether, and
    `ClassifierUnusable` where it says it is the same, and gives embeddings of another length.
    """
    encoder = engine.encoder
    if encoder.id != classifier.encoder_id:
        raise EncoderUnavailable(
            f"This classifier was made with other weights of {classifier.encoder} than the ones"
            f" on this machine (encoder id {classifier.encoder_id[:12]}, found"
            f" {encoder.id[:12]}). Get those weights, or train it again here."
        )
    dimensions = classifier.probe.coefficients.shape[1]
    if dimensions != encoder.dimensions:
        raise ClassifierUnusable(
            f"This classifier takes embeddings of {dimensions:,} values, and its encoder"
            f" {classifier.encoder} gives {encoder.dimensions:,}: the file was not written by"
            " featclass as it is. Take it from where it was saved once more, or train it again."
        )
    if encoder.fingerprint != classifier.fingerprint:
        return [_of_another_precision_or_decoding(classifier.report.precision, encoder)]
    return []


def _of_another_precision_or_decoding(made_in: str | None, encoder: Encoder) -> str:
    """Return the note; nothing says which of the two it is where no precision was written down."""
    now = f"{encoder.precision} on {encoder.device}"
    how = _AS_BEFORE.get(made_in or "")
    if how is None or made_in == encoder.precision:
        return (
            "This classifier was made under another precision or picture decoding than this"
            f" machine's ({now}): probabilities may differ in the second digit, and more for"
            " pictures whose colours or depths were read otherwise before. Train it again on its"
            " pictures to be sure."
        )
    return (
        f"This classifier was made under another precision ({made_in}) than this machine's ({now}):"
        f" probabilities may differ in the second digit. Use {how} to have them as they were."
    )
