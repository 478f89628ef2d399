"""How is a frozen record of ours kept as JSON, so that the same record comes back? By its own type hints.

What equals its default is left out, so that a field added later changes no digest. Only
our own canonical bytes are ever read here; what others send goes through a codec.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

Record = TypeVar("Record")
_AS_IT_IS = (str, int, bool, NoneType)


def plain(value: Any) -> Any:
    """Return a record, or any part of one, as JSON values; sets are sorted, times are UTC."""
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if is_dataclass(value) and not isinstance(value, type):
        held = ((one, getattr(value, one.name)) for one in _fields(type(value)))
        return {one.name: plain(part) for one, part in held if not _is_default(one, part)}
    if isinstance(value, frozenset | set):
        return sorted(plain(part) for part in value)
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    return value


@cache
def _fields(kind: Any) -> "tuple[Field[Any], ...]":
    return fields(kind)


def restored(kind: type[Record], value: Mapping[str, Any]) -> Record:
    """Return the record of this kind that `plain` wrote; raises KeyError, TypeError or ValueError if it did not."""
    hints = _hints(cast(Any, kind))
    return kind(**{name: _part(hints[name], part) for name, part in value.items()})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _is_default(one: "Field[Any]", part: Any) -> bool:
    if one.default is not MISSING:
        return part is one.default or (type(part) is type(one.default) and bool(part == one.default))
    return one.default_factory is not MISSING and bool(part == one.default_factory())


def _part(hint: Any, value: Any) -> Any:
    """Return one part, in the type its hint names."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return None if value is None else _part(next(one for one in inner if one is not NoneType), value)
    if origin is tuple:
        each = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_part(one, part) for one, part in zip(each, value, strict=True))
    if origin is frozenset:
        return frozenset(_part(inner[0], part) for part in value)
    if not isinstance(hint, type):
        return value
    if issubclass(hint, Enum):
        return hint(value)
    if issubclass(hint, datetime):
        return datetime.fromisoformat(value)
    return restored(hint, value) if is_dataclass(hint) else value
