"""Saved classifiers changed after they were written."""

from __future__ import annotations

import hashlib


def signed(data: bytes) -> bytes:
    start = data.index(b"0" * 64)
    return data[:start] + hashlib.sha256(data).hexdigest().encode() + data[start + 64 :]
