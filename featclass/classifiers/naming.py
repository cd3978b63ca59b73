"""What the names of classes say, where they are words and the encoder reads words."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

import numpy as np

from featclass import probe
from featclass.base import EncoderUnavailable
from featclass.embedding import Engine
from featclass.encoders import texts_of

log = logging.getLogger(__name__)

FEW = 16
"""Pictures a class, on average, beyond which nobody waits for names that then change little."""
MOST_LETTERS = 100
"""Of a name: more are read as a few words anyway, and slowly."""

_PLACEHOLDERS = {
    "album", "background", "bin", "box", "bucket", "camera", "category", "class", "classes",
    "copy", "data", "dataset", "default", "dir", "directory", "draft", "else", "everything",
    "example", "examples", "false", "file", "files", "folder", "frame", "group", "groups", "image",
    "images", "img", "import", "input", "item", "items", "kind", "label", "labels", "left", "list",
    "misc", "miscellaneous", "name", "negative", "new", "none", "nothing", "null", "number",
    "object", "objects", "other", "others", "output", "part", "photo", "photograph", "photographs",
    "photos", "pic", "pics", "picture", "pictures", "pile", "positive", "random", "rest", "right",
    "sample", "samples", "screenshot", "section", "set", "sets", "slot", "something", "sort",
    "stuff", "subject", "tag", "temp", "test", "thing", "things", "tmp", "train", "training",
    "true", "type", "types", "undefined", "unknown", "unlabeled", "unlabelled", "unnamed",
    "unsorted", "untitled", "upload", "uploads", "validation", "various", "video",
}  # fmt: skip
_WORDS = re.compile(r"[^\W\d_]+")


def is_word(name: str) -> bool:
    """Say whether a name may describe what is in its pictures.

    That is a guess from its letters: `tabby_cat` may, `Set 1`, `a`, `001`, `IMG` and `other` do
    not. Encoders were mostly trained on English; in other languages names say less, and the
    choice of their weight finds out.
    """
    return any(_describes(part) for part in _WORDS.findall(_separated(name)))


def reads_names(engine: Engine) -> bool:
    """Say whether the encoder has a text tower."""
    return texts_of(engine.encoder) is not None


def text_prior(
    engine: Engine, labels: Sequence[str], without_images: Sequence[str] = ()
) -> probe.TextPrior | None:
    """Return what the names say of pictures, or None where they are not asked.

    They are where the encoder has a text tower, every class with images is called by words, and
    images are few or lacking altogether. Of the classes `without_images` those take part that are
    called by words.
    """
    texts, seen = texts_of(engine.encoder), set(labels)
    if texts is None or not all(map(is_word, seen)):
        return None
    lacking = {name for name in without_images if is_word(name)} - seen
    classes = tuple(sorted(seen | lacking))
    if len(classes) < 2 or (not lacking and len(labels) > FEW * len(seen)):
        return None
    try:
        vectors = texts.embed([" ".join(_separated(name).split()) for name in classes])
        return probe.TextPrior(classes, vectors.astype(np.float64), texts.scale)
    except EncoderUnavailable as error:
        log.warning("%s Going on without the names of the classes.", error)
        return None


def can_learn(engine: Engine, labels: Sequence[str], without_images: Sequence[str] = ()) -> bool:
    """Say whether there are two classes to tell apart, by images or else by names."""
    if len(set(labels)) > 1:
        return True
    return bool(labels) and text_prior(engine, labels, without_images) is not None


def _separated(name: str) -> str:
    """Return a name as words: folders are often called `tabby_cat`, `tabby-cat` or `TabbyCat`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[_\-.]+", " ", name[:MOST_LETTERS])


def _describes(part: str) -> bool:
    if not part.isascii():
        return True
    low = part.lower()
    return len(low) > 2 and low not in _PLACEHOLDERS and any(vowel in low for vowel in "aeiouy")
