"""Folders, zips and dropped files as datasets: one subfolder per class, or a table of labels.

Whether a picture can be decoded is found out when it is embedded; here a file is only rejected
where its first bytes are no picture's, or where it cannot be read at all.

sources   where the bytes of an image come from: each an image, or rejected
paths     what a file is by its name alone
folders   what lies below a folder, as a tree; parts of a split
zips      the files of a zip, and the code page of their names
tables    labels in a CSV beside the pictures
classes   which folders, or which table, say the class of each file
contents  what a folder or a zip holds, one zip per class too
reading   all of it as one dataset
"""

from featclass.datasets.classes.labelling import Reading, read_paths
from featclass.datasets.contents import class_of_zip
from featclass.datasets.folders.walk import Walk, files_below
from featclass.datasets.paths import is_named_as_picture, is_skipped, is_table
from featclass.datasets.reading import (
    ListedFile,
    list_files,
    read,
    read_folder,
    read_zip,
    without_conflicts,
)
from featclass.datasets.sources import (
    BytesSource,
    FileSource,
    StreamSource,
    image_of,
    image_of_file,
)
from featclass.datasets.zips.code_pages import CODE_PAGES, code_page
from featclass.datasets.zips.files import (
    ZipListing,
    ZipSource,
    files_of_zip,
)
