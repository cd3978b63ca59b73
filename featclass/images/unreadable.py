"""The reason why bytes are no picture that featclass can read."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PIL import Image

from featclass.errors import FeatclassError

CUT_OFF: Final = "the file is cut off: it ends before the picture does; copy or download it again"


class Unreadable(FeatclassError):
    """These bytes are no picture featclass can read; the message is the reason, for a person."""


HOSTILE: Final = (
    EOFError,
    Image.DecompressionBombError,
    IndexError,
    KeyError,
    MemoryError,
    OSError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What Pillow and its C libraries were seen to raise on damaged and malicious files.

Anything else is a fault of ours or theirs that should be seen, not a property of the picture.
"""


@contextmanager
def unreadable_if_hostile() -> Iterator[None]:
    """Say in words, as `Unreadable`, what a decoder raised on these bytes."""
    try:
        yield
    except Image.DecompressionBombError:
        raise Unreadable("the picture is too large to be decoded safely") from None
    except MemoryError:
        raise Unreadable("the picture needs more memory than there is") from None
    except HOSTILE as error:
        if re.search(r"truncated|end of (data|file)|no more data", str(error), re.IGNORECASE):
            raise Unreadable(CUT_OFF) from None
        raise Unreadable("the file is damaged, cut off, or of an unusual kind") from None
