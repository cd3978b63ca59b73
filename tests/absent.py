"""Libraries made impossible to import, in a process and in those it starts."""

from __future__ import annotations

from pathlib import Path

TORCHES = ("torch", "torchvision", "timm", "open_clip")


def without(names: tuple[str, ...], folder: Path) -> str:
    """Return a folder to come first on PYTHONPATH: there these libraries cannot be imported."""
    folder.mkdir(exist_ok=True)
    for name in names:
        text = f"raise ImportError('{name} is not here')\n"
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return str(folder)
