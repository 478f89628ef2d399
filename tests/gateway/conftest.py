"""What the tests of the gateway stand on: one endpoint and one gateway in front of it, as new for each test."""

from collections.abc import Iterator

import pytest
from tests.gateway.scene import Scene, served
from tests.support.model_endpoint import ModelEndpoint


@pytest.fixture
def endpoint() -> Iterator[ModelEndpoint]:
    with ModelEndpoint() as one:
        yield one


@pytest.fixture(scope="module")
def kept() -> Iterator[Scene]:
    with ModelEndpoint() as endpoint, served(endpoint) as one:
        yield one


@pytest.fixture
def scene(kept: Scene) -> Scene:
    kept.renew()
    return kept
