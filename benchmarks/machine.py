"""On what, with what, and when figures were measured."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = (
    "featclass", "torch", "torchvision", "timm", "open_clip_torch", "pillow", "numpy",
    "scikit-learn", "streamlit", "onnxruntime", "openvino", "opencv-python-headless",
)  # fmt: skip
CPU_INFO = Path("/proc/cpuinfo")


def about(gpu: str) -> dict[str, str]:
    """Return date, machine, versions and commit, in words."""
    facts = {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "processor": f"{os.cpu_count()} × {_processor()}",
        "GPU": gpu or "none",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    }
    for library in LIBRARIES:
        try:
            facts[library] = version(library)
        except PackageNotFoundError:
            continue
    if commit := _commit():
        facts["commit"] = commit
    return facts


def sentence(about: dict[str, str]) -> str:
    """Return all of it as a paragraph."""
    return "; ".join(f"{what} {value}" for what, value in about.items()) + "."


def finder() -> Callable[[str], tuple[str, str]]:
    """Return what finds the device asked for, and the GPU's name; needs torch."""

    def find(requested: str) -> tuple[str, str]:
        import torch

        from featclass.encoders import choose_device

        device = choose_device(requested)
        return device, torch.cuda.get_device_name() if device == "cuda" else ""

    return find


def matrix_units() -> str:
    """Say whether the processor multiplies matrices of bfloat16 in units of their own."""
    try:
        has_units = "amx_bf16" in CPU_INFO.read_text()
    except OSError:
        has_units = False
    return "with AMX" if has_units else "without AMX"


def _processor() -> str:
    if CPU_INFO.is_file():
        for line in CPU_INFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str:
    """Return the commit of this checkout, and whether files differ from it; nothing without git."""
    here = Path(__file__).parent
    said = []
    for command in (["rev-parse", "--short=12", "HEAD"], ["status", "--porcelain", "-uno"]):
        try:
            ran = subprocess.run(
                ["git", *command], cwd=here, capture_output=True, text=True, check=False
            )
        except OSError:
            return ""
        if ran.returncode:
            return ""
        said.append(ran.stdout.strip())
    return f"{said[0]}, with changes" if said[1] else said[0]
