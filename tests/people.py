"""Folders and zips as people bring them, made on the spot."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.fakes import drawn

PEOPLE = ("alice/ok", "alice/nok", "bob/ok", "bob/nok")
JAPANESE = ("表面良好", "表面不良", "合格")
COLOURS = ("red", "blue", "green", "orange", "purple", "black")


def fill(root: Path, folders: Iterable[str], count: int = 3) -> Path:
    """Make folders below `root` with different pictures in each; returns `root`."""
    for number, folder in enumerate(folders):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            data = drawn(zlib.crc32(folder.encode()) + i, COLOURS[number % len(COLOURS)])
            (root / folder / f"{i}.png").write_bytes(data)
    return root


def laid_out(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files below `folder`, each under its name; returns `folder`."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def zip_of(folder: Path, zip_path: Path) -> Path:
    """Pack a folder, its own name left out."""
    with zipfile.ZipFile(zip_path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder).as_posix())
    return zip_path


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Pack files, each under its name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


class _RawName(zipfile.ZipInfo):
    """An entry whose name is these bytes, without the flag that they are UTF-8."""

    raw: bytes

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802
        return self.raw, self.flag_bits & ~0x800


def raw_zip(zip_path: Path, files: Mapping[bytes, bytes]) -> Path:
    """Pack files under names that are bytes of any code page, as Explorer and macOS do."""
    with zipfile.ZipFile(zip_path, "w") as archive:
        for number, (name, data) in enumerate(files.items()):
            entry = _RawName(f"{number}.png")
            entry.raw = name
            archive.writestr(entry, data)
    return zip_path


def named(names: Iterable[str], code: str, count: int = 3) -> dict[bytes, bytes]:
    """Return pictures for `raw_zip`: a folder for each name, in a code page."""
    return {
        f"{name}/{i}.png".encode(code): drawn(1000 * number + i, COLOURS[number % len(COLOURS)])
        for number, name in enumerate(names)
        for i in range(count)
    }
