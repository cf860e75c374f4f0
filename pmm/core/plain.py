"""Frozen records as plain data that JSON can carry, and back: whatever is in a field comes back equal.

    plain(view)  -> {"at": 1, "book": {"tick": 100, "bids": [[4900, 5000000]], "asks": []}, ...}
    whole(View, plain(view)) == view

The types of the fields say what to make of what was read, so that a record that gets a field needs nothing here.
Fields that were not there when something was written have their default; what nobody knows any more is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from pmm._fast import ASK, BID, Book

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
T = TypeVar("T")

_AS_IT_IS = frozenset({int, str, bool, NoneType})


def plain(value: object) -> Plain:
    """Plain data of a record, a book, or anything made of these.  Raises TypeError for what is none of them."""
    kind: type = type(value)
    if kind in _AS_IT_IS:
        return value  # type: ignore[return-value]  # it is of one of these types
    match value:
        case Enum():
            return plain(value.value)
        case float():
            return value if isfinite(value) else str(value)  # JSON has no word for it
        case int() | str():
            return value  # somebody's own kind of them
        case tuple() | list():
            return [plain(one) for one in value]
        case Book():
            sides = {"bids": value.levels(BID), "asks": value.levels(ASK)}
            return {"tick": value.tick} | {side: [list(level) for level in levels] for side, levels in sides.items()}
        case dict():
            return {str(key): plain(one) for key, one in value.items()}
    return {name: plain(getattr(value, name)) for name in _names(kind)}


def whole(kind: type[T], data: object) -> T:
    """What `plain` was made of.  Raises TypeError, ValueError or KeyError where the data does not fit the type."""
    made = _made(kind, data)
    assert isinstance(made, kind), "a record is of its own type"
    return made


def _made(kind: object, data: object) -> object:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _one_of(inner, data)
    if origin is not None:
        return _collected(origin, inner, data)
    if kind is Book:
        return _book(data)
    if isinstance(kind, type) and is_dataclass(kind):
        return _record(kind, data)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    return float(data) if kind is float and isinstance(data, str) else data


def _one_of(kinds: Sequence[object], data: object) -> object:
    """The first kind that fits; None only where it is one of them."""
    if data is None and NoneType in kinds:
        return None
    others = [kind for kind in kinds if kind is not NoneType]
    if len(others) > 1:
        raise TypeError(f"cannot tell which of {others} {data!r} is")
    return _made(others[0], data)


def _collected(origin: object, inner: Sequence[object], data: object) -> object:
    if isinstance(data, Mapping):
        return {key: _made(inner[1], one) for key, one in data.items()}
    if not isinstance(data, Sequence):
        raise TypeError(f"not a list: {data!r}")
    if origin is tuple and inner[-1] is not Ellipsis:
        return tuple(_made(kind, one) for kind, one in zip(inner, data, strict=True))
    return tuple(_made(inner[0], one) for one in data)


def _record(kind: type, data: object) -> object:
    if not isinstance(data, Mapping):
        raise TypeError(f"not a record: {data!r}")
    hints = _hints(kind)
    return kind(**{name: _made(hints[name], one) for name, one in data.items() if name in hints})


@cache
def _names(kind: type) -> tuple[str, ...]:
    """The fields of a record, in their order."""
    if not is_dataclass(kind):
        raise TypeError(f"not a record: a {kind.__name__}")
    return tuple(field.name for field in fields(kind))


@cache
def _hints(kind: type) -> dict[str, object]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind) if field.init}


def _book(data: object) -> Book:
    if not isinstance(data, Mapping):
        raise TypeError(f"not a book: {data!r}")
    book = Book(data["tick"])
    book.load([tuple(level) for level in data["bids"]], [tuple(level) for level in data["asks"]])
    return book
