"""A CSAF provider is found, read by its lists, proved by its hashes, and asked again only for what has changed."""

import gzip
import json
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from tests.apps.scene_published import csaf
from tests.conftest import NOON
from tests.support import csaf_provider
from tests.support.csaf_provider import FEED, METADATA, Answer, Provider

from watchbell.apps.jobs.models import Job
from watchbell.apps.journal.models import Entry
from watchbell.apps.vulnerabilities import jobs, queries, services
from watchbell.apps.vulnerabilities.models import ProvidedDocument, ProviderListing, Source, SourceRecord
from watchbell.apps.vulnerabilities.services import provider_asking, provider_documents, provider_listings, providers
from watchbell.apps.vulnerabilities.services.provider_asking import Pace
from watchbell.domain.handling import system
from watchbell.domain.refusal import Refusal
from watchbell.domain.sentence import Sentence
from watchbell.outside.egress import Bounds, Policy

CONSOLE = system("console")
DICE = random.Random(14409)
JANUARY, MARCH = "2030-01-01T00:00:00Z", "2030-03-01T00:00:00Z"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_asking, "BETWEEN", 0)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with csaf_provider.serving() as held:
        for number in range(3):
            held.put(f"2030/acme-{number}.json", JANUARY, advisory(number))
        yield held


def advisory(number: int, *, at: str = JANUARY, **more: Any) -> dict[str, Any]:
    return csaf(f"ACME-{number}", (f"CVE-2030-100{number}", "Gate", "<2.0", ""), at=at, **more)


def switched_on(provider: Provider, path: str = METADATA) -> Source:
    """Switch the listed provider on and lead it to ours: its address is on this machine, which no one may type in."""
    for _ in range(2):
        row = services.switch_on("bsi-csaf", by=CONSOLE, now=NOON, rng=DICE)
    Source.objects.filter(pk=row.pk).update(location=provider.address + path)
    return row


def read(row: Source, provider: Provider, days: float = 0) -> services.Report:
    outcome = refreshed(row, provider, days)
    assert isinstance(outcome, services.Report), outcome
    return outcome


def refreshed(row: Source, provider: Provider, days: float = 0) -> services.Report | Refusal | None:
    now = NOON + timedelta(days=days)
    return services.refresh(row.public_id, by=CONSOLE, now=now, rng=DICE, policy=provider.policy)


def everything() -> list[list[dict[str, Any]]]:
    tables: tuple[Any, ...] = (SourceRecord, ProvidedDocument, Entry)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def refusals() -> dict[str, str]:
    rows = ProvidedDocument.objects.exclude(refusal="").order_by("address")
    return {row.address.rpartition("/")[2]: row.refusal for row in rows}


@pytest.mark.parametrize("path", [METADATA, "", "/", "/.well-known/security.txt"])
def test_a_provider_is_found_by_its_metadata_its_host_or_its_security_txt(provider: Provider, path: str) -> None:
    if "security" in path:
        provider.paths["/elsewhere/provider-metadata.json"] = provider.paths.pop(METADATA)
        line = f"Contact: mailto:a@acme.example\nCSAF: {provider.address}/elsewhere/provider-metadata.json\n"
        provider.paths["/.well-known/security.txt"] = Answer(line.encode(), headers={"Content-Type": "text/plain"})
    row = switched_on(provider, path)

    report = read(row, provider)

    assert (report.stored, report.refused, report.left) == (3, 0, 0)
    assert {one.checked for one in ProvidedDocument.objects.all()} == {"sha512"}
    assert all(one.is_signed for one in ProvidedDocument.objects.all())
    age = next(one for one in queries.source_ages(NOON) if one.name == "bsi-csaf")
    assert (age.record_count, age.is_stale, age.last_error) == (3, False, "")


def test_a_second_reading_asks_for_no_document_and_changes_nothing(provider: Provider) -> None:
    row = switched_on(provider)
    read(row, provider)
    before = everything()
    provider.asked.clear()

    again = read(row, provider, days=1)

    assert (again.seen, again.left) == (0, 0)
    assert provider.asked == [METADATA, FEED]
    assert everything() == before
    assert Entry.objects.filter(action="source.enabled").count() == 1


def test_only_what_has_changed_is_asked_for_again_whatever_its_own_date_says(provider: Provider) -> None:
    row = switched_on(provider)
    read(row, provider)
    provider.put("2030/acme-1.json", MARCH, advisory(1, at=MARCH))
    provider.put("2030/acme-9.json", "2001-01-01T00:00:00Z", advisory(9))  # listed late, with the vendor's old date
    provider.asked.clear()

    again = read(row, provider, days=1)

    assert again.stored == 2
    assert sorted(path for path in provider.asked_for("acme") if path.endswith("json")) == [
        "/csaf/2030/acme-1.json",
        "/csaf/2030/acme-9.json",
    ]


@pytest.mark.parametrize("with_changes", [True, False], ids=["changes.csv", "index.txt alone"])
def test_a_folder_of_documents_is_read_by_its_own_lists(provider: Provider, with_changes: bool) -> None:
    provider.describe([{"directory_url": f"{provider.address}/csaf/"}])
    if not with_changes:
        del provider.paths["/csaf/changes.csv"]
    row = switched_on(provider)

    first, tomorrow = read(row, provider), read(row, provider, days=1)
    provider.put("2030/acme-1.json", MARCH, advisory(1, at=MARCH))
    provider.describe([{"directory_url": f"{provider.address}/csaf/"}])
    if not with_changes:
        del provider.paths["/csaf/changes.csv"]
    later = read(row, provider, days=8)

    assert (first.stored, tomorrow.seen, later.stored) == (3, 0, 1)
    assert later.unchanged == (0 if with_changes else 2)


def test_feeds_of_csaf_2_1_on_several_pages_are_read_whole(provider: Provider) -> None:
    entries = [provider.entry(name) for name in provider.documents]
    provider.feed(entries[:2], FEED, {"rel": "next", "href": f"{provider.address}/csaf/page-2.json"})
    provider.feed(entries[2:], "/csaf/page-2.json")
    metadata = json.loads(provider.paths[METADATA].body) | {"metadata_version": "2.1"}  # noqa: TID251
    metadata["distributions"] = [
        {"directory": {"url": f"{provider.address}/csaf/", "tlp_label": "GREEN"}},
        {"rolie": {"feeds": [{"tlp_label": "CLEAR", "url": "../../csaf/feed-tlp-white.json"}]}},
    ]
    provider.paths[METADATA] = Answer(json.dumps(metadata).encode())

    report = read(switched_on(provider), provider)

    assert report.stored == 3


@pytest.mark.parametrize("label", ["GREEN", "AMBER", "RED", "UNLABELED", "PURPLE"])
def test_a_feed_that_is_not_for_everyone_is_not_even_asked_for(provider: Provider, label: str) -> None:
    feeds = [{"tlp_label": label, "url": f"{provider.address}/secret.json"}, {"tlp_label": "WHITE", "url": FEED}]
    provider.describe([{"rolie": {"feeds": feeds}}])

    report = read(switched_on(provider), provider)

    assert report.stored == 3
    assert provider.asked_for("secret") == []
    assert dict(ProviderListing.objects.values_list("label", "is_open")) == {label: False, "WHITE": True}


def test_a_document_that_is_not_for_everyone_or_broken_is_refused_with_its_place_and_asked_for_once(
    provider: Provider,
) -> None:
    provider.put("2030/acme-1.json", MARCH, advisory(1, label="AMBER"))
    provider.put("2030/acme-2.json", MARCH, {"document": {"csaf_version": "2.0"}})
    row = switched_on(provider)

    report, again = read(row, provider), read(row, provider, days=1)

    assert (report.stored, report.refused, again.seen) == (1, 2, 0)
    assert [one.place.startswith(f"{provider.address}/csaf/2030/acme-") for one in report.refusals] == [True, True]
    assert "/document/distribution/tlp/label" in refusals()["acme-1.json"]
    assert list(SourceRecord.objects.values_list("record_id", flat=True)) == ["ACME-0"]


def test_a_document_that_is_not_what_its_hash_says_is_not_stored_and_asked_for_again(provider: Provider) -> None:
    good = provider.paths["/csaf/2030/acme-1.json.sha512"]
    provider.paths["/csaf/2030/acme-1.json.sha512"] = Answer(b"0" * 128 + b"  acme-1.json\n")
    provider.paths["/csaf/2030/acme-2.json.sha512"] = Answer(b"<nonsense>")
    row = switched_on(provider)

    report = read(row, provider)

    assert (report.stored, sorted(one.code for one in report.refusals)) == (1, ["bad-hash-file", "wrong-hash"])
    assert sorted(refusals()) == ["acme-1.json", "acme-2.json"]
    provider.paths["/csaf/2030/acme-1.json.sha512"] = good
    again = read(row, provider, days=1)
    assert (again.stored, sorted(refusals())) == (1, ["acme-2.json"])


def test_a_trusted_provider_without_a_hash_is_not_believed_and_another_one_is(provider: Provider) -> None:
    provider.put("2030/acme-1.json", MARCH, advisory(1), hashed=False)
    del provider.paths["/csaf/2030/acme-1.json.sha512"]
    provider.list_them()
    row = switched_on(provider)
    plain = read(row, provider)
    provider.role = "csaf_trusted_provider"
    provider.put("2030/acme-1.json", "2030-04-01T00:00:00Z", advisory(1, at=MARCH), hashed=False)

    trusted = read(row, provider, days=1)

    assert (plain.stored, plain.refused) == (3, 0)
    assert (trusted.stored, [one.code for one in trusted.refusals]) == (0, ["no-hash"])


@pytest.mark.parametrize("what", ["feed", "document", "metadata"])
def test_what_lies_on_another_host_is_refused_in_a_clear_sentence_and_never_asked_for(
    provider: Provider, what: str
) -> None:
    with csaf_provider.serving() as other:
        other.put("2030/acme-1.json", MARCH, advisory(1))
        if what == "feed":
            provider.describe([{"rolie": {"feeds": [{"tlp_label": "WHITE", "url": other.address + FEED}]}}])
        elif what == "document":
            provider.feed([provider.entry("2030/acme-0.json"), other.entry("2030/acme-1.json")])
        else:
            del provider.paths[METADATA]
            line = f"CSAF: {other.address}{METADATA}\n"
            provider.paths["/.well-known/security.txt"] = Answer(line.encode(), headers={"Content-Type": "text/plain"})

        outcome = refreshed(switched_on(provider, ""), provider)

        assert other.asked == []
    said = str(outcome.refusals[0] if isinstance(outcome, services.Report) else outcome)
    assert "is on a host that this node was not told to ask" in said
    assert "WATCHBELL_EGRESS_ALLOW" in said
    assert SourceRecord.objects.count() == (1 if what == "document" else 0)


def test_a_host_that_the_administrator_allowed_is_asked(provider: Provider) -> None:
    with csaf_provider.serving() as other:
        other.put("2030/acme-1.json", MARCH, advisory(1))
        provider.describe([{"rolie": {"feeds": [{"tlp_label": "WHITE", "url": other.address + FEED}]}}])
        row = switched_on(provider)
        both = Policy(allowed_hosts=frozenset({provider.address, other.address}), allow_loopback=True)

        report = services.refresh(row.public_id, by=CONSOLE, now=NOON, rng=DICE, policy=both)

    assert isinstance(report, services.Report)
    assert report.stored == 1


BOMB = gzip.compress(b" " * 2**23, mtime=0)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(status=302, headers={"Location": "/csaf/2030/acme-1.json"}), "egress-redirect"),
        (Answer(BOMB, headers={"Content-Encoding": "gzip"}), "egress-ratio"),
        (Answer(b"<html>Sign in</html>", headers={"Content-Type": "text/html"}), "egress-html"),
        (Answer(status=500), "egress-status"),
        (Answer(status=404), "not-there"),
        (Answer(b"[" * 100_000), "too-deep"),
        (Answer(b""), "not-json"),
    ],
    ids=["redirect in a circle", "bomb", "page", "down", "gone", "deep", "empty"],
)
def test_a_document_that_cannot_be_had_is_listed_with_the_reason_and_the_others_are_read(
    provider: Provider, answer: Answer, code: str
) -> None:
    provider.feed([{**provider.entry(name), "link": []} for name in provider.documents])
    provider.paths["/csaf/2030/acme-1.json"] = answer

    report = read(switched_on(provider), provider)

    assert report.stored == 2
    assert [one.code for one in report.refusals] == [code]
    assert list(refusals()) == ["acme-1.json"]


def feed_of(provider: Provider, *entries: dict[str, Any], follow: str = "") -> bytes:
    links = [{"rel": "next", "href": provider.address + follow}] if follow else []
    return json.dumps({"feed": {"entry": list(entries), "link": links}}).encode()


@pytest.mark.parametrize("fault", ["circle", "no feed", "redirect", "a stump", "html", "broken json", "bomb"])
def test_a_list_that_cannot_be_read_raises_the_alarm_and_nothing_is_lost(provider: Provider, fault: str) -> None:
    row = switched_on(provider)
    read(row, provider)
    provider.paths[FEED] = {
        "circle": Answer(feed_of(provider, provider.entry("2030/acme-0.json"), follow=FEED)),
        "no feed": Answer(b'{"entry": []}'),
        "redirect": Answer(status=301, headers={"Location": FEED}),
        "a stump": Answer(feed_of(provider, provider.entry("2030/acme-0.json"))),
        "html": Answer(b"<html>", headers={"Content-Type": "text/html"}),
        "broken json": Answer(feed_of(provider)[:-3]),
        "bomb": Answer(BOMB, headers={"Content-Encoding": "gzip"}),
    }[fault]

    outcome = refreshed(row, provider, days=8)

    assert isinstance(outcome, Refusal)
    assert SourceRecord.objects.count() == 3
    age = next(one for one in queries.source_ages(NOON + timedelta(days=8)) if one.name == "bsi-csaf")
    assert (age.is_stale, bool(age.last_error), age.record_count) == (True, True, 3)
    provider.list_them()
    assert read(row, provider, days=9).seen == 0
    assert queries.source_ages(NOON)[0].last_error == ""


def test_a_line_of_a_list_that_makes_no_sense_is_counted_and_the_others_are_read(provider: Provider) -> None:
    provider.describe([{"directory_url": f"{provider.address}/csaf/"}])
    good = provider.paths["/csaf/changes.csv"].body
    bad = b'"../../etc/passwd.json","2030-01-01T00:00:00Z"\n"2030/a.json","yesterday"\n"2030/%2e%2e/b.json",""\nfile\n'
    bad += f'"{provider.address}/csaf/x.json","2030-01-01T00:00:00Z"\n'.encode()
    provider.paths["/csaf/changes.csv"] = Answer(bad + good)

    report = read(switched_on(provider), provider)

    listing = ProviderListing.objects.get()
    assert (report.stored, listing.refused) == (3, 5)
    assert "(line 1)" in Sentence.unpacked(listing.refused_first)
    assert all("acme-" in path or "/csaf/" in path for path in provider.asked)
    assert not any(".." in path or "passwd" in path or "x.json" in path for path in provider.asked)


def test_a_provider_that_asks_us_to_wait_is_left_alone_until_then_and_what_came_before_is_kept(
    provider: Provider,
) -> None:
    busy = Answer(status=429, headers={"Retry-After": "1800"})
    good = provider.paths["/csaf/2030/acme-1.json"]
    provider.paths["/csaf/2030/acme-1.json"] = busy
    row = switched_on(provider)

    outcome = refreshed(row, provider)
    provider.asked.clear()
    too_soon = refreshed(row, provider, days=0.01)

    assert [one.code for one in (outcome, too_soon) if isinstance(one, Refusal)] == ["asked-to-wait", "asked-to-wait"]
    assert provider.asked == []
    assert SourceRecord.objects.count() >= 1
    assert services.due(now=NOON + timedelta(minutes=29)) == []
    provider.paths["/csaf/2030/acme-1.json"] = good
    read(row, provider, days=0.05)
    assert SourceRecord.objects.count() == 3


def test_a_short_wait_is_waited_out(provider: Provider) -> None:
    waited: list[float] = []
    answers = iter([Answer(status=503, headers={"Retry-After": "3"}), provider.paths[FEED]])
    provider.before_answering = lambda path: provider.paths.update({FEED: next(answers)} if path == FEED else {})
    visit = providers.Visit(provider.address, provider.policy, Pace(wait=waited.append))
    row = switched_on(provider)

    report = providers.read_whole(row, visit, by=CONSOLE, now=NOON, rng=DICE)

    assert report.stored == 3
    assert [one for one in waited if one] == [3]


def test_a_provider_that_fails_again_and_again_is_left_alone(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_documents, "MOST_FAILURES", 2)
    for number in range(10, 20):
        provider.put(f"2030/acme-{number}.json", JANUARY, advisory(1))
        provider.paths[f"/csaf/2030/acme-{number}.json"] = Answer(status=500)

    outcome = refreshed(switched_on(provider), provider)

    assert isinstance(outcome, Refusal)
    assert len(provider.asked_for("acme-1")) <= 5


def test_a_huge_provider_is_read_in_parts_with_room_for_other_work_between(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_documents, "AT_ONCE", 1)
    monkeypatch.setattr(provider_documents, "LONGEST", 0)
    monkeypatch.setattr(services, "allowed", lambda extra: provider.policy)
    row = switched_on(provider)

    seen = []
    for _ in range(3):
        jobs.refresh({"source": row.public_id}, Still(), now=NOON, rng=DICE)  # type: ignore[arg-type]
        seen.append((SourceRecord.objects.count(), Job.objects.filter(kind=jobs.REFRESH).count()))

    assert seen == [(1, 1), (2, 2), (3, 2)]
    assert len(provider.asked_for("feed")) == 1
    assert queries.source_ages(NOON)[0].last_ok_at == NOON


class Still:
    """Progress that nobody looks at."""

    def report(self, *, done: int) -> None: ...

    def checkpoint(self) -> None: ...


class Killed(BaseException):
    """Stands for kill -9: nothing of ours runs after it."""


@pytest.mark.parametrize("place", ["fetching", "storing", "marking", "listing", "settling"])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_reading_that_is_killed_goes_on_where_it_stopped(
    provider: Provider, place: str, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, name = {
        "fetching": (provider_documents, "_fetched"),
        "storing": (provider_documents, "import_records"),
        "marking": (provider_documents, "_mark"),
        "listing": (provider_listings, "_put"),
        "settling": (provider_listings, "_settle"),
    }[place]
    true, left = getattr(module, name), iter([True] * after)

    def dies(*args: Any, **kwargs: Any) -> Any:
        if not next(left, False):
            raise Killed
        return true(*args, **kwargs)

    monkeypatch.setattr(provider_documents, "AT_ONCE", 1)
    row = switched_on(provider)
    with monkeypatch.context() as patch, suppress(Killed):
        patch.setattr(module, name, dies)
        refreshed(row, provider)

    read(row, provider, days=1)

    assert sorted(SourceRecord.objects.values_list("record_id", flat=True)) == ["ACME-0", "ACME-1", "ACME-2"]
    assert not ProvidedDocument.objects.filter(taken__isnull=True).exists()
    assert read(row, provider, days=2).seen == 0


def test_a_provider_named_on_the_console_is_read_whole(provider: Provider) -> None:
    place = services.Place(provider.address + METADATA, provider.policy)

    report = services.import_path(services.SourceKind.CSAF, place, by=CONSOLE, now=NOON, rng=DICE)

    assert report.stored == 3
    assert Source.objects.get(name="csaf").record_count == 3


def test_a_slow_provider_is_cut_off(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = Bounds(total_seconds=0.3, first_byte_seconds=0.3)
    monkeypatch.setattr(provider_documents, "DOCUMENT", quick)
    provider.before_answering = lambda path: time.sleep(1 if path.endswith("acme-1.json") else 0)

    report = read(switched_on(provider), provider)

    assert (report.stored, [one.code for one in report.refusals]) == (2, ["egress-timeout"])
