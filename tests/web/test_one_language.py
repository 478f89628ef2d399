"""A page speaks one language: what stands on it in English and in Spanish alike is data, or a word both share."""

import contextlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import Resolver404, resolve, reverse
from tests.conftest import NOON
from tests.doors import routes
from tests.doors.table import PAGES
from tests.support.cast import Cast
from tests.support.visitors import ELSEWHERE, signed_in
from tests.web import coordination_scene, early_access_scene, evaluation_scene, operator_scene, phrases, test_node_pages

from watchbell.formats import strictjson

pytestmark = pytest.mark.django_db
PEOPLE = ("hospital", "coordinator", "vendor", "admin", "lab", "evaluator", "public")
SHARED = frozenset(
    {
        *("Embargo", "No", "Python", "SQLite", "PostgreSQL", "Sector", "Token", "Watchbell", "no"),
        *("Authorization: Bearer", "x-api-key"),
    }
)
"""Words that are the same in both languages, names of programs and of HTTP's fields; reviewed by hand."""

SEALED = (evaluation_scene.VALUE.title, evaluation_scene.SAID, "Northlight 1", "northlight-1-mini")
"""What the scenes' people wrote that lies sealed, so that no column tells it."""

MUST_BE_SEEN = frozenset(
    {
        *("home", "worklist_row", "asset", "case", "finding", "advisory", "board"),
        *("early_access", "engagement", "model", "sign_statement", "edit_terms", "destruction_receipt", "take_token"),
        *("evaluation", "protocol", "draft_protocol", "evaluation_report"),
        *("node_work", "node_sources", "node_kept", "record", "report", "account_login", "members"),
    }
)
OWN = frozenset({"home", "early_access", "engagement", "evaluation"})
"""Pages on which everyone finds something else, and on each of which something else stands."""

NOT_PAGES = frozenset({"account_logout", "export_record"})
CODE = re.compile(r"[\W\d_]*(?:[A-Za-z]{1,2}\d+|[A-Z0-9+:._-]+|\S*(?:[/@:_]|\.\w)\S*|\S*\d\S*)[\W\d_]*")
"""A word that is a code, an address or a number rather than language."""

DAY = re.compile(r"\b\d{1,2} \w{3}(?: \d{4})?\b")
"""A day as pages write it: some months have one short name in both languages."""


class _Heard(HTMLParser):
    """What a reader sees or hears of a page, aside from code and from what is marked as another language."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: set[str] = set()
        self.links: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if self._silent or tag in phrases.UNSPOKEN or ("lang" in named and tag != "html"):
            self._silent += [] if tag in ("input", "br", "img", "meta", "link", "hr", "use") else [tag]
            return
        self.texts |= {" ".join(value.split()) for name, value in attrs if name in phrases.SPOKEN and value}
        if tag == "a" and named.get("href"):
            self.links.append(str(named["href"]))

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.texts.add(" ".join(data.split()))


def heard(client: Client, path: str, language: str) -> _Heard | None:
    answer = client.get(path, headers={"accept-language": language, "accept": "text/html"})
    if answer.status_code != 200 or not answer.headers.get("Content-Type", "").startswith("text/html"):
        return None
    page = _Heard()
    page.feed(answer.content.decode())
    return page


def walked(client: Client, who: str, seen: set[str]) -> Iterator[tuple[str, _Heard, _Heard]]:
    """Yield the pages this person can reach and nobody did before: their names, in English and in Spanish."""
    waiting = [reverse(one.name) for one in routes.pages() if not one.varies and who in PAGES[one.name]]
    for path in waiting:
        try:
            name = resolve(urlsplit(path).path).view_name
        except Resolver404:
            continue
        key = f"{who} {path}" if name in OWN else name
        if key in seen or name not in PAGES or name in NOT_PAGES:
            continue
        english, spanish = heard(client, path, "en"), heard(client, path, "es")
        if english is None or spanish is None:
            continue
        seen |= {name, key}
        waiting += [urljoin(path, link) for link in english.links if not urlsplit(link).netloc]
        yield name, english, spanish


def stored() -> list[str]:
    """Return every value the node holds, the longest first, to know data by: columns, and the texts within JSON."""
    found: set[str] = set()
    for model in apps.get_models():
        for row in model._default_manager.values_list(*(one.attname for one in model._meta.concrete_fields)):
            found.update(text for value in row for text in _texts_in(value))
    return sorted((text for text in found if len(text) > 2), key=len, reverse=True)


def _texts_in(value: object) -> Iterator[str]:
    waiting = [value]
    for one in waiting:
        if isinstance(one, memoryview | bytes):
            with contextlib.suppress(ValueError):
                waiting.append(strictjson.loads(bytes(one)))
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str):
            yield " ".join(one.split())


def is_said(text: str, ours: set[str], data: list[str]) -> bool:
    """Return whether a text is language of ours: a phrase of the catalogue, or words that no stored value holds."""
    if not text or text in SHARED:
        return False
    if text in ours:
        return True
    for value in data:
        text = text.replace(value, " ")
    words = [
        word for word in DAY.sub(" ", text).split() if word.strip("().,:;–›") not in SHARED and not CODE.fullmatch(word)
    ]
    return any(phrases.LETTERS.search(word) for word in words)


def test_a_table_that_is_refused_is_refused_in_the_readers_language(cast: Cast) -> None:
    client = signed_in(cast.hospital.person, NOON)
    table = {"document": SimpleUploadedFile("t.csv", b"colour,price\nred,3\n")}

    answer = client.post("/inventory/load", table, headers={"accept-language": "es"})

    told = answer.content.decode()
    assert "Ninguna columna nombra un producto (línea 1). al menos una columna product" in told
    assert "No column names" not in told


def test_what_is_wrong_with_a_line_is_told_in_the_readers_language(cast: Cast) -> None:
    client = signed_in(cast.hospital.person, NOON)
    table = {"document": SimpleUploadedFile("t.csv", b"product,exposed\nFortiOS,<b>maybe</b>\n")}

    answer = client.post("/inventory/load", table, headers={"accept-language": "es"})

    told = answer.content.decode()
    assert ">línea 2<" in told
    assert "&#x27;&lt;b&gt;maybe&lt;/b&gt;&#x27; no es una respuesta para exposed." in told


@pytest.fixture
def clients(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> dict[str, Client]:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)
    operator_scene.play(cast, NOON)
    coordination_scene.play(cast, NOON)
    test_node_pages.play(cast, NOON)
    early_access_scene.play(cast, NOON)
    evaluation_scene.play(cast, NOON)
    found = {name: signed_in(cast.people[name], NOON) for name in PEOPLE if name != "public"}
    return {"public": Client(REMOTE_ADDR=ELSEWHERE), **found}


def test_no_sentence_on_a_page_stays_english_for_a_reader_of_spanish(clients: dict[str, Client]) -> None:
    data = [*SEALED, *stored()]
    ours = {one.msgid for one in phrases.spanish() if one.said.get(0) != one.msgid}

    english: dict[str, set[str]] = {}
    visited: set[str] = set()
    for who, client in clients.items():
        for name, first, second in walked(client, who, visited):
            for text in first.texts & second.texts:
                if is_said(text, ours, data):
                    english.setdefault(text, set()).add(name)

    assert visited >= MUST_BE_SEEN
    assert english == {}, "say it through gettext or as a Sentence, translate it, or add a shared word to SHARED"
