"""Who says that two ids mean one vulnerability decides alone; the order in which they say it does not."""

import json
import random
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from tests.conftest import NOON

from watchbell.apps.vulnerabilities import queries, services
from watchbell.apps.vulnerabilities.models import Group, GroupMember, SourceRecord, UmbrellaLink
from watchbell.domain.handling import system
from watchbell.domain.matching.aliases import Assertion, groups_of

CONSOLE = system("console")
DICE = random.Random(14409)


def take(*records: tuple[str, list[str]], modified: str = "2026-01-01T00:00:00Z", source: str = "osv") -> None:
    lines = [
        (at, json.dumps({"id": name, "modified": modified, "aliases": aliases}).encode())
        for at, (name, aliases) in enumerate(records, start=1)
    ]
    services.import_osv(lines, source=source, by=CONSOLE, now=NOON, rng=DICE)


def picture() -> set[tuple[str, str, frozenset[str], frozenset[str]]]:
    """Return every living group: anchor, display id, members, what it is an umbrella of."""
    return {
        (
            row.anchor,
            row.display_id,
            frozenset(GroupMember.objects.filter(group=row).values_list("identifier", flat=True)),
            frozenset(UmbrellaLink.objects.filter(group=row).values_list("cve", flat=True)),
        )
        for row in Group.objects.all()
        if GroupMember.objects.filter(group=row).exists()
    }


def expected(said: dict[tuple[str, str], list[str]]) -> set[tuple[str, str, frozenset[str], frozenset[str]]]:
    edges = [Assertion("", name, alias) for (_, name), aliases in said.items() for alias in aliases]
    groups = groups_of(edges, [name for _, name in said])
    return {
        (group.cve or min(group.ids), group.display_id, group.ids, group.umbrella_of) for group in groups
    }  # fmt: skip


@pytest.mark.django_db
def test_two_ids_of_one_cve_are_one_vulnerability() -> None:
    take(("GHSA-a", ["CVE-2026-0001"]), ("PYSEC-1", ["CVE-2026-0001"]))

    name = queries.group_of("PYSEC-1")

    assert name is not None
    assert name == queries.group_of("GHSA-a") == queries.group_of("cve-2026-0001")
    assert name.display_id == "CVE-2026-0001"


@pytest.mark.django_db
def test_two_cves_are_never_one_and_a_record_over_several_is_an_umbrella() -> None:
    take(("RUSTSEC-1", ["CVE-2026-0001", "CVE-2026-0002"]))

    one, two, over = (queries.group_of(name) for name in ("CVE-2026-0001", "CVE-2026-0002", "RUSTSEC-1"))

    assert len({one, two, over}) == 3
    assert Group.objects.get(anchor="RUSTSEC-1").umbrella


@pytest.mark.django_db
def test_a_vulnerability_keeps_its_public_id_when_it_is_given_a_cve() -> None:
    take(("GHSA-a", []))
    before = queries.group_of("GHSA-a")
    assert before is not None
    last = queries.changed_since(0)[-1].seq

    take(("PYSEC-1", ["GHSA-a", "CVE-2026-0001"]))

    after = queries.group_of("GHSA-a")
    assert after is not None
    assert (after.public_id, after.display_id) == (before.public_id, "CVE-2026-0001")
    changed = {change.record for change in queries.changed_since(last)}
    assert changed == set(SourceRecord.objects.values_list("pk", flat=True))


@pytest.mark.django_db
def test_a_vulnerability_that_turns_out_to_be_a_known_one_leads_there() -> None:
    take(("GHSA-a", []), ("PYSEC-1", ["CVE-2026-0001"]))
    old = queries.group_of("GHSA-a")
    assert old is not None

    take(("GHSA-a", ["CVE-2026-0001"]), modified="2026-02-01T00:00:00Z")

    assert queries.facts_for([old.public_id])[old.public_id].display_id == "CVE-2026-0001"


@pytest.mark.django_db
def test_an_alias_that_is_taken_back_parts_the_two_again() -> None:
    take(("GHSA-a", ["CVE-2026-0001"]), ("PYSEC-1", ["GHSA-a"]))

    take(("GHSA-a", []), modified="2026-02-01T00:00:00Z")

    assert queries.group_of("GHSA-a") == queries.group_of("PYSEC-1") != queries.group_of("CVE-2026-0001")


RECORDS = [
    ("GHSA-a", ["CVE-2026-0001"]),
    ("PYSEC-1", ["GHSA-a", "GHSA-b"]),
    ("RUSTSEC-1", ["CVE-2026-0001", "CVE-2026-0002"]),
    ("GHSA-b", []),
]


@pytest.mark.django_db
@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_records_give_the_same_groups_in_every_order(order: tuple[int, ...]) -> None:
    for at in order:
        take(RECORDS[at], source=f"source-{at}")

    assert picture() == expected({(f"source-{at}", name): aliases for at, (name, aliases) in enumerate(RECORDS)})


IDS = ["CVE-2026-0001", "CVE-2026-0002", "GHSA-a", "GHSA-b", "PYSEC-1", "PYSEC-2", "RUSTSEC-1"]
UPDATES = st.lists(
    st.tuples(
        st.sampled_from(["one", "two"]),
        st.sampled_from(IDS[2:]),
        st.lists(st.sampled_from(IDS), max_size=3, unique=True),
    ),
    max_size=8,
)


class AnyOrder(TestCase):
    @given(updates=UPDATES, seed=st.integers(0, 2**16))
    @settings(max_examples=60)
    def test_updates_of_two_sources_commute_and_agree_with_the_rule(self, updates: Any, seed: int) -> None:
        dated = [(f"2026-01-{day:02}T00:00:00Z", *update) for day, update in enumerate(updates, start=1)]
        newest = {(source, name): [a for a in aliases if a != name] for _, source, name, aliases in dated}
        shuffled = random.Random(seed).sample(dated, len(dated))

        for modified, source, name, aliases in shuffled:
            with transaction.atomic():
                take((name, aliases), modified=modified, source=source)

        assert picture_of_asserted(newest) == picture()


def picture_of_asserted(
    said: dict[tuple[str, str], list[str]],
) -> set[tuple[str, str, frozenset[str], frozenset[str]]]:
    """Return the rule's groups, and alone each id that somebody named once and nobody names any more."""
    groups = expected(said)
    named = {name for group in groups for name in group[2]}
    forgotten = set(GroupMember.objects.values_list("identifier", flat=True)) - named
    return groups | {(name, name, frozenset({name}), frozenset()) for name in forgotten}
