"""What values say in words, made when they are shown: plain values in, text out.

numbers    shares in percent, bounds of intervals, lists of names
score      how good a classifier is, and how far that can be trusted
verdict    whether a score is more than luck, and whether strangers are refused
outlook    what more pictures should bring
methods    how figures were obtained
findings   what an audit found

Records give their sentences as properties made here, so that a class which is called otherwise
is so in every sentence. Names of classes are as their owner wrote them, not escaped.
"""

from featclass.base.sentences import findings, methods, outlook, verdict
from featclass.base.sentences.numbers import (
    between,
    bounded,
    bounds,
    counted,
    decimal,
    listed,
    percent,
    span,
    whole,
)
from featclass.base.sentences.score import empty_sentences, headline, how_far, score_sentence
from featclass.base.sentences.verdict import LEAST_REFUSED, conclusions, refusing

__all__ = [
    "LEAST_REFUSED",
    "between",
    "bounded",
    "bounds",
    "conclusions",
    "counted",
    "decimal",
    "empty_sentences",
    "findings",
    "headline",
    "how_far",
    "listed",
    "methods",
    "outlook",
    "percent",
    "refusing",
    "score_sentence",
    "span",
    "verdict",
    "whole",
]
