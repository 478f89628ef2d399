"""Whatever comes first, list or record, the same things match; and what cannot be told is never called unaffected."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.apps.scene_inventory import CONSOLE, DICE, add, between, from_on, list_in_kev, load, osv, publish, sbom, work
from tests.conftest import NOON
from tests.support.cast import Cast

from watchbell.apps.inventory import services
from watchbell.apps.inventory.models import Cursor, Match, PackageVersion, ProductMatch, Touched
from watchbell.apps.inventory.services import matching
from watchbell.apps.jobs.progress import Cancelled
from watchbell.apps.journal.models import Entry
from watchbell.apps.vulnerabilities import queries
from watchbell.apps.vulnerabilities import services as published
from watchbell.domain.matching.evaluate import judge
from watchbell.domain.matching.outcomes import Reason, Status
from watchbell.domain.matching.ranges import read_affected
from watchbell.outside.reader import IMPORT, Line, ndjson_lines, open_document

pytestmark = pytest.mark.django_db
OSV = Path(__file__).resolve().parents[3] / "shared" / "data" / "osv" / "osv.ndjson.zst"
VERSIONS = ("", "0.9", "1.0", "1.1", "2.0rc1", "2.0", "2.5", "10.0", "not a version", "unknown")


def found() -> set[tuple[str, str, str]]:
    """Return (version, record, status) of every match."""
    rows = Match.objects.select_related("version", "record")
    return {(one.version.raw, one.record.record_id, one.status) for one in rows}


def match_everything() -> None:
    services.match_changed(by=CONSOLE, now=NOON)


class Undone(Exception):
    """Ends an example; the savepoint takes back what it did."""


@contextmanager
def undone() -> Iterator[None]:
    """Take back whatever the block does to the database."""
    with suppress(Undone), transaction.atomic():
        yield
        raise Undone


versions = st.sets(st.sampled_from(VERSIONS), min_size=1, max_size=6)
bounds = st.tuples(st.sampled_from(("0", "1.0", "2.0rc1", "2.0")), st.sampled_from(("", "1.0", "1.1", "2.0", "what?")))
record = st.tuples(st.lists(bounds, max_size=2), st.lists(st.sampled_from(VERSIONS[1:]), max_size=2))


def written(name: str, spans: list[tuple[str, str]], listed: list[str]) -> dict[str, Any]:
    ranges = [
        {"type": "ECOSYSTEM", "events": [{"introduced": lo}, *([{"fixed": hi}] if hi else [])]} for lo, hi in spans
    ]
    return osv(
        name,
        "gate",
        affected=[{"package": {"ecosystem": "PyPI", "name": "gate"}, "ranges": ranges, "versions": listed}],
    )


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(held=versions, said=st.lists(record, min_size=1, max_size=3), is_list_first=st.booleans())
def test_both_directions_say_what_the_plain_rule_says_of_each_version(
    cast: Cast, held: set[str], said: list[Any], is_list_first: bool
) -> None:
    records = [written(f"PYSEC-{at}", *one) for at, one in enumerate(said)]
    expected = set()
    for one in records:
        ranges = read_affected("PyPI", one["affected"][0]["ranges"], one["affected"][0]["versions"])
        if not (ranges.intervals or ranges.named or ranges.doubts):
            continue  # a range that ends where it begins names no version at all
        for version in held:
            outcome = judge(version or None, ranges, record=one["id"])
            if outcome.status in (Status.AFFECTED, Status.CANNOT_TELL):
                expected.add((version, one["id"], outcome.status.value))
    content = sbom(
        *(f"pkg:pypi/gate@{one.replace(' ', '%20').replace('?', '%3F')}" if one else "pkg:pypi/gate" for one in held)
    )

    with undone():
        asset = add(cast.hospital)
        steps = [lambda: load(cast.hospital, asset, content), lambda: publish(*records)]
        for step in steps if is_list_first else reversed(steps):
            step()
            services.match_asset(asset=asset, by=CONSOLE, now=NOON)
            match_everything()
        assert found() == expected


def test_a_record_that_is_withdrawn_or_changed_takes_its_matches_with_it(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/gate@1.0", "pkg:pypi/wall@1.0"))
    publish(osv("PYSEC-1", "gate", *between("0", "2")), osv("PYSEC-2", "wall", *between("0", "2")))
    work()
    assert len(found()) == 2

    publish(
        osv("PYSEC-1", "gate", *between("0", "1.0"), modified="2030-01-02T00:00:00Z"),
        osv("PYSEC-2", "wall", *between("0", "2"), modified="2030-01-02T00:00:00Z", withdrawn="2030-01-02T00:00:00Z"),
    )
    work()

    assert found() == set()


def test_a_version_that_cannot_be_compared_is_cannot_tell_with_the_reason(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/gate", "pkg:npm/gate@latest"))
    publish(osv("PYSEC-1", "gate", *between("0", "2")), osv("GHSA-1", "gate", *between("0", "2"), ecosystem="npm"))
    work()

    reasons = dict(Match.objects.values_list("record__record_id", "reason"))

    assert reasons == {"PYSEC-1": Reason.NO_VERSION, "GHSA-1": Reason.UNPARSABLE_VERSION}


def test_the_fix_named_is_the_end_of_the_range_that_reaches_furthest(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/gate@1.0"))
    two = osv("PYSEC-1", "gate")
    two["affected"][0]["ranges"] = [
        {"type": "ECOSYSTEM", "events": list(between("0", "1.5"))},
        {"type": "ECOSYSTEM", "events": list(between("0.5", "2.0"))},
    ]
    publish(two, osv("PYSEC-2", "gate", *from_on("0")))
    work()

    assert dict(Match.objects.values_list("record__record_id", "fixed")) == {"PYSEC-1": "2.0", "PYSEC-2": ""}


def test_matching_again_writes_nothing(cast: Cast) -> None:
    asset = add(cast.hospital)
    load(cast.hospital, asset, sbom("pkg:pypi/gate@1.0"))
    publish(osv("PYSEC-1", "gate", *between("0", "2")))
    work()
    rows = list(Match.objects.values())

    Cursor.objects.update(seq=0)
    match_everything()
    PackageVersion.objects.update(is_matched=False)
    services.match_asset(asset=asset, by=CONSOLE, now=NOON)

    assert list(Match.objects.values()) == rows


def test_news_is_told_to_those_it_reaches_and_to_nobody_else(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/gate@1.0"))
    load(cast.bank, add(cast.bank), sbom("pkg:pypi/wall@1.0"))
    work()
    Entry.objects.filter(action="inventory.matched").count()
    before = set(Entry.objects.values_list("pk", flat=True))

    publish(osv("PYSEC-1", "gate", *between("0", "2")))
    match_everything()

    told = Entry.objects.exclude(pk__in=before).filter(action="inventory.matched")
    assert [one.subject_id for one in told] == [cast.hospital.organisation.public_id]


class Dying:
    """Progress of a job whose worker is killed after some steps."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def report(self, **_: Any) -> None:
        """Count nothing."""

    def checkpoint(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise Cancelled


def test_a_matcher_that_stops_half_way_goes_on_where_it_stopped(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    load(cast.hospital, add(cast.hospital), sbom(*(f"pkg:pypi/p{at}@1.0" for at in range(6))))
    publish(*(osv(f"PYSEC-{at}", f"p{at}", *between("0", "2")) for at in range(6)))
    monkeypatch.setattr(matching, "CHANGES_AT_ONCE", 2)

    progress: Any = Dying(2)
    with pytest.raises(Cancelled):
        services.match_changed(by=CONSOLE, now=NOON, progress=progress)
    assert len(found()) == 4
    assert Touched.objects.count() == 1
    match_everything()

    assert len(found()) == 6
    assert Touched.objects.count() == 0
    assert Entry.objects.filter(action="inventory.matched").exists()


def test_a_package_with_very_many_records_is_matched_in_small_transactions(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "MOST_ROWS", 3)
    asset = add(cast.hospital)
    load(cast.hospital, asset, sbom(*(f"pkg:pypi/gate@1.{at}" for at in range(5))))
    publish(*(osv(f"PYSEC-{at}", "gate", *between("0", "2")) for at in range(4)))

    services.match_asset(asset=asset, by=CONSOLE, now=NOON)
    assert len(found()) == 20
    Match.objects.all().delete()
    match_everything()

    assert len(found()) == 20


def test_a_listing_in_kev_reaches_picked_products_whichever_came_first(cast: Cast) -> None:
    outcomes = []
    for is_pick_first in (True, False):
        with undone():
            asset = add(cast.hospital)
            list_in_kev("CVE-2026-1001", product="FortGate")
            choice = queries.products("fortgate")[0].public_id
            steps = [
                lambda choice=choice, asset=asset: services.pick_product(
                    asset=asset, product=choice, label="fortgate", by=cast.hospital.actor, now=NOON, rng=DICE
                ),
                lambda: list_in_kev("CVE-2026-1001", "CVE-2026-1002", product="FortGate"),
            ]
            for step in steps if is_pick_first else reversed(steps):
                step()
                match_everything()
            outcomes.append(ProductMatch.objects.count())

    assert outcomes == [2, 2]


@pytest.mark.slow
@pytest.mark.skipif(not OSV.exists(), reason="the shared data set of real records is not on this machine")
def test_an_asset_of_two_thousand_components_is_matched_with_all_real_records_in_well_under_a_second(
    cast: Cast,
) -> None:
    member = next(iter(opened := open_document(OSV, OSV.name, IMPORT)))
    lines = [(line.number, line.content) for line in ndjson_lines(member.stream, IMPORT) if isinstance(line, Line)]
    opened.close()  # type: ignore[attr-defined]
    published.import_osv(lines, source="osv", by=CONSOLE, now=NOON, rng=DICE)
    from watchbell.apps.vulnerabilities.models import Package

    packages = Package.objects.filter(ecosystem__in=["PyPI", "Go", "crates.io", "RubyGems"]).order_by("id")[:2000]
    kinds = {"PyPI": "pypi", "Go": "golang", "crates.io": "cargo", "RubyGems": "gem"}
    asset = add(cast.hospital)
    load(cast.hospital, asset, sbom(*(f"pkg:{kinds[one.ecosystem]}/{one.name}@1.0.0" for one in packages)))

    began = time.perf_counter()
    services.match_asset(asset=asset, by=CONSOLE, now=NOON)
    took = time.perf_counter() - began

    print(f"{Match.objects.count()} matches in {took:.3f} s")  # noqa: T201
    assert Match.objects.filter(status="affected").count() > 500
