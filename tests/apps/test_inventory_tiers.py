"""Whatever recognised it, one flaw in one thing stands once: the surest says how sure it is, with all its sources."""

import json
from itertools import permutations
from typing import Any

import pytest
from tests.apps.scene_inventory import add, between, list_in_kev, load, osv, rows, sbom, work
from tests.apps.scene_published import csaf, cve, product, take, up_to
from tests.apps.test_inventory_kinds import pick
from tests.conftest import NOON
from tests.support.cast import Cast

from watchbell.apps.inventory import queries, reach
from watchbell.apps.inventory.candidates import candidates
from watchbell.apps.inventory.told import Told, once
from watchbell.apps.vulnerabilities.services import SourceKind
from watchbell.domain.matching.tiers import Basis

pytestmark = pytest.mark.django_db
CVE, CSAF, OSV = SourceKind.CVE, SourceKind.CSAF, SourceKind.OSV
FLAW = "CVE-2030-1000"

BY_ALL: tuple[tuple[SourceKind, dict[str, Any]], ...] = (
    (OSV, osv("PYSEC-1", "gate", *between("0", "2.0"), aliases=[FLAW])),
    (CVE, cve(FLAW, product("Acme", "Gate", up_to("2.0", kind="python"), packageURL="pkg:pypi/gate"))),
    (CSAF, csaf("ACME-1", (FLAW, "Gate", "<2.0", "pkg:pypi/gate"))),
)


def shown(cast: Cast) -> list[Told]:
    """Return what the hospital is shown of the one flaw that reaches it."""
    (line,) = rows(cast.hospital)
    return once(queries.exposures_of(cast.hospital.actor, line.group_id, now=NOON))


def told(one: Told) -> list[tuple[str, str, Basis]]:
    return [(each.record, each.tier, each.basis) for each in (one.one, *one.others)]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_one_flaw_by_osv_cve_and_csaf_shows_once_surest_first_with_all_its_sources(
    cast: Cast, order: tuple[int, ...]
) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/gate@1.0"))

    for at in order:
        take(*BY_ALL[at])
        work()

    (one,) = shown(cast)
    assert told(one) == [
        (FLAW, "exact", Basis.PACKAGE),
        ("PYSEC-1", "exact", Basis.PACKAGE),
        ("ACME-1", "exact", Basis.HELPER),
    ]


def test_a_picked_product_is_told_by_its_vendors_branches_before_others_names(cast: Cast) -> None:
    take(CVE, cve(FLAW, product("Acme", "Gate", up_to("2.0"))))
    take(CSAF, csaf("ACME-1", (FLAW, "Gate", "<2.0", "")))
    list_in_kev(FLAW)
    pick(cast, add(cast.hospital), "acme gate", "1.5")

    work()

    (one,) = shown(cast)
    assert told(one) == [("ACME-1", "probable", Basis.BRANCHES), (FLAW, "probable", Basis.PICKED)]


def test_a_sure_word_stands_before_a_doubtful_one_whoever_speaks(cast: Cast) -> None:
    take(OSV, osv("PYSEC-1", "gate", {"introduced": "whenever"}, {"fixed": "?"}, aliases=[FLAW]))
    take(CSAF, csaf("ACME-1", (FLAW, "Gate", "<2.0", "pkg:pypi/gate")))
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/gate@1.0"))

    work()

    (one,) = shown(cast)
    assert [(record, tier) for record, tier, _ in told(one)] == [("ACME-1", "exact"), ("PYSEC-1", "cannot tell")]


@pytest.mark.parametrize(
    ("version", "purl", "is_hit"),
    [
        ("<2.0", "pkg:pypi/gate", True),
        ("<1.0", "pkg:pypi/gate", False),
        ("1.0", "pkg:pypi/gate@1.0", True),
        ("1.1", "pkg:pypi/gate@1.1", False),
        ("<2.0", "pkg:pypi/other", False),
        ("<2.0", "pkg:npm/gate", False),
    ],
)
def test_a_vendors_package_url_is_exact_for_the_package_it_names_in_the_versions_of_the_tree(
    cast: Cast, version: str, purl: str, is_hit: bool
) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/gate@1.0"))
    take(CSAF, csaf("ACME-1", (FLAW, "Gate", version, purl)))

    work()

    sure = [line for line in rows(cast.hospital) if line.tier == "exact"]
    assert bool(sure) is is_hit


def test_a_package_of_a_distribution_is_told_by_its_release(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:deb/debian/gate@1.0-1?distro=debian-12"))
    take(OSV, osv("DSA-1", "gate", *between("0", "2.0-1"), ecosystem="Debian:12", aliases=[FLAW]))

    work()

    (one,) = shown(cast)
    assert told(one) == [("DSA-1", "exact", Basis.RELEASE)]


# Guesses ---------------------------------------------------------------------------------------

GATE = "cpe:2.3:a:acme:gate:{}:*:*:*:*:*:*:*"


def with_cpe(*versions: str) -> bytes:
    components = [
        {"type": "application", "bom-ref": f"c{at}", "name": "gate", "version": one, "cpe": GATE.format(one or "*")}
        for at, one in enumerate(versions)
    ]
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": components}).encode()


def may_be(cast: Cast) -> list[tuple[str, list[tuple[str, tuple[str, ...]]]]]:
    found = candidates(cast.hospital.actor, now=NOON)
    return [(one.version, [(flaw.display_id, flaw.records) for flaw in one.flaws]) for one in found]


def vendors(version: str = "<2.0", *, cpe: str = GATE.format("*"), at: str = "2030-01-01T00:00:00Z") -> dict[str, Any]:
    document = csaf("ACME-1", (FLAW, "Gate", version, ""), at=at)
    leaf = document["product_tree"]["branches"][0]["branches"][0]["branches"][0]["product"]
    leaf["product_identification_helper"] = {"cpe": cpe}
    return document


def test_a_cpe_finds_candidates_that_stand_apart_alert_nobody_and_are_not_assessed(cast: Cast) -> None:
    take(CSAF, vendors())
    take(CVE, cve(FLAW, product("Acme", "Gate", up_to("2.0"), cpes=["cpe:/a:acme:gate:1.0"])))
    loaded = load(cast.hospital, add(cast.hospital), with_cpe("1.0", "2.0", ""))

    work()

    assert may_be(cast) == [("", [(FLAW, ("ACME-1", FLAW))]), ("1.0", [(FLAW, ("ACME-1", FLAW))])]
    assert rows(cast.hospital) == []
    assert reach.of(cast.hospital.organisation.public_id) == {}
    assert (loaded.components, loaded.assessed) == (3, 0)
    assert candidates(cast.bank.actor, now=NOON) == candidates(cast.coordinator.actor, now=NOON) == []


@pytest.mark.parametrize(
    "cpe", ["cpe:2.3:a:acme:*:1.0", "cpe:2.3:a:acme:gateway:1.0", "cpe:2.3:o:acme:gate:1.0", "nonsense", "cpe:/a:x:%00"]
)
def test_another_or_an_open_cpe_finds_nothing(cast: Cast, cpe: str) -> None:
    take(CSAF, vendors(cpe=cpe))
    load(cast.hospital, add(cast.hospital), with_cpe("1.0"))

    assert may_be(cast) == []


def test_a_record_that_no_longer_says_so_leaves_no_candidate(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), with_cpe("1.0"))
    take(CSAF, vendors())
    before = may_be(cast)
    take(CSAF, vendors("<0.5", at="2030-02-01T00:00:00Z"))
    changed = may_be(cast)
    gone = vendors(at="2030-03-01T00:00:00Z")
    gone["document"]["category"] = "csaf_withdrawn"
    take(CSAF, gone)

    assert before == [("1.0", [(FLAW, ("ACME-1",))])]
    assert changed == may_be(cast) == []


def test_a_component_that_a_package_names_needs_no_guess(cast: Cast) -> None:
    take(CSAF, vendors())
    component = {"type": "library", "name": "gate", "version": "1.0", "purl": "pkg:pypi/gate@1.0", "cpe": GATE}
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [component]}
    load(cast.hospital, add(cast.hospital), json.dumps(bill).encode())

    assert may_be(cast) == []
