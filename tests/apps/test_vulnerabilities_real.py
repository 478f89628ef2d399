"""All of the real data comes in, says what it should, and the second time changes nothing."""

import random
from typing import Any

import pytest
from django.db import connection
from tests.conftest import NOON
from tests.support.machine import SHARED_DATA, why_missing

from watchbell.apps.vulnerabilities import queries, services
from watchbell.apps.vulnerabilities.models import GroupMember, Range, RangeDoubt, SourceRecord
from watchbell.domain.handling import system
from watchbell.domain.matching.gem_requirements import read_rubysec
from watchbell.domain.matching.ranges import Ranges, read_affected
from watchbell.domain.versions import Scheme, key
from watchbell.formats import osv

CONSOLE = system("console")
DICE = random.Random(14409)
FILES = {
    services.SourceKind.OSV: "osv",
    services.SourceKind.KEV: "kev.json",
    services.SourceKind.VULNRICHMENT: "vulnrichment_ssvc.csv.gz",
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db,
    pytest.mark.skipif(bool(why_missing("data")), reason=why_missing("data")),
]


def take(kind: services.SourceKind) -> services.Report:
    place = services.Place(str(SHARED_DATA / FILES[kind]))
    return services.import_path(kind, place, by=CONSOLE, now=NOON, rng=DICE)


def rows() -> dict[str, list[Any]]:
    tables = ("sourcerecord", "receivedrecord", "range", "rangedoubt", "aliasassertion", "groupmember", "group",
              "catalogueassertion", "product", "productlisting", "package", "standing")  # fmt: skip
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM vulnerabilities_{table} ORDER BY 1")
            found[table] = [hash(tuple(bytes(c) if isinstance(c, memoryview) else c for c in row)) for row in cursor]
    return found


def test_all_real_data_comes_in_and_importing_it_again_changes_nothing() -> None:
    first = {kind: take(kind) for kind in FILES}
    before = rows()
    second = {kind: take(kind) for kind in FILES}
    after = rows()

    assert [report.refused for report in first.values()] == [0, 0, 0]
    assert first[services.SourceKind.OSV].seen == 14_964
    assert [report.stored for report in second.values()] == [0, 0, 0]
    assert [report.unchanged for report in second.values()] == [report.seen for report in first.values()]
    assert {table for table in before if table != "standing" and before[table] != after[table]} == set()
    say_the_same_as_the_plain_reading()
    hold_what_is_known_of_the_data()


def say_the_same_as_the_plain_reading() -> None:
    """Some hundred records, read one by one without any of the import's shortcuts, give the rows that are stored."""
    for row in random.Random(7).sample(list(SourceRecord.objects.all()), 300):
        page = queries.record(row.public_id)
        assert page is not None
        expected = {
            (interval.lo, interval.hi)
            for entry in osv.loads(page.content).affected
            for interval in plainly_read(entry).intervals
        }
        stored = {(bytes(lo), bytes(hi)) for lo, hi in row.ranges.values_list("lo", "hi")}
        assert stored == expected, row.record_id


def plainly_read(entry: osv.OsvAffected) -> Ranges:
    """Return what one entry says; RubySec says it in its own words where OSV's have no ranges."""
    own = None if entry.ranges or entry.versions else read_rubysec(entry.database_specific)
    return own or read_affected(entry.ecosystem, entry.ranges, entry.versions)


def hold_what_is_known_of_the_data() -> None:
    """Withdrawn records are retracted, pairs of events at one version are read right, every record is in a group."""
    withdrawn = SourceRecord.objects.filter(withdrawn_at__isnull=False)
    assert withdrawn.count() > 0
    assert not Range.objects.filter(record__in=withdrawn, retracted=False).exists()
    assert Range.objects.filter(retracted=False).count() > 80_000
    named = set(GroupMember.objects.values_list("identifier", flat=True))
    assert set(SourceRecord.objects.values_list("record_id", flat=True)) <= named
    assert RangeDoubt.objects.count() < 1_500
    tie = Range.objects.filter(record__record_id="RUSTSEC-2026-0149")
    place = key(Scheme.SEMVER, "46.0.0")
    assert all(not (bytes(one.lo) <= place < bytes(one.hi)) for one in tie)
    log4j = queries.facts_for(["CVE-2021-44228"])["CVE-2021-44228"]
    assert (log4j.in_kev, log4j.listed_in_kev_since) == (True, False)
    assert queries.products("windows")
    assert all(one.is_backlog for one in queries.facts_for([row.record_id for row in withdrawn[:5]]).values()) is False
