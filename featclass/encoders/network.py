"""A torch network as an encoder: batches, precision, and what to do when memory runs out.

In float32 an embedding does not depend on its batch, the threads or the run, to 1e-6. In bfloat16
a matrix product is summed up in an order that depends on its size, and rounding to 8 bits carries
that on: of ViT-B-32, batches of 1 to 32 and one thread or two, an embedding was at most 1 % of its
length from that of the same picture alone (cosine 0.99995), as it is from the one in float32.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from featclass.base import EncoderUnavailable
from featclass.encoders import devices
from featclass.encoders.base import Box, Pixels, Pull, Texts
from featclass.encoders.identity import canonical, fingerprint
from featclass.encoders.precision import BFLOAT16, FLOAT32, MIXED
from featclass.encoders.transforms import TorchPreprocessing, Transform, recognised


def encoder_id(
    architecture: Mapping[str, Any],
    preprocessing: Mapping[str, Any],
    weights: Mapping[str, torch.Tensor],
) -> str:
    """Return the SHA-256, in hexadecimal, of what decides an embedding in exact arithmetic.

    `weights` enter in the order of their names, each as name, dtype, shape and bytes, so that the
    format of the file they were read from makes no difference.
    """
    digest = hashlib.sha256(canonical({"architecture": architecture, "input": preprocessing}))
    for name in sorted(weights):
        tensor = weights[name].detach().cpu().contiguous()
        digest.update(canonical([name, str(tensor.dtype), list(tensor.shape)]))
        # Seen as bytes, since numpy has no bfloat16.
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


log = logging.getLogger(__name__)

Forward = Callable[[torch.Tensor], torch.Tensor]


class Network:
    """An `Encoder` around a torch module.

    `architecture` and `preprocessing` are JSON values that name what the module computes and what
    `transform` does, for the encoder id, of which `weights` are the module's own unless given;
    an `id` that is known already needs none of them.
    `forward` is the call that gives embeddings, where it is not the module's own; `features` gives
    the last feature maps, shape (n, dimensions, rows, columns), where there are any; `texts` is
    the text tower that learned beside it. In bfloat16 the module itself is turned into it, unless
    it is already: then `weights` should give them as they are in float32.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        transform: Transform | TorchPreprocessing,
        *,
        spec: str,
        id: str | None = None,
        architecture: Mapping[str, Any] | None = None,
        preprocessing: Mapping[str, Any] | None = None,
        dimensions: int,
        device: str,
        precision: str = FLOAT32,
        forward: Forward | None = None,
        features: Forward | None = None,
        weights: Mapping[str, torch.Tensor] | None = None,
        texts: Texts | None = None,
    ) -> None:
        self.spec = spec
        self.texts = texts
        self.id = id or encoder_id(
            architecture or {}, preprocessing or {}, weights or module.state_dict()
        )
        self.device = device
        self.precision = precision
        self.fingerprint = fingerprint(self.id, self.precision)
        self.dimensions = dimensions
        convolutional = _is_convolutional(module)
        self.batch_size = devices.first_batch_size(
            device, convolutional=convolutional, precision=precision
        )
        self.workers = devices.workers(device)
        self._transform = transform
        self._preprocessing = (
            transform if isinstance(transform, TorchPreprocessing) else recognised(transform)
        )
        self.side = self._preprocessing.side if self._preprocessing else None
        # Channels-last is faster for convolutions, on CPU and CUDA.
        is_faster = convolutional and device != "mps"
        self._layout = torch.channels_last if is_faster else torch.contiguous_format
        devices.prepare(device, precision)
        # Autocast would convert the weights in every pass: slower than float32 on a processor.
        self._dtype = torch.bfloat16 if precision == BFLOAT16 else torch.float32
        module.requires_grad_(False).eval().to(device, self._dtype).to(memory_format=self._layout)
        self._forward: Forward = forward or module
        self._features = features
        self.patch = _patch(module)

    def preprocess(self, image: Image.Image) -> Pixels:
        """Return the pixels the network takes, as it was trained.

        8 bits of shape (height, width, 3), to be normalised on the device; where `transform` does
        something of its own, its result, float32 of shape (3, height, width).
        """
        devices.use_threads(1)  # other pictures are being prepared at the same time
        if self._preprocessing is not None:
            return self._preprocessing.pixels(image)
        assert not isinstance(self._transform, TorchPreprocessing)
        pixels: NDArray[np.float32] = self._transform(image).numpy()
        return pixels

    def encode(self, pixels: Pixels, *, threads: int | None = None) -> NDArray[np.float32]:
        """Return embeddings, shape (n, dimensions), of the stacked pixels of n images.

        A batch that does not fit in memory is halved, and batches stay that small from then on.
        Raises `EncoderUnavailable` where not even one image fits.
        """
        devices.use_threads(threads or devices.CORES)
        if self.precision != MIXED:
            return self._in_batches(pixels, self._forward)
        embeddings = self._in_batches(pixels, self._mixed)
        # An image that passes the range of float16 is computed again in float32, so that its
        # embedding never depends on which images shared its batch.
        overflown = ~np.isfinite(embeddings).all(axis=1)
        if overflown.any():
            embeddings[overflown] = self._in_batches(pixels[overflown], self._forward)
        return embeddings

    def kept(self, size: tuple[int, int]) -> Box | None:
        """See `Inspectable`."""
        return self._preprocessing.kept(size) if self._preprocessing else None

    def features(self, pixels: Pixels) -> NDArray[np.float32] | None:
        """See `Inspectable`."""
        if self._features is None:
            return None
        devices.use_threads(devices.CORES)
        maps = self._try(pixels, self._features)
        if maps is None or maps.ndim != 4 or maps.shape[1] != self.dimensions:
            return None
        values: NDArray[np.float32] = maps.permute(0, 2, 3, 1).float().cpu().numpy()
        return values

    def gradients(self, pixels: Pixels, pull: Pull) -> NDArray[np.float32] | None:
        """See `Inspectable`."""
        devices.use_threads(devices.CORES)
        try:
            return self._gradients(pixels, pull)
        except RuntimeError as error:
            if not devices.is_out_of_memory(error):
                raise
        devices.free_cached_memory(self.device)
        return None

    def _gradients(self, pixels: Pixels, pull: Pull) -> NDArray[np.float32]:
        with torch.enable_grad():
            levels = torch.from_numpy(np.ascontiguousarray(pixels)).to(
                self.device, torch.float32, copy=True
            )
            levels.requires_grad_(True)
            tensor = levels
            if self._preprocessing is not None:  # which works in place
                tensor = self._preprocessing.normalise(levels.permute(0, 3, 1, 2).clone())
            tensor = tensor.to(self._dtype).contiguous(memory_format=self._layout)
            embeddings = self._forward(tensor).float()
            pulled = torch.from_numpy(pull(embeddings.detach().cpu().numpy()))
            [gradient] = torch.autograd.grad(embeddings, levels, pulled.to(embeddings))
        return np.asarray(gradient.cpu().numpy(), np.float32)

    def _in_batches(self, pixels: Pixels, forward: Forward) -> NDArray[np.float32]:
        parts: list[torch.Tensor] = []
        start = 0
        while start < len(pixels):
            batch = pixels[start : start + self.batch_size]
            embedded = self._try(batch, forward)
            if embedded is None:
                self._halve(len(batch))
            else:
                parts.append(embedded)
                start += len(batch)
        # Fetched at the very end: until then a GPU computes while the next batch is copied to it.
        rows = [part.float().cpu() for part in parts]
        embeddings = torch.cat(rows) if rows else torch.empty(0, self.dimensions)
        return embeddings.numpy()

    def _try(self, batch: Pixels, forward: Forward) -> torch.Tensor | None:
        """Return the embeddings of one batch, or None where it does not fit in memory."""
        try:
            with torch.inference_mode():
                return forward(self._to_device(batch))
        except RuntimeError as error:
            if not devices.is_out_of_memory(error):
                raise
        # Outside the handler, whose traceback would keep the tensors of the failed batch alive.
        return None

    def _to_device(self, batch: Pixels) -> torch.Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(batch))
        if self.device == "cuda":
            tensor = tensor.pin_memory()
        tensor = tensor.to(self.device, non_blocking=True)
        if self._preprocessing is not None:
            tensor = self._preprocessing.normalise(tensor.permute(0, 3, 1, 2))
        return tensor.to(self._dtype).contiguous(memory_format=self._layout)

    def _mixed(self, tensor: torch.Tensor) -> torch.Tensor:
        # float16 keeps 11 significant bits where bfloat16 keeps 8, but ends at 65504.
        with torch.autocast(self.device, dtype=torch.float16):
            return self._forward(tensor)

    def _halve(self, failed: int) -> None:
        devices.free_cached_memory(self.device)
        if failed == 1:
            raise EncoderUnavailable(
                f"The encoder {self.spec} needs more memory than {self.device} has, even for one"
                " image; choose a smaller encoder, or the device cpu."
            )
        self.batch_size = failed // 2
        log.warning(
            "%s ran out of memory with %d images at once; going on with %d.",
            self.spec,
            failed,
            self.batch_size,
        )


def _is_convolutional(module: torch.nn.Module) -> bool:
    """Say whether it is more than a transformer, whose patch embedding is one convolution."""
    return sum(isinstance(part, torch.nn.Conv2d) for part in module.modules()) > 1


def _patch(module: torch.nn.Module) -> int | None:
    """Return the side of the patches that the first convolution cuts, where they do not overlap."""
    first = next((part for part in module.modules() if isinstance(part, torch.nn.Conv2d)), None)
    if first is None or first.kernel_size != first.stride:
        return None
    return int(first.stride[0])
