"""What tells encoders apart, and embeddings that may not be compared."""

from __future__ import annotations

import hashlib
import json

from featclass.images import DECODING_VERSION


def fingerprint(id: str, precision: str) -> str:
    """Return the SHA-256, in hexadecimal, under which embeddings may be kept and compared."""
    return digest([id, precision, DECODING_VERSION])


def digest(value: object) -> str:
    """Return the SHA-256, in hexadecimal, of a JSON value."""
    return hashlib.sha256(canonical(value)).hexdigest()


def canonical(value: object) -> bytes:
    """Return a JSON value as bytes that are the same for all ways of writing it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=list).encode()
