"""Why untrusted bytes are no picture, and quiet libraries."""

from __future__ import annotations

import ctypes
import logging
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Final

from PIL import Image

from featclass.base import FeatclassError

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


# Pillow logs the odd TIFF as an error, which Python prints where nobody has set up logging.
logging.getLogger("PIL").addHandler(logging.NullHandler())


def silence_pillow() -> None:
    """Ignore what Pillow warns of about a file; its deprecations are for us, and still shown."""
    # catch_warnings is not thread safe, so the filter stays; others may have put theirs before it.
    for category in (UserWarning, RuntimeWarning):
        warnings.filterwarnings("ignore", category=category, module=r"PIL\.|pillow_heif")


@cache
def silence_libtiff() -> None:
    """Stop libtiff from writing a line for each odd tag, for which Pillow has no switch."""
    # Some systems link it statically, where the functions are not to be found.
    library = ctypes.CDLL(import_module("PIL._imaging").__file__)
    for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
        if setter := getattr(library, name, None):
            setter(None)
