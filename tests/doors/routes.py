"""Every address of the node, walked from the resolver and the API's own list."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from watchbell.api.app import api


@dataclass(frozen=True, slots=True)
class Route:
    """One page's address: its name, its view, and the names of what varies in it."""

    name: str
    view: Callable[..., Any]
    varies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the interface."""

    method: str
    path: str
    doors: tuple[Any, ...]

    @property
    def name(self) -> str:
        """Return the operation as documentation writes it."""
        return f"{self.method} {self.path}"


def pages() -> list[Route]:
    """Return every page, in the order of the resolver."""
    return list(_walk(get_resolver(), ""))


def _walk(resolver: URLResolver, namespace: str) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace == "api":
                continue
            yield from _walk(pattern, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace)
        elif isinstance(pattern, URLPattern):
            name = f"{namespace}{pattern.name or pattern.pattern}"
            yield Route(name, pattern.callback, tuple(sorted(pattern.pattern.regex.groupindex)))


def operations() -> list[Operation]:
    """Return every operation of the interface."""
    found = []
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                doors = tuple(operation.auth_callbacks)
                full = "/" + "/".join(part for part in f"{prefix}/{path}".split("/") if part)
                found += [Operation(method, full, doors) for method in operation.methods]
    return found
