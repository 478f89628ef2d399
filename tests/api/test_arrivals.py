"""An upload in pieces goes on behind its last whole piece, is nobody else's, and ends as one sent at once would."""

import hashlib
from datetime import timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from tests.api.test_large import Program, Terminal
from tests.apps import scene_inventory as scene
from tests.apps.test_findings_large import document, few_are_many  # noqa: F401 (a fixture: five items are many)
from tests.conftest import NOON
from tests.support.cast import Cast

from watchbell.api.submissions import body_of
from watchbell.apps.files import services as files
from watchbell.apps.files.models import Blob
from watchbell.apps.findings import queries
from watchbell.apps.findings.models import Arrival, Submission
from watchbell.cli import submit
from watchbell.domain.handling import Scope, system
from watchbell.domain.refusal import Refused
from watchbell.doors import keys, moment

pytestmark = pytest.mark.django_db
CONTENT = document()
WHOLE = f"size={len(CONTENT)}&sha256={hashlib.sha256(CONTENT).hexdigest()}"


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moment, "now", lambda: NOON)


def send(program: Program, at: int, content: bytes, key: str = "monday", whole: str = WHOLE) -> Any:
    return program.ask("POST", f"/arrivals?at={at}&{whole}", content, Idempotency_Key=key)


def test_an_upload_in_pieces_ends_as_the_same_upload_sent_at_once(cast: Cast) -> None:
    lab = Program(cast.lab, Scope.SUBMIT)
    cuts = [0, 1, 40, 41, len(CONTENT)]

    for start, end in pairwise(cuts):
        assert send(lab, start, CONTENT[start:end]).json() == {"received": end, "size": len(CONTENT)}
    ended = lab.ask("POST", "/arrivals/end", Idempotency_Key="monday")
    known = lab.ask("GET", "/submissions?key=monday").json()
    scene.work()
    again = lab.ask("POST", "/submissions", CONTENT, Idempotency_Key="monday")

    assert ended.status_code == 202
    assert (known["submission"]["submission"], known["received"]) == (ended.json()["submission"], 0)
    assert again.json()["submission"] == ended.json()["submission"]
    assert again.json()["counts"] == {"stored": 11, "same": 2, "refused": 2}
    assert (Submission.objects.count(), Arrival.objects.count()) == (1, 0)


def test_a_piece_that_comes_twice_or_too_early_changes_nothing_and_the_count_says_where_to_go_on(cast: Cast) -> None:
    lab = Program(cast.lab, Scope.SUBMIT)
    send(lab, 0, CONTENT[:10])

    twice, early = send(lab, 0, CONTENT[:10]), send(lab, 20, CONTENT[20:30])
    unfinished = lab.ask("POST", "/arrivals/end", Idempotency_Key="monday")

    assert [one.json()["code"] for one in (twice, early, unfinished)] == ["wrong-place"] * 3
    assert lab.ask("GET", "/submissions?key=monday").json() == {
        "submission": None,
        "received": 10,
        "size": len(CONTENT),
    }


def test_what_is_on_its_way_is_nobody_elses(cast: Cast) -> None:
    lab, other = Program(cast.lab, Scope.SUBMIT), Program(cast.evaluator, Scope.SUBMIT)
    send(lab, 0, CONTENT)

    known = other.ask("GET", "/submissions?key=monday").json()
    ended = other.ask("POST", "/arrivals/end", Idempotency_Key="monday")

    assert known == {"submission": None, "received": 0, "size": 0}
    assert ended.json()["code"] == "nothing-arrived"
    assert send(other, 0, CONTENT[:5]).json()["received"] == 5


def test_pieces_of_another_file_under_the_same_key_are_refused(cast: Cast) -> None:
    lab = Program(cast.lab, Scope.SUBMIT)
    send(lab, 0, CONTENT[:10])

    other = send(lab, 10, b"x", whole=f"size={len(CONTENT)}&sha256={'0' * 64}")

    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")


def test_pieces_that_are_not_what_was_announced_are_refused_as_a_whole_and_begin_anew(cast: Cast) -> None:
    lab = Program(cast.lab, Scope.SUBMIT)
    send(lab, 0, CONTENT[:10] + b"x" * (len(CONTENT) - 10))

    ended = lab.ask("POST", "/arrivals/end", Idempotency_Key="monday")

    assert (ended.status_code, ended.json()["code"]) == (400, "wrong-digest")
    assert send(lab, 0, CONTENT).json()["received"] == len(CONTENT)


def test_a_file_that_is_refused_as_a_whole_is_on_its_way_no_longer(cast: Cast) -> None:
    lab, content = Program(cast.lab, Scope.SUBMIT), b'{"version": "2.1.0", "runs": ['
    send(lab, 0, content, whole=f"size={len(content)}&sha256={hashlib.sha256(content).hexdigest()}")

    ended = lab.ask("POST", "/arrivals/end", Idempotency_Key="monday")

    assert (ended.status_code, ended.json()["code"]) == (400, "not-json")
    assert Arrival.objects.count() == 0


def test_a_sixth_upload_at_a_time_waits_and_one_of_yesterday_is_forgotten_with_its_bytes(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Program(cast.lab, Scope.SUBMIT)
    for number in range(5):
        send(lab, 0, CONTENT[:10], key=f"key {number}")

    sixth = send(lab, 0, CONTENT[:10], key="key 5")
    later = NOON + timedelta(hours=24)
    monkeypatch.setattr(moment, "now", lambda: later - timedelta(minutes=1))
    known = lab.ask("GET", "/submissions?key=key 0").json()

    assert (sixth.status_code, sixth.json()["code"]) == (429, "too-many-waiting")
    assert known["received"] == 10
    assert queries.arrival_named(cast.lab.actor, "key 0", now=later) is None
    assert files.remove_expired(store=keys.blob_store(), by=system("files"), now=later) == 5
    assert Blob.objects.count() == 0


@pytest.mark.parametrize(
    "words", ["at=-1&size=3", "at=0&size=99999999999", "at=0", "at=0&size=3&sha256=x", "at=2&size=1"]
)
def test_a_piece_nobody_could_place_is_refused(words: str, cast: Cast) -> None:
    lab = Program(cast.lab, Scope.SUBMIT)
    digest = "" if "sha256" in words else f"&sha256={'0' * 64}"

    answer = lab.ask("POST", f"/arrivals?{words}{digest}", b"x", Idempotency_Key="monday")

    assert answer.status_code in (400, 413, 422)
    assert Arrival.objects.count() == 0


def test_submit_goes_on_where_it_was_cut_off(cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, sent = Terminal(cast, tmp_path / "findings.ndjson", monkeypatch), []
    terminal.rest = scene.work  # type: ignore[method-assign]
    monkeypatch.setattr(submit, "PIECE", 100)
    really = terminal.answer

    def dying(path: str, method: str = "GET", more: dict[str, str] | None = None, body: bytes = b"") -> Any:
        if "/arrivals?" in path:
            sent.append(path.partition("&")[0])
        if len(sent) == 3:
            sent.append("gone")
            raise KeyboardInterrupt
        return really(path, method, more, body)

    monkeypatch.setattr(submit.Desk, "_answer", lambda self, *words: dying(*words))

    cut, done, again = terminal.run(), terminal.run(), terminal.run("--json")

    assert (cut.exit_code, done.exit_code, again.exit_code) == (130, 3, 3)
    assert sent[:5] == [*(f"/api/v1/arrivals?at={at}" for at in (0, 100, 200)), "gone", "/api/v1/arrivals?at=200"]
    assert done.output.splitlines()[-1] == "2 refused, 2 same, 11 stored"
    assert Submission.objects.count() == 1
    assert len(sent) == len(CONTENT) // 100 + 3


def test_a_body_cut_off_on_its_way_is_refused_and_one_too_long_is_not_read() -> None:
    def sent(body: bytes, length: int) -> WSGIRequest:
        environ = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(length), "wsgi.input": BytesIO(body)}
        return WSGIRequest(environ)

    def code_of(body: bytes, length: int) -> str:
        with pytest.raises(Refused) as caught:
            body_of(sent(body, length), at_most=100)
        return caught.value.refusal.code

    assert body_of(sent(b"x" * 100, 100), at_most=100) == b"x" * 100
    assert (code_of(b"x" * 50, 80), code_of(b"x" * 101, 101)) == ("cut-off", "too-large")
