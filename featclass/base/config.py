"""Settings, all from the environment: where featclass keeps things and what it may do."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from featclass.base.errors import FeatclassError

MEGA = 10**6
BYTES_PER_PIXEL = 4
BESIDE_PIXELS = 100
"""A file without compression has a hundredth more than its pixels: headers, previews, colours."""
PICTURE_BYTES = 32 * MEGA
PRECISIONS = ("auto", "float32", "bfloat16")
"""Of an encoder, that can be asked for."""


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of one process; see docs/server.md for what each variable means to its user."""

    data: Path
    """Folder of workspaces and of the embedding cache (`FEATCLASS_DATA`)."""
    models: Path | None
    """Folder an administrator filled with encoder weights (`FEATCLASS_MODELS`)."""
    offline: bool
    """Never download anything (`FEATCLASS_OFFLINE=1`)."""
    is_shared: bool
    """Whether others than the person at this machine reach the page (`FEATCLASS_SHARED=1`): they
    choose among the catalogue's encoders only."""
    max_pixels: int
    """Largest image accepted, in pixels (`FEATCLASS_MAX_MEGAPIXELS`); a JPEG that can be decoded at
    a smaller scale counts by what is then decoded."""
    max_upload_bytes: int
    """Largest single upload, in bytes, also of a zip once unpacked
    (`FEATCLASS_MAX_UPLOAD_MB`)."""
    heic: bool = True
    """Whether HEIC pictures are read (`FEATCLASS_HEIC=0`: not): their decoder is a library of its
    own, which an administrator may not want to let at strangers' files."""
    pictures: tuple[Path, ...] = ()
    """Folders of this machine whose pictures anybody at the page may have predicted
    (`FEATCLASS_PICTURES`, a list of paths); none unless an administrator names them."""
    precision: str = "auto"
    """How precisely encoders compute where nothing else is asked for (`FEATCLASS_PRECISION`), one
    of `PRECISIONS`."""

    @property
    def max_picture_bytes(self) -> int:
        """Largest file taken for a picture: what the largest image has without compression."""
        pixels = BYTES_PER_PIXEL * self.max_pixels
        uncompressed = max(PICTURE_BYTES, pixels + pixels // BESIDE_PIXELS)
        return min(uncompressed, self.max_upload_bytes)


def load() -> Config:
    """Read the environment anew; raises `FeatclassError` where a value is none of those."""
    models = os.environ.get("FEATCLASS_MODELS")
    data = os.environ.get("FEATCLASS_DATA")
    return Config(
        data=Path(data).expanduser() if data else user_data_path("featclass", appauthor=False),
        models=Path(models).expanduser() if models else None,
        offline=_is_set("FEATCLASS_OFFLINE"),
        is_shared=_is_set("FEATCLASS_SHARED"),
        max_pixels=_number("FEATCLASS_MAX_MEGAPIXELS", 100) * MEGA,
        max_upload_bytes=_number("FEATCLASS_MAX_UPLOAD_MB", 4000) * MEGA,
        heic=reads_heic(),
        pictures=_paths("FEATCLASS_PICTURES"),
        precision=_word("FEATCLASS_PRECISION", PRECISIONS),
    )


def reads_heic() -> bool:
    """Say whether HEIC pictures are read, from the environment as it is now."""
    return os.environ.get("FEATCLASS_HEIC", "") != "0"


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "") not in ("", "0")


def _paths(variable: str) -> tuple[Path, ...]:
    listed = os.environ.get(variable, "").split(os.pathsep)
    return tuple(Path(path.strip()).expanduser().absolute() for path in listed if path.strip())


def _word(variable: str, choices: tuple[str, ...]) -> str:
    """Return the one that is chosen, the first where none is."""
    text = os.environ.get(variable) or choices[0]
    if text not in choices:
        raise FeatclassError(
            f"The environment variable {variable} should be one of {', '.join(choices)}, and is"
            f" {text!r}. Unset it to use {choices[0]}."
        )
    return text


def _number(variable: str, default: int) -> int:
    text = os.environ.get(variable, "")
    if not text:
        return default
    if not text.isdigit() or int(text) == 0:
        raise FeatclassError(
            f"The environment variable {variable} should be a whole number above zero,"
            f" and is {text!r}. Unset it to use {default}."
        )
    return int(text)
