"""The engines of one process: each encoder is loaded once and serves everybody."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress

from featclass import encoders
from featclass.base import Config, DiskFull, EncoderUnavailable, Progress
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Engine
from featclass.encoders import AUTO, BUILTIN

log = logging.getLogger(__name__)

# Seconds: importing torch holds the interpreter, and the first page is still being drawn.
AFTER_FIRST_PAINT = 1.0


class Engines:
    """Opens engines by encoder spec, for one device, over one cache.

    `device` is `auto`, `cpu`, `cuda` or `mps`. With `freeze`, the garbage collector leaves alone
    whatever has been loaded: for a server, where its walk would stall every user of the page.
    """

    def __init__(
        self, config: Config, cache: Cache, *, device: str = "auto", freeze: bool = False
    ) -> None:
        self._freeze = freeze
        self._config = config
        self._cache = cache
        self._wanted_device = device
        self._engines: dict[str, Engine] = {}
        self._loading: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._warming: threading.Thread | None = None
        self._closing = threading.Event()
        self.device: str | None = None
        """What encoders run on; None until it has been looked for, which takes seconds."""

    def find_device(self) -> str:
        """Look for the device; raises `EncoderUnavailable` where the one asked for is absent."""
        self.device = encoders.choose_device(self._wanted_device)
        return self.device

    def get(
        self,
        spec: str,
        *,
        download: Progress | None = None,
        tell: Callable[[str], None] = log.warning,
    ) -> Engine:
        """Return the engine of `spec`, loading the encoder the first time.

        `auto` is the best encoder for the device, else the built-in one: then `tell` hears why, in
        a sentence, before that is loaded. `download` is told of the bytes that arrive where the
        weights are not on this machine yet. Raises `EncoderUnavailable` in one sentence for an
        encoder asked for by name that cannot be had.
        """
        if spec != AUTO:
            return self._loaded(spec, download)
        preferred = encoders.preferred(self.find_device())
        try:
            return self._loaded(preferred, download)
        except EncoderUnavailable as error:
            tell(f"{error} Using the built-in encoder meanwhile.")
            return self._loaded(BUILTIN)

    def _loaded(self, spec: str, download: Progress | None = None) -> Engine:
        with self._lock:
            loading = self._loading.setdefault(spec, threading.Lock())
        with loading:
            if spec not in self._engines:
                encoder = encoders.load(
                    spec, device=self.find_device(), config=self._config, progress=download
                )
                self._engines[spec] = Engine(
                    encoder, self._cache, max_pixels=self._config.max_pixels
                )
                if self._freeze:
                    gc.collect()
                    gc.freeze()
            return self._engines[spec]

    def choose(
        self, spec: str, *, tell: Callable[[str], None], download: Progress | None = None
    ) -> Engine:
        """Return the engine of an encoder that a person asked for, as `get` does, and remember it.

        A classifier made with it and saved is then loaded here without it being named once more.
        """
        engine = self.get(spec, download=download, tell=tell)
        if spec != AUTO and not encoders.is_offered(spec):
            with suppress(DiskFull):
                self._cache.choose(spec, engine.encoder.id)
        return engine

    def is_chosen(self, spec: str, encoder_id: str) -> bool:
        """Say whether a person asked for just this encoder here, by this spec."""
        return self._cache.is_chosen(spec, encoder_id)

    def forget(self, digests: Iterable[str]) -> None:
        """Forget the embeddings of these images, under every encoder."""
        self._cache.forget(digests)

    def warm(self, spec: str) -> None:
        """Load `spec` in the background, once, so that the first visitor need not wait for it."""
        with self._lock:
            if self._warming is not None:
                return
            self._warming = threading.Thread(
                target=self._warm, args=(spec,), name="warm", daemon=True
            )
        self._warming.start()

    def _warm(self, spec: str) -> None:
        if self._closing.wait(AFTER_FIRST_PAINT):
            return
        try:
            self.get(spec)
        except EncoderUnavailable as error:  # whoever needs it is told when they ask for it
            log.warning("%s", error)

    def is_open(self, spec: str) -> bool:
        """Say whether `spec` is loaded already."""
        return spec in self._engines

    def close(self) -> None:
        """End the threads of every engine."""
        self._closing.set()
        if self._warming is not None:
            self._warming.join()
        with self._lock, ExitStack() as closing:
            if self._freeze:
                closing.callback(gc.unfreeze)
            for engine in self._engines.values():
                closing.callback(engine.close)
            self._engines.clear()
