"""The browser's fixtures: one Chromium and one node for all of these tests."""

from collections.abc import Iterator
from pathlib import Path
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
def scene() -> str:
    return ""


@pytest.fixture(scope="session")
def node(chromium: Any, tmp_path_factory: pytest.TempPathFactory, scene: str) -> Iterator[Any]:
    from tests.web import browser

    home: Path = tmp_path_factory.mktemp("node") / "home"
    running = browser.start_node(home, scene)
    yield running
    browser.stop_node(running)


@pytest.fixture(scope="session")
def axe_source() -> str:
    text = axe.source()
    if not text and "chromium" in machine.required():
        pytest.fail("axe-core is not here and npm could not fetch it")
    if not text:
        pytest.skip("axe-core is not here and npm could not fetch it")
    return text


@pytest.fixture(scope="session")
def open_as(chromium: Any, node: Any) -> Any:
    from tests.web import browser

    open_page, _ = browser.opener(chromium, node)
    return open_page


@pytest.fixture
def browser_of(chromium: Any, node: Any, open_as: Any) -> Iterator[Any]:
    pages: list[Any] = []

    def open_page(who: str | None = None, **options: Any) -> Any:
        page = open_as(who, **options)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.context.close()
