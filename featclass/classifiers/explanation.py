"""Why a classifier says what it says of a picture."""

from __future__ import annotations

import threading
import time

import numpy as np
from PIL.Image import Image as Picture
from PIL.Image import Resampling, fromarray

from featclass import images, probe
from featclass.base import FeatclassError, Image, Probe, TrainedClassifier
from featclass.embedding import Engine
from featclass.encoders import Encoder, Inspectable
from featclass.explain import Evidence, Heat, View, occlusion, words
from featclass.explain import evidence as activation
from featclass.probe import Floats

SHOWN_SIDE = 256
"""Where an encoder does not say what it looks at, parts of the picture this small are covered."""
COLOURS = 3
_one_at_a_time = threading.Lock()


def explain(
    engine: Engine, classifier: TrainedClassifier, image: Image, label: str | None = None
) -> Heat:
    """Map what in a picture spoke for a class, by default the one it is taken for.

    Raises `FeatclassError` where the picture cannot be used, or there is no such class.
    """
    started = time.perf_counter()
    embedded = engine.embed([image], live=True)
    if embedded.rejected:
        raise FeatclassError(f"{image.name} could not be used: {embedded.rejected[0].reason}.")
    [vector] = embedded.vectors
    shares = dict(
        zip(classifier.classes, probe.predict(classifier.probe, vector[None])[0], strict=True)
    )
    label = label if label is not None else max(shares, key=lambda name: shares[name])
    evidence = Evidence.of(classifier.probe, label)
    with _one_at_a_time:
        view = _view(engine, image)
        values, is_exact = _map(engine.encoder, view, evidence, vector)
        probability = float(shares[label])
        says = words.said(
            label, probability, _tried(view, evidence, values, vector, classifier.probe)
        )
    return Heat(
        label,
        values.astype(np.float32),
        view.box,
        view.size,
        probability,
        float(values.sum()) if is_exact else float(evidence.logits(vector[None])[0]),
        is_exact,
        says,
        time.perf_counter() - started,
    )


def _view(engine: Engine, image: Image) -> View:
    """Return what the encoder looks at; the whole picture where it cannot tell."""
    encoder = engine.encoder
    try:
        data = image.read()
        with images.decoded(data, max_pixels=engine.max_pixels, side=encoder.side) as picture:
            size = picture.size
            if isinstance(encoder, Inspectable) and (box := encoder.kept(size)) is not None:
                levels = encoder.preprocess(picture).astype(np.uint8, copy=False)
                return View(levels, box, size, encoder.encode, patch=encoder.patch)
            whole = _shrunk(picture)
    except (OSError, images.Unreadable) as error:
        raise FeatclassError(f"{image.name} could not be used: {error}.") from error

    def encode(levels: occlusion.Levels) -> occlusion.Vectors:
        return encoder.encode(
            np.stack([encoder.preprocess(fromarray(pixels)) for pixels in levels])
        )

    return View(np.asarray(whole), (0.0, 0.0, 1.0, 1.0), size, encode, is_input=False)


def _shrunk(picture: Picture) -> Picture:
    scale = min(1.0, SHOWN_SIDE / min(picture.size))
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), Resampling.LANCZOS)


def _map(
    encoder: Encoder, view: View, evidence: Evidence, vector: occlusion.Vectors
) -> tuple[Floats, bool]:
    """Return the map, and whether it is exact: in the best way that the encoder allows."""
    full = float(evidence.logits(vector[None])[0])
    if not isinstance(encoder, Inspectable) or not view.is_input:
        return occlusion.coarse_to_fine(view, evidence, full), False
    features = encoder.features(view.levels[None])
    if features is not None and activation.fits(features[0], vector, evidence):
        return activation.activation(features[0], vector, evidence), True
    gradient = encoder.gradients(view.levels[None], evidence.gradient)
    if gradient is None:
        return occlusion.coarse_to_fine(view, evidence, full), False
    return occlusion.by_gradient(view, evidence, full, gradient[0]), False


def _tried(
    view: View, evidence: Evidence, values: Floats, vector: occlusion.Vectors, fitted: Probe
) -> words.Tried:
    """Cover and grey what the map says counts, and return what held."""
    height, width, _ = view.levels.shape
    claimed = words.Tried(words.speaking_for(values), words.speaking_against(values))
    places = [place for place in (claimed.speaks_for, claimed.speaks_against) if place]
    copies = [*view.covered([place.mask(height, width) for place in places])]
    speaking = np.maximum(values, 0)
    masks = words.coloured(view.levels)
    names = sorted(masks, key=lambda name: -words.mass(masks[name], speaking))[:COLOURS]
    copies += [words.greyed(view.levels, masks[name]) for name in names]
    if not copies:
        return words.Tried()
    vectors = view.encode(np.stack(copies))
    logits = evidence.logits(vectors) - evidence.logits(vector[None])
    changes = dict(zip(places, logits, strict=False))
    column = fitted.classes.index(evidence.label)
    shares = probe.predict(fitted, vectors[len(places) :])[:, column] if names else ()
    speaks_for, speaks_against = claimed.speaks_for, claimed.speaks_against
    return words.Tried(
        speaks_for if speaks_for and changes[speaks_for] < 0 else None,
        speaks_against if speaks_against and changes[speaks_against] > 0 else None,
        dict(zip(names, map(float, shares), strict=True)),
    )
