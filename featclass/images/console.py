"""What Pillow and its C libraries would write on the console, kept off it."""

from __future__ import annotations

import ctypes
import logging
import warnings
from functools import cache
from importlib import import_module

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
