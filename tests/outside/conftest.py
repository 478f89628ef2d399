"""One sandbox for all tests that need one: opened once, its walls tried as they are for everybody."""

from collections.abc import Iterator

import pytest
from tests.support import machine

from watchbell.outside import sandbox
from watchbell.outside.sandbox.bubblewrap import BubblewrapSandbox


@pytest.fixture(scope="session")
def bubblewrap() -> None:
    """Where it is not installed there is nothing to try; where it is, it holds or the tests fail."""
    reason = machine.why_missing("bwrap")
    if reason and "bwrap" in machine.required():
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def box(bubblewrap: None) -> Iterator[BubblewrapSandbox]:
    with sandbox.opened() as opened:
        assert isinstance(opened, BubblewrapSandbox)
        yield opened
