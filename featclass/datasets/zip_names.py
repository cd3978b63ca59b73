"""What the bytes of a name in a zip mean, where the zip does not say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CODE_PAGES: Final[Mapping[str, str]] = {
    "cp932": "Japanese (CP932)",
    "gb18030": "Simplified Chinese (GBK)",
    "cp950": "Traditional Chinese (Big5)",
    "cp949": "Korean (CP949)",
    "cp866": "Russian (CP866)",
    "cp850": "Western European (CP850)",
    "cp1252": "Western European (Windows, CP1252)",
    "cp437": "American DOS (CP437)",
}
"""By their names in Python: what a person calls them."""
