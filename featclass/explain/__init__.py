"""Why a classifier says what it says of a picture: what in it spoke for a class, what against.

A `Heat` is the map and where on the picture it lies (`overlay` draws it there). `evidence` makes it
exactly, where an embedding is the mean over places of what a network saw there; `occlusion` by
covering parts of a `View` and asking again; `words` says it, where covering bears it out.
"""

from featclass.explain.evidence import Evidence
from featclass.explain.maps import Heat, overlay
from featclass.explain.occlusion import View
