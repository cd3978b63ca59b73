"""A saved classifier changed in hundreds of ways: each is refused, or says finite numbers."""

from __future__ import annotations

import copy
import json
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load as read_tensors
from safetensors.numpy import save as write_tensors

from featclass import classifiers
from featclass.base.errors import ClassifierUnusable
from featclass.base.records import Dataset, TrainedClassifier
from featclass.classifiers import artifact
from featclass.classifiers.report_json import to_json
from featclass.classifiers.training import Training
from featclass.embedding.cache import Cache
from featclass.embedding.engine import Embeddings, Engine
from featclass.reports.contents import Contents
from featclass.reports.html import as_html
from featclass.reports.markdown import as_markdown, report_markdown
from tests.classifiers.forging import signed
from tests.fakes import GridEncoder, drawn, image, two_classes

CASES = 600
LONGEST = 500
"""Characters of a refusal."""
LEAVES: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2, 0.5, -0.5, 1e308, 1e20, 10**30, 2**53, float("nan"),
    float("inf"), "", "x", "a" * 70_000, "\ud800", "\u202e", "NaN", [], {}, [[]], [None], {"": 0},
)  # fmt: skip
NUMBERS = (float("nan"), float("inf"), -float("inf"), 1e308, -1e308, 1e30, 1e19, 1e-300, 0.0, -1.0)

Parts = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def trained() -> TrainedClassifier:
    """One with a verdict, a learning curve, copies, strangers and a rejected picture."""
    with Cache(":memory:") as cache:
        engine = Engine(GridEncoder(spec="builtin"), cache, max_pixels=10**7)
        images = [*two_classes(8), image(b"no picture", "broken.png", "red")]
        embedded = classifiers.embed(engine, Dataset(tuple(images)))
        strangers = engine.embed([image(drawn(seed, "green"), f"{seed}.png") for seed in range(3)])
        training = classifiers.learn(replace(embedded, strangers=strangers), engine)
        engine.close()
    return training.classifier


def taken_apart(data: bytes) -> Parts:
    header = int.from_bytes(data[:8], "little")
    text = json.loads(data[8 : 8 + header])["__metadata__"]["featclass"].split(" ", 2)[2]
    return json.loads(text), {name: values.copy() for name, values in read_tensors(data).items()}


def put_together(document: object, tensors: dict[str, Any]) -> bytes:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return signed(write_tensors(tensors, {"featclass": f"2 {'0' * 64} {text}"}))


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Go through every place of a document."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield (*at, key)
        yield from places(inner, (*at, key))


def changed_field(data: bytes, chance: random.Random) -> bytes:
    document, tensors = taken_apart(data)
    *above, last = chance.choice([*places(document)])
    holder: Any = document
    for key in above:
        holder = holder[key]
    match chance.randrange(6):
        case 0:
            del holder[last]
        case 1 if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[last]))
        case 2 if isinstance(holder[last], int | float):
            holder[last] = chance.choice([-1, 10, 1e9, 1e-9]) * holder[last]
        case _:
            holder[last] = chance.choice(LEAVES)
    return put_together(document, tensors)


def changed_tensor(data: bytes, chance: random.Random) -> bytes:
    document, tensors = taken_apart(data)
    name = chance.choice([*tensors])
    values = tensors[name]
    with np.errstate(over="ignore"):
        match chance.randrange(8):
            case 0:
                values.reshape(-1)[chance.randrange(values.size)] = chance.choice(NUMBERS)
            case 1:
                values[...] = chance.choice(NUMBERS)
            case 2:
                tensors[name] = np.ascontiguousarray(values[..., : chance.randrange(3)])
            case 3:
                tensors[name] = np.ascontiguousarray(values[: chance.randrange(3)])
            case 4:
                tensors[name] = values.astype(chance.choice(["f2", "f4", "f8", "i8", "u1"]))
            case 5:
                del tensors[name]
            case 6:
                tensors[name] = values * chance.choice([1e3, 1e12, -1, 1e-30]).__float__()
                tensors[name] = tensors[name].astype(values.dtype)
            case 7:
                tensors |= {f"more {i}": values[:1] for i in range(chance.choice([1, 2_000]))}
    return put_together(document, tensors)


def changed_bytes(data: bytes, chance: random.Random) -> bytes:
    """Flip a few bytes, of the tensors or anywhere, and put the checksum right."""
    start = data.index(b'"featclass":"2 ') + len(b'"featclass":"2 ')
    header = int.from_bytes(data[:8], "little")
    changed = bytearray(data)
    changed[start : start + 64] = b"0" * 64
    for _ in range(chance.randrange(1, 4)):
        first = chance.choice([0, start + 64, 8 + header])
        changed[chance.randrange(first, len(data))] = chance.randrange(256)
    changed[start : start + 64] = b"0" * 64
    try:
        return signed(bytes(changed))
    except ValueError:  # the place of the checksum itself
        return bytes(changed)


CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    changed_field, changed_field, changed_tensor, changed_bytes,
)  # fmt: skip


def asked(dimensions: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Embeddings of every sort: common ones, none, huge, tiny, one value alone."""
    rng = np.random.default_rng(0)
    rows = [*rng.normal(size=(4, dimensions)), *np.abs(rng.normal(size=(2, dimensions)))]
    rows += [np.zeros(dimensions), np.full(dimensions, 1e30), np.full(dimensions, 1e-30)]
    rows += [np.eye(dimensions)[0], -np.eye(dimensions)[-1]]
    return np.array(rows, np.float32)


def assert_sound(classifier: TrainedClassifier) -> None:
    """Everything that is said with it can be sent, shown and saved."""
    vectors = asked(classifier.probe.coefficients.shape[1])
    pictures = tuple(image(bytes([i]), f"{i}.png") for i in range(len(vectors)))
    for said in classifiers.predict_embedded(classifier, Embeddings(pictures, vectors)):
        assert math.isclose(sum(said.probabilities.values()), 1, abs_tol=1e-6)
        assert all(0 <= share <= 1 for share in said.probabilities.values())
        assert all(-1 <= beside.similarity <= 1 for beside in said.neighbours)
        json.dumps(said.to_json(), allow_nan=False)
    json.dumps(to_json(classifier.report), allow_nan=False)
    training = Training(classifier)
    report_markdown(classifier.report, training.cautions()).encode()
    contents = Contents.of(training, title="")
    as_html(contents, thumbnail=lambda _: None).encode()
    as_markdown(contents).encode()
    assert artifact.loads(artifact.dumps(classifier)).report == classifier.report


def test_whatever_is_changed_in_a_file_it_is_refused_in_a_sentence_or_says_finite_numbers(
    trained: TrainedClassifier,
) -> None:
    data, loaded, faults = artifact.dumps(trained), 0, []
    for seed in range(CASES):
        chance = random.Random(seed)
        change = chance.choice(CHANGES)
        try:
            classifier = artifact.loads(change(data, chance))
        except ClassifierUnusable as error:
            if len(str(error)) > LONGEST or not str(error).endswith("."):
                faults.append(f"{seed}, {change.__name__}: {error}")
            continue
        loaded += 1
        try:
            with np.errstate(all="raise", under="ignore"):
                assert_sound(classifier)
        except Exception as error:
            faults.append(f"{seed}, {change.__name__}: {error!r}")
    assert not faults, "\n".join(faults)
    assert loaded > CASES // 20  # otherwise these changes try nothing but the first check
