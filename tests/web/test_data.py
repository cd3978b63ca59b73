"""What Python sends and what JavaScript takes it for: the same fields under the same names."""

from __future__ import annotations

import re
from importlib import import_module
from types import ModuleType
from typing import NotRequired, get_origin, get_type_hints, is_typeddict

import pytest

from featclass.web import ASSETS, views
from featclass.web.page import data

SENDERS = ("acts", "drops", "findings", "labelled", "live", "plans", "predictions", "questions")
NOT_DRAWN = {"Stamped"}
"""Read by no script of ours as a whole."""

Fields = dict[str, bool]
"""The names of fields in their order, and whether each is always there."""


def _senders() -> list[ModuleType]:
    routes = [import_module(f"featclass.web.routes.{name}") for name in (*SENDERS, "uploads")]
    return [data, views, *routes]


def _python() -> dict[str, Fields]:
    shapes: dict[str, Fields] = {}
    for module in _senders():
        for name, kind in vars(module).items():
            if getattr(kind, "__module__", "") != module.__name__:
                continue
            if is_typeddict(kind):
                fields = _fields_of(kind)
            elif hasattr(kind, "_fields"):
                fields = dict.fromkeys(kind._fields, True)
            else:
                continue
            assert name not in shapes, f"two shapes are called {name}"
            shapes[name] = fields
    return shapes


def _fields_of(kind: type) -> Fields:
    hints = get_type_hints(kind, include_extras=True)
    total = getattr(kind, "__total__", True)
    return {f: total and get_origin(hint) is not NotRequired for f, hint in hints.items()}


def _javascript() -> dict[str, Fields]:
    shapes: dict[str, Fields] = {}
    for comment in re.findall(r"/\*\*(.*?)\*/", (ASSETS / "data.js").read_text("utf-8"), re.S):
        for kind, name in re.findall(r"@typedef \{(.*)\} (\w+)", comment):
            base, _, own = kind.rpartition(" & ")
            fields = dict(shapes[base]) if base else {}
            fields |= {f: not mark for f, mark in re.findall(r"[{\[,] ?(\w+)(\??):", _outer(own))}
            for field in re.findall(r"@property \{.*\} (\[?\w+)\]?$", comment, re.M):
                fields[field.removeprefix("[")] = not field.startswith("[")
            shapes[name] = fields
    return shapes


def _outer(kind: str) -> str:
    """Return a type without what its fields consist of."""
    return kind[0] + re.sub(r"(\[|\{)[^][{}]*(\]|\})", "", kind[1:-1]) + kind[-1]


PYTHON, JAVASCRIPT = _python(), _javascript()


@pytest.mark.parametrize("name", sorted(PYTHON.keys() - NOT_DRAWN))
def test_a_shape_has_the_same_fields_on_both_sides(name: str) -> None:
    assert name in JAVASCRIPT, f"assets/data.js does not declare {name}"
    assert JAVASCRIPT[name] == PYTHON[name]


@pytest.mark.parametrize("name", [n for n, fields in PYTHON.items() if n.endswith("Row")])
def test_the_fields_of_a_row_stand_in_the_same_order(name: str) -> None:
    assert list(JAVASCRIPT[name]) == list(PYTHON[name])


def test_no_shape_is_declared_that_python_does_not_send() -> None:
    assert JAVASCRIPT.keys() - {"Kind"} <= PYTHON.keys()
