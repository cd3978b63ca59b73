"""TIFF: what Pillow reads rightly is left to it, the rest is read here or refused by name.

picture    the picture of a TIFF, and those after it
directory  what its tags say, and which of its pictures is meant
layout     how the values lie in the file
blocks     strips and tiles unpacked, band after band
"""
