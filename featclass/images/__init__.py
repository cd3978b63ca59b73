"""Untrusted bytes to an upright RGB picture, or the reason why not.

Only the decoders listed in `formats` are ever reached, each by its file signature: Pillow's own
choice among all its plugins, and its process-wide settings, are left to whoever else uses Pillow.

formats       what featclass reads, and how it is recognised; a picture's size and limits
kinds         what files are that are no pictures, and what to do about them
unreadable    the reason why bytes are no picture, and quiet libraries
decoding      the picture, upright; the same, small, for the page
shapes        shrunk or cut sizes
memory        how much is decoded at once
jpeg, tiff    what is particular to either
sixteen_bits  PNG and PPM of 16 bits
sample_ranges values of any depth as 8 bits
colour        any mode as RGB, embedded profiles as sRGB
lost_content  pictures of which nothing is left on white, or whose first frame is blank
appearance    what the audit needs to know of a picture, in some kilobytes
"""

from featclass.images.appearance import Appearance, appearance
from featclass.images.decoding import DECODING_VERSION, decoded, thumbnail
from featclass.images.formats import LONGEST_SIDE, check, recognise
from featclass.images.kinds import kind_of
from featclass.images.lost_content import LOST, Lost
from featclass.images.memory import PixelBudget
from featclass.images.unreadable import Unreadable
