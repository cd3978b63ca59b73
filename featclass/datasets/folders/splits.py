"""Folders that are parts of a split, such as train, val and test, known by their names."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

UNLABELLED: Final = "unlabelled"
"""A part whose pictures are there to be predicted: it has no classes."""
_FOLD: Final = "fold"

_WORDS: Final = {
    word: part
    for part, words in {
        "train": "train training trn traindev trainval 训练 訓練 entrenamiento entrainement",
        "val": "val valid validation dev development validierung 验证 驗證 検証",
        "test": "test testing tst tests eval evaluation holdout 测试 測試 テスト",
        UNLABELLED: "pred prediction predictions predict unlabeled unlabelled inference",
        _FOLD: "fold kfold",
    }.items()
    for word in words.split()
}
_LABELLED: Final = frozenset(["labeled", "labelled", "annotated"])
"""Beside an unlabelled part, what has the classes; elsewhere a word like others."""
_NEUTRAL_TEXT = """
seg set sets image images img imgs data dataset datasets picture pictures photo photos
digits folder split subset single jpg jpeg png part daten bilder fotos
集 集合 数据 數據 图片 図 データ
"""
_NEUTRAL: Final = frozenset(_NEUTRAL_TEXT.split())
_TOKEN: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")


def parts(names: Iterable[str]) -> dict[str, str] | None:
    """Return which part of a split each of these folders is; None where not all of them are.

    `train`, `val`, `test`, `UNLABELLED`, or a fold's own name. Words that stand beside have to be
    neutral ("train_images"), or the same in all of them ("flowers-train", "flowers-test").
    """
    read = {name: _part(name) for name in names}
    known = {name: part for name, part in read.items() if part is not None}
    own_words = {words for part, words in known.values() if part != UNLABELLED}
    if len(known) < len(read) or len(own_words) > 1:
        return None
    return {name: part for name, (part, _) in known.items()}


def among(names: Collection[str]) -> list[str]:
    """Return the folders that look like parts of one split, whatever lies beside: none, or two."""
    by_words: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    unlabelled: list[str] = []
    for name in names:
        part, words = _part(name) or ("", ())
        if part == UNLABELLED:
            unlabelled.append(name)
        elif part:
            by_words[words].append(name)
    if unlabelled:
        by_words[()] += [name for name in names if _LABELLED & {*_tokens(name)}]
    by_words[()] += unlabelled if by_words[()] else []
    most = max(by_words.values(), key=len)
    return sorted(most, key=in_order) if len(most) > 1 else []


def with_classes(names: Iterable[str]) -> list[str]:
    """Return the folders that look like a part of a split and a class in one name.

    None, unless there are several such classes, each in several parts: "cats_train", "cats_test",
    "dogs_train", "dogs_test".
    """
    read = {name: _part(name) for name in names}
    known = {name: part for name, part in read.items() if part is not None and part[1]}
    parts_of: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for part, words in known.values():
        parts_of[words].add(part)
    are_crossed = len(parts_of) > 1 and all(len(parts) > 1 for parts in parts_of.values())
    return sorted(known, key=lambda name: known[name][::-1]) if are_crossed else []


def in_order(name: str) -> tuple[int, str]:
    """Return what sorts train, val and test as people name them."""
    part = (parts([name]) or {}).get(name, "")
    order = ("train", "val", "test")
    return (order.index(part) if part in order else len(order), name)


def is_neutral(name: str) -> bool:
    """Whether a folder's name says only that pictures are in it."""
    tokens = _tokens(name)
    return all(token in _NEUTRAL for token in tokens) and bool(tokens)


def _part(name: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the part and the words beside that are not neutral."""
    tokens = _tokens(name)
    words = [_WORDS[token] for token in tokens if token in _WORDS]
    if set(words) == {"train", "val"}:  # what is left when the test is taken out
        words = ["train"]
    if len(words) != 1:
        return None
    beside = (token for token in tokens if token not in _WORDS)
    own = tuple(word for word in beside if word not in _NEUTRAL and not word.isdecimal())
    if words == [_FOLD]:
        return (name, own) if any(token.isdecimal() for token in tokens) else None
    return words[0], own


def _tokens(name: str) -> list[str]:
    text = unicodedata.normalize("NFKC", name)
    text = re.sub(r"(?i)hold[-_ ]out", "holdout", text)
    return [part for token in _TOKEN.findall(text) for part in _divided(token.lower())]


def _divided(token: str) -> list[str]:
    """Divide what was written in one, such as "trainset" and "imagestest"."""
    if token in _WORDS or token in _NEUTRAL:
        return [token]
    for at in range(1, len(token)):
        first, second = token[:at], token[at:]
        if (first in _WORDS and second in _NEUTRAL) or (first in _NEUTRAL and second in _WORDS):
            return [first, second]
    return [token]
