"""What an encoder is: a frozen network that turns images into embeddings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

DownloadProgress = Callable[[int, int], None]
"""Called with (bytes done, bytes total) while weights are downloaded."""


Pixels = NDArray[np.uint8 | np.float32]
"""What `Encoder.preprocess` makes of pictures: 8 bits where it can, a quarter of the memory."""


Box = tuple[float, float, float, float]
"""Left, top, right and bottom of a part, in shares of the picture's width and height."""

Pull = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Of embeddings, shape (n, dimensions), the gradient of a number with respect to each."""


class Encoder(Protocol):
    """A frozen network, image to embedding, ready on a device.

    `preprocess` may be called from any number of threads at once, `encode` from `workers` of them
    and one more.
    """

    spec: str
    """The canonical spec: it loads this encoder again."""
    id: str
    """SHA-256 of architecture, weights and nominal preprocessing, in hexadecimal."""
    fingerprint: str
    """SHA-256 of id, precision class and decoding version: the key of cached embeddings."""
    device: str
    """`cpu`, `cuda` or `mps`."""
    precision: str
    """The precision class: `float32`, `bfloat16` or `mixed`."""
    dimensions: int
    """The length of an embedding."""
    side: int | None
    """What `preprocess` shrinks the shorter side of a picture to; None if it needs all."""
    batch_size: int
    """The most images in one forward pass; halved where they do not fit in memory."""
    workers: int
    """How many forward passes run best at the same time."""

    def preprocess(self, image: Image) -> Pixels:
        """Return the pixels the network takes, as it was trained: equally many of every image."""

    def encode(self, pixels: Pixels, *, threads: int | None = None) -> NDArray[np.float32]:
        """Return embeddings, shape (n, dimensions), of the stacked pixels of n images.

        They are what the model itself gives, with no normalisation added. On a processor
        `threads` share the work, by default all cores. Raises `EncoderUnavailable` where not even
        one image fits in the memory of the device.
        """


@runtime_checkable
class Releasing(Protocol):
    """An encoder that holds memory from one forward pass to the next."""

    def release(self) -> None:
        """Give that memory back, from any thread; the next forward pass takes it again."""


class Texts(Protocol):
    """Turns names into vectors that may be compared with embeddings of images."""

    @property
    def scale(self) -> float:
        """What cosines of images and names are multiplied by for logits."""

    def embed(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (len(names), dimensions); may raise `EncoderUnavailable`."""


def texts_of(encoder: Encoder) -> Texts | None:
    """Return the text tower of an encoder that has one; it is loaded when first asked."""
    texts: Texts | None = getattr(encoder, "texts", None)
    return texts


@runtime_checkable
class Inspectable(Protocol):
    """An encoder that tells what it looks at, and what it makes of each place; not all can.

    Nothing here may be called from two threads at once.
    """

    patch: int | None
    """Pixels a side of the patches that a transformer takes a picture apart into."""

    def kept(self, size: tuple[int, int]) -> Box | None:
        """Return what `preprocess` keeps of a picture of (width, height); None if it cannot tell.

        Where it can, `preprocess` returns 8 bits of shape (height, width, 3).
        """

    def features(self, pixels: Pixels) -> NDArray[np.float32] | None:
        """Return what the network saw at each place, shape (n, rows, columns, dimensions).

        None for a network without such a last layer. Whether their mean over places is the
        embedding is for the caller to check.
        """

    def gradients(self, pixels: Pixels, pull: Pull) -> NDArray[np.float32] | None:
        """Return the gradient with respect to each of `pixels`, shape as theirs.

        It is that of the number whose gradient with respect to the embeddings `pull` returns.
        None where it does not fit in the memory of the device.
        """
