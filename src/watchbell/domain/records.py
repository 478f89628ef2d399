"""This will make frozen, slotted records as `dataclass` does, at next to no cost when a program starts.

`dataclasses` loads `inspect` and writes six functions for each class: together a fifth of an
offline match, which is over in a tenth of a second. What a match loads is made with `record`
instead; to type checkers and to `dataclasses.replace`, `fields` and `asdict` it is a dataclass.
Fields are the annotated names, their defaults cannot change; there is no `field()` and no inheriting of fields.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:

    def record(*, frozen=True, slots=True, kw_only=False, order=False):
        """Return the decorator; the options are those of `dataclass`, and frozen and slots are always on."""
        if not (frozen and slots):
            raise TypeError("a record is frozen and has slots; use `dataclass` for another kind")
        return lambda cls: _made(cls, kw_only=kw_only, order=order)


__all__ = ["record"]

_ORDERS = ("__lt__", "__le__", "__gt__", "__ge__")


def _made(cls: type, *, kw_only: bool, order: bool) -> type:
    names = tuple(cls.__annotations__)
    own = {name: value for name, value in cls.__dict__.items() if name not in ("__dict__", "__weakref__")}
    defaults = {name: own.pop(name) for name in names if name in own}
    values = attrgetter(*names)
    space: dict[str, Any] = {
        "__eq__": _compared(values, "__eq__"),
        "__hash__": lambda self: hash(values(self)),
        "__repr__": _show,
        **own,
        **({name: _compared(values, name) for name in _ORDERS} if order else {}),
        "__slots__": names,
        "__match_args__": () if kw_only else names,
        "__setattr__": _refuse,
        "__delattr__": _refuse,
        "__getstate__": lambda self: [getattr(self, name) for name in names],
        "__setstate__": _restore,
        "__dataclass_fields__": _Later(lambda owner: _fields(owner, defaults, kw_only=kw_only)),
        "__signature__": _Later(lambda owner: _signature(_written(owner, defaults, kw_only=kw_only))),
    }
    made: Any = type(cls)(cls.__name__, cls.__bases__, space)
    made.__qualname__ = cls.__qualname__

    def first(self: Any, /, *given: Any, **named: Any) -> None:
        made.__init__ = _written(made, defaults, kw_only=kw_only)  # the first record is made: from now on without us
        made.__init__(self, *given, **named)

    first.__annotations__ = {**cls.__annotations__, "return": None}
    made.__init__ = first
    return cast(type, made)


def _written(cls: Any, defaults: dict[str, Any], *, kw_only: bool) -> Any:
    """Return the `__init__` of a class, as `dataclasses` writes it."""
    names = cls.__slots__
    known = {f"_set_{name}": cls.__dict__[name].__set__ for name in names} | {"_defaults": defaults}
    given = [f"{name}=_defaults[{name!r}]" if name in defaults else name for name in names]
    sets = "".join(f"\n _set_{name}(self, {name})" for name in names)
    exec(f"def __init__({', '.join(['self', *(['*'] if kw_only else []), *given])}):{sets}", known)  # noqa: S102 - our own names
    init = known["__init__"]
    init.__annotations__ = {**cls.__annotations__, "return": None}
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _compared(values: Callable[[Any], Any], how: str) -> Callable[[Any, Any], Any]:
    def compare(self: Any, other: object) -> Any:
        return getattr(values(self), how)(values(other)) if other.__class__ is self.__class__ else NotImplemented

    return compare


def _show(self: Any) -> str:
    return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__slots__)})"


def _refuse(self: Any, name: str, value: object = None) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"{type(self).__name__}.{name} cannot be changed")


def _restore(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__slots__, state, strict=True):
        object.__setattr__(self, name, value)


class _Later:
    """An attribute of a class that is worked out when somebody first asks for it, and kept."""

    def __init__(self, made: Callable[[Any], Any]) -> None:
        self._made = made
        self._known: dict[Any, Any] = {}

    def __get__(self, instance: object, owner: Any) -> Any:
        if owner not in self._known:
            self._known[owner] = self._made(owner)
        return self._known[owner]


def _signature(init: Any) -> Any:
    import inspect

    whole = inspect.signature(init)
    return whole.replace(parameters=list(whole.parameters.values())[1:])


def _fields(cls: Any, defaults: dict[str, Any], *, kw_only: bool) -> Any:
    import dataclasses

    like: Any = type(cls.__name__, (), {"__annotations__": cls.__annotations__, "__doc__": cls.__doc__, **defaults})
    return dataclasses.dataclass(like, kw_only=kw_only).__dataclass_fields__
