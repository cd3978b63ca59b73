"""Images in, embeddings out.

`Engines` opens the `Engine` of an encoder, once in a process; `auto` is decided there. An engine
takes from the `Cache` what is known by image digest and encoder fingerprint, and has the rest
decoded and encoded by workers (`scheduler`).
"""

from featclass.embedding.cache import CACHE_FILE, Cache, CacheSize
from featclass.embedding.engine import Embeddings, Engine, Engines
