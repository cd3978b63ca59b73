"""Encoders: frozen networks that turn images into embeddings.

An encoder is named by a spec: `auto`, `builtin`, an OpenCLIP pair such as
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
    Texts,
    texts_of,
)
from featclass.encoders.hub import can_reach_hub, is_offline
from featclass.encoders.loading import choose_device, download, is_local, load
from featclass.encoders.specs import AUTO, BUILTIN, CATALOGUE, CatalogueEntry, is_offered, preferred
