"""Does a value hold what its class says? Of frozen dataclasses, tuples and plain values."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

Check = Callable[[Any], bool]


def fits(value: Any) -> bool:
    """A dataclass by the types of its fields, a sequence of values by each; else a plain value."""
    if (
        isinstance(value, Sequence)
        and not isinstance(value, str | bytes)
        and not hasattr(value, "_fields")
    ):
        return all(map(fits, value))
    kind: Any = type(value)
    return _of(kind)(value)


@cache
def _of(hint: Any) -> Check:
    """A check of the type that a field is declared with."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is UnionType:
        checks = [_of(part) for part in inner]
        return lambda value: any(check(value) for check in checks)
    if origin in (tuple, Sequence):
        return _all(_of(inner[0]), origin)
    if origin is dict:
        name, content = _of(inner[0]), _of(inner[1])
        return lambda value: type(value) is dict and _pairs(value, name, content)
    return _plain(hint)


def _plain(hint: Any) -> Check:
    if is_dataclass(hint) or hasattr(hint, "_fields"):
        return _fields(hint)
    if hint is float:
        return lambda value: type(value) in (float, int)
    if isinstance(hint, type) and issubclass(hint, Path | Exception):
        return lambda value: isinstance(value, hint) and not _marked(value)
    if hint in (str, int, bool, type(None)):
        return lambda value: type(value) is hint
    return lambda value: False


def _fields(of: Any) -> Check:
    """All that the class has, and nothing else: what it has not could hide what it has."""
    hints = get_type_hints(of)
    if not is_dataclass(of):  # a named tuple
        checks = [_of(hint) for hint in hints.values()]
        return lambda value: (
            type(value) is of and len(value) == len(checks) and _each(checks, value)
        )
    names = [field.name for field in fields(of)]
    by_name = [_of(hints[name]) for name in names]
    return lambda value: (
        type(value) is of
        and vars(value).keys() == set(names)
        and _each(by_name, map(vars(value).__getitem__, names))
    )


def _each(checks: Iterable[Check], values: Iterable[Any]) -> bool:
    return all(check(value) for check, value in zip(checks, values, strict=True))


def _all(check: Check, kind: Any) -> Check:
    return lambda value: (
        isinstance(value, kind) and not isinstance(value, str | bytes) and all(map(check, value))
    )


def _pairs(value: Mapping[Any, Any], name: Check, content: Check) -> bool:
    return all(name(key) and content(held) for key, held in value.items())


def _marked(value: Any) -> bool:
    """An error says something and knows nothing else."""
    return isinstance(value, Exception) and bool(vars(value) or not all(map(fits, value.args)))
