"""Zips: their files, whoever made them, and names that may be no text yet.

files       the files of a zip, unpacked while they are read
names       of entries: text, or bytes in a code page
code_pages  which code page bytes are in
languages   how likely a text is in a language
faults      what a file is that is no zip
"""
