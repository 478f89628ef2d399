"""An error says what happened, what was kept and what to do, shows no insides, and carries the same headers."""

from http import HTTPStatus
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DatabaseError
from django.test import Client, RequestFactory

from watchbell.web import errors

HEADERS = (
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Permissions-Policy",
    "Cache-Control",
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def client(db: None) -> Client:
    return Client(headers={"accept": BROWSER}, raise_request_exception=False)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/account/sign-in/",
        "/nothing-here",
        "/healthz",
        "/static/watchbell.css",
        "/static/none.css",
        "/node/organisations/",
    ],
)
def test_every_answer_carries_the_security_headers(client: Client, path: str) -> None:
    answer = client.get(path)

    assert [name for name in HEADERS if name not in answer.headers] == []
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_a_fault_carries_the_security_headers_and_shows_no_insides(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("watchbell.web.home.optional_url", broken)

    answer = client.get("/")

    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert [name for name in HEADERS if name not in answer.headers] == []
    text = answer.content.decode()
    assert "secret of the house" not in text
    assert "Traceback" not in text
    assert answer.headers["X-Reference-Id"] in text


def test_the_error_page_is_drawn_even_when_the_database_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_args: Any, **_kwargs: Any) -> None:
        raise DatabaseError("no such server")

    monkeypatch.setattr("watchbell.web.errors.render_to_string", gone)
    request = RequestFactory(headers={"accept": BROWSER}).get("/")

    answer = errors.went_wrong(request)

    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert b"Something went wrong on our side" in getattr(answer, "content", b"")


def test_a_missing_page_says_what_to_do_next(client: Client) -> None:
    answer = client.get("/nothing-here")

    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "There is nothing here" in answer.content.decode()
    assert answer.headers["X-Reference-Id"] in answer.content.decode()


@pytest.mark.parametrize(
    ("handler", "raised", "code"),
    [
        (errors.bad_request, SuspiciousOperation(), "bad-request"),
        (errors.not_allowed, PermissionDenied(), "not-allowed"),
        (errors.not_found, PermissionDenied(), "not-found"),
    ],
)
@pytest.mark.parametrize(
    ("path", "accept"), [("/api/v1/thing", BROWSER), ("/", "application/problem+json"), ("/", "application/json")]
)
def test_programs_get_a_problem_with_a_stable_code(
    handler: Any, raised: Exception, code: str, path: str, accept: str
) -> None:
    request = RequestFactory(headers={"accept": accept}).get(path)

    answer = handler(request, raised)

    assert answer.headers["Content-Type"] == "application/problem+json"
    assert f'"code": "{code}"' in answer.content.decode()
    assert '"todo"' in answer.content.decode()


def test_a_form_from_elsewhere_is_refused_in_words(db: None) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"accept": BROWSER})

    answer = strict.post("/language/", {"language": "es"})

    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "This form is too old" in answer.content.decode()


def test_the_error_page_speaks_spanish_to_spanish_readers(client: Client) -> None:
    answer = client.get("/nothing-here", headers={"accept-language": "es"})

    assert "Aquí no hay nada" in answer.content.decode()
    assert '<html lang="es"' in answer.content.decode()


def test_the_chosen_language_is_kept_and_leads_back_here_only(client: Client) -> None:
    answer = client.post("/language/", {"language": "es", "next": "https://elsewhere.example/"})

    assert answer.headers["Location"] == "/"
    assert "Entrar" in client.get("/account/sign-in/").content.decode()


def test_the_health_pages_answer_in_one_word(client: Client) -> None:
    assert client.get("/healthz").content == b"alive\n"
    assert client.get("/readyz").content == b"ready\n"


def test_a_node_without_its_database_is_alive_but_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_args: Any, **_kwargs: Any) -> None:
        raise DatabaseError("no such server")

    with monkeypatch.context() as broken:
        broken.setattr("watchbell.web.health.connection.cursor", gone)
        answer = client.get("/readyz")

    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
