"""Which addresses does this node have? Every page and every operation of the interface, as they are wired."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

AREA = re.compile(r"(early[-_]access|engagement|evaluation|/models?\b|determination|gateway_token)")
VIEWS = ("watchbell.web.early_access", "watchbell.web.evaluation")


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its name, where it is, its view, and what varies in its address."""

    name: str
    path: str
    view: Callable[..., Any]
    varies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the interface."""

    method: str
    path: str

    @property
    def name(self) -> str:
        """Return the operation as documentation writes it."""
        return f"{self.method} {self.path}"


def pages() -> list[Page]:
    """Return every page, in the order of the resolver."""
    return list(_walk(get_resolver(), "", "/"))


def operations() -> list[Operation]:
    """Return every operation of the interface."""
    from watchbell.api.app import api

    found = []
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            full = "/" + "/".join(part for part in f"{prefix}/{path}".split("/") if part)
            found += [Operation(method, full) for each in view.operations for method in each.methods]
    return found


def in_area(address: Page | Operation) -> bool:
    """Return whether this address is one of early access."""
    view = getattr(address, "view", None)
    return bool(AREA.search(address.path)) or getattr(view, "__module__", "").startswith(VIEWS)


def _walk(resolver: URLResolver, namespace: str, prefix: str) -> Iterator[Page]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "api":
                inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
                yield from _walk(pattern, inner, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            name = f"{namespace}{pattern.name or pattern.pattern}"
            varies = tuple(sorted(pattern.pattern.regex.groupindex))
            yield Page(name, prefix + str(pattern.pattern), pattern.callback, varies)
