"""Why a classifier says what it says of a picture: what in it spoke for a class, what against.

heat        the map, and where on the picture it lies
evidence    a probe as what speaks for one class rather than the others
activation  exact, where an embedding is the mean over places of what a network saw there
occlusion   by covering parts of the picture and asking again, for every other encoder
regions     the parts of a map that can be named
colours     the colours of a picture that can be named
words       what a map says, in a sentence or two, where covering bears it out
overlay     the map drawn onto the picture
"""

from featclass.explain.evidence import Evidence
from featclass.explain.maps import Heat, overlay
from featclass.explain.occlusion import View

__all__ = [
    "Evidence",
    "Heat",
    "View",
    "overlay",
]
