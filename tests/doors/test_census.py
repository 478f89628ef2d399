"""Every door declares who may come through; one that declares nothing fails here and stays shut there."""

import pytest
from tests.doors import routes

from watchbell.api.door import Door, Open
from watchbell.doors.policy import policy_of


@pytest.mark.parametrize("route", routes.pages(), ids=lambda route: route.name)
def test_every_page_declares_who_may_come_in(route: routes.Route) -> None:
    assert policy_of(route.view, route.name) is not None


@pytest.mark.parametrize("operation", routes.operations(), ids=lambda operation: operation.name)
def test_every_operation_declares_who_may_call_it(operation: routes.Operation) -> None:
    assert operation.doors
    assert all(isinstance(door, Door | Open) for door in operation.doors)


def test_every_page_has_a_name_of_its_own() -> None:
    names = [route.name for route in routes.pages()]

    assert len(names) == len(set(names))
