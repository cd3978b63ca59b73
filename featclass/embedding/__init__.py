"""Images in, embeddings out.

engine      what the cache has, and for the rest the scheduler
scheduler   workers that decode and encode
cache       embeddings by image digest and encoder fingerprint
engines     each encoder loaded once in a process
"""

from featclass.embedding.cache import CACHE_FILE, Cache, CacheSize
from featclass.embedding.engine import Embeddings, Engine
from featclass.embedding.engines import Engines

__all__ = [
    "CACHE_FILE",
    "Cache",
    "CacheSize",
    "Embeddings",
    "Engine",
    "Engines",
]
