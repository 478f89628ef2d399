"""Sources are off until someone switches one on; a broken one keeps its last good state, ages and raises the alarm."""

import gzip
import io
import json
import random
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from tests.apps.scene_published import csaf, cve
from tests.conftest import NOON

from watchbell.apps.jobs.models import Job
from watchbell.apps.journal.models import Entry
from watchbell.apps.vulnerabilities import jobs, queries, services
from watchbell.apps.vulnerabilities.models import CatalogueAssertion, Source, SourceRecord
from watchbell.domain.handling import system
from watchbell.domain.refusal import Refusal
from watchbell.outside.egress import EgressDenied, Policy

if TYPE_CHECKING:
    from tests.support.cast import Cast

CONSOLE = system("console")
DICE = random.Random(14409)
pytestmark = pytest.mark.django_db
CVES = [f"CVE-2026-{number}" for number in range(1000, 1010)]


def kev(*cves: str) -> bytes:
    entries = [{"cveID": cve, "vendorProject": "Acme", "product": "Pump", "dateAdded": "2026-10-01"} for cve in cves]
    return json.dumps({"count": len(entries), "vulnerabilities": entries}).encode()


@dataclass
class Feed:
    """An honest fake of a feed: it answers what it is told to and remembers what it was asked."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/json"
    etag: str = '"one"'
    asked: list[str] = field(default_factory=list)
    address: str = ""

    @property
    def policy(self) -> Policy:
        host = self.address.split("/")[2]
        return Policy(allowed_hosts=frozenset({f"http://{host}"}), allow_loopback=True)


@pytest.fixture
def feed() -> Iterator[Feed]:
    held = Feed()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            held.asked.append(self.headers.get("If-None-Match", ""))
            fresh = self.headers.get("If-None-Match") == held.etag
            self.send_response(304 if fresh else held.status)
            self.send_header("ETag", held.etag)
            self.send_header("Content-Type", held.kind)
            self.send_header("Content-Length", "0" if fresh else str(len(held.body)))
            self.end_headers()
            if not fresh:
                self.wfile.write(held.body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.address = f"http://127.0.0.1:{server.server_port}/feed"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield held
    server.shutdown()
    server.server_close()
    thread.join()


def switched_on(name: str, feed: Feed) -> Source:
    """Switch a source on and lead it to the fake: its address is on this machine, which no one may type in."""
    row = services.switch_on(name, by=CONSOLE, now=NOON, rng=DICE)
    Source.objects.filter(pk=row.pk).update(location=feed.address)
    return row


def refreshed(row: Source, feed: Feed, days: int = 0) -> object:
    now = NOON + timedelta(days=days)
    return services.refresh(row.public_id, by=CONSOLE, now=now, rng=DICE, policy=feed.policy)


def test_every_source_is_off_until_it_is_switched_on_and_no_host_may_be_asked() -> None:
    services.ensure_listed(rng=DICE)

    assert not any(one.enabled for one in queries.sources(NOON))
    assert {"cisa-kev", "first-epss", "cisa-vulnrichment", "osv-pypi", "osv-debian", "cve-list"} <= {
        one.name for one in queries.sources(NOON)
    }
    assert services.allowed().allowed_hosts == frozenset()
    assert services.due(now=NOON) == []


def test_one_click_by_an_administrator_allows_exactly_the_sources_host(cast: "Cast") -> None:
    services.switch_on("cisa-kev", by=cast.admin, now=NOON, rng=DICE)

    assert services.allowed().allowed_hosts == {"www.cisa.gov"}
    assert [row.name for row in services.due(now=NOON)] == ["cisa-kev"]
    assert Entry.objects.filter(action="source.enabled").count() == 1


def test_switching_off_takes_the_host_away_again(cast: "Cast") -> None:
    services.switch_on("cisa-kev", by=cast.admin, now=NOON, rng=DICE)

    services.switch_off("cisa-kev", by=cast.admin, now=NOON, rng=DICE)

    assert services.allowed().allowed_hosts == frozenset()
    assert services.due(now=NOON) == []


@pytest.mark.parametrize("name", ["lab", "evaluator", "coordinator", "vendor", "hospital", "mallory", "reader"])
def test_nobody_but_an_administrator_switches_a_source(cast: "Cast", name: str) -> None:
    one = getattr(cast, name)
    actor = getattr(one, "actor", one)

    with pytest.raises(services.NotAllowed):
        services.switch_on("cisa-kev", by=actor, now=NOON, rng=DICE)

    assert services.allowed().allowed_hosts == frozenset()


@pytest.mark.parametrize("name", ["cve-list", "cisa-csaf", "bsi-csaf"])
def test_archives_of_records_and_providers_of_documents_can_be_switched_on(name: str) -> None:
    services.switch_on(name, by=CONSOLE, now=NOON, rng=DICE)

    assert [row.name for row in services.due(now=NOON)] == [name]


def test_a_source_nobody_knows_is_not_there() -> None:
    with pytest.raises(services.NoSuchSource):
        services.switch_on("nonsense", by=CONSOLE, now=NOON, rng=DICE)


@pytest.mark.parametrize("place", ["http://169.254.169.254/latest", "https://localhost/", "https://10.0.0.1/x"])
def test_an_address_inside_is_refused_when_it_is_given(place: str) -> None:
    with pytest.raises(EgressDenied):
        services.switch_on("cisa-kev", by=CONSOLE, now=NOON, rng=DICE, location=place)


def test_a_source_is_read_and_asked_conditionally_the_next_time(feed: Feed) -> None:
    row = switched_on("cisa-kev", feed)
    feed.body = kev(*CVES)

    first = refreshed(row, feed)
    second = refreshed(row, feed, days=1)

    assert isinstance(first, services.Report)
    assert isinstance(second, services.Report)
    assert (first.stored, second.seen) == (10, 0)
    assert feed.asked == ["", '"one"']
    assert queries.source_ages(NOON + timedelta(days=1))[0].age == timedelta(0)


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (kev(*CVES[:1]), 200, "application/json"),
        (kev(*CVES)[:-40], 200, "application/json"),
        (b"", 200, "application/json"),
        (b'{"catalogue": []}', 200, "application/json"),
        (b"<html>Sign in</html>", 200, "text/html"),
        (kev(*CVES), 503, "application/json"),
        (b"", 302, "text/plain"),
    ],
    ids=["nine tenths gone", "cut off", "empty", "other shape", "a page", "down", "moved"],
)
def test_a_broken_feed_keeps_the_last_good_state_grows_old_and_raises_the_alarm(
    feed: Feed, body: bytes, status: int, kind: str
) -> None:
    row = switched_on("cisa-kev", feed)
    feed.body = kev(*CVES)
    refreshed(row, feed)
    feed.body, feed.status, feed.kind, feed.etag = body, status, kind, '"two"'

    outcome = refreshed(row, feed, days=8)

    now = NOON + timedelta(days=8)
    age = next(one for one in queries.source_ages(now) if one.name == "cisa-kev")
    assert isinstance(outcome, Refusal)
    assert CatalogueAssertion.objects.filter(ended_at__isnull=True).count() == 10
    assert (age.age, age.is_stale, bool(age.last_error), age.record_count) == (timedelta(days=8), True, True, 10)
    assert Entry.objects.filter(action="source.failed").count() == 1


def test_after_a_failure_the_whole_is_asked_for_again(feed: Feed) -> None:
    row = switched_on("cisa-kev", feed)
    feed.body = kev(*CVES)
    refreshed(row, feed)
    feed.status, feed.etag = 503, '"two"'
    refreshed(row, feed, days=1)
    feed.status = 200

    outcome = refreshed(row, feed, days=2)

    assert isinstance(outcome, services.Report)
    assert feed.asked[-1] == ""
    assert queries.source_ages(NOON)[0].last_error == ""


@pytest.mark.parametrize(("name", "record"), [("cve-list", "CVE-2030-1000"), ("cisa-csaf", "ACME-1")])
def test_an_archive_of_records_is_read_over_the_network_and_the_same_again_changes_nothing(
    feed: Feed, name: str, record: str
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("main/README.md", "# Words")
        file.writestr("main/cves/delta.json", "{}")
        one = cve(record) if name == "cve-list" else csaf(record, ("CVE-2030-1000", "Gate", "<2.0", ""))
        file.writestr(f"main/2030/{record}.json", json.dumps(one))
    row = switched_on(name, feed)
    feed.body, feed.kind = archive.getvalue(), "application/zip"
    first = refreshed(row, feed)
    unchanged = refreshed(row, feed, days=1)
    feed.etag = '"another"'

    again = refreshed(row, feed, days=2)

    reports = [one for one in (first, unchanged, again) if isinstance(one, services.Report)]
    assert [(one.stored, one.unchanged, one.refused) for one in reports] == [(1, 0, 0), (0, 0, 0), (0, 1, 0)]
    assert SourceRecord.objects.get().record_id == record


def test_a_dump_that_shrank_to_a_tenth_removes_nothing_and_raises_the_alarm(feed: Feed) -> None:
    row = switched_on("osv-pypi", feed)
    lines = [json.dumps({"id": f"PYSEC-{n}"}).encode() for n in range(20)]
    feed.body = gzip.compress(b"\n".join(lines), mtime=0)
    feed.kind = "application/gzip"
    refreshed(row, feed)
    feed.body, feed.etag = gzip.compress(b"\n".join(lines[:2]), mtime=0), '"two"'

    outcome = refreshed(row, feed, days=1)

    assert isinstance(outcome, Refusal)
    assert outcome.code == "incomplete"
    assert SourceRecord.objects.count() == 20


def test_a_host_nobody_allowed_is_not_asked(feed: Feed) -> None:
    row = switched_on("cisa-kev", feed)

    outcome = services.refresh(row.public_id, by=CONSOLE, now=NOON, rng=DICE)

    assert isinstance(outcome, Refusal)
    assert feed.asked == []


def test_the_hourly_look_asks_each_due_source_once_an_hour() -> None:
    services.switch_on("cisa-kev", by=CONSOLE, now=NOON, rng=DICE)
    services.switch_on("osv-pypi", by=CONSOLE, now=NOON, rng=DICE)

    for _ in range(2):
        jobs.look({}, None, now=NOON, rng=DICE)  # type: ignore[arg-type]

    assert Job.objects.filter(kind=jobs.REFRESH).count() == 2


def test_a_source_is_due_again_after_its_period_and_an_hour_after_a_failure() -> None:
    row = services.switch_on("osv-pypi", by=CONSOLE, now=NOON, rng=DICE)
    Source.objects.filter(pk=row.pk).update(last_tried_at=NOON, last_ok_at=NOON)
    assert services.due(now=NOON + timedelta(hours=23)) == []
    assert len(services.due(now=NOON + timedelta(hours=24))) == 1

    Source.objects.filter(pk=row.pk).update(last_tried_at=NOON + timedelta(hours=24))
    assert services.due(now=NOON + timedelta(hours=24, minutes=59)) == []
    assert len(services.due(now=NOON + timedelta(hours=25))) == 1


def test_vulnrichment_is_read_from_its_repository_of_cve_records(tmp_path: "object") -> None:
    from pathlib import Path

    record = {
        "cveMetadata": {"cveId": "CVE-2026-1000"},
        "containers": {
            "adp": [
                {
                    "metrics": [
                        {
                            "other": {
                                "type": "ssvc",
                                "content": {
                                    "timestamp": "2026-03-01T00:00:00Z",
                                    "options": [
                                        {"Exploitation": "active"},
                                        {"Automatable": "yes"},
                                        {"Technical Impact": "total"},
                                    ],
                                },
                            }
                        }
                    ]
                }
            ]
        },
    }
    path = Path(str(tmp_path), "develop.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("vulnrichment/README.md", "# Words")
        archive.writestr("vulnrichment/2026/CVE-2026-1000.json", json.dumps(record))
        archive.writestr("vulnrichment/2026/CVE-2026-1001.json", json.dumps({"cveMetadata": {}, "containers": {}}))

    report = services.import_path(
        services.SourceKind.VULNRICHMENT, services.Place(str(path)), by=CONSOLE, now=NOON, rng=DICE
    )

    assert report.stored == 1
    assert json.loads(CatalogueAssertion.objects.get().data)["exploitation"] == "active"  # noqa: TID251
