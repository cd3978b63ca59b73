"""What an encoder is: a frozen network that turns images into embeddings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

DownloadProgress = Callable[[int, int], None]
"""Called with (bytes done, bytes total) while weights are downloaded."""


class Encoder(Protocol):
    """A frozen network, image to embedding, ready on a device.

    `preprocess` may be called from several threads at once; `encode` from one at a time.
    """

    @property
    def spec(self) -> str:
        """The canonical spec: it loads this encoder again."""

    @property
    def id(self) -> str:
        """SHA-256 of architecture, weights and nominal preprocessing, in hexadecimal."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of id, precision class and decoding version: the key of cached embeddings."""

    @property
    def device(self) -> str:
        """`cpu`, `cuda` or `mps`."""

    @property
    def precision(self) -> str:
        """The precision class: `float32` or `mixed`."""

    @property
    def dimensions(self) -> int:
        """The length of an embedding."""

    @property
    def batch_size(self) -> int:
        """The most images in one forward pass; halved where they do not fit in memory."""

    def preprocess(self, image: Image) -> NDArray[np.float32]:
        """Return the pixels the network takes, shape (3, height, width), as it was trained."""

    def encode(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return embeddings, shape (n, dimensions), of pixels of shape (n, 3, height, width).

        They are what the model itself gives, with no normalisation added. Raises
        `EncoderUnavailable` where not even one image fits in the memory of the device.
        """
