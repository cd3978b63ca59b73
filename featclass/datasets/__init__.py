"""Folders, zips and dropped files as datasets: one subfolder per class, or a table of labels.

Whether a picture can be decoded is found out when it is embedded; here a file is only rejected
where its first bytes are no picture's, or where it cannot be read at all.

sources         where the bytes of an image come from
paths           file names as text that leads nowhere; what is never a class
identification  the digest of a file, or why it can be no image
folders, zips   which files they hold
contents        what either holds, one zip per class too
splits          train, val and test, by the names of folders
folder_tree     the folders with pictures
class_folders   which folders are the classes
ambiguity       what can be read in two ways is asked
class_names     names of folders as names of classes: none melts into another
tables, table_columns, picture_index  which columns of a table say what of which picture
table_statements, label_tables  what each table says, and what is taken for the labels
zip_names       the names in a zip, which may be no text yet
code_pages      what bytes mean as a name; `writing` is what languages look like
archives        what a file is that is no zip
classes         which class a path belongs to
conflicts       the same picture twice, or in two classes
reading         all of it as one dataset
"""

from featclass.datasets.class_names import LONGEST_CLASS_NAME, listed
from featclass.datasets.classes import Reading, read_paths
from featclass.datasets.code_pages import CODE_PAGES, code_page
from featclass.datasets.contents import class_of_zip
from featclass.datasets.folders import Walk, files_below, identified_file, image_of_file
from featclass.datasets.paths import clean_path, is_named_as_picture, is_skipped, is_table
from featclass.datasets.reading import (
    FileListing,
    ListedFile,
    list_files,
    read,
    read_folder,
    read_zip,
    without_conflicts,
)
from featclass.datasets.sources import LARGEST_FILE, BytesSource, FileSource, Unusable, identified
from featclass.datasets.zips import MAX_UNPACKED, MOST_ENTRIES, ZipListing, ZipSource, files_of_zip

__all__ = [
    "CODE_PAGES",
    "LARGEST_FILE",
    "LONGEST_CLASS_NAME",
    "MAX_UNPACKED",
    "MOST_ENTRIES",
    "BytesSource",
    "FileListing",
    "FileSource",
    "ListedFile",
    "Reading",
    "Unusable",
    "Walk",
    "ZipListing",
    "ZipSource",
    "class_of_zip",
    "clean_path",
    "code_page",
    "files_below",
    "files_of_zip",
    "identified",
    "identified_file",
    "image_of_file",
    "is_named_as_picture",
    "is_skipped",
    "is_table",
    "list_files",
    "listed",
    "read",
    "read_folder",
    "read_paths",
    "read_zip",
    "without_conflicts",
]
