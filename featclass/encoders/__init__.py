"""Encoders: frozen networks that turn images into embeddings.

An encoder is named by a spec: `auto`, `builtin`, `builtin:small`, an OpenCLIP pair such as
`ViT-B-32/laion2b_s34b_b79k`, `hf-hub:org/name`, `local-dir:path` or `timm:resnet50.a1_in1k`.
Importing this package does not import torch: the catalogue is listed without it.
"""

from featclass.encoders.base import (
    Box,
    DownloadProgress,
    Encoder,
    Inspectable,
    Pixels,
    Pull,
    Releasing,
    Texts,
    texts_of,
)
from featclass.encoders.builtin import successor
from featclass.encoders.hub import can_reach_hub, is_offline
from featclass.encoders.loading import download, is_local, load
from featclass.encoders.processors import choose_device, may_have_gpu
from featclass.encoders.specs import (
    AUTO,
    BUILTIN,
    BUILTIN_SMALL,
    CATALOGUE,
    CatalogueEntry,
    is_offered,
    preferred,
)
