"""The browser's fixtures: one Chromium for all of these tests, and one node a scene."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.support import axe, machine


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    reason = machine.why_missing("chromium")
    if reason and "chromium" in machine.required():
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    from tests.web import browser

    yield from browser.chromium()


@pytest.fixture(scope="session")
def nodes(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """Start a node for each scene that a test asks for (`module:function`, or nothing for people alone), once."""
    from tests.web import browser

    running: dict[str, Any] = {}

    def node_with(scene: str) -> Any:
        if scene not in running:
            running[scene] = None
            running[scene] = browser.start_node(tmp_path_factory.mktemp("node") / "home", scene)
        if running[scene] is None:
            pytest.fail("the node did not start; see the first test that asked for it")
        return running[scene]

    yield node_with
    for node in filter(None, running.values()):
        browser.stop_node(node)


@pytest.fixture(scope="session")
def node(nodes: Callable[[str], Any]) -> Any:
    return nodes("")


@pytest.fixture(scope="session")
def axe_source() -> str:
    return axe.source()


@pytest.fixture(scope="session")
def openers() -> dict[str, Any]:
    return {}


@pytest.fixture
def browser_of(chromium: Any, nodes: Callable[[str], Any], openers: dict[str, Any]) -> Iterator[Callable[..., Any]]:
    """Open a page as someone of the cast, second factor included: `browser_of("hospital", scene=...)`."""
    from tests.web import browser

    pages: list[Any] = []

    def open_page(who: str | None = None, *, scene: str = "", **options: Any) -> Any:
        open_as = openers.setdefault(scene, None) or browser.opener(chromium, nodes(scene))
        openers[scene] = open_as
        page = open_as(who, **options)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.context.close()
