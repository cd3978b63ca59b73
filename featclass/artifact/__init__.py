"""A saved classifier: parameters in one file, written and read; nothing in it executes.

file       the bytes: format version, checksum, and how large each part may be
content    what stands in them, and what of it is refused
"""

from featclass.artifact.file import dumps, load, loads, save

__all__ = ["dumps", "load", "loads", "save"]
