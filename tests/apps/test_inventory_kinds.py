"""CVE and CSAF reach inventories: exact by package, probable or possible by a picked product; order never matters."""

import random
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.apps.scene_inventory import (
    CONSOLE,
    DICE,
    add,
    between,
    from_on,
    list_in_kev,
    load,
    osv,
    publish,
    row,
    rows,
    sbom,
    work,
)
from tests.apps.scene_published import csaf, cve, product, take, up_to
from tests.apps.test_inventory_matching import found, match_everything, undone
from tests.conftest import NOON
from tests.support.cast import Cast

from watchbell.apps.inventory import queries, reach, services
from watchbell.apps.inventory.models import Asset, Match, PackageVersion, ProductMatch
from watchbell.apps.inventory.reach import Tier
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.models import Range
from watchbell.apps.vulnerabilities.services import SourceKind
from watchbell.domain.matching.cve_versions import VersionEntry, read_versions
from watchbell.domain.matching.evaluate import judge
from watchbell.domain.matching.outcomes import Reason, Status
from watchbell.domain.matching.ranges import read_affected
from watchbell.domain.matching.stretches import Standing

pytestmark = pytest.mark.django_db
CVE, CSAF, OSV = SourceKind.CVE, SourceKind.CSAF, SourceKind.OSV
LATER = "2030-02-01T00:00:00Z"
MAVEN = ("1.0", "1.0.RC1", "1.0-RC1", "1.0.1", "2", "1-0-1", "1.0.0.Final")


def pick(cast: Cast, asset: Asset, text: str, version: str = "") -> None:
    choice = published.products(text)[0]
    services.pick_product(
        asset=asset, product=choice.public_id, label=text, version=version, by=cast.hospital.actor, now=NOON, rng=DICE
    )


def tiers(cast: Cast) -> dict[str, str]:
    """Return how sure each vulnerability that reaches the hospital is."""
    reached = reach.of(cast.hospital.organisation.public_id)
    names = published.facts_for(reached)
    return {names[group].display_id: one.tier.value for group, one in reached.items()}


# Tiers of what a person picked -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "tier"),
    [("1.5", Tier.PROBABLE), ("", Tier.POSSIBLE), ("whatever", Tier.POSSIBLE), ("2.0", None)],
)
def test_a_picked_product_is_probable_in_a_range_possible_without_a_version_and_not_listed_outside(
    cast: Cast, version: str, tier: Tier | None
) -> None:
    take(CVE, cve("CVE-2030-1000", product("Acme", "Gate", up_to("2.0"))))
    pick(cast, add(cast.hospital), "acme gate", version)

    work()

    assert tiers(cast) == ({"CVE-2030-1000": tier.value} if tier else {})


def test_a_record_that_leaves_other_versions_open_never_makes_them_safe(cast: Cast) -> None:
    take(
        CVE, cve("CVE-2030-1000", product("Acme", "Gate", {"version": "1.0", "status": "affected"}, default="unknown"))
    )
    asset = add(cast.hospital)
    pick(cast, asset, "acme gate", "3.0")
    work()

    assert tiers(cast) == {"CVE-2030-1000": "cannot tell"}
    assert row(cast.hospital, "CVE-2030-1000").undetermined == 1


def test_a_range_that_cannot_be_read_is_possible_whatever_the_version(cast: Cast) -> None:
    take(CSAF, csaf("ACME-1", ("CVE-2030-1000", "Gate", "all since last spring", "")))
    pick(cast, add(cast.hospital), "acme gate", "3.0")

    work()

    assert tiers(cast) == {"CVE-2030-1000": "possible"}


def test_a_catalogue_without_versions_alerts_only_where_no_record_says_more(cast: Cast) -> None:
    list_in_kev("CVE-2030-1000", "CVE-2030-1001", product="Gate")
    take(CVE, cve("CVE-2030-1000", product("Acme", "Gate", up_to("2.0"))))
    pick(cast, add(cast.hospital), "acme gate", "3.0")

    work()

    assert tiers(cast) == {"CVE-2030-1001": "possible"}


def test_an_alert_by_name_shows_every_record_its_reason_and_the_fix(cast: Cast) -> None:
    take(CVE, cve("CVE-2030-1000", product("Acme", "Gate", up_to("2.0"))))
    take(CSAF, csaf("ACME-1", ("CVE-2030-1000", "Gate", "<2.0", "")))
    pick(cast, add(cast.hospital), "acme gate", "1.5")
    work()

    group = row(cast.hospital, "CVE-2030-1000")
    shown = queries.exposures_of(cast.hospital.actor, group.group_id, now=NOON)

    assert {(one.record, one.tier, one.fixed) for one in shown} == {
        ("ACME-1", "probable", "2.0"),
        ("CVE-2030-1000", "probable", "2.0"),
    }
    assert all(str(one.because) == "1.5 is in [0, 2.0)" for one in shown)
    assert (group.tier, group.exposures, group.assets, group.fix_version) == ("probable", 1, 1, "2.0")


def test_an_update_of_the_picked_version_and_a_rejected_record_end_the_alert(cast: Cast) -> None:
    take(CVE, *(cve(f"CVE-2030-100{at}", product("Acme", "Gate", up_to(f"{at}.0"))) for at in (2, 4)))
    asset = add(cast.hospital)
    pick(cast, asset, "acme gate", "1.5")
    work()
    assert len(rows(cast.hospital)) == 2

    pick(cast, asset, "acme gate", "3.0")
    take(CVE, cve("CVE-2030-1004", state="REJECTED", at=LATER))
    work()

    assert tiers(cast) == {}
    assert [one.closed_because for one in rows(cast.hospital)] == ["gone", "withdrawn"]


# Exact, by package -----------------------------------------------------------------------------


def test_a_record_of_any_kind_that_names_a_package_for_certain_is_exact(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/gate@1.0"))
    publish(osv("PYSEC-1", "gate", *between("0", "2"), aliases=["CVE-2030-1000"]))
    take(CVE, cve("CVE-2030-1000", product("Acme", "Gate", up_to("2.0", kind="python"), packageURL="pkg:pypi/gate")))
    take(CSAF, csaf("ACME-1", ("CVE-2030-1000", "Gate", "<2.0", "pkg:pypi/gate")))

    work()

    assert tiers(cast) == {"CVE-2030-1000": "exact"}
    assert {one[1] for one in found()} == {"PYSEC-1", "CVE-2030-1000", "ACME-1"}
    assert len(rows(cast.hospital)) == 1
    assert row(cast.hospital, "CVE-2030-1000").exposures == 1


def test_versions_a_record_itself_calls_safe_are_safe_beside_its_doubts(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom(*(f"pkg:pypi/gate@{one}" for one in ("1.0", "3.0", "5.0"))))
    versions = [
        {"version": "1.0", "status": "affected"},
        {"version": "3.0", "status": "unaffected"},
    ]
    entry = product("Acme", "Gate", *versions, default="unknown", packageURL="pkg:pypi/gate")
    take(CVE, cve("CVE-2030-1000", entry))

    work()

    assert {(one[0], one[2]) for one in found()} == {("1.0", "affected"), ("5.0", "cannot tell")}


places = st.sampled_from(MAVEN)
stretch = st.tuples(st.sampled_from(("0", *MAVEN)), st.sampled_from(("", *MAVEN)))
listed = st.tuples(places, st.sampled_from(("affected", "unaffected")))


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    held=st.sets(places, min_size=1, max_size=5),
    spans=st.lists(stretch, min_size=1, max_size=2),
    said=st.lists(listed, max_size=3),
    default=st.sampled_from(("unknown", "unaffected", "")),
    is_list_first=st.booleans(),
)
def test_versions_with_no_one_place_stand_as_the_plain_rule_says_in_both_directions(
    cast: Cast, held: set[str], spans: list[Any], said: list[Any], default: str, is_list_first: bool
) -> None:
    events = [
        {"type": "ECOSYSTEM", "events": [{"introduced": lo}, *([{"fixed": hi}] if hi else [])]} for lo, hi in spans
    ]
    whole = osv("GHSA-1", "g:gate", affected=[{"package": {"ecosystem": "Maven", "name": "g:gate"}, "ranges": events}])
    entries = [{"version": version, "status": status, "versionType": "maven"} for version, status in said]
    other = cve("CVE-2030-1000", product("A", "G", *entries, default=default, packageURL="pkg:maven/g/gate"))
    ranges = {
        "GHSA-1": read_affected("Maven", events),
        "CVE-2030-1000": read_versions(
            [VersionEntry(version=version, status=Standing(status), version_type="maven") for version, status in said],
            Standing(default or "unknown"),
            ecosystem="Maven",
        ),
    }
    expected = {
        (version, name, outcome.status.value)
        for name, one in ranges.items()
        for version in held
        if one.intervals or one.named or one.doubts
        if (outcome := judge(version, one, record=name)).status in (Status.AFFECTED, Status.CANNOT_TELL)
    }

    with undone():
        asset = add(cast.hospital)
        content = sbom(*(f"pkg:maven/g/gate@{one}" for one in held))
        steps: list[Callable[[], Any]] = [
            lambda: load(cast.hospital, asset, content),
            lambda: [take(OSV, whole), take(CVE, other)],
        ]
        for step in steps if is_list_first else reversed(steps):
            step()
            services.match_asset(asset=asset, by=CONSOLE, now=NOON)
            match_everything()
        assert found() == expected


def test_a_version_its_tools_place_otherwise_is_cannot_tell_and_never_left_out(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:maven/g/gate@1.0-RC1"))
    publish(osv("GHSA-1", "g:gate", *between("0", "1.0.RC1"), ecosystem="Maven"))

    work()

    one = Match.objects.get()
    assert (one.status, one.reason) == (Status.CANNOT_TELL, Reason.UNPARSABLE_VERSION)
    assert "compare it by hand" in one.because


def test_keys_of_an_older_format_are_built_anew_and_matched_again(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/gate@1.0", "pkg:maven/g/gate@1.0.RC1"))
    publish(osv("PYSEC-1", "gate", *from_on("0.5")))
    work()
    before = (list(PackageVersion.objects.order_by("pk").values()), found())
    PackageVersion.objects.update(key=b"\x01", key_format=1, is_ambiguous=False)
    Match.objects.all().delete()

    match_everything()

    assert (list(PackageVersion.objects.order_by("pk").values()), found()) == before


# Order, repetition and counting ----------------------------------------------------------------

_RECORDS: list[tuple[SourceKind, dict[str, Any]]] = [
    (OSV, osv("PYSEC-1", "gate", *between("0", "2"), aliases=["CVE-2030-1000"])),
    (OSV, osv("GHSA-1", "gate", *between("1.5", "3"), aliases=["PYSEC-1"])),
    (OSV, osv("GHSA-2", "g:wall", *between("0", "1.0-RC1"), ecosystem="Maven", aliases=["CVE-2030-1001"])),
    (CVE, cve("CVE-2030-1000", product("Acme", "Gate", up_to("2.0", kind="python"), packageURL="pkg:pypi/gate"))),
    (CVE, cve("CVE-2030-1001", product("Acme", "Wall", up_to("1.2"), default="unknown"))),
    (CVE, cve("CVE-2030-1002", product("Acme", "Wall", up_to("1.2")), product("Acme", "Door"))),
    (CVE, cve("CVE-2030-1002", state="REJECTED", at=LATER)),
    (CSAF, csaf("ACME-1", ("CVE-2030-1000", "Gate", "<2.0", "pkg:pypi/gate"), ("CVE-2030-1003", "Door", "<=4", ""))),
    (CSAF, csaf("ACME-1", ("CVE-2030-1003", "Door", "<=5", ""), at=LATER)),
    (CSAF, csaf("ACME-2", ("CVE-2030-1001", "Wall", "<1.1", ""))),
]  # fmt: skip


def _matches() -> list[Any]:
    """Return all that matched, by names instead of numbers."""
    exact = Match.objects.values_list(
        "version__name", "version__raw", "record__record_id", "status", "reason", "because", "fixed"
    )
    groups = {public_id: one.display_id for public_id, one in published.facts_for(
        ProductMatch.objects.values_list("group_id", flat=True)
    ).items()}  # fmt: skip
    named = ProductMatch.objects.values_list("group_id", "record__record_id", "version", "tier", "because", "fixed")
    return [*sorted(exact), *sorted((groups[group], *rest) for group, *rest in named)]


def test_whatever_order_records_of_three_kinds_come_in_the_same_things_match(cast: Cast) -> None:
    orders = random.Random(3).sample(list(permutations(range(len(_RECORDS)))), 3)
    outcomes = []
    for order in [range(len(_RECORDS)), *orders]:
        with undone():
            take(CVE, cve("CVE-2029-1000", *(product("Acme", name, up_to("0")) for name in ("Gate", "Wall", "Door"))))
            asset = add(cast.hospital)
            versions = ("pypi/gate@1.0", "pypi/gate@2.5", "pypi/gate", "maven/g/wall@1.0.RC1", "maven/g/wall@2")
            load(cast.hospital, asset, sbom(*(f"pkg:{one}" for one in versions)))
            for name, version in (("gate", "1.0"), ("wall", "1.1.5"), ("door", "4.5")):
                pick(cast, asset, f"acme {name}", version)
            for at in order:
                take(*_RECORDS[at])
                if at % 3 == 0:
                    match_everything()
            work()
            outcomes.append((_matches(), tiers(cast), [(one.display_id, one.tier) for one in rows(cast.hospital)]))

    assert outcomes[0][1] == {"CVE-2030-1000": "exact", "CVE-2030-1001": "probable", "CVE-2030-1003": "probable"}
    assert [one[:2] for one in outcomes[1:]] == [outcomes[0][:2]] * 3


def test_importing_and_matching_again_writes_nothing(cast: Cast) -> None:
    take(CVE, cve("CVE-2029-1000", product("Acme", "Door", up_to("0"))))
    pick(cast, add(cast.hospital), "acme door", "4.5")
    for one in _RECORDS:
        take(*one)
    work()
    before = [list(table.objects.order_by("pk").values()) for table in (Match, ProductMatch, Range)]

    for one in _RECORDS:
        take(*one)
    work()

    assert [list(table.objects.order_by("pk").values()) for table in (Match, ProductMatch, Range)] == before


def test_the_counts_of_what_reaches_an_operator_add_up(cast: Cast) -> None:
    for record in _RECORDS:
        take(*record)
    asset, other = add(cast.hospital), add(cast.hospital, "second")
    load(cast.hospital, asset, sbom("pkg:pypi/gate@1.0", "pkg:pypi/gate"))
    pick(cast, asset, "acme wall")
    pick(cast, other, "acme wall", "9.9")
    work()

    told = reach.of(cast.hospital.organisation.public_id).values()
    for one in told:
        shown = queries.exposures_of(cast.hospital.actor, one.group, now=NOON)
        sure = {(each.asset, each.what, each.version) for each in shown if each.status is Status.AFFECTED}
        unsure = {(each.asset, each.what, each.version) for each in shown if each.status is not Status.AFFECTED} - sure
        assert (one.exposures, one.undetermined) == (len(sure), len(unsure))
    assert sum(one.exposures + one.undetermined for one in told) == 4
