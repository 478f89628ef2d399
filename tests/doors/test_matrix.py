"""Every page and operation times every member of the cast: who passes is exactly whom the table names."""

import random
import re
from copy import deepcopy
from datetime import timedelta
from functools import partial

import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse
from tests.conftest import NOON
from tests.doors import routes, worlds
from tests.doors.table import EVERYONE, OPERATIONS, PAGES
from tests.support.cast import Cast, actor
from tests.support.visitors import ELSEWHERE, signed_in

from watchbell.apps.orgs import services as orgs
from watchbell.domain.handling import Scope
from watchbell.doors import moment

pytestmark = pytest.mark.django_db

PEOPLE = ("mallory", "admin", "lab", "evaluator", "coordinator", "vendor", "hospital", "reader", "bank")


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moment, "now", lambda: NOON)


@pytest.fixture(scope="module")
def clients_once(cast_once: Cast) -> dict[str, Client]:
    found = {name: signed_in(cast_once.people[name], NOON) for name in PEOPLE}
    found["weak"] = signed_in(cast_once.lab.person, NOON, strong=False)
    found["public"] = Client(REMOTE_ADDR=ELSEWHERE, headers={"accept": "text/html"})
    return found


@pytest.fixture
def clients(clients_once: dict[str, Client], db: None) -> dict[str, Client]:
    """Return a browser for everyone that knows only what signing in gave it."""
    return {name: deepcopy(client) for name, client in clients_once.items()}


@pytest.fixture(scope="module")
def tokens_once(cast_once: Cast) -> dict[str, str]:
    mint = partial(orgs.mint_token, "matrix", list(Scope), lasts=timedelta(days=1), now=NOON, rng=random.Random(14409))
    who = {name: actor(cast_once.people[name], NOON) for name in PEOPLE}
    return {name: mint(by=one)[1] for name, one in who.items() if one.organisation}


def is_turned_away(response: HttpResponseBase) -> bool:
    """Return whether the door, not the page, gave this answer."""
    where = response.headers.get("Location", "")
    to_sign_in = where.startswith(reverse("account_login") + "?next=")
    to_second_factor = where == reverse("mfa_index")
    return response.status_code == 403 or (response.status_code == 302 and (to_sign_in or to_second_factor))


def test_the_table_names_every_page_and_nothing_else() -> None:
    assert set(PAGES) == {route.name for route in routes.pages()}


def test_the_table_names_every_operation_and_nothing_else() -> None:
    assert set(OPERATIONS) == {operation.name for operation in routes.operations()}


@pytest.mark.parametrize("route", routes.pages(), ids=lambda route: route.name)
def test_a_page_opens_to_exactly_those_whom_the_table_names(route: routes.Route, clients: dict[str, Client]) -> None:
    path = worlds.address_of(route)

    passed = {name for name, client in clients.items() if not is_turned_away(client.get(path))}

    assert passed == PAGES[route.name]
    assert set(clients) == EVERYONE


@pytest.mark.parametrize("route", routes.pages(), ids=lambda route: route.name)
def test_a_form_sent_by_anyone_else_is_turned_away(route: routes.Route, clients: dict[str, Client]) -> None:
    path = worlds.address_of(route)

    strangers = sorted(EVERYONE - PAGES[route.name])

    assert [name for name in strangers if not is_turned_away(clients[name].post(path, {"name": "x"}))] == []


@pytest.mark.parametrize("operation", routes.operations(), ids=lambda operation: operation.name)
def test_an_operation_answers_exactly_those_whom_the_table_names(
    operation: routes.Operation, clients: dict[str, Client], tokens_once: dict[str, str]
) -> None:
    path = "/api/v1" + re.sub(r"\{\w+\}", "0" * 32, operation.path)
    ask = partial(Client().generic, operation.method, path, b"{}", content_type="application/json")

    answers = {name: ask(headers={"Authorization": f"Bearer {text}"}).status_code for name, text in tokens_once.items()}
    answers["public"] = ask().status_code

    assert {name for name, status in answers.items() if status not in (401, 403)} == OPERATIONS[operation.name]
    assert answers["public"] == 401 or "public" in OPERATIONS[operation.name]
    assert ask(headers={"Authorization": "Bearer wb_nobody_nothing"}).status_code == 401
    cookie = f"sessionid={clients['hospital'].session.session_key}"
    assert ask(headers={"Cookie": cookie}).status_code == answers["public"]
