"""Untrusted bytes to an upright RGB picture, or the reason why not.

Only the decoders listed in `formats` are ever reached, each by its file signature: Pillow's own
choice among all its plugins, and its process-wide settings, are left to whoever else uses Pillow.

digests     how an image is identified
budget      how much is decoded at once
memory      what becomes of memory that is free again
unreadable  the reason why bytes are no picture
console     what the decoders would write there
formats     what featclass reads, and how it is recognised
kinds       what files are that are no pictures, and what to do about them
headers     a picture before it is decoded: its size, its limits
jpeg        what is particular to JPEG: a missing end, pictures too large to be decoded whole
shapes      shrunk or cut sizes
colours     any mode and depth as 8 bits of RGB
profiles    the colours of an embedded profile as sRGB
lost        pictures of which nothing is left on white, or whose first frame is blank
decoding    the picture, upright
thumbnails  the same, small, for the page
appearance  what the audit needs to know of a picture, in a kilobyte
"""

from featclass.images.appearance import Appearance, appearance
from featclass.images.decoding import DECODING_VERSION, REDUCED, decoded, thumbnail
from featclass.images.formats import LONGEST_SIDE, check, recognise
from featclass.images.kinds import kind_of
from featclass.images.lost import LOST, Lost
from featclass.images.memory import (
    PIXEL_BUDGET,
    PixelBudget,
    give_back_freed_memory,
    reuse_freed_memory,
)
from featclass.images.shapes import FULL_SIZE, MAX_ELONGATION
from featclass.images.unreadable import Unreadable, digest

__all__ = [
    "DECODING_VERSION",
    "FULL_SIZE",
    "LONGEST_SIDE",
    "LOST",
    "MAX_ELONGATION",
    "PIXEL_BUDGET",
    "REDUCED",
    "Appearance",
    "Lost",
    "PixelBudget",
    "Unreadable",
    "appearance",
    "check",
    "decoded",
    "digest",
    "give_back_freed_memory",
    "kind_of",
    "recognise",
    "reuse_freed_memory",
    "thumbnail",
]
