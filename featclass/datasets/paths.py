"""What a file is by its name alone: a picture, a table, or what nobody wants to be a class."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

# What operating systems, file servers, tools of synchronisation and programmers leave behind:
# never a class, wherever it lies. A folder that merely begins with a dot may well be one.
_JUNK_TEXT = """
.git .svn .hg .bzr .github .gitlab .dvc .huggingface .locks .no_exist .kaggle
.ipynb_checkpoints .venv .tox .nox .eggs .cache .mypy_cache .pytest_cache .ruff_cache .idea
.vscode .vs .settings .gradle .npm .streamlit __pycache__ node_modules .trashes
.spotlight-v100 .fseventsd .temporaryitems .documentrevisions-v100 .appledouble .appledb
.appledesktop .mobilebackups .pkinstallsandboxmanager __macosx .thumbnails .thumbs
.sh_thumbnails .@__thumb @__thumb .@__qini .@__desc .@upload_cache .snapshot .snapshots .zfs
.recycle .recycler .recyclebin .recycled .wdmc .wdcache .stfolder .stversions .sync
.synologyworkingdirectory .tmp.drivedownload .tmp.driveupload .gvfs .streams $recycle.bin
#recycle #snapshot @eadir @recycle @recently-snapshot @sharebin @tmp
@transcode msocache lost+found thumbs.db desktop.ini picasa.ini zbthumbnail.info
"""
_JUNK: Final = frozenset(_JUNK_TEXT.split()) | {
    "system volume information",
    "network trash folder",
    "temporary items",
    "icon\r",
}
_JUNK_PATTERNS: Final = re.compile(
    r"\._|\.trash|\.dropbox|\.picasa|\.syncthing|\.fuse_hidden|\.nfs[0-9a-f]{8}"
    r"|ehthumbs.*\.db$|found\.\d{3}$",
    re.IGNORECASE,
)
# "Recycled" is a class of many; Windows' bin of that name holds a folder a user, or a list.
_IN_OLD_BIN: Final = re.compile(r"(^|/)recycle[rd]/(s-1(-\d+)*/|info2?$)", re.IGNORECASE)

_PICTURE: Final = re.compile(
    r"\.(jpe?g|jpe|jfif|mpo|png|webp|gif|bmp|dib|tiff?|avif|heic|heif|hif|p[bgpn]m)$",
    re.IGNORECASE,
)

# Pictures that featclass does not read, but that somebody took for pictures.
_OTHER_PICTURE: Final = re.compile(
    r"\.(nef|dng|cr2|cr3|arw|raf|rw2|orf|pef|srw|jxl|jp2|j2k|jpx|dcm|ico|exr|hdr|psd|tga|svg)$",
    re.IGNORECASE,
)


def is_skipped(path: str) -> bool:
    """Whether the file is hidden, or a folder it lies in holds what nobody wants to be a class.

    A path that ends with a slash is a folder's.
    """
    *folders, file = path.split("/")
    if file.startswith(".") or any(_is_junk(part) for part in (*folders, file)):
        return True
    return _IN_OLD_BIN.search(path) is not None


@lru_cache(4096)
def _is_junk(name: str) -> bool:
    return name.lower() in _JUNK or _JUNK_PATTERNS.match(name) is not None


def is_named_as_picture(path: str, *, of_any_kind: bool = False) -> bool:
    """Whether the file has the ending of a picture that featclass reads, or `of_any_kind`."""
    if of_any_kind and _OTHER_PICTURE.search(path):
        return True
    return _PICTURE.search(path) is not None


def is_table(path: str) -> bool:
    """Whether a file of this name may be a table of labels."""
    return path.lower().endswith((".csv", ".tsv"))
