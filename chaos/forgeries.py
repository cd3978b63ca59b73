"""Saved classifiers as somebody hostile would write them: cut, changed, far too large, misleading.

Most are well signed: the checksum tells what was damaged on the way, not what was forged.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as read_tensors
from safetensors.numpy import save as write_tensors

Document = dict[str, Any]
Tensors = dict[str, NDArray[Any]]
Change = Callable[[Document, Tensors], object]

MARKUP: Final = "<img src=x onerror=alert(1)>"
CUTS, FLIPS, PAIRS = 25, 200, 15
"""How many files are cut, have bytes changed, and have bytes changed and the checksum put right."""
MILLION: Final = 10**6
SIGNED: Final = b'"featclass":"2 '
DIGITS: Final = 64


class Planted:
    """What unpickling it would write a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        """Have a shell make the file."""
        return os.system, (f"touch '{self._file}'",)


def forgeries(good: bytes, planted: Path) -> Iterator[tuple[str, bytes]]:
    """Go through hostile files by name; `planted` is a file that none of them may make."""
    chance = random.Random(7)
    yield from _no_classifiers(planted)
    for place in chance.sample(range(len(good)), CUTS):
        yield f"cut at {place}", good[:place]
    for number in range(FLIPS):
        yield f"bytes changed {number}", _flipped(good, chance)
    for number in range(PAIRS):
        yield f"bytes changed and signed {number}", signed(_flipped(good, chance))
    for name, change in (CHANGES | _named(planted)).items():
        yield name, forged(good, change)
    yield from _bombs(good)


def forged(good: bytes, change: Change) -> bytes:
    """Return a well signed file whose document and tensors were changed."""
    size = int.from_bytes(good[:8], "little")
    text = json.loads(good[8 : 8 + size])["__metadata__"]["featclass"].split(" ", 2)[2]
    document, tensors = json.loads(text), {n: t.copy() for n, t in read_tensors(good).items()}
    change(document, tensors)
    return written(json.dumps(document, sort_keys=True, separators=(",", ":")), tensors)


def written(text: str, tensors: Tensors) -> bytes:
    """Return a well signed file of a document, whatever it holds."""
    tensors = {name: np.ascontiguousarray(values) for name, values in tensors.items()}
    return signed(write_tensors(tensors, {"featclass": f"2 {'0' * DIGITS} {text}"}))


def signed(data: bytes) -> bytes:
    """Put the checksum right; a file without a place for it stays as it is."""
    start = data.find(SIGNED) + len(SIGNED)
    if start < len(SIGNED):
        return data
    blank = data[:start] + b"0" * DIGITS + data[start + DIGITS :]
    digest = hashlib.sha256(blank).hexdigest().encode()
    return data[:start] + digest + data[start + DIGITS :]


def _flipped(good: bytes, chance: random.Random) -> bytes:
    """Change one to three bytes: anywhere, or behind the header, where the numbers are."""
    changed, header = bytearray(good), int.from_bytes(good[:8], "little")
    for _ in range(chance.randint(1, 3)):
        first = chance.choice([0, 8 + header])
        changed[chance.randrange(first, len(good))] = chance.randrange(256)
    return bytes(changed)


def _no_classifiers(planted: Path) -> Iterator[tuple[str, bytes]]:
    """Go through files of other kinds."""
    pickled = pickle.dumps(Planted(planted))
    yield "empty file", b""
    yield "pickle", pickled
    yield "torch file", _zipped({"archive/data.pkl": pickled, "archive/version": b"3"})
    yield "zip bomb", _zipped({f"{number}": bytes(50 * MILLION) for number in range(4)})
    yield "zip that leads out", _zipped({f"../../{planted.name}": b"x", str(planted): b"x"})
    yield "other safetensors", write_tensors({"weight": np.zeros(3)}, {"format": "pt"})
    yield "header without end", b"\xff" * 200
    yield "header longer than the file", (10**9).to_bytes(8, "little") + b'{"__metadata__":{}}'
    yield "zeros", bytes(20 * MILLION)


def _zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def renamed(name: str) -> Change:
    """Return what calls the first class otherwise, wherever it stands."""

    def change(document: Document, _: Tensors) -> None:
        old, *others = document["classes"]
        report, exemplars = document["report"], document["exemplars"]
        for part in (document, report):
            part["classes"] = sorted([name, *others])
        exemplars["labels"] = [name if one == old else one for one in exemplars["labels"]]
        report["per_class"][name] = report["per_class"].pop(old)
        report.update(verdict=None, learning_curve=None)

    return change


def _cut_to(width: int) -> Change:
    def change(_: Document, tensors: Tensors) -> None:
        for name in ("coefficients", "exemplars"):
            tensors[name] = tensors[name][:, :width]

    return change


def _spoilt(name: str, value: float) -> Change:
    return lambda _, tensors: tensors[name].reshape(-1).__setitem__(0, value)


def _multiplied(document: Document, tensors: Tensors) -> None:
    """Have five thousand classes, all but two of which know no picture."""
    names = sorted([*document["classes"], *(f"class {number}" for number in range(4_998))])
    figures = next(iter(document["report"]["per_class"].values()))
    document["classes"] = document["report"]["classes"] = names
    document["report"] |= {
        "per_class": dict.fromkeys(names, figures), "verdict": None, "learning_curve": None,
        "confusion_matrix": None, "accuracy": None, "accuracy_interval": None,
    }  # fmt: skip
    tensors["coefficients"] = np.ones((len(names), tensors["coefficients"].shape[1]))
    tensors["intercepts"] = np.zeros(len(names))


CHANGES: Final[dict[str, Change]] = {
    "unchanged": lambda d, t: None,
    "nan weight": _spoilt("coefficients", np.nan),
    "infinite weight": _spoilt("coefficients", np.inf),
    "weight beyond any sum": _spoilt("coefficients", 1e308),
    "largest weights": lambda d, t: t["coefficients"].fill(1e20),
    "nan intercept": _spoilt("intercepts", np.nan),
    "infinite exemplar": _spoilt("exemplars", -np.inf),
    "exemplars of length 0": lambda d, t: t["exemplars"].fill(0),
    "exemplars far too long": lambda d, t: t["exemplars"].fill(1e6),
    "shorter vectors": _cut_to(7),
    "one column missing": lambda d, t: t.update(coefficients=t["coefficients"][:, 1:]),
    "one row missing": lambda d, t: t.update(coefficients=t["coefficients"][1:]),
    "tensor missing": lambda d, t: t.pop("intercepts"),
    "two thousand tensors": lambda d, t: t.update({f"t{n}": t["intercepts"] for n in range(2000)}),
    "tensor of another kind": lambda d, t: t.update(exemplars=t["exemplars"].astype("i8")),
    "class twice": lambda d, t: d["classes"].append(d["classes"][-1]),
    "classes not in order": lambda d, t: d["classes"].reverse(),
    "number beyond all": lambda d, t: d.update(floor=10**400),
    "number that is none": lambda d, t: d.update(floor=float("nan")),
    "exemplar of no class": lambda d, t: d["exemplars"]["labels"].__setitem__(0, "x"),
    "digest that is a path": lambda d, t: d["exemplars"]["digests"].__setitem__(0, "../" * 21),
    "picture called with markup": lambda d, t: d["exemplars"]["names"].__setitem__(0, MARKUP),
    "encoder id of others": lambda d, t: d.update(encoder_id="0" * 64),
    "fingerprint of others": lambda d, t: d.update(fingerprint="0" * 64),
    "markup in what is reported": lambda d, t: d["report"].update(
        encoder=MARKUP, method=MARKUP, method_values=None, rejected=[{"name": MARKUP, "reason": ""}]
    ),
    "five thousand classes": _multiplied,
}


def _named(planted: Path) -> dict[str, Change]:
    """Return what gives classes and encoders names that lead somewhere, or steer what shows them.

    Beside the `planted` file stands a folder of weights that are a pickle.
    """
    classes = (
        MARKUP, "<script>alert(1)</script>", "**b** [a](http://127.0.0.1/)", "=1+1", "../../x",
        str(planted), "c:\\x", "\x1b[31mred", "\0", "a\nb.png: c 1.00", "a\tb", "a\r",
        "\u202eb", "\ud800", " ", "x" * 999, "x" * 70_000, "CON", "\u200b",
    )  # fmt: skip
    encoders = (
        str(planted), "../../etc/passwd", f"local-dir:{planted.parent}", "hf-hub:somebody/weights",
        "http://127.0.0.1/weights.bin", "file:///etc/passwd", "timm:resnet18.a1_in1k",
        "RN50/openai", "auto", "", "\x1b[31m", MARKUP, "x" * 4096, "x" * 70_000,
    )  # fmt: skip
    named = {f"class {name[:30]!r}, {len(name)}": renamed(name) for name in classes}
    for spec in encoders:
        named[f"encoder {spec[:30]!r}, {len(spec)}"] = _asking(spec)
    return named


def _asking(spec: str) -> Change:
    return lambda document, _: document.update(encoder=spec)


def _bombs(good: bytes) -> Iterator[tuple[str, bytes]]:
    """Go through files that are small for what they would have a reader hold."""
    few = {"x": np.zeros(1)}
    header, most = int.from_bytes(good[:8], "little"), 30 * MILLION
    yield "lists without end", written("[" * 200_000, few)
    yield "objects without end", written('{"a":' * 100_000, few)
    yield "million lists", forged(good, lambda d, t: d.update(more=[[]] * MILLION))
    yield (
        "two million classes",
        forged(good, lambda d, t: d.update(classes=[f"{number}" for number in range(2 * MILLION)])),
    )
    yield "digits without end", written(f'{{"floor":{"9" * MILLION}}}', few)
    yield "nothing but numbers", written(f"[{'9.5,' * (most // 4)}0]", few)
    yield "nothing but signs", written("\n" * (most // 2), few)
    yield "nothing but one text", written(f'"{"a" * most}"', few)
    for declared in ([2**62, 2**62], [2**31, 2**31], [-1, 5], [2**70]):
        tensor = {"dtype": "F8", "shape": declared, "data_offsets": [0, 2**40]}
        text = good[8 : 8 + header].rstrip()[:-1] + f',"x":{json.dumps(tensor)}}}'.encode()
        data = len(text).to_bytes(8, "little") + text + good[8 + header :]
        yield f"declared {declared}", signed(data)
